//! The columns that a data frame is declared to have: each is checked, and what is a date, an instant or a factor written as one.

use super::settled;
use crate::engine::BadArgument;
use crate::fits;
use crate::members::Members;
use crate::shape::Shape;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The frame as it goes on; nothing where it is none or stays as it is.
pub(super) fn settled_frame(
    declared: &Shape,
    at: &str,
    json: &[u8],
    bad: &mut Vec<BadArgument>,
) -> Option<String> {
    let Members(mut members) = serde_json::from_slice(json).ok()?;
    let place = members.iter().position(|(name, _)| name == "$frame")?;
    let (_, frame) = members.remove(place);
    let at = format!("{at}/$frame");
    let Members(given) = serde_json::from_str(frame.get()).ok()?;
    for (name, _) in &declared.columns {
        if !given.iter().any(|(known, _)| known == name) {
            let detail = format!("has no column {name}");
            let pointer = at.clone();
            bad.push(BadArgument { pointer, detail });
        }
    }
    let mut is_other = false;
    let mut columns = Vec::with_capacity(given.len());
    for (name, raw) in given {
        let shape = declared.columns.iter().find(|(known, _)| *known == name);
        let written = shape.and_then(|(_, shape)| column(shape, &at, &name, raw, bad));
        is_other |= written.is_some();
        columns.push((name, written.map_or(Cow::Borrowed(raw.get()), Cow::Owned)));
    }
    if !is_other {
        return None;
    }
    let member = |name: &str, raw: &str| format!("{}:{raw}", serde_json::json!(name));
    let columns: Vec<String> = columns
        .iter()
        .map(|(name, raw)| member(name, raw))
        .collect();
    let frame = format!("{{{}}}", columns.join(","));
    let rest = members.iter().map(|(name, raw)| member(name, raw.get()));
    let all: Vec<String> = std::iter::once(member("$frame", &frame))
        .chain(rest)
        .collect();
    Some(format!("{{{}}}", all.join(",")))
}

fn column(
    shape: &Shape,
    at: &str,
    name: &str,
    raw: &RawValue,
    bad: &mut Vec<BadArgument>,
) -> Option<String> {
    let (at, json) = (
        at.to_owned() + &crate::arguments::pointer(name),
        raw.get().as_bytes(),
    );
    if !shape.kind.is_typed() {
        fits::check(shape, &at, json, bad);
        return None;
    }
    settled(shape, &at, json, bad).unwrap_or_else(|one| {
        bad.push(one);
        None
    })
}
