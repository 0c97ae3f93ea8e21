//! Whether the schema made from the code keeps the contract of the kept one, in both directions.
//!
//! Modules are deployed alone, so old code reads new messages and new code reads old ones. What a field may hold must
//! therefore stay the same; only a field that readers may miss and that old readers skip can come.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::rule::{Breach, Rule};
use super::shape::Shape;

/// Keywords that explain and change nothing.
const WORDS: [&str; 9] = [
    "$schema",
    "$id",
    "$defs",
    "$comment",
    "title",
    "description",
    "examples",
    "deprecated",
    "default",
];
/// Keywords that a comparison of objects and lists looks into.
const STRUCTURE: [&str; 4] = ["properties", "required", "additionalProperties", "items"];
/// Bounds below: a higher one lets less pass.
const LOWER: [&str; 5] = [
    "minimum",
    "exclusiveMinimum",
    "minLength",
    "minItems",
    "minProperties",
];
/// Bounds above: a lower one lets less pass.
const UPPER: [&str; 5] = [
    "maximum",
    "exclusiveMaximum",
    "maxLength",
    "maxItems",
    "maxProperties",
];

/// What comparing two schemas found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What breaks the contract; empty when nothing does.
    pub breaches: Vec<Breach>,
    /// Whether the schemas are the same to the letter.
    pub same: bool,
}

/// Compares the schema made from the code with the kept one.
pub fn compare(kept: &Value, made: &Value) -> Comparison {
    let mut walk = Walk {
        kept,
        made,
        open: Vec::new(),
        breaches: Vec::new(),
    };
    walk.schemas("", kept, made);
    Comparison {
        breaches: walk.breaches,
        same: kept == made,
    }
}

struct Walk<'s> {
    kept: &'s Value,
    made: &'s Value,
    /// Pairs of schemas that are being compared: a type may contain itself.
    open: Vec<(Value, Value)>,
    breaches: Vec<Breach>,
}

impl Walk<'_> {
    fn breach(&mut self, field: &str, rule: Rule) {
        let field = if field.is_empty() { "(message)" } else { field };
        self.breaches.push(Breach {
            field: field.trim_start_matches('.').to_owned(),
            rule,
        });
    }

    fn schemas(&mut self, field: &str, kept: &Value, made: &Value) {
        let pair = (kept.clone(), made.clone());
        if self.open.contains(&pair) {
            return;
        }
        self.open.push(pair);
        let (kept, made) = (Shape::of(self.kept, kept), Shape::of(self.made, made));
        self.null_and_default(field, &kept, &made);
        match (&kept.values, &made.values) {
            (Some(kept), Some(made)) => self.values(field, kept, made),
            (Some(_), None) => self.breach(field, Rule::ValuesOpened),
            (None, Some(_)) => self.breach(field, Rule::ValuesClosed),
            (None, None) => self.shapes(field, &kept, &made),
        }
        self.open.pop();
    }

    fn null_and_default(&mut self, field: &str, kept: &Shape, made: &Shape) {
        match (kept.nullable, made.nullable) {
            (false, true) => self.breach(field, Rule::NullAllowed),
            (true, false) => self.breach(field, Rule::NullRefused),
            _ => {}
        }
        let default = |shape: &Shape| shape.keywords.get("default").cloned();
        // A field that is left out is read as its default: another one gives old messages another meaning.
        if let (Some(before), Some(now)) = (default(kept), default(made))
            && before != now
        {
            self.breach(field, changed("default", Some(&before), Some(&now)));
        }
    }

    fn shapes(&mut self, field: &str, kept: &Shape, made: &Shape) {
        let different =
            kept.types != made.types || kept.variants.is_some() != made.variants.is_some();
        if different {
            let rule = Rule::TypeChanged(kept.type_words(), made.type_words());
            return self.breach(field, rule);
        }
        if let (Some(kept), Some(made)) = (&kept.variants, &made.variants) {
            self.variants(field, kept, made);
        }
        self.fields(field, &kept.keywords, &made.keywords);
        self.others(field, &kept.keywords, &made.keywords);
        self.items(
            field,
            kept.keywords.get("items"),
            made.keywords.get("items"),
        );
        self.keywords(field, &kept.keywords, &made.keywords);
    }

    fn variants(
        &mut self,
        field: &str,
        kept: &BTreeMap<String, Value>,
        made: &BTreeMap<String, Value>,
    ) {
        for (name, schema) in kept {
            match made.get(name) {
                Some(made) => self.schemas(field, schema, made),
                None => self.breach(field, Rule::VariantRemoved(name.clone())),
            }
        }
        for name in made.keys().filter(|name| !kept.contains_key(*name)) {
            self.breach(field, Rule::VariantAdded(name.clone()));
        }
    }

    fn values(&mut self, field: &str, kept: &BTreeSet<String>, made: &BTreeSet<String>) {
        for value in kept.difference(made) {
            self.breach(field, Rule::ValueRemoved(value.clone()));
        }
        for value in made.difference(kept) {
            self.breach(field, Rule::ValueAdded(value.clone()));
        }
    }

    /// Fields with a name.
    fn fields(&mut self, field: &str, kept: &Map<String, Value>, made: &Map<String, Value>) {
        let (before, now) = (properties(kept), properties(made));
        let (needed_before, needed_now) = (required(kept), required(made));
        for (name, schema) in &before {
            let at = format!("{field}.{name}");
            let Some(now) = now.get(name) else {
                self.breach(&at, Rule::FieldRemoved);
                continue;
            };
            self.schemas(&at, schema, now);
            match (
                needed_before.contains(name.as_str()),
                needed_now.contains(name.as_str()),
            ) {
                (false, true) => self.breach(&at, Rule::BecameRequired),
                (true, false) => self.breach(&at, Rule::BecameOptional),
                _ => {}
            }
        }
        for (name, schema) in now.iter().filter(|(name, _)| !before.contains_key(*name)) {
            let at = format!("{field}.{name}");
            if needed_now.contains(name.as_str()) {
                self.breach(&at, Rule::RequiredFieldAdded);
            }
            match kept.get("additionalProperties") {
                Some(Value::Bool(false)) => self.breach(&at, Rule::FieldAddedToClosed),
                Some(other) if !is_anything(other) => self.schemas(&at, other, schema),
                _ => {}
            }
        }
    }

    /// Fields without a name: the values of a map, or what is refused.
    fn others(&mut self, field: &str, kept: &Map<String, Value>, made: &Map<String, Value>) {
        let anything = Value::Bool(true);
        let rest = |keywords: &Map<String, Value>| {
            keywords
                .get("additionalProperties")
                .filter(|rest| !is_anything(rest))
                .cloned()
        };
        let refused = |rest: &Option<Value>| *rest == Some(Value::Bool(false));
        let (kept, made) = (rest(kept), rest(made));
        match (refused(&kept), refused(&made)) {
            (true, true) => {}
            (true, false) => self.breach(field, Rule::Opened),
            (false, true) => self.breach(field, Rule::Closed),
            (false, false) if kept.is_none() && made.is_none() => {}
            (false, false) => {
                let (kept, made) = (kept.unwrap_or(anything.clone()), made.unwrap_or(anything));
                self.schemas(&format!("{field}.*"), &kept, &made);
            }
        }
    }

    fn items(&mut self, field: &str, kept: Option<&Value>, made: Option<&Value>) {
        let anything = Value::Bool(true);
        if kept.is_some() || made.is_some() {
            let at = format!("{field}[]");
            self.schemas(&at, kept.unwrap_or(&anything), made.unwrap_or(&anything));
        }
    }

    /// Formats, bounds, and whatever else a schema may say.
    fn keywords(&mut self, field: &str, kept: &Map<String, Value>, made: &Map<String, Value>) {
        let names: BTreeSet<&String> = kept.keys().chain(made.keys()).collect();
        for name in names {
            let known = WORDS.contains(&name.as_str()) || STRUCTURE.contains(&name.as_str());
            let (before, now) = (kept.get(name), made.get(name));
            if !known && before != now {
                self.breach(field, changed(name, before, now));
            }
        }
    }
}

fn changed(keyword: &str, kept: Option<&Value>, made: Option<&Value>) -> Rule {
    let words = |value: Option<&Value>| value.map_or("not set".to_owned(), ToString::to_string);
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    let (keyword_text, from, to) = (keyword.to_owned(), words(kept), words(made));
    // A bound that is not set lies at infinity.
    let narrower = if LOWER.contains(&keyword) {
        let low = f64::NEG_INFINITY;
        number(made).unwrap_or(low) > number(kept).unwrap_or(low)
    } else if UPPER.contains(&keyword) {
        let high = f64::INFINITY;
        number(made).unwrap_or(high) < number(kept).unwrap_or(high)
    } else {
        match (kept, made) {
            (None, Some(_)) => true,
            (Some(_), None) => false,
            _ => return Rule::Changed(keyword_text, from, to),
        }
    };
    if narrower {
        Rule::Narrowed(keyword_text, from, to)
    } else {
        Rule::Widened(keyword_text, from, to)
    }
}

fn properties(keywords: &Map<String, Value>) -> Map<String, Value> {
    let properties = keywords.get("properties").and_then(Value::as_object);
    properties.cloned().unwrap_or_default()
}

fn required(keywords: &Map<String, Value>) -> BTreeSet<&str> {
    let names = keywords.get("required").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn is_anything(schema: &Value) -> bool {
    *schema == Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty)
}

#[cfg(test)]
mod tests;
