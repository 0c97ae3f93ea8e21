//! The first administrator: whoever may enter a platform that has no users yet.
//!
//! One secret names the person and holds the code to enter with. `administration` makes the user, `login` takes the
//! code; because both read the same secret they cannot disagree.

use crate::secrets::{Secret, Secrets, SecretsError};

/// The secret: key `login`, the user name, and key `code`, an activation code.
pub const FIRST_ADMINISTRATOR: &str = "first-administrator";

/// Who enters first, and with which code.
#[derive(Debug, Clone)]
pub struct FirstAdministrator {
    /// User name.
    pub login: String,
    /// Activation code; worthless once the person has a password.
    pub code: Secret<String>,
}

/// The first administrator, when the secret is there; half a secret is refused.
pub async fn first_administrator(
    secrets: &dyn Secrets,
) -> Result<Option<FirstAdministrator>, SecretsError> {
    let mut table = match secrets.read(FIRST_ADMINISTRATOR).await {
        Ok(table) => table,
        Err(SecretsError::Missing(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut take = |key| {
        table
            .remove(key)
            .ok_or_else(|| SecretsError::Missing(format!("{FIRST_ADMINISTRATOR}#{key}")))
    };
    Ok(Some(FirstAdministrator {
        login: take("login")?.expose().clone(),
        code: take("code")?,
    }))
}

/// A new activation code: 25 characters that are easy to read out, 125 bits.
pub fn new_code() -> String {
    readable(&rand::random::<[u8; 25]>())
}

fn readable(random: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let groups: Vec<String> = random
        .chunks(5)
        .map(|group| group.iter().map(letter).collect())
        .collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{Reading, SecretTable};

    struct Table(Result<SecretTable, ()>);

    impl Secrets for Table {
        fn read<'a>(&'a self, path: &'a str) -> Reading<'a> {
            let table = self.0.clone();
            Box::pin(async move { table.map_err(|()| SecretsError::Missing(path.into())) })
        }
    }

    #[test]
    fn a_code_can_be_read_out() {
        assert_eq!(
            readable(&[0, 1, 2, 3, 4, 31, 32, 255, 9, 10]),
            "23456-Z2ZBC"
        );
        assert_eq!(new_code().len(), 29);
    }

    #[tokio::test]
    async fn half_a_secret_is_refused_and_none_is_nobody() {
        assert!(
            first_administrator(&Table(Err(())))
                .await
                .unwrap()
                .is_none()
        );
        let login = || ("login".to_owned(), Secret::new("ada".to_owned()));
        let half = Table(Ok(SecretTable::from([login()])));
        assert_eq!(
            first_administrator(&half).await.unwrap_err().to_string(),
            "there is no secret first-administrator#code"
        );
        let code = ("code".to_owned(), Secret::new("A-B".to_owned()));
        let whole = Table(Ok(SecretTable::from([login(), code])));
        let first = first_administrator(&whole).await.unwrap().unwrap();
        assert_eq!(
            (first.login.as_str(), first.code.expose().as_str()),
            ("ada", "A-B")
        );
    }
}
