//! Names made of content: equal content, equal name, on every node.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, ready};
use sha2::{Digest, Sha256};

/// Bytes that are looked at and hashed together, at most.
const PART: usize = 64 * 1024;

/// The key of a result, the version of a script: SHA-256 in hexadecimal.
pub(crate) fn content_key(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// The key of an argument that is kept: no result has it, not even one of the same content.
pub(crate) fn argument_key(content: &[u8]) -> String {
    let mut hash = blake3::Hasher::new_derive_key("dcp-calc-argument/2");
    hash.update(content).finalize().to_hex().to_string()
}

/// Bytes of an argument from which on the rest of it enters a name by a hash that is quicker, and of arguments from which on they are
/// hashed beside other work.
const LONG: usize = 64 * 1024;

/// The name of a computation.
#[derive(Debug, Clone)]
pub(crate) struct Computed {
    pub(crate) key: String,
    /// What the random numbers of its call start from.
    pub(crate) seed: i32,
}

/// A name that is being made; nothing where the engine stops meanwhile.
pub(crate) type Hashing = Shared<BoxFuture<'static, Option<Computed>>>;

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
        let mut quicker = blake3::Hasher::new();
        without_blanks(json, |part| {
            let (begin, rest) = part.split_at(part.len().min(LONG.saturating_sub(kept)));
            self.0.update(begin);
            quicker.update(rest);
            kept += part.len();
        });
        if kept > LONG {
            self.0.update(quicker.finalize().as_bytes());
        }
        self.0.update((kept as u64).to_le_bytes());
    }

    fn text(&mut self, text: &[u8]) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    /// The name of all that was added.
    pub(crate) fn finish(self) -> Computed {
        let hash = self.0.finalize();
        let seed = i32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]])
            .wrapping_abs()
            .max(1);
        let key = hex::encode(hash);
        Computed { key, seed }
    }

    /// The same with all arguments of a call: made already, or, where these are long, on a thread of its own once somebody asks for it.
    pub(crate) fn of_arguments(self, arguments: &[(String, Bytes)]) -> Hashing {
        let size: usize = arguments.iter().map(|(_, json)| json.len()).sum();
        if size < LONG {
            let made = ready(Some(self.with(arguments))).boxed().shared();
            made.clone().now_or_never();
            return made;
        }
        let arguments = arguments.to_vec();
        let hashing = async move {
            let hashed = tokio::task::spawn_blocking(move || self.with(&arguments));
            hashed.await.ok()
        };
        hashing.boxed().shared()
    }

    fn with(mut self, arguments: &[(String, Bytes)]) -> Computed {
        for (name, json) in arguments {
            self.argument(name, json);
        }
        self.finish()
    }
}

/// Hands on a JSON text without the blanks between its tokens, in large parts: a hash takes many small ones slowly. Most have no blank at all.
fn without_blanks(json: &[u8], mut take: impl FnMut(&[u8])) {
    let (mut in_text, mut escaped) = (false, false);
    let mut kept = Vec::new();
    let looked_at = |byte: &u8| *byte == b'"' || byte.is_ascii_whitespace();
    for part in json.chunks(PART) {
        if !in_text
            && !part
                .iter()
                .fold(false, |found, byte| found | looked_at(byte))
        {
            take(part);
            continue;
        }
        kept.clear();
        for byte in part {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_text => escaped = true,
                b'"' => in_text = !in_text,
                blank if !in_text && blank.is_ascii_whitespace() => continue,
                _ => {}
            }
            kept.push(*byte);
        }
        take(&kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, json: &str) -> String {
        let mut computation = Computation::of("v", "f", "{}");
        computation.argument(name, json.as_bytes());
        computation.finish().key
    }

    #[test]
    fn blanks_between_tokens_do_not_change_the_key_but_blanks_in_texts_do() {
        assert_eq!(key("x", "[1, 2]"), key("x", " [ 1,2 ]\n"));
        assert_ne!(key("x", r#""a b""#), key("x", r#""ab""#));
        assert_ne!(key("x", r#""a\" b""#), key("x", r#""a\"b""#));
        assert_ne!(key("x", "1"), key("y", "1"));
        assert_ne!(key("x", "12"), key("x1", "2"));
    }

    #[test]
    fn what_is_long_has_the_key_of_its_tokens_wherever_the_blanks_stand() {
        let numbers: Vec<String> = (0..20_000).map(|number| number.to_string()).collect();
        let bare = key("x", &format!("[{}]", numbers.join(",")));
        for between in [", ", "\n,", "\t , \r"] {
            assert_eq!(key("x", &format!(" [{} ]", numbers.join(between))), bare);
        }
        for place in 0..200 {
            let text = |inside: &str| key("x", &format!("[{}\"{inside}\"]", "1,".repeat(place)));
            assert_ne!(text("a b"), text("ab"), "{place}");
            assert_ne!(text("\\\" b"), text("\\\"b"), "{place}");
        }
    }

    #[test]
    fn a_key_never_changes_because_results_are_kept_by_it() {
        let mut computation = Computation::of("v1", "f", "{\"r\":\"4.2.2\"}");
        computation.argument("x", br#"[1, 2.5, "a b"]"#);
        let Computed { key, seed } = computation.finish();
        assert_eq!(
            key,
            "629c740acf1d8b5ea0cc83a21c1dea97ad79f3209393573a76c71197e0a18f35"
        );
        assert_eq!(seed, 175_414_370);
    }
}
