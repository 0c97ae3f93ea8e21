//! What an operator sees and does with messages: `dcp messages`, `dcp dead-letters`.

mod decide;
mod letters;
mod modules;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

pub(super) use self::letters::overview;
use self::modules::{Place, places};

/// `dcp dead-letters …`
#[derive(Subcommand)]
pub(crate) enum DeadLetters {
    /// List dead letters by queue, type and reason, with how many and since when.
    Ls {
        #[command(flatten)]
        filter: Filter,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Show one dead letter with its body.
    Show {
        /// Its id.
        id: uuid::Uuid,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Let the reactions try dead letters again.
    Replay {
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        order: Order,
        /// Messages in a second.
        #[arg(long, default_value_t = 50)]
        rate: u32,
    },
    /// Give dead letters up: they never take effect, and what waits behind them goes on.
    Discard {
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        order: Order,
    },
}

/// Which dead letters: those for which everything that is given fits.
#[derive(Args)]
pub(crate) struct Filter {
    /// Those of this module.
    #[arg(long)]
    module: Option<String>,
    /// Those of the module on this node.
    #[arg(long)]
    node: Option<String>,
    /// Those of this queue.
    #[arg(long)]
    queue: Option<String>,
    /// Those of this type.
    #[arg(long = "type")]
    name: Option<String>,
    /// Those with this reason, to the letter.
    #[arg(long)]
    reason: Option<String>,
    /// The one with this id.
    #[arg(long)]
    id: Option<uuid::Uuid>,
    /// Those that came here before this time (2026-01-31T12:00:00Z).
    #[arg(long)]
    before: Option<jiff::Timestamp>,
}

/// What a decision needs.
#[derive(Args)]
pub(crate) struct Order {
    /// Why: it is recorded with your name.
    #[arg(long, required_unless_present = "dry_run")]
    why: Option<String>,
    /// Only count.
    #[arg(long)]
    dry_run: bool,
    /// Needed when nothing limits the choice: every dead letter of every module.
    #[arg(long)]
    all: bool,
}

impl Filter {
    /// The members of the API's filter that are given.
    fn members(&self) -> Map<String, Value> {
        let given = [
            ("queue", self.queue.as_ref().map(|text| json!(text))),
            ("type", self.name.as_ref().map(|text| json!(text))),
            ("reason", self.reason.as_ref().map(|text| json!(text))),
            ("id", self.id.map(|id| json!(id))),
            ("before", self.before.map(|time| json!(time))),
        ];
        let given = given.into_iter();
        given
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }

    fn limits_nothing(&self) -> bool {
        self.module.is_none() && self.node.is_none() && self.members().is_empty()
    }

    async fn places(&self) -> anyhow::Result<Vec<Place>> {
        places(self.module.as_deref(), self.node.as_deref()).await
    }
}

/// Runs `dcp dead-letters`.
pub(crate) async fn dead_letters(command: DeadLetters) -> anyhow::Result<ExitCode> {
    match command {
        DeadLetters::Ls { filter, json } => letters::list(&filter, json).await,
        DeadLetters::Show { id, json } => letters::show(id, json).await,
        DeadLetters::Replay {
            filter,
            order,
            rate,
        } => decide::decide(&filter, &order, decide::Choice::Replay { rate }).await,
        DeadLetters::Discard { filter, order } => {
            decide::decide(&filter, &order, decide::Choice::Discard).await
        }
    }
}
