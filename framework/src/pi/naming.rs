//! What a failure is about: the names behind `WebID`s that the server does not know.

use super::refusal::BatchAnswer;
use super::webid::WebId;
use super::{PiClient, PiError};
use crate::limits;

/// So many are named in one sentence.
const NAMED: usize = 5;

impl PiClient {
    /// The same error with the names of what it is about.
    pub(super) async fn named(
        &self,
        error: PiError,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> PiError {
        let asked: Vec<&str> = query
            .iter()
            .filter(|(key, _)| *key == "webId")
            .map(|(_, id)| *id)
            .collect();
        let of_path = path.iter().find(|part| part.parse::<WebId>().is_ok());
        match (error, of_path) {
            (PiError::NotFound(what), Some(id)) => PiError::Vanished(named(&what, id)),
            (PiError::NoPermission(what), Some(id)) => PiError::NoPermission(named(&what, id)),
            (error @ (PiError::NotFound(_) | PiError::NoPermission(_)), None)
                if !asked.is_empty() =>
            {
                self.of_several(error, &asked).await
            }
            (error, _) => error,
        }
    }

    async fn of_several(&self, error: PiError, asked: &[&str]) -> PiError {
        // Whoever cannot be asked about the parts is told of the whole.
        let Ok(unreadable) = self.unreadable(asked).await else {
            return error;
        };
        let names = |wanted: fn(&PiError) -> bool| {
            let of_kind = unreadable.iter().filter(|(_, error)| wanted(error));
            let names: Vec<String> = of_kind
                .filter_map(|(place, _)| asked.get(*place))
                .map(|id| named("", id))
                .collect();
            (!names.is_empty()).then(|| together(&names))
        };
        let gone = names(|error| matches!(error, PiError::Vanished(_) | PiError::NotFound(_)));
        let closed = names(|error| matches!(error, PiError::NoPermission(_)));
        match (gone, closed) {
            (Some(gone), _) => PiError::Vanished(gone),
            (None, Some(closed)) => PiError::NoPermission(closed),
            (None, None) => error,
        }
    }

    /// Which of these streams cannot be read, by place, and why: so that a page shows the others.
    pub async fn unreadable(&self, tags: &[&str]) -> Result<Vec<(usize, PiError)>, PiError> {
        let mut found = Vec::new();
        let mut first = 0;
        for part in tags.chunks(limits::PI_BATCH_PARTS) {
            let paths: Vec<Vec<&str>> = part
                .iter()
                .map(|id| vec!["streams", *id, "value"])
                .collect();
            let answers = self
                .get_many(&paths, &[("selectedFields", "Timestamp")])
                .await?;
            for (place, (answer, id)) in answers.into_iter().zip(part).enumerate() {
                if let Some(error) = why(&answer, id) {
                    found.push((first + place, error));
                }
            }
            first += part.len();
        }
        Ok(found)
    }
}

fn why(answer: &BatchAnswer, id: &str) -> Option<PiError> {
    match answer.status {
        200..300 => None,
        404 => Some(PiError::Vanished(named("", id))),
        _ => Some(answer.failure(&named("", id))),
    }
}

/// The path that a `WebID` carries beside what it names; its first letters where it carries none.
fn named(what: &str, id: &str) -> String {
    let path = id.parse::<WebId>().ok().and_then(|id| id.path);
    let place = match path {
        Some(path) => format!(r"\\{path}"),
        None if what.is_empty() => {
            let short: String = id.chars().take(12).collect();
            format!("the tag with the WebID {short}…")
        }
        None => String::new(),
    };
    format!("{what} {place}").trim().to_owned()
}

fn together(names: &[String]) -> String {
    let shown = names
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect::<Vec<_>>();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
