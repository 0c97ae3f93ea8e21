//! What the server says, in the words of the store, and what an operator can do about it.

use tiberius::error::Error;

use crate::store::{Cause, StoreError};

/// What the driver tells, as an outcome of the store.
pub(super) fn map(error: Error) -> StoreError {
    let Error::Server(ref token) = error else {
        return match error {
            Error::Conversion(text) => StoreError::Decode(text.into_owned()),
            Error::Tls(text) => untrusted(&text),
            other => StoreError::Unavailable(Box::new(other)),
        };
    };
    let (number, severity) = (token.code(), token.class());
    let message = token.message().to_owned();
    refusal(number, severity, message, Box::new(error))
}

/// What the server refuses with that number and severity.
fn refusal(number: u32, severity: u8, message: String, cause: Cause) -> StoreError {
    match number {
        2627 | 2601 => StoreError::Duplicate(cause),
        547 => StoreError::ForeignKey(cause),
        515 => StoreError::Null(cause),
        2628 | 8152 => StoreError::TooLong(cause),
        1205 => StoreError::Deadlock,
        1222 => StoreError::Busy,
        code @ 50_000.. if code != UNMAPPED => StoreError::Rejected {
            code: code.into(),
            message,
        },
        code => match advice(code) {
            Some(words) => StoreError::unavailable(words, cause),
            None if severity >= FATAL => {
                StoreError::unavailable("the server has ended the connection", cause)
            }
            None => StoreError::Database(cause),
        },
    }
}

/// From this severity on an error ends the connection.
const FATAL: u8 = 20;

/// With this number a server that only speaks SQL Server's protocol tells all for which SQL Server has another.
pub(in crate::store) const UNMAPPED: u32 = 33_557_097;

const UNTRUSTED: &str = "its certificate is not trusted; in the connection string `server` must be a name that it is for \
    (`HostNameInCertificate=<name>` says another), and `TrustServerCertificateCA=<file>` names who has signed it";

/// What a login that is let in lacks.
pub(super) const RIGHTS: &str = "the login lacks a right; an administrator of the server grants EXECUTE on the schema dbo to the login of a module, \
    and migrations need an administrator in DCP_SQLSERVER";

/// What the driver tells of the log-in: where the way breaks already then, somebody else may listen at `place`.
pub(super) fn map_login(error: Error, place: &str) -> StoreError {
    match error {
        Error::Io { .. } | Error::Protocol(_) => {
            let words = format!(
                "who listens at {place} ends the connection or speaks otherwise than SQL Server; correct `server` in the connection string, or see the log of the server"
            );
            StoreError::unavailable(words, Box::new(error))
        }
        other => match map(other) {
            StoreError::Database(cause) => StoreError::unavailable(
                "the server lets nobody in, or not this login; it says why, and so does its log",
                cause,
            ),
            told => told,
        },
    }
}

/// What somebody has to do before the server works again for this login; nothing for what is a fault of a program.
fn advice(number: u32) -> Option<&'static str> {
    Some(match number {
        18456 | 18452 => {
            "it refuses the login; check user and password of the connection string, or let `dcp db create --new-passwords` set a new one"
        }
        18470 => "the login is disabled; an administrator of the server enables it",
        18486 => "the login is locked; an administrator of the server unlocks it",
        18487 | 18488 => {
            "the password of the login has expired; `dcp db create --new-passwords` sets a new one, and CHECK_EXPIRATION = OFF keeps it"
        }
        18401 | 18451 | 18461 => {
            "the server lets administrators in alone; wait for the end of its upgrade or maintenance"
        }
        229 | 230 | 262 | 297 | 300 | 2760 => RIGHTS,
        4060 | 4064 | 911 => {
            "the database is not there or closed to the login; `dcp db create` makes both"
        }
        916 => "the login is no user of the database; `dcp db create` makes it one",
        3906 | 3908 => "the database is read-only; an administrator sets it READ_WRITE",
        1101 | 1105 => "the disk of the database is full; make room on the server",
        9002 => "the log of the database is full; back it up or make room on the server",
        942 | 927 | 945 | 946 | 952 | 904 => {
            "the database is offline, restoring or damaged; see the log of the server"
        }
        701 | 802 | 8645 | 8651 => "the server is short of memory",
        596 | 6005 | 10054 | 10928 | 10929 | 17142 | 17188 | 17809 => {
            "the server is stopping, paused or has no connection left"
        }
        _ => return None,
    })
}

/// The driver says at length how a program could trust a certificate; its first sentence says what is wrong with it.
fn untrusted(error: &str) -> StoreError {
    let said = error.split(". ").next().unwrap_or(error).to_owned();
    StoreError::unavailable(UNTRUSTED, said.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_administrator_can_mend_says_what_to_do() {
        for (number, words) in [
            (18456, "user and password"),
            (18487, "expired"),
            (18488, "expired"),
            (4060, "`dcp db create`"),
            (3906, "read-only"),
            (1105, "full"),
            (229, "EXECUTE on the schema dbo"),
            (262, "DCP_SQLSERVER"),
            (916, "`dcp db create`"),
            (18461, "administrators"),
        ] {
            assert!(advice(number).unwrap().contains(words), "{number}");
        }
        assert_eq!(advice(102), None);
        let refused = map_login(Error::Protocol("x".into()), "db:1433");
        let said = std::error::Error::source(&refused).unwrap().to_string();
        assert!(said.contains("listens at db:1433"), "{said}");
    }

    #[test]
    fn a_connection_that_the_server_ends_is_no_fault_of_the_program() {
        let told = |number, severity| refusal(number, severity, String::new(), "x".into());
        // What servers say who stop, by number; one that only speaks the protocol has its own number for all, and the severity.
        for (number, severity) in [(6005, 14), (596, 21), (UNMAPPED, FATAL), (0, 25)] {
            let told = told(number, severity);
            assert!(told.is_transient(), "{number}, {severity}: {told:?}");
            assert_eq!(crate::http::Problem::from(told).status(), 503, "{number}");
        }
        for (number, severity) in [(102, 15), (UNMAPPED, 16), (UNMAPPED, FATAL - 1)] {
            let told = told(number, severity);
            assert!(!told.is_transient(), "{number}, {severity}: {told:?}");
            assert_eq!(crate::http::Problem::from(told).status(), 500, "{number}");
        }
    }
}
