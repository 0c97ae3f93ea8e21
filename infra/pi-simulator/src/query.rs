//! The query of a request: keys in any case, unknown keys ignored, values as real clients write them.

use crate::refusal::Refusal;

/// The parameters of one request.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads `a=1&b=2`.
    pub fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|part| !part.is_empty()).map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key), decode(value))
        });
        Self {
            pairs: pairs.collect(),
        }
    }

    /// The first value of a key that is not empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.all(key).into_iter().find(|value| !value.is_empty())
    }

    /// Every value of a key.
    pub fn all(&self, key: &str) -> Vec<&str> {
        let matches = |name: &str| name.trim_end_matches("[]").eq_ignore_ascii_case(key);
        self.pairs
            .iter()
            .filter(|(name, _)| matches(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// A truth value; Python's `True` counts.
    pub fn flag(&self, key: &str, default: bool) -> Result<bool, Refusal> {
        match self.get(key).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(default),
            Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(other) => Err(Refusal::bad_request(format!(
                "The value '{other}' is not valid for {key}."
            ))),
        }
    }

    /// A whole number from zero to `most`.
    pub fn number(&self, key: &str, default: usize, most: usize) -> Result<usize, Refusal> {
        let Some(text) = self.get(key) else {
            return Ok(default);
        };
        let number: usize = text.parse().map_err(|_| {
            Refusal::bad_request(format!("The value '{text}' is not valid for {key}."))
        })?;
        if number > most {
            return Err(Refusal::bad_request(format!(
                "Parameter ({key}) is greater than the maximum allowed ({most})."
            )));
        }
        Ok(number)
    }

    /// The same query with another page start, as text.
    pub fn with_start(&self, start: usize) -> String {
        let others = self
            .pairs
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("startIndex"));
        let mut text: Vec<String> = others
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        text.push(format!("startIndex={start}"));
        text.join("&")
    }
}

/// Undoes percent encoding.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        let hex = bytes
            .get(place + 1..place + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match (byte, hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(value)) => {
                decoded.push(value);
                place += 2;
            }
            (b'+', _) => decoded.push(b' '),
            _ => decoded.push(byte),
        }
        place += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Percent encoding of everything but unreserved characters.
pub fn encode(text: &str) -> String {
    let digit = |value: u8| {
        char::from_digit(value.into(), 16)
            .unwrap_or('0')
            .to_ascii_uppercase()
    };
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut encoded, byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                encoded.push(byte.into());
            } else {
                encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
            encoded
        })
}

/// Whether a name fits a filter with `*` and `?`, in any case; no filter fits all.
pub fn fits(filter: Option<&str>, name: &str) -> bool {
    fn matches(pattern: &[char], name: &[char]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => {
                matches(rest, name)
                    || name
                        .split_first()
                        .is_some_and(|(_, tail)| matches(pattern, tail))
            }
            (Some(('?', rest)), Some((_, tail))) => matches(rest, tail),
            (Some((wanted, rest)), Some((found, tail))) => wanted == found && matches(rest, tail),
            _ => false,
        }
    }
    let Some(filter) = filter else { return true };
    let lower = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    let mut pattern = lower(filter);
    pattern.dedup_by(|a, b| *a == '*' && *b == '*');
    matches(&pattern, &lower(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_come_in_any_case_and_python_says_true() {
        let query = Query::parse(
            "WebID=a&webid=b&searchFullHierarchy=True&path=%5C%5CPIMAM%5CSINUSOID&q=a+b",
        );
        assert_eq!(query.all("webId"), ["a", "b"]);
        assert!(query.flag("searchfullhierarchy", false).unwrap());
        assert_eq!(query.get("path"), Some(r"\\PIMAM\SINUSOID"));
        assert_eq!(query.get("q"), Some("a b"));
        assert!(query.flag("q", false).is_err());
    }

    #[test]
    fn a_page_that_is_too_large_is_refused() {
        let refusal = Query::parse("maxCount=150001")
            .number("maxCount", 1000, 150_000)
            .unwrap_err();
        assert_eq!(
            (refusal.status, refusal.errors[0].contains("150000")),
            (400, true)
        );
    }

    #[test]
    fn filters_know_stars_and_question_marks() {
        assert!(
            fits(Some("sin*"), "SINUSOID")
                && fits(Some("*"), "")
                && fits(None, "x")
                && fits(Some("CD?158"), "CDT158")
        );
        assert!(
            !fits(Some("sin"), "SINUSOID")
                && fits(Some("DR1*-07?"), "DR1-2026-071")
                && !fits(Some(""), "x")
        );
    }

    proptest! {
        #[test]
        fn encoding_is_undone_by_decoding(text in "\\PC{0,40}") {
            prop_assert_eq!(decode(&encode(&text)), text);
        }
    }
}
