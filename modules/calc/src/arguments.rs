//! The arguments of a call: read from the body, compared with the function's signature, references told apart.
//!
//! Values stay JSON text all the way to R: nothing between the caller and R rounds a number.

use crate::engine::{BadArgument, Failure};
use crate::functions::Function;
use crate::members::{self, Members, deeper_than};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::ops::Range;

/// Deepest nesting of an argument.
const DEPTH: usize = 32;

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
    /// In a record alone, `{"$argument": key}`: what was too long for it.
    Kept(String),
}

/// Reads the members of a body in their order; an empty body has none.
pub(crate) fn read(body: &Bytes) -> Result<Vec<Argument>, Failure> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let members = match members::places(body, DEPTH) {
        Some(members) => members,
        None if deeper_than(body, DEPTH) => {
            let detail = format!("is nested deeper than {DEPTH} levels");
            return Err(Failure::argument("", detail));
        }
        None => closely(body)?,
    };
    let mut arguments: Vec<Argument> = Vec::with_capacity(members.len());
    for (name, place) in members {
        if arguments.iter().any(|argument| argument.name == name) {
            return Err(Failure::argument(pointer(&name), "is given twice"));
        }
        let value = given(&name, body.slice(place))?;
        arguments.push(Argument { name, value });
    }
    Ok(arguments)
}

/// The same from the general reader, which says what is wrong.
fn closely(body: &Bytes) -> Result<Vec<(String, Range<usize>)>, Failure> {
    let Members(members) = serde_json::from_slice(body).map_err(|error| {
        let detail = if error.is_data() {
            "must be one JSON object: argument names and their values".into()
        } else {
            error.to_string()
        };
        Failure::argument("", detail)
    })?;
    let place = |raw: &RawValue| {
        let from = raw.get().as_ptr().addr() - body.as_ptr().addr();
        from..from + raw.get().len()
    };
    let members = members.into_iter();
    Ok(members.map(|(name, raw)| (name, place(raw))).collect())
}

/// The pointer of an argument in the body.
pub(crate) fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn given(name: &str, text: Bytes) -> Result<Given, Failure> {
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
    let wrong = |error: serde_json::Error| Failure::argument(pointer(name), error.to_string());
    match mark(&text) {
        Some(b"$result") => {
            let Reference { key, path } = serde_json::from_slice(&text).map_err(wrong)?;
            Ok(Given::Result { key, path })
        }
        Some(b"$pi") => {
            let Pi { query } = serde_json::from_slice(&text).map_err(wrong)?;
            Ok(Given::Pi(text.slice_ref(query.get().as_bytes())))
        }
        _ => Ok(Given::Value(text)),
    }
}

/// The first member's name of an object, when it starts with a dollar.
pub(crate) fn mark(text: &[u8]) -> Option<&[u8]> {
    let name = text.strip_prefix(b"{")?.trim_ascii_start();
    let name = name.strip_prefix(b"\"")?;
    let name = &name[..name.iter().position(|byte| *byte == b'"')?];
    name.starts_with(b"$").then_some(name)
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
    fn a_pointer_finds_the_part_byte_for_byte() {
        let text = r#"{"a":{"b/c":[1, 2.50, {"d":null}]}}"#;
        assert_eq!(part(text, ""), Some(text));
        assert_eq!(part(text, "/a/b~1c/1"), Some("2.50"));
        assert_eq!(part(text, "/a/b~1c/2/d"), Some("null"));
        assert_eq!(part(text, "/a/x"), None);
    }
}
