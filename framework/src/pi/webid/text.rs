//! The text of a `WebID`, read and written.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::kind::{FORMS, Form, Kind, OWNERS, Owner, SHAPES, shape};
use super::{NoWebId, WebId};

const GUID: usize = 22;
const NUMBER: usize = 6;

impl fmt::Display for WebId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = FORMS.iter().find(|known| known.0 == self.form);
        let (_, marker, _, _) = shape(self.kind);
        write!(out, "{}1{marker}", form.map_or('F', |known| known.1))?;
        if let Some((_, letter)) = OWNERS.iter().find(|known| Some(known.0) == self.owner) {
            write!(out, "{letter}")?;
        }
        for id in &self.ids {
            out.write_str(&URL_SAFE_NO_PAD.encode(id.to_bytes_le()))?;
        }
        if let Some(number) = self.point {
            out.write_str(&URL_SAFE_NO_PAD.encode(number.to_le_bytes()))?;
        }
        match &self.path {
            Some(path) => out.write_str(&URL_SAFE_NO_PAD.encode(path)),
            None => Ok(()),
        }
    }
}

impl FromStr for WebId {
    type Err = NoWebId;

    fn from_str(text: &str) -> Result<Self, NoWebId> {
        let mut letters = text.chars();
        let (Some(first), Some(version)) = (letters.next(), letters.next()) else {
            return Err(NoWebId::NotOne(text.to_owned()));
        };
        if !text.is_ascii() || text.len() < 4 {
            return Err(NoWebId::NotOne(text.chars().take(40).collect()));
        }
        let form = FORMS.iter().find(|known| known.1 == first);
        let (form, _) = *form.ok_or(NoWebId::Form(first))?;
        if version != '1' {
            return Err(NoWebId::Version(version));
        }
        let (marker, rest) = letters.as_str().split_at(2);
        let shape = SHAPES.iter().find(|known| known.1 == marker);
        let (kind, _, guids, owners) = *shape.ok_or_else(|| NoWebId::Marker(marker.to_owned()))?;
        let (owner, payload) = owner(rest, owners)?;
        let read = Self {
            form,
            kind,
            owner,
            ids: Vec::new(),
            point: None,
            path: None,
        };
        match form {
            Form::PathOnly => read.with_path(payload),
            Form::Full | Form::IdOnly => read.with_ids(guids, payload),
            Form::LocalIdOnly | Form::DefaultIdOnly => read.with_ids(guids - 1, payload),
        }
    }
}

impl WebId {
    fn with_ids(mut self, guids: usize, payload: &str) -> Result<Self, NoWebId> {
        let damaged = || NoWebId::Payload("an id is missing or damaged");
        let mut rest = payload;
        for _ in 0..guids {
            let (id, after) = rest.split_at_checked(GUID).ok_or_else(damaged)?;
            let bytes = URL_SAFE_NO_PAD.decode(id).map_err(|_| damaged())?;
            let bytes = bytes.try_into().map_err(|_| damaged())?;
            self.ids.push(Uuid::from_bytes_le(bytes));
            rest = after;
        }
        if self.kind == Kind::Point {
            let (number, after) = rest.split_at_checked(NUMBER).ok_or_else(damaged)?;
            let bytes = URL_SAFE_NO_PAD.decode(number).map_err(|_| damaged())?;
            let bytes = bytes.try_into().map_err(|_| damaged())?;
            self.point = Some(i32::from_le_bytes(bytes));
            rest = after;
        }
        match (self.form, rest.is_empty()) {
            (_, true) => Ok(self),
            (Form::Full, false) => self.with_path(rest),
            _ => Err(NoWebId::Payload("more follows after the ids")),
        }
    }

    fn with_path(mut self, payload: &str) -> Result<Self, NoWebId> {
        let damaged = |_| NoWebId::Payload("the path is damaged");
        let bytes = URL_SAFE_NO_PAD
            .decode(payload)
            .map_err(|_| NoWebId::Payload("the path is damaged"))?;
        let path = String::from_utf8(bytes).map_err(damaged)?;
        if path.is_empty() {
            return Err(NoWebId::Payload("there is no path"));
        }
        self.path = Some(path);
        Ok(self)
    }
}

fn owner<'t>(rest: &'t str, owners: &[Owner]) -> Result<(Option<Owner>, &'t str), NoWebId> {
    if owners.is_empty() {
        return Ok((None, rest));
    }
    let (letter, payload) = rest
        .split_at_checked(1)
        .ok_or(NoWebId::Payload("the owner is missing"))?;
    let letter = letter.chars().next().unwrap_or(' ');
    let owner = OWNERS
        .iter()
        .find(|known| known.1 == letter && owners.contains(&known.0))
        .ok_or(NoWebId::Owner(letter))?;
    Ok((Some(owner.0), payload))
}
