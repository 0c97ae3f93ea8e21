//! Functions as their callers see them, made from what R says of a script when it is published.

use crate::declaration::declared;
use crate::engine::Failure;
use crate::purity;
use crate::roxygen::{self, Block, Cache};
use crate::shape::{Kind, Shape};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a worker says of a function.
#[derive(Debug, Deserialize)]
pub(crate) struct Described {
    pub(crate) name: String,
    args: Vec<DescribedArgument>,
    /// The roxygen lines above it.
    #[serde(default)]
    doc: String,
    /// Names its code uses, those of the script's own functions that it calls included.
    #[serde(default)]
    pub(crate) uses: Vec<String>,
    /// Variables outside itself that it assigns to.
    #[serde(default)]
    pub(crate) assigns: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct DescribedArgument {
    name: String,
    required: bool,
    default: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    /// The value of a default that needs nothing but itself.
    #[serde(default)]
    value: Option<Value>,
    /// The texts that `match.arg` chooses from.
    #[serde(default)]
    choices: Vec<String>,
    /// Whether it may choose several.
    #[serde(default)]
    several: bool,
}

/// An argument of a function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Parameter {
    /// Its name; `...` takes any further names.
    pub(crate) name: String,
    /// Whether a call must give it.
    pub(crate) required: bool,
    /// Its default, as R code.
    pub(crate) default: Option<String>,
    /// R's type of it, `any` when nothing tells.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The text of `@param`.
    #[serde(default)]
    pub(crate) description: String,
    /// Its JSON Schema.
    #[serde(default)]
    pub(crate) schema: Value,
}

/// A function of a script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// The first paragraph above it.
    #[serde(default)]
    pub(crate) title: String,
    /// The paragraphs after that.
    #[serde(default)]
    pub(crate) description: String,
    /// Its arguments in their order.
    pub(crate) args: Vec<Parameter>,
    /// The JSON Schema of its value, as far as `@return` tells.
    #[serde(default)]
    pub(crate) returns: Option<Value>,
    /// Whether an equal call may be answered with the value of an earlier one.
    #[serde(default)]
    pub(crate) cache: Cache,
    /// Whether its author says so; otherwise it is volatile.
    #[serde(default)]
    pub(crate) cache_declared: bool,
    /// The JSON Schema (2020-12) of the object of its arguments.
    #[serde(default)]
    pub(crate) schema: Value,
    /// The R code of its examples.
    #[serde(default)]
    pub(crate) examples: Vec<String>,
    /// What in its code contradicts `@cache`, a sentence each.
    #[serde(default)]
    pub(crate) doubts: Vec<String>,
    /// The roxygen lines above it.
    pub(crate) doc: String,
    /// What each argument may be, for the check before R.
    #[serde(skip)]
    pub(crate) shapes: Vec<Shape>,
}

/// A function as the store keeps it.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    function: Function,
    /// Absent in what was published before arguments were checked.
    #[serde(default)]
    shapes: Vec<Shape>,
}

/// The functions of a script as text for the store.
pub(crate) fn to_text(functions: &[Function]) -> Result<String, serde_json::Error> {
    let keep = |function: &Function| Kept {
        shapes: function.shapes.clone(),
        function: function.clone(),
    };
    serde_json::to_string(&functions.iter().map(keep).collect::<Vec<_>>())
}

/// The functions of a script from the store; what was published before there were schemas gets the open ones.
pub(crate) fn from_text(text: &str) -> Result<Vec<Function>, serde_json::Error> {
    let kept: Vec<Kept> = serde_json::from_str(text)?;
    Ok(kept.into_iter().map(complete).collect())
}

fn complete(kept: Kept) -> Function {
    let Kept {
        mut function,
        shapes,
    } = kept;
    function.shapes = shapes;
    if function.schema.is_null() {
        let block = roxygen::read(&function.doc);
        function.cache_declared = block.cache.is_some();
        function.cache = block.cache.unwrap_or_default();
        function.shapes = vec![Shape::default(); function.args.len()];
        for arg in &mut function.args {
            arg.description = text_of(&block, &arg.name).to_owned();
            arg.schema = json!({});
        }
        (function.title, function.description) = (block.title, block.description);
        function.schema = schema_of(&function);
    }
    function
}

/// The public functions of a script: those marked `@export` where any is, and none that is `@keywords internal`.
pub(crate) fn publish(described: Vec<Described>) -> Result<Vec<Function>, Failure> {
    let read: Vec<(Described, Block)> = described
        .into_iter()
        .map(|one| {
            let block = roxygen::read(&one.doc);
            (one, block)
        })
        .collect();
    let exports = read.iter().any(|(_, block)| block.is_exported);
    read.into_iter()
        .filter(|(_, block)| !block.is_internal && (!exports || block.is_exported))
        .map(|(described, block)| function(described, block))
        .collect()
}

fn function(described: Described, mut block: Block) -> Result<Function, Failure> {
    let mut unclear = std::mem::take(&mut block.unclear);
    let cache = block.cache.unwrap_or_default();
    let doubts = purity::doubts(&described, cache);
    let mut args = Vec::with_capacity(described.args.len());
    let mut shapes = Vec::with_capacity(described.args.len());
    for one in described.args {
        let text = text_of(&block, &one.name);
        let (shape, description) = match declared(text) {
            Some((Ok(shape), rest)) => (
                Shape {
                    nullable: shape.nullable || one.default.as_deref() == Some("NULL"),
                    ..shape
                },
                rest,
            ),
            Some((Err(error), rest)) => {
                unclear.push(format!("@param {}: {error}.", one.name));
                (Shape::default(), rest)
            }
            None => (one.shape(), text),
        };
        args.push(parameter(one, &shape, description.to_owned()));
        shapes.push(shape);
    }
    if !unclear.is_empty() {
        let at = format!("{}: {}", described.name, unclear.join(" "));
        return Err(Failure::argument("", at));
    }
    let mut function = Function {
        name: described.name,
        title: block.title,
        description: block.description,
        args,
        returns: block.returns.as_deref().map(returns),
        cache,
        cache_declared: block.cache.is_some(),
        schema: Value::Null,
        examples: block.examples,
        doubts,
        doc: described.doc,
        shapes,
    };
    function.schema = schema_of(&function);
    Ok(function)
}

fn text_of<'a>(block: &'a Block, name: &str) -> &'a str {
    let found = block.params.iter().find(|(param, _)| param == name);
    found.map_or("", |(_, text)| text.as_str())
}

impl DescribedArgument {
    /// What the default tells: its type, one value or several of it.
    fn shape(&self) -> Shape {
        let kind = match self.kind.as_str() {
            "double" => Kind::Number,
            "integer" => Kind::Integer,
            "logical" => Kind::Logical,
            "character" => Kind::Text,
            "Date" => Kind::Date,
            "POSIXct" => Kind::Instant,
            _ => return Shape::default(),
        };
        let choose_one = !self.choices.is_empty() && !self.several;
        Shape {
            kind,
            least: u64::from(choose_one),
            most: choose_one.then_some(1),
            choices: self.choices.clone(),
            ..Shape::default()
        }
    }
}

fn parameter(described: DescribedArgument, shape: &Shape, description: String) -> Parameter {
    let mut schema = shape.schema();
    if !description.is_empty() {
        schema.insert("description".into(), json!(description));
    }
    let default = if shape.choices.is_empty() || shape.takes_array() {
        described.value
    } else {
        // `match.arg` takes the first when none is given.
        described.choices.first().map(|first| json!(first))
    };
    if let Some(default) = default {
        schema.insert("default".into(), default);
    }
    let kind = if shape.kind == Kind::Any {
        described.kind
    } else {
        shape.kind.r_name().to_owned()
    };
    Parameter {
        name: described.name,
        required: described.required,
        default: described.default,
        kind,
        description,
        schema: schema.into(),
    }
}

fn schema_of(function: &Function) -> Value {
    let named = || function.args.iter().filter(|arg| arg.name != "...");
    let properties: Map<String, Value> = named()
        .map(|arg| (arg.name.clone(), arg.schema.clone()))
        .collect();
    let required: Vec<&str> = named()
        .filter(|arg| arg.required)
        .map(|arg| arg.name.as_str())
        .collect();
    let is_open = function.args.iter().any(|arg| arg.name == "...");
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": function.name,
        "description": function.title,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": is_open,
    })
}

/// `@return [list(mean = numeric, sd = numeric)] text`, a single type in brackets, or a text alone.
fn returns(text: &str) -> Value {
    let (mut schema, text) = match declared(text) {
        Some((Ok(shape), rest)) => (shape.schema(), rest),
        Some((Err(_), _)) | None => match members(text) {
            Some((schema, rest)) => (schema, rest),
            None => (Map::new(), text),
        },
    };
    if !text.is_empty() {
        schema.insert("description".into(), json!(text));
    }
    schema.into()
}

fn members(text: &str) -> Option<(Map<String, Value>, &str)> {
    let (inside, rest) = text.strip_prefix("[list(")?.split_once(")]")?;
    let mut properties = Map::new();
    for member in inside.split(',') {
        let (name, kind) = member.split_once('=')?;
        let (shape, _) = declared(&format!("[{}]", kind.trim()))
            .and_then(|(shape, rest)| Some((shape.ok()?, rest.to_owned())))?;
        properties.insert(name.trim().to_owned(), shape.schema().into());
    }
    let required: Vec<Value> = properties.keys().map(|name| json!(name)).collect();
    let schema = Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), properties.into()),
        ("required".to_owned(), required.into()),
    ]);
    Some((schema, rest.trim()))
}

impl Function {
    /// What its argument of a name may be; nothing where it has none of that name.
    pub(crate) fn shape_of(&self, name: &str) -> Option<&Shape> {
        let place = self.args.iter().position(|known| known.name == name)?;
        self.shapes.get(place)
    }

    /// The function as R would show it.
    pub(crate) fn signature(&self) -> String {
        let arg = |arg: &Parameter| match &arg.default {
            None => arg.name.clone(),
            Some(default) => format!("{} = {default}", arg.name),
        };
        let args: Vec<String> = self.args.iter().map(arg).collect();
        format!("{}({})", self.name, args.join(", "))
    }
}

#[cfg(test)]
mod tests;
