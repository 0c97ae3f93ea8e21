//! What an argument may be, and the JSON Schema that says so.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The kind of value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Anything.
    #[default]
    Any,
    /// Numbers; NaN and infinities are texts.
    Number,
    /// Whole numbers.
    Integer,
    /// Truth values.
    Logical,
    /// Texts.
    Text,
    /// Days of the calendar, as texts.
    Date,
    /// Instants with their offset from UTC, as texts.
    Instant,
    /// Texts that R holds as a factor.
    Factor,
    /// `{"$frame": {column: [..]}}`.
    Frame,
    /// Rows of numbers.
    Matrix,
    /// An array or an object.
    List,
}

impl Kind {
    /// The kind that an author calls so.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "any" => Self::Any,
            "numeric" | "number" | "double" => Self::Number,
            "integer" => Self::Integer,
            "logical" | "boolean" => Self::Logical,
            "character" | "string" | "text" => Self::Text,
            "Date" => Self::Date,
            "POSIXct" => Self::Instant,
            "factor" => Self::Factor,
            "data.frame" | "frame" => Self::Frame,
            "matrix" => Self::Matrix,
            "list" => Self::List,
            _ => return None,
        })
    }

    /// R's name of it.
    pub(crate) fn r_name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Number => "double",
            Self::Integer => "integer",
            Self::Logical => "logical",
            Self::Text => "character",
            Self::Date => "Date",
            Self::Instant => "POSIXct",
            Self::Factor => "factor",
            Self::Frame => "data.frame",
            Self::Matrix => "matrix",
            Self::List => "list",
        }
    }

    /// Whether R holds it as a vector, in which a single value is one of length one.
    pub(crate) fn is_vector(self) -> bool {
        matches!(
            self,
            Self::Number | Self::Integer | Self::Logical | Self::Text
        ) || self.is_typed()
    }

    /// Whether JSON has texts for it and R a class.
    pub(crate) fn is_typed(self) -> bool {
        matches!(self, Self::Date | Self::Instant | Self::Factor)
    }

    /// What JSON Schema calls the form of its texts.
    fn format(self) -> Option<&'static str> {
        match self {
            Self::Date => Some("date"),
            Self::Instant => Some("date-time"),
            _ => None,
        }
    }
}

/// One end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bound {
    /// The number.
    pub(crate) at: f64,
    /// Whether the number itself is outside.
    pub(crate) open: bool,
}

/// What an argument may be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Shape {
    /// The kind of its values.
    pub(crate) kind: Kind,
    /// Fewest and most values.
    pub(crate) least: u64,
    /// Most values, if there is a limit.
    pub(crate) most: Option<u64>,
    /// Whether it may be `null`, which is R's `NULL`.
    pub(crate) nullable: bool,
    /// Whether single values may be missing.
    pub(crate) complete: bool,
    /// The lower end of each value.
    pub(crate) low: Option<Bound>,
    /// The upper end of each value.
    pub(crate) high: Option<Bound>,
    /// The texts there are to choose from; empty when any text will do.
    pub(crate) choices: Vec<String>,
    /// The unit of its values.
    pub(crate) unit: Option<String>,
    /// The columns that a data frame must have, and what each of them may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) columns: Vec<(String, Shape)>,
}

impl Shape {
    /// Whether a single value will do.
    pub(crate) fn takes_single(&self) -> bool {
        self.least <= 1 && self.most != Some(0)
    }

    /// Whether an array will do: not where exactly one is asked for.
    pub(crate) fn takes_array(&self) -> bool {
        self.most != Some(1)
    }

    /// Whether NaN and infinities are numbers here.
    pub(crate) fn takes_words(&self) -> bool {
        self.kind == Kind::Number && self.low.is_none() && self.high.is_none()
    }

    /// The JSON Schema of the argument.
    pub(crate) fn schema(&self) -> Map<String, Value> {
        let mut schema = Map::new();
        match self.kind {
            Kind::Any => {}
            Kind::Frame => {
                schema.insert("type".into(), self.types(&["object"]));
                schema.insert("required".into(), json!(["$frame"]));
                if !self.columns.is_empty() {
                    schema.insert(
                        "properties".into(),
                        json!({ "$frame": self.frame_schema() }),
                    );
                }
            }
            Kind::List => {
                schema.insert("type".into(), self.types(&["object", "array"]));
            }
            Kind::Matrix => {
                let row = json!({ "type": "array", "items": self.item(true) });
                schema.insert("type".into(), self.types(&["array"]));
                schema.insert("items".into(), row);
            }
            _ => return self.vector_schema(),
        }
        self.add_unit(schema)
    }

    fn frame_schema(&self) -> Value {
        let columns = self.columns.iter();
        let columns = columns.map(|(name, column)| (name.clone(), column.schema().into()));
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        json!({ "type": "object", "properties": columns.collect::<Map<_, _>>(), "required": names })
    }

    fn vector_schema(&self) -> Map<String, Value> {
        let single = self.takes_single();
        if single && self.takes_array() && !self.choices.is_empty() {
            return self.add_unit(self.choices_schema());
        }
        let mut schema = if single {
            self.item(false)
        } else {
            self.array_schema()
        };
        if single && self.takes_array() {
            add_type(&mut schema, "array");
            let rest = self.array_schema();
            schema.extend(rest.into_iter().filter(|(name, _)| name != "type"));
        }
        if self.nullable {
            add_type(&mut schema, "null");
            if let Some(Value::Array(choices)) = schema.get_mut("enum") {
                choices.push(Value::Null);
            }
        }
        self.add_unit(schema)
    }

    /// One of the choices or several: `enum` beside `items` would count for the array as well.
    fn choices_schema(&self) -> Map<String, Value> {
        let mut all = vec![json!(self.item(false)), json!(self.array_schema())];
        if self.nullable {
            all.push(json!({ "type": "null" }));
        }
        Map::from_iter([("anyOf".to_owned(), json!(all))])
    }

    fn array_schema(&self) -> Map<String, Value> {
        let mut schema = Map::from_iter([
            ("type".to_owned(), json!("array")),
            ("items".to_owned(), self.item(true).into()),
        ]);
        if self.least > 0 {
            schema.insert("minItems".into(), self.least.into());
        }
        if let Some(most) = self.most {
            schema.insert("maxItems".into(), most.into());
        }
        schema
    }

    /// One value; inside an array `null` is a missing one.
    fn item(&self, inside: bool) -> Map<String, Value> {
        let mut types = match self.kind {
            Kind::Integer => vec!["integer"],
            Kind::Logical => vec!["boolean"],
            Kind::Text | Kind::Date | Kind::Instant | Kind::Factor => vec!["string"],
            _ if self.takes_words() || self.kind == Kind::Matrix => vec!["number", "string"],
            _ => vec!["number"],
        };
        let words = types.contains(&"number") && types.contains(&"string");
        let missing = inside && !self.complete;
        if missing {
            types.push("null");
        }
        let types = if let [one] = types.as_slice() {
            json!(one)
        } else {
            json!(types)
        };
        let mut schema = Map::from_iter([("type".to_owned(), types)]);
        if words {
            schema.insert("pattern".into(), json!("^(NaN|Inf|-Inf)$"));
        }
        if let Some(format) = self.kind.format() {
            schema.insert("format".into(), json!(format));
        }
        for (bound, closed, open) in [
            (self.low, "minimum", "exclusiveMinimum"),
            (self.high, "maximum", "exclusiveMaximum"),
        ] {
            if let Some(bound) = bound {
                schema.insert(
                    if bound.open { open } else { closed }.into(),
                    json!(bound.at),
                );
            }
        }
        if !self.choices.is_empty() {
            let mut choices: Vec<Value> = self.choices.iter().map(|one| json!(one)).collect();
            if missing {
                choices.push(Value::Null);
            }
            schema.insert("enum".into(), choices.into());
        }
        schema
    }

    fn types(&self, names: &[&str]) -> Value {
        let mut all = names.to_vec();
        if self.nullable {
            all.push("null");
        }
        if let [one] = all.as_slice() {
            json!(one)
        } else {
            json!(all)
        }
    }

    fn add_unit(&self, mut schema: Map<String, Value>) -> Map<String, Value> {
        if let Some(unit) = &self.unit {
            schema.insert("x-unit".into(), json!(unit));
        }
        schema
    }
}

fn add_type(schema: &mut Map<String, Value>, name: &str) {
    match schema.get_mut("type") {
        Some(Value::Array(types)) => types.push(json!(name)),
        Some(one) => *one = json!([one.take(), name]),
        None => {}
    }
}
