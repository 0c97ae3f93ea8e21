//! The members of a JSON object, found without reading their values: long ones are numbers, which R's worker reads.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

/// Bytes that are looked at together.
const STEP: usize = 64;
/// Values up to this many bytes are checked to be JSON here; longer ones where they are read.
const CHECKED: usize = 4 << 10;

/// The members of a JSON object in their order, values untouched.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// Names of the members of an object and where their values stand. Nothing where it is no object, where a bracket or a quote is missing, or a
/// short value is no JSON, or it is nested deeper than that: what exactly is wrong is for the general reader to say.
pub(crate) fn places(text: &[u8], depth: usize) -> Option<Vec<(String, Range<usize>)>> {
    let mut members = Vec::new();
    let mut at = expect(text, 0, b'{')?;
    if let Some(end) = expect(text, at, b'}') {
        return (after_blanks(text, end) == text.len()).then_some(members);
    }
    loop {
        let from = after_blanks(text, at);
        let to = end_of_value(text, from, 0).filter(|_| text[from] == b'"')?;
        let name = serde_json::from_slice(&text[from..to]).ok()?;
        let from = after_blanks(text, expect(text, to, b':')?);
        let to = end_of_value(text, from, depth.saturating_sub(1))?;
        if to - from <= CHECKED {
            serde_json::from_slice::<&RawValue>(&text[from..to]).ok()?;
        }
        members.push((name, from..to));
        if let Some(next) = expect(text, to, b',') {
            at = next;
        } else {
            let end = expect(text, to, b'}')?;
            return (after_blanks(text, end) == text.len()).then_some(members);
        }
    }
}

fn after_blanks(text: &[u8], from: usize) -> usize {
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    from + text[from..].iter().take_while(is_blank).count()
}

/// The place after a byte that comes next.
fn expect(text: &[u8], from: usize, byte: u8) -> Option<usize> {
    let at = after_blanks(text, from);
    (text.get(at) == Some(&byte)).then_some(at + 1)
}

/// Where the value ends that begins at a place and is not nested deeper than that.
fn end_of_value(text: &[u8], from: usize, depth: usize) -> Option<usize> {
    let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
    match text.get(from)? {
        b'"' | b'[' | b'{' => {
            let mut nesting = Nesting::default();
            let length = nesting.end(&text[from..])?;
            (nesting.deepest <= depth).then_some(from + length)
        }
        _ => {
            let length = text[from..].iter().position(is_end)?;
            (length > 0).then_some(from + length)
        }
    }
}

/// Whether brackets are nested deeper than that.
pub(crate) fn deeper_than(text: &[u8], limit: usize) -> bool {
    let mut nesting = Nesting::default();
    let mut rest = text;
    // Values one after the other: a text that is no JSON is refused by who reads it.
    while let Some(length) = nesting.end(rest) {
        rest = &rest[length..];
    }
    nesting.deepest > limit
}

/// Counts brackets without reading the text as JSON. What holds neither bracket nor quote is passed over in steps that a processor takes at
/// once.
#[derive(Default)]
struct Nesting {
    depth: usize,
    deepest: usize,
    in_text: bool,
    escaped: bool,
}

impl Nesting {
    /// The length of the text up to where all that is open is closed; nothing where something stays open.
    fn end(&mut self, text: &[u8]) -> Option<usize> {
        let counts = |byte: &u8| matches!(byte, b'"' | b'[' | b']' | b'{' | b'}');
        for (index, step) in text.chunks(STEP).enumerate() {
            if !self.in_text && !step.iter().fold(false, |found, byte| found | counts(byte)) {
                continue;
            }
            for (place, byte) in step.iter().enumerate() {
                if self.closes(*byte) {
                    return Some(index * STEP + place + 1);
                }
            }
        }
        None
    }

    /// Whether nothing is open any more after a byte that closes.
    fn closes(&mut self, byte: u8) -> bool {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_text => self.escaped = true,
            b'"' => {
                self.in_text = !self.in_text;
                return !self.in_text && self.depth == 0;
            }
            b'[' | b'{' if !self.in_text => {
                self.depth += 1;
                self.deepest = self.deepest.max(self.depth);
            }
            b']' | b'}' if !self.in_text => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the general reader says.
    fn read_closely(text: &str) -> Option<Vec<(String, String)>> {
        let Members(members) = serde_json::from_str(text).ok()?;
        let member = |(name, value): (String, &RawValue)| (name, value.get().to_owned());
        Some(members.into_iter().map(member).collect())
    }

    fn found(text: &str) -> Option<Vec<(String, String)>> {
        let member = |(name, place): (String, Range<usize>)| (name, text[place].to_owned());
        Some(
            places(text.as_bytes(), 32)?
                .into_iter()
                .map(member)
                .collect(),
        )
    }

    #[test]
    fn members_are_those_of_the_general_reader() {
        for text in [
            "{}",
            " { } ",
            r#"{"a":1}"#,
            "{\"a\" : [1, 2] ,\n\"b\":\"x,}]\" , \"c\\\"d\":{\"e\":[{}]},\"\u{e4}\":null}",
            r#"{"a":"\\","b":"\"","c":[["]"]],"d":-1.5e3}"#,
            "",
            "[1]",
            "1",
            "{",
            "{]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1 2}",
            "{\"a\":1}}",
            "{\"a\":1} x",
            "{\"a\":[1}",
            "{\"a\":tru}",
            "{a:1}",
            "{1:1}",
            "{\"a\":[1,]}",
            "{\"a\":\"x}",
        ] {
            assert_eq!(found(text), read_closely(text), "{text}");
        }
    }

    #[test]
    fn long_values_end_where_their_brackets_do_wherever_these_stand() {
        for length in [0, 1, 62, 63, 64, 65, 200, 5000] {
            for inside in ["1,", "\"]\",", "\"\\\"[\",", "[2],"] {
                let list = format!("[{}0]", inside.repeat(length));
                let text = format!("{{\"x\":{list},\"y\":{list}}}");
                assert_eq!(found(&text), read_closely(&text), "{length} {inside}");
            }
        }
    }

    #[test]
    fn depth_counts_wherever_it_stands() {
        for place in [0, 62, 63, 64, 65, 127, 128, 1000] {
            let deep = |depth: usize| format!("{}{}", "1".repeat(place), "[".repeat(depth));
            assert!(!deeper_than(deep(3).as_bytes(), 3), "{place}");
            assert!(deeper_than(deep(4).as_bytes(), 3), "{place}");
            // Brackets of a text are none, also where a quote is escaped at the end of a step.
            let text = format!("[\"{}\\\"[[[[\"]", "1".repeat(place));
            assert!(!deeper_than(text.as_bytes(), 3), "{text}");
        }
    }
}
