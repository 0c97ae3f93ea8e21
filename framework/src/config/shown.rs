//! Settings as they may be shown: what is or may hold a secret is hidden.

/// Keys whose value is a secret, unless it is a reference.
const SECRET: [&str; 5] = ["password", "token", "owner", "secret", "key"];
const HIDDEN: &str = "(hidden)";

/// The value of a key without what is secret in it.
pub(super) fn text(key: &str, value: &str) -> String {
    let name = key.rsplit('.').next().unwrap_or(key);
    let is_file = name.ends_with("_file") || matches!(key, "bus.key" | "http.key");
    if value.starts_with("secret://") || is_file {
        return value.to_owned();
    }
    let is_secret = SECRET.iter().any(|word| name.contains(word));
    if is_secret {
        return HIDDEN.to_owned();
    }
    without_password(value)
}

/// An address without the password in it: that of `user:password@host`, and that of a connection string.
fn without_password(value: &str) -> String {
    if let Some((scheme, rest)) = value.split_once("://")
        && let Some((login, host)) = rest.rsplit_once('@')
    {
        let user = login.split(':').next().unwrap_or_default();
        return format!("{scheme}://{user}:{HIDDEN}@{host}");
    }
    let lower = value.to_ascii_lowercase();
    if lower.starts_with("mssql:") && (lower.contains("password") || lower.contains("pwd")) {
        return format!("mssql:{HIDDEN}");
    }
    value.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        assert_eq!(text("bus.password", "canary"), HIDDEN);
        assert_eq!(text("module.0.settings.api_token", "canary"), HIDDEN);
        assert_eq!(
            text("bus.url", "amqps://dcp:can@ary@host/gxp"),
            "amqps://dcp:(hidden)@host/gxp"
        );
        assert_eq!(
            text("store.url", "mssql:server=a;PWD=canary"),
            "mssql:(hidden)"
        );
        assert_eq!(
            text("store.url", "secret://store/a#b"),
            "secret://store/a#b"
        );
        assert_eq!(text("secrets.secret_id_file", "/etc/id"), "/etc/id");
        assert_eq!(text("bus.key", "/etc/key.pem"), "/etc/key.pem");
        assert_eq!(text("http.key", "/etc/key.pem"), "/etc/key.pem");
        assert_eq!(text("log.level", "info"), "info");
    }
}
