//! Dates, instants and factors among the arguments, of which JSON knows texts alone.
//!
//! A value that is declared to be one is checked here and written as the worker reads it and as it enters the computation key:
//! `{"$date": ["2026-01-31"]}`, `{"$instant": ["2026-01-31T08:00:00Z"]}` in UTC, `{"$factor": ["a"], "levels": ["a", "b"]}`. So equal instants
//! have one key, however far from UTC they were written. A caller may write that form for any argument, and Arrow's columns are read so.

mod columns;

use self::columns::settled_frame;
use crate::arguments::{mark, pointer};
use crate::calendar;
use crate::engine::BadArgument;
use crate::fits;
use crate::functions::Function;
use crate::shape::{Kind, Shape};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What a caller marked, and the texts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Marked<'a> {
    #[serde(rename = "$date", borrow)]
    date: Option<&'a RawValue>,
    #[serde(rename = "$instant", borrow)]
    instant: Option<&'a RawValue>,
    #[serde(rename = "$factor", borrow)]
    factor: Option<&'a RawValue>,
    levels: Option<Vec<String>>,
}

/// Writes what is a date, an instant or a factor as its key and R get it; tells what is wrong with them.
pub(crate) fn settle(
    function: &Function,
    values: &mut [(String, Bytes)],
    bad: &mut Vec<BadArgument>,
) {
    for (name, json) in values {
        let declared = function.shape_of(name);
        let is_declared = declared.is_some_and(|shape| shape.kind.is_typed());
        // Nothing else begins so: the others cost a look at their first byte.
        let marked = json.first() == Some(&b'{') && kind_of_mark(json).is_some();
        if let Some(frame) = declared.filter(|shape| !shape.columns.is_empty()) {
            if let Some(text) = settled_frame(frame, &pointer(name), json, bad) {
                *json = text.into();
            }
            continue;
        }
        if !is_declared && !marked {
            continue;
        }
        let any = Shape::default();
        match settled(declared.unwrap_or(&any), &pointer(name), json, bad) {
            Ok(Some(text)) => *json = text.into(),
            Ok(None) => {}
            Err(one) => bad.push(one),
        }
    }
}

/// A data frame among results is an object of its columns: where one is declared it is a data frame again.
pub(crate) fn of_result(declared: Option<&Shape>, value: Bytes) -> Bytes {
    let is_wanted = declared.is_some_and(|shape| shape.kind == Kind::Frame);
    if !is_wanted || value.first() != Some(&b'{') || mark(&value).is_some() {
        return value;
    }
    [br#"{"$frame":"#.as_slice(), &value, b"}"].concat().into()
}

fn kind_of_mark(json: &[u8]) -> Option<Kind> {
    Some(match mark(json)? {
        b"$date" => Kind::Date,
        b"$instant" => Kind::Instant,
        b"$factor" => Kind::Factor,
        _ => return None,
    })
}

/// The value as it goes on; nothing where it stays as it is.
fn settled(
    declared: &Shape,
    at: &str,
    json: &[u8],
    bad: &mut Vec<BadArgument>,
) -> Result<Option<String>, BadArgument> {
    let fault = |detail: String| BadArgument {
        pointer: at.to_owned(),
        detail,
    };
    let Some(kind) = kind_of_mark(json) else {
        return Ok(checked(declared, at, json, bad).and_then(|texts| texts.written(declared)));
    };
    let marked: Marked<'_> =
        serde_json::from_slice(json).map_err(|error| fault(error.to_string()))?;
    let (raw, mark) = match (marked.date, marked.instant, marked.factor) {
        (Some(raw), None, None) => (raw, "$date"),
        (None, Some(raw), None) => (raw, "$instant"),
        (None, None, Some(raw)) => (raw, "$factor"),
        _ => {
            return Err(fault(
                "has two marks: give $date, $instant or $factor".into(),
            ));
        }
    };
    let levels = marked.levels.unwrap_or_default();
    if levels.iter().collect::<BTreeSet<_>>().len() < levels.len() {
        return Err(fault("has a level twice".into()));
    }
    let shape = match declared.kind {
        Kind::Any | Kind::List | Kind::Text => Shape {
            kind,
            choices: levels,
            ..Shape::default()
        },
        declared_kind if declared_kind == kind && declared.choices.is_empty() => Shape {
            choices: levels,
            ..declared.clone()
        },
        declared_kind if declared_kind == kind => declared.clone(),
        _ => return Err(fault(format!("must be {}", fits::wanted(declared)))),
    };
    let inside = format!("{at}/{mark}");
    let texts = checked(&shape, &inside, raw.get().as_bytes(), bad);
    Ok(texts.and_then(|texts| match declared.kind {
        // Who declares texts gets texts, whatever a column was.
        Kind::Text => texts.plain(kind),
        _ => texts.written(&shape),
    }))
}

/// One text, or several.
struct Texts<'a> {
    all: Vec<Option<Cow<'a, str>>>,
    single: bool,
}

/// The texts, unless something is wrong with them, or there are none but `null`.
fn checked<'a>(
    shape: &Shape,
    at: &str,
    json: &'a [u8],
    bad: &mut Vec<BadArgument>,
) -> Option<Texts<'a>> {
    let before = bad.len();
    fits::check(shape, at, json, bad);
    if bad.len() > before || json == b"null" {
        return None;
    }
    let single = !json.starts_with(b"[");
    let all = if single {
        vec![serde_json::from_slice(json).ok()?]
    } else {
        serde_json::from_slice(json).ok()?
    };
    Some(Texts { all, single })
}

impl Texts<'_> {
    /// With their mark, as an array: one value is a vector of one for R.
    fn written(self, shape: &Shape) -> Option<String> {
        let all = self
            .all
            .iter()
            .map(|text| canonical(shape.kind, text.as_deref()));
        let all = all.collect::<Option<Vec<_>>>()?;
        Some(match shape.kind {
            Kind::Date => json!({ "$date": all }).to_string(),
            Kind::Instant => json!({ "$instant": all }).to_string(),
            _ => {
                let mut levels: Vec<&str> = shape.choices.iter().map(String::as_str).collect();
                if levels.is_empty() {
                    let sorted: BTreeSet<&str> =
                        self.all.iter().flatten().map(AsRef::as_ref).collect();
                    levels.extend(sorted);
                }
                json!({ "$factor": all, "levels": levels }).to_string()
            }
        })
    }

    /// Without.
    fn plain(self, kind: Kind) -> Option<String> {
        let all = self.all.iter().map(|text| canonical(kind, text.as_deref()));
        let mut all = all.collect::<Option<Vec<_>>>()?;
        let plain = if self.single {
            json!(all.pop()?)
        } else {
            json!(all)
        };
        Some(plain.to_string())
    }
}

/// A text in the one form that it has; outside nothing where it has none.
#[expect(clippy::option_option, reason = "a missing text has a form: null")]
fn canonical(kind: Kind, text: Option<&str>) -> Option<Option<Cow<'_, str>>> {
    let Some(text) = text else {
        return Some(None);
    };
    let mut out = Vec::new();
    match kind {
        Kind::Date => calendar::write_date(calendar::date(text).ok()?, &mut out),
        Kind::Instant => calendar::write_instant(calendar::instant(text).ok()?, &mut out),
        _ => return Some(Some(text.into())),
    }
    Some(Some(String::from_utf8(out).ok()?.into()))
}

#[cfg(test)]
mod tests;
