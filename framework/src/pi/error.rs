//! What can go wrong on the way to process data, in words an analyst understands.

use std::time::Duration;

use axum::http::StatusCode;

use super::breaker::{self, PiAvailability};
use super::kerberos::Denied;
use crate::clock::{Clock, SystemClock};
use crate::http::Problem;

/// Why process data could not be read. [`PiError::title`] is for people, the cause for the log.
#[derive(Debug, thiserror::Error)]
pub enum PiError {
    /// The server cannot be reached.
    #[error("the PI Web API server does not answer")]
    Down(#[source] reqwest::Error),
    /// The server did not answer in time.
    #[error("the PI Web API server did not answer within {} s", .0.as_secs())]
    Slow(Duration),
    /// The credentials were not accepted.
    #[error("the PI Web API server does not accept the credentials")]
    Unauthorized,
    /// The server that gives tickets to the platform's account cannot be reached.
    #[error("{0}")]
    TicketsAway(String),
    /// There is no ticket for the platform's account.
    #[error("{0}")]
    NoTicket(String),
    /// The account may not read this.
    #[error("the account may not read {0}")]
    NoPermission(String),
    /// A tag, element, template or server does not exist.
    #[error("{0} does not exist on the PI server")]
    NotFound(String),
    /// A tag, element or batch that was chosen before is not there any more.
    #[error(
        "{0} is no longer on the PI server: it was renamed, moved or deleted, or its template was changed; choose it again"
    )]
    Vanished(String),
    /// The server understood the request and refuses it.
    #[error("the PI Web API server answers {status}: {}", .errors.join("; "))]
    Refused {
        /// HTTP status.
        status: u16,
        /// What the server says.
        errors: Vec<String>,
    },
    /// The server, or a data server behind it, failed.
    #[error("the PI Web API server fails with {status}: {}", .errors.join("; "))]
    Failed {
        /// HTTP status.
        status: u16,
        /// What the server says.
        errors: Vec<String>,
    },
    /// The answer broke off, or the server says that it is incomplete although its status was 200.
    #[error("the answer is incomplete: {0}")]
    Interrupted(String),
    /// The answer has not the agreed shape.
    #[error("the answer cannot be read: {0}")]
    Unreadable(serde_json::Error),
    /// The server left out values and there is no way to ask for the rest.
    #[error("the server left out values of {tag}")]
    Truncated {
        /// Of which stream.
        tag: String,
    },
    /// The answer is larger than the platform takes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The tag holds no value that can be used.
    #[error("{tag} holds no value: {state}")]
    SystemState {
        /// Of which stream.
        tag: String,
        /// The state, in PI's words.
        state: String,
    },
    /// The server has failed so often that it is not asked for a while.
    #[error("{}", resting(.0))]
    Resting(Box<PiAvailability>),
    /// The server cannot show that it is the one that was meant.
    #[error("the PI Web API server {host} {problem}")]
    Certificate {
        /// Name of the server in the address.
        host: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A time, a time span or a range that cannot be read or makes no sense.
    #[error("{0}")]
    Time(String),
    /// A unit of measure that cannot be used for this.
    #[error("{0}")]
    Unit(String),
    /// The data source is set up wrongly.
    #[error("the data source is not usable: {0}")]
    Misconfigured(String),
}

impl PiError {
    /// One sentence for the user; the same for all errors of a kind.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Down(_) | Self::Resting(_) => "The PI server does not answer",
            Self::Slow(_) => "The PI server takes too long",
            Self::Unauthorized => "The PI server does not accept the platform's credentials",
            Self::TicketsAway(_) => "The Kerberos server does not answer",
            Self::NoTicket(_) => "Kerberos does not let the platform's account in",
            Self::NoPermission(_) => "The platform's account may not read this data",
            Self::NotFound(_) => "The PI server does not know this name",
            Self::Vanished(_) => "This is no longer on the PI server",
            Self::Certificate { .. } => "The PI server's certificate is not accepted",
            Self::Time(_) => "This time cannot be read",
            Self::Unit(_) => "This unit cannot be used here",
            Self::Refused { .. } => "The PI server refuses the request",
            Self::Failed { .. } => "The PI server reports a failure",
            Self::Interrupted(_) => "The PI server broke off its answer",
            Self::Unreadable(_) => "The PI server's answer cannot be understood",
            Self::Truncated { .. } => "The PI server left out values",
            Self::TooLarge(_) => "This is more data than can be read at once",
            Self::SystemState { .. } => "The tag holds no usable value",
            Self::Misconfigured(_) => "The data source is not set up correctly",
        }
    }

    /// Whether the same request may succeed a moment later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Down(_)
            | Self::Slow(_)
            | Self::Interrupted(_)
            | Self::Resting(_)
            | Self::TicketsAway(_) => true,
            Self::Failed { status, .. } => matches!(status, 429 | 500 | 502 | 503 | 504),
            _ => false,
        }
    }
}

impl PiError {
    /// Status and kind of the problem; a kind for each thing that a person would do something else about.
    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotFound(_) | Self::Vanished(_) => (StatusCode::NOT_FOUND, "pi-not-found"),
            Self::Time(_) => (StatusCode::UNPROCESSABLE_ENTITY, "pi-time"),
            Self::Unit(_) => (StatusCode::UNPROCESSABLE_ENTITY, "pi-unit"),
            Self::Refused { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "pi-refused"),
            Self::TooLarge(_) => (StatusCode::UNPROCESSABLE_ENTITY, "pi-too-large"),
            Self::SystemState { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "pi-no-value"),
            Self::Unauthorized
            | Self::NoPermission(_)
            | Self::Misconfigured(_)
            | Self::TicketsAway(_)
            | Self::NoTicket(_) => (StatusCode::SERVICE_UNAVAILABLE, "pi-access"),
            Self::Certificate { .. } => (StatusCode::SERVICE_UNAVAILABLE, "pi-certificate"),
            Self::Down(_) | Self::Resting(_) => (StatusCode::SERVICE_UNAVAILABLE, "pi-down"),
            Self::Slow(_) => (StatusCode::SERVICE_UNAVAILABLE, "pi-slow"),
            Self::Interrupted(_) | Self::Truncated { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "pi-incomplete")
            }
            Self::Failed { .. } | Self::Unreadable(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "pi-failed")
            }
        }
    }
}

impl PiError {
    /// Why there is no ticket of a Kerberos realm.
    pub(super) fn of_tickets(denied: Denied) -> Self {
        match denied {
            Denied::Away { .. } => Self::TicketsAway(denied.to_string()),
            Denied::WrongProof(problem) | Denied::Refused(problem) => Self::NoTicket(problem),
        }
    }
}

impl From<PiError> for Problem {
    fn from(error: PiError) -> Self {
        let (status, kind) = error.kind();
        let passing = error.is_passing();
        let problem = Self::new(status, kind, error.title())
            .detail(format!("{}.", capital(&error.to_string())));
        let problem = match &error {
            PiError::Slow(patience) => problem.with("seconds", patience.as_secs()),
            _ => problem,
        };
        let problem = match &error {
            PiError::Resting(rest) => {
                let left = breaker::rest_of(rest, SystemClock.now());
                problem.retry_after(left.max(Duration::from_secs(1)))
            }
            _ if passing => problem.retry_after(Duration::from_secs(5)),
            _ => problem,
        };
        problem.because(error)
    }
}

fn resting(availability: &PiAvailability) -> String {
    let time = |at: &jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    match availability {
        PiAvailability::Resting {
            since,
            until,
            cause,
        } => format!(
            "the PI Web API server has not answered since {} and is asked again at {}: {cause}",
            time(since),
            time(until)
        ),
        PiAvailability::Probing { since, cause } => format!(
            "the PI Web API server has not answered since {} and is being asked again: {cause}",
            time(since)
        ),
        PiAvailability::Available => "the PI Web API server is asked again".to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
