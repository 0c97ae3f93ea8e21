//! A schema in one form, however it was written: references followed, `null` set apart, enumerations gathered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Deeper references are a circle.
const REFERENCES: usize = 32;

/// What a schema says, without the many ways of saying it.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Whether `null` fits.
    pub(super) nullable: bool,
    /// The closed list of values, as JSON.
    pub(super) values: Option<BTreeSet<String>>,
    /// Alternative shapes by what tells them apart.
    pub(super) variants: Option<BTreeMap<String, Value>>,
    /// The types that fit; empty for any.
    pub(super) types: BTreeSet<String>,
    /// All other keywords.
    pub(super) keywords: Map<String, Value>,
}

impl Shape {
    /// The shape of `schema`, whose references point into `root`.
    pub(super) fn of(root: &Value, schema: &Value) -> Self {
        let mut keywords = resolved(root, schema);
        let (alternatives, mut nullable) = choose(root, &mut keywords);
        let mut types = take_types(&mut keywords);
        nullable |= types.remove("null");
        let gathered = alternatives
            .as_deref()
            .and_then(|branches| all_values(root, branches));
        let variants = match (&gathered, alternatives) {
            (None, Some(branches)) => Some(named(root, branches)),
            _ => None,
        };
        let mut values = gathered.or_else(|| take_values(&mut keywords));
        if let Some(values) = &mut values {
            nullable |= values.remove("null");
            types.clear();
        }
        Self {
            nullable,
            values,
            variants,
            types,
            keywords,
        }
    }

    /// The types in words.
    pub(super) fn type_words(&self) -> String {
        if self.types.is_empty() {
            return if self.variants.is_some() {
                "one of several shapes".to_owned()
            } else {
                "anything".to_owned()
            };
        }
        self.types
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" or ")
    }
}

/// The keywords of a schema, those of what it refers to included.
fn resolved(root: &Value, schema: &Value) -> Map<String, Value> {
    let mut keywords = match schema {
        Value::Object(keywords) => keywords.clone(),
        // The schema that nothing fits.
        Value::Bool(false) => Map::from_iter([("not".to_owned(), Value::Object(Map::new()))]),
        _ => Map::new(),
    };
    for _ in 0..REFERENCES {
        let Some(Value::String(reference)) = keywords.shift_remove("$ref") else {
            break;
        };
        let target = reference
            .strip_prefix('#')
            .and_then(|path| root.pointer(path))
            .and_then(Value::as_object);
        let mut merged = target.cloned().unwrap_or_default();
        merged.extend(keywords);
        keywords = merged;
    }
    keywords
}

/// The alternatives beside `null`, and whether `null` is one. A single one becomes the schema itself: `Option<T>` is written so
/// where `T` is a reference.
fn choose(root: &Value, keywords: &mut Map<String, Value>) -> (Option<Vec<Value>>, bool) {
    let mut nullable = false;
    while let Some(branches) = take_branches(keywords) {
        let all = branches.len();
        let mut others = branches;
        others.retain(|branch| !is_null(root, branch));
        nullable |= others.len() < all;
        let [only] = others.as_slice() else {
            return (Some(others), nullable);
        };
        let mut merged = resolved(root, only);
        merged.append(keywords);
        *keywords = merged;
    }
    (None, nullable)
}

fn take_branches(keywords: &mut Map<String, Value>) -> Option<Vec<Value>> {
    let name = ["oneOf", "anyOf"]
        .into_iter()
        .find(|name| keywords.contains_key(*name))?;
    match keywords.shift_remove(name) {
        Some(Value::Array(branches)) => Some(branches),
        _ => None,
    }
}

fn take_types(keywords: &mut Map<String, Value>) -> BTreeSet<String> {
    match keywords.shift_remove("type") {
        Some(Value::String(one)) => BTreeSet::from([one]),
        Some(Value::Array(several)) => several
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => BTreeSet::new(),
    }
}

fn take_values(keywords: &mut Map<String, Value>) -> Option<BTreeSet<String>> {
    if let Some(one) = keywords.shift_remove("const") {
        return Some(BTreeSet::from([one.to_string()]));
    }
    match keywords.shift_remove("enum") {
        Some(Value::Array(values)) => Some(values.iter().map(ToString::to_string).collect()),
        _ => None,
    }
}

fn is_null(root: &Value, branch: &Value) -> bool {
    let mut keywords = resolved(root, branch);
    take_types(&mut keywords) == BTreeSet::from(["null".to_owned()])
}

/// The values of all branches, when each is nothing but values.
fn all_values(root: &Value, branches: &[Value]) -> Option<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for branch in branches {
        all.extend(take_values(&mut resolved(root, branch))?);
    }
    Some(all)
}

/// Branches by what tells them apart; by their place where that is not clear.
fn named(root: &Value, branches: Vec<Value>) -> BTreeMap<String, Value> {
    let names: Vec<Option<String>> = branches
        .iter()
        .map(|branch| name_of(root, branch))
        .collect();
    let distinct: BTreeSet<&String> = names.iter().flatten().collect();
    let clear = distinct.len() == branches.len();
    names
        .iter()
        .zip(branches)
        .enumerate()
        .map(|(place, (name, branch))| match name {
            Some(name) if clear => (name.clone(), branch),
            _ => (format!("number {}", place + 1), branch),
        })
        .collect()
}

/// A constant, the only required field, or the field whose value is fixed.
fn name_of(root: &Value, branch: &Value) -> Option<String> {
    let mut keywords = resolved(root, branch);
    if let Some(values) = take_values(&mut keywords) {
        return Some(values.into_iter().collect::<Vec<_>>().join(" or "));
    }
    let fixed = keywords
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .find_map(|(name, schema)| Some(format!("{name} {}", schema.get("const")?)));
    let required = keywords.get("required").and_then(Value::as_array);
    let only = match required.map(Vec::as_slice) {
        Some([Value::String(only)]) => Some(only.clone()),
        _ => None,
    };
    let one_type = match keywords.get("type") {
        Some(Value::String(name)) if name != "object" => Some(name.clone()),
        _ => None,
    };
    fixed.or(only).or(one_type)
}
