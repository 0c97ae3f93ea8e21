//! Deciding: replay and discard, batch by batch, with progress.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};

use super::modules::{Place, all_reached};
use super::{Filter, Order};

/// What is to become of the dead letters.
#[derive(Clone, Copy)]
pub(super) enum Choice {
    Replay { rate: u32 },
    Discard,
}

impl Choice {
    fn path(self) -> &'static str {
        match self {
            Self::Replay { .. } => "dead-letters/replay",
            Self::Discard => "dead-letters/discard",
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Replay { .. } => "replayed",
            Self::Discard => "discarded",
        }
    }
}

/// Decides about everything that fits, module by module, and says what became of it.
pub(super) async fn decide(
    filter: &Filter,
    order: &Order,
    choice: Choice,
) -> anyhow::Result<ExitCode> {
    if filter.limits_nothing() && !order.all {
        bail!(
            "nothing limits the choice; name --module, --queue, --type, --reason, --id or --before, or say --all"
        );
    }
    let (mut failed, mut refused) = (Vec::new(), 0);
    for place in filter.places().await? {
        match whole(&place, filter, order, choice).await {
            Ok(count) => refused += count,
            Err(error) if error.to_string().contains("(404 ") => {}
            Err(error) => failed.push(format!("{} on {}: {error:#}", place.module, place.node)),
        }
    }
    all_reached(&failed)?;
    if refused > 0 {
        bail!("{refused} are no messages and cannot be tried again; discard them");
    }
    Ok(ExitCode::SUCCESS)
}

/// Goes on until nothing remains that can be decided; how many could not.
async fn whole(
    place: &Place,
    filter: &Filter,
    order: &Order,
    choice: Choice,
) -> anyhow::Result<u64> {
    let mut body = filter.members();
    if let Some(why) = &order.why {
        body.insert("why".to_owned(), json!(why));
    }
    body.insert("dry_run".to_owned(), json!(order.dry_run));
    if let Choice::Replay { rate } = choice {
        body.insert("rate".to_owned(), json!(rate));
    }
    let mut body = Value::Object(body);
    let mut total = 0;
    loop {
        let answer = place.post(choice.path(), &body).await?;
        let number = |name: &str| answer[name].as_u64().unwrap_or_default();
        if order.dry_run {
            println!(
                "{} on {}: {} would be {}",
                place.module,
                place.node,
                number("matched"),
                choice.done()
            );
            return Ok(0);
        }
        total += number("done");
        let (remaining, refused) = (number("remaining"), number("refused"));
        let ends = remaining == 0 || number("done") == 0;
        progress(place, choice, total, remaining, ends)?;
        if ends {
            return Ok(refused);
        }
        body["before"] = answer["before"].clone();
    }
}

/// One line that is written over on a terminal, one at the end elsewhere.
fn progress(
    place: &Place,
    choice: Choice,
    total: u64,
    remaining: u64,
    ends: bool,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let line = format!(
        "{} on {}: {total} {}, {remaining} remain",
        place.module,
        place.node,
        choice.done()
    );
    if out.is_terminal() {
        write!(out, "\r{line}\x1b[K")?;
    }
    if ends {
        let begin = if out.is_terminal() { "" } else { line.as_str() };
        writeln!(out, "{begin}")?;
    }
    Ok(out.flush()?)
}
