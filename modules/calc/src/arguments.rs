//! The arguments of a call: read from the body, compared with the function's signature, references told apart.
//!
//! Values stay JSON text all the way to R: nothing between the caller and R rounds a number.

use crate::engine::{BadArgument, Failure};
use crate::functions::Function;
use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Deepest nesting of an argument.
const DEPTH: usize = 32;

/// Bytes that are looked at together.
const STEP: usize = 64;

/// One argument as the caller wrote it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) value: Given,
}

/// A value, or where it is to be found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Given {
    /// JSON text.
    Value(Bytes),
    /// `{"$result": key, "path": "/a/b"}`: an earlier result or a part of it.
    Result { key: String, path: String },
    /// `{"$pi": {...}}`: process data that the engine reads itself.
    Pi(Bytes),
}

/// Reads the members of a body in their order; an empty body has none.
pub(crate) fn read(body: &Bytes) -> Result<Vec<Argument>, Failure> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    if deeper_than(body, DEPTH) {
        return Err(Failure::argument(
            "",
            format!("is nested deeper than {DEPTH} levels"),
        ));
    }
    let Members(members) = serde_json::from_slice(body).map_err(|error| {
        let detail = if error.is_data() {
            "must be one JSON object: argument names and their values".into()
        } else {
            error.to_string()
        };
        Failure::argument("", detail)
    })?;
    let mut arguments: Vec<Argument> = Vec::with_capacity(members.len());
    for (name, raw) in members {
        if arguments.iter().any(|argument| argument.name == name) {
            return Err(Failure::argument(pointer(&name), "is given twice"));
        }
        let value = given(&name, raw, body)?;
        arguments.push(Argument { name, value });
    }
    Ok(arguments)
}

/// The pointer of an argument in the body.
pub(crate) fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn given(name: &str, raw: &RawValue, body: &Bytes) -> Result<Given, Failure> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Reference {
        #[serde(rename = "$result")]
        key: String,
        #[serde(default)]
        path: String,
    }
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pi<'a> {
        #[serde(rename = "$pi", borrow)]
        query: &'a RawValue,
    }
    let text = raw.get();
    let wrong = |error: serde_json::Error| Failure::argument(pointer(name), error.to_string());
    match mark(text) {
        Some("$result") => {
            let Reference { key, path } = serde_json::from_str(text).map_err(wrong)?;
            Ok(Given::Result { key, path })
        }
        Some("$pi") => {
            let Pi { query } = serde_json::from_str(text).map_err(wrong)?;
            Ok(Given::Pi(body.slice_ref(query.get().as_bytes())))
        }
        _ => Ok(Given::Value(body.slice_ref(text.as_bytes()))),
    }
}

/// The first member's name of an object, when it starts with a dollar.
fn mark(text: &str) -> Option<&str> {
    let name = text
        .strip_prefix('{')?
        .trim_ascii_start()
        .strip_prefix('"')?;
    let name = &name[..name.find('"')?];
    name.starts_with('$').then_some(name)
}

/// Refuses names the function does not have and lists what it needs, before R is asked.
pub(crate) fn check(function: &Function, arguments: &[Argument]) -> Result<(), Failure> {
    let known: Vec<&str> = function.args.iter().map(|arg| arg.name.as_str()).collect();
    let open = known.contains(&"...");
    let mut bad = Vec::new();
    for argument in arguments {
        if argument.name.is_empty()
            || argument.name == "..."
            || (!open && !known.contains(&argument.name.as_str()))
        {
            let detail = format!(
                "is not an argument of {}({})",
                function.name,
                known.join(", ")
            );
            bad.push(BadArgument {
                pointer: pointer(&argument.name),
                detail,
            });
        }
    }
    for needed in function.args.iter().filter(|arg| arg.required) {
        if !arguments
            .iter()
            .any(|argument| argument.name == needed.name)
        {
            bad.push(BadArgument {
                pointer: pointer(&needed.name),
                detail: "is required".into(),
            });
        }
    }
    if bad.is_empty() {
        Ok(())
    } else {
        Err(Failure::InvalidArguments(bad))
    }
}

/// Longest arguments that are recorded with their call, bytes.
const RECORDED: usize = 8 << 10;

/// Arguments as one JSON object, references as they were given; nothing when they are long.
pub(crate) fn short_text(arguments: &[Argument]) -> Option<Box<RawValue>> {
    let value = |argument: &Argument| match &argument.value {
        Given::Value(json) => std::str::from_utf8(json).ok().map(str::to_owned),
        Given::Result { key, path } => {
            Some(serde_json::json!({ "$result": key, "path": path }).to_string())
        }
        Given::Pi(query) => Some(format!("{{\"$pi\":{}}}", std::str::from_utf8(query).ok()?)),
    };
    let size: usize = arguments.iter().map(Argument::size).sum();
    if size > RECORDED {
        return None;
    }
    let mut text = String::with_capacity(size + 2);
    for argument in arguments {
        text.push(if text.is_empty() { '{' } else { ',' });
        text.push_str(&serde_json::to_string(&argument.name).ok()?);
        text.push(':');
        text.push_str(&value(argument)?);
    }
    text.push_str(if text.is_empty() { "{}" } else { "}" });
    RawValue::from_string(text).ok()
}

impl Argument {
    fn size(&self) -> usize {
        let value = match &self.value {
            Given::Value(json) | Given::Pi(json) => json.len(),
            Given::Result { key, path } => key.len() + path.len(),
        };
        self.name.len() + value
    }
}

/// The part of a JSON text that a pointer names, byte for byte.
pub(crate) fn part<'a>(text: &'a str, path: &str) -> Option<&'a str> {
    let mut part = text;
    for step in path
        .strip_prefix('/')
        .map(|steps| steps.split('/'))
        .into_iter()
        .flatten()
    {
        let step = step.replace("~1", "/").replace("~0", "~");
        part = if part.trim_ascii_start().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(part).ok()?;
            items.get(step.parse::<usize>().ok()?)?.get()
        } else {
            let Members(members) = serde_json::from_str(part).ok()?;
            members.into_iter().find(|(name, _)| *name == step)?.1.get()
        };
    }
    Some(part)
}

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

/// Counts brackets without reading the text as JSON. Long arguments are numbers: what holds neither bracket nor quote is passed over
/// in steps that a processor takes at once.
fn deeper_than(text: &[u8], limit: usize) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let counts = |byte: &u8| matches!(byte, b'"' | b'[' | b']' | b'{' | b'}');
    for step in text.chunks(STEP) {
        if !in_text && !step.iter().fold(false, |found, byte| found | counts(byte)) {
            continue;
        }
        for byte in step {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_text => escaped = true,
                b'"' => in_text = !in_text,
                b'[' | b'{' if !in_text => {
                    depth += 1;
                    if depth > limit {
                        return true;
                    }
                }
                b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Bytes {
        Bytes::copy_from_slice(text.as_bytes())
    }

    #[test]
    fn values_keep_every_byte_and_references_are_told_apart() {
        let read = read(&body(
            r#"{"x": [1, 2.50] , "y":{"$result":"ab","path":"/v/0"},"z":{"$pi":{"unit":"u"}}}"#,
        ))
        .unwrap();
        assert_eq!(read[0].value, Given::Value(body("[1, 2.50]")));
        assert_eq!(
            read[1].value,
            Given::Result {
                key: "ab".into(),
                path: "/v/0".into()
            }
        );
        assert_eq!(read[2].value, Given::Pi(body(r#"{"unit":"u"}"#)));
    }

    #[test]
    fn what_is_no_object_of_arguments_is_refused_with_its_place() {
        for (text, pointer) in [
            ("[1]", ""),
            ("{\"x\":", ""),
            ("{\"x\":1,\"x\":2}", "/x"),
            ("{\"a/b\":{\"$result\":1}}", "/a~1b"),
        ] {
            let Err(Failure::InvalidArguments(bad)) = read(&body(text)) else {
                panic!("{text} was taken")
            };
            assert_eq!(bad[0].pointer, pointer, "{text}");
        }
        assert!(read(&body("  ")).unwrap().is_empty());
        assert!(read(&body(&format!("{{\"x\":{}}}", "[".repeat(40)))).is_err());
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

    #[test]
    fn a_pointer_finds_the_part_byte_for_byte() {
        let text = r#"{"a":{"b/c":[1, 2.50, {"d":null}]}}"#;
        assert_eq!(part(text, ""), Some(text));
        assert_eq!(part(text, "/a/b~1c/1"), Some("2.50"));
        assert_eq!(part(text, "/a/b~1c/2/d"), Some("null"));
        assert_eq!(part(text, "/a/x"), None);
    }
}
