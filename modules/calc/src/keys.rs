//! Names made of content: equal content, equal name, on every node.

use sha2::{Digest, Sha256};

/// The key of a result, the version of a script: SHA-256 in hexadecimal.
pub(crate) fn content_key(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// Everything that determines a value: script, function, arguments, R and packages.
pub(crate) struct Computation(Sha256);

impl Computation {
    /// Starts with what is called and in which environment.
    pub(crate) fn of(version: &str, function: &str, environment: &str) -> Self {
        let mut this = Self(Sha256::new_with_prefix("dcp-calc/1"));
        for text in [version, function, environment] {
            this.text(text.as_bytes());
        }
        this
    }

    /// Adds an argument; blanks between the tokens of its JSON do not count.
    pub(crate) fn argument(&mut self, name: &str, json: &[u8]) {
        self.text(name.as_bytes());
        let mut kept = 0;
        for token in tokens(json) {
            kept += token.len() as u64;
            self.0.update(token);
        }
        self.0.update(kept.to_le_bytes());
    }

    fn text(&mut self, text: &[u8]) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    /// The key and what the random numbers of the call start from.
    pub(crate) fn finish(self) -> (String, i32) {
        let hash = self.0.finalize();
        let seed = i32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]])
            .wrapping_abs()
            .max(1);
        (hex::encode(hash), seed)
    }
}

/// Runs of bytes that are not blanks between tokens.
fn tokens(json: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = json;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return None;
        }
        let (mut in_text, mut escaped) = (false, false);
        let end = rest.iter().position(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_text => escaped = true,
                b'"' => in_text = !in_text,
                blank if !in_text && blank.is_ascii_whitespace() => return true,
                _ => {}
            }
            false
        });
        let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, json: &str) -> String {
        let mut computation = Computation::of("v", "f", "{}");
        computation.argument(name, json.as_bytes());
        computation.finish().0
    }

    #[test]
    fn blanks_between_tokens_do_not_change_the_key_but_blanks_in_texts_do() {
        assert_eq!(key("x", "[1, 2]"), key("x", " [ 1,2 ]\n"));
        assert_ne!(key("x", r#""a b""#), key("x", r#""ab""#));
        assert_ne!(key("x", r#""a\" b""#), key("x", r#""a\"b""#));
        assert_ne!(key("x", "1"), key("y", "1"));
        assert_ne!(key("x", "12"), key("x1", "2"));
    }
}
