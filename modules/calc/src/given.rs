//! What was given to a call, as its record keeps it, so that the call can be repeated: long values stand beside the results, under a key of
//! their own, and go with the last call that was given them.

use crate::arguments::{self, Argument, Given};
use crate::engine::Failure;
use crate::keys::argument_key;
use crate::record::Stored;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

/// Longest arguments that stand in the record itself, bytes.
const SHORT: usize = 8 << 10;

/// Media type of arguments that are kept beside the results. None of them is a result: no call names one by its key.
pub(crate) const ARGUMENT: &str = "application/vnd.dcp.argument+json";

/// The arguments of a call in their record.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// As one JSON object, references as they were given.
    pub(crate) text: Option<Box<RawValue>>,
    /// The long ones that it refers to.
    pub(crate) keys: Vec<String>,
    /// Those of them that are to be kept.
    pub(crate) stored: Vec<Stored>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    #[serde(rename = "$argument")]
    key: String,
}

/// Bytes of arguments that are to be kept beside their record.
pub(crate) fn long(arguments: &[Argument]) -> usize {
    let size = arguments.iter().map(Argument::size).sum();
    if size > SHORT { size } else { 0 }
}

/// Writes arguments for their record. Takes a while where they are long: each of them is hashed.
pub(crate) fn write(arguments: &[Argument]) -> Written {
    let beside = long(arguments) > 0;
    let mut written = Written::default();
    let mut text = String::new();
    for Argument { name, value } in arguments {
        let Some((name, value)) = written.one(name, value, beside) else {
            return Written::default();
        };
        text.push(if text.is_empty() { '{' } else { ',' });
        text.push_str(&name);
        text.push(':');
        text.push_str(value.get());
    }
    text.push_str(if text.is_empty() { "{}" } else { "}" });
    written.text = RawValue::from_string(text).ok();
    written
}

/// Reads what a record holds.
pub(crate) fn read(text: String) -> Result<Vec<Argument>, Failure> {
    let mut arguments = arguments::read(&Bytes::from(text))?;
    for argument in &mut arguments {
        if let Given::Value(json) = &argument.value
            && let Ok(Reference { key }) = serde_json::from_slice(json)
        {
            argument.value = Given::Kept(key);
        }
    }
    Ok(arguments)
}

impl Written {
    fn one(&mut self, name: &str, value: &Given, beside: bool) -> Option<(String, Box<RawValue>)> {
        let raw =
            |json: &Bytes| RawValue::from_string(std::str::from_utf8(json).ok()?.to_owned()).ok();
        let value = match value {
            Given::Value(json) if beside => {
                let key = argument_key(json);
                self.stored.push(Stored {
                    key: key.as_str().into(),
                    content: json.clone(),
                    media_type: ARGUMENT,
                });
                self.refer_to(key)?
            }
            Given::Value(json) => raw(json)?,
            Given::Result { key, path } => {
                to_raw_value(&json!({ "$result": key, "path": path })).ok()?
            }
            Given::Pi(query) => to_raw_value(&json!({ "$pi": raw(query)? })).ok()?,
            Given::Kept(key) => self.refer_to(key.clone())?,
        };
        Some((serde_json::to_string(name).ok()?, value))
    }

    fn refer_to(&mut self, key: String) -> Option<Box<RawValue>> {
        let reference = to_raw_value(&json!({ "$argument": key })).ok();
        self.keys.push(key);
        reference
    }
}

impl Argument {
    fn size(&self) -> usize {
        let value = match &self.value {
            Given::Value(json) | Given::Pi(json) => json.len(),
            Given::Result { key, path } => key.len() + path.len(),
            Given::Kept(key) => key.len(),
        };
        self.name.len() + value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Vec<Argument> {
        arguments::read(&Bytes::copy_from_slice(text.as_bytes())).unwrap()
    }

    #[test]
    fn short_arguments_stand_in_the_record_as_they_were_given() {
        let text = r#"{"x":[1, 2.50],"y":{"$result":"ab","path":"/v/0"},"z":{"$pi":{"unit":"u"}}}"#;
        let written = write(&arguments(text));
        assert_eq!(written.text.unwrap().get(), text);
        assert!(written.keys.is_empty() && written.stored.is_empty());
        assert_eq!(write(&[]).text.unwrap().get(), "{}");
    }

    #[test]
    fn long_arguments_stand_beside_the_record_and_are_found_again() {
        let long = json!(vec![0.5; 4000]).to_string();
        let given = arguments(&format!(
            r#"{{"x":{long},"y":{{"$result":"ab","path":""}}}}"#
        ));
        let written = write(&given);
        let text = written.text.unwrap();
        assert!(text.get().len() < 200, "{text}");
        let (stored, key) = (&written.stored[0], &written.keys[0]);
        assert_eq!((&*stored.key, stored.media_type), (key.as_str(), ARGUMENT));
        assert_eq!(stored.content, long);
        let again = read(text.get().to_owned()).unwrap();
        assert_eq!(again[0].value, Given::Kept(key.clone()));
        assert_eq!(again[1], given[1]);
        // Repeated from its record it refers to the same and keeps nothing anew.
        let written = write(&again);
        assert_eq!(
            (written.text.unwrap().get(), written.stored.len()),
            (text.get(), 0)
        );
        assert_eq!(&written.keys[0], key);
    }
}
