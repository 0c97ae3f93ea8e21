//! Expressions: read from their text, and worked out at a moment.

use crate::context::Context;
use crate::plant::{Object, Owner};
use crate::refusal::Refusal;
use crate::retrieval::{Boundary, View};
use crate::signal::{CALC_FAILED, Reading, Sample};
use crate::stream::Stream;
use crate::time::Micros;
use crate::webid::Marker;

/// How deep an expression may be nested.
const MAX_DEPTH: usize = 50;

/// A part of an expression.
#[derive(Debug)]
enum Node {
    Number(f64),
    Tag(usize),
    Here,
    Unary(Unary, Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
}

type Unary = fn(f64) -> Option<f64>;
type Binary = fn(f64, f64) -> Option<f64>;
type Function = fn(&[f64]) -> Option<f64>;

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// As numbers, not as bits: zero is zero whatever its sign.
fn equal(a: f64, b: f64) -> bool {
    a.partial_cmp(&b) == Some(std::cmp::Ordering::Equal)
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

const BINARIES: [&[(&str, Binary)]; 4] = [
    &[
        ("or", |a, b| Some(truth(a != 0.0 || b != 0.0))),
        ("and", |a, b| Some(truth(a != 0.0 && b != 0.0))),
    ],
    &[
        ("<=", |a, b| Some(truth(a <= b))),
        (">=", |a, b| Some(truth(a >= b))),
        ("<>", |a, b| Some(truth(!equal(a, b)))),
        ("<", |a, b| Some(truth(a < b))),
        (">", |a, b| Some(truth(a > b))),
        ("=", |a, b| Some(truth(equal(a, b)))),
    ],
    &[("+", |a, b| finite(a + b)), ("-", |a, b| finite(a - b))],
    &[("*", |a, b| finite(a * b)), ("/", |a, b| finite(a / b))],
];

const FUNCTIONS: [(&str, usize, Function); 12] = [
    ("tagval", 1, |a| a.first().copied()),
    ("abs", 1, |a| a.first().map(|x| x.abs())),
    ("sqr", 1, |a| a.first().and_then(|x| finite(x.sqrt()))),
    ("exp", 1, |a| a.first().and_then(|x| finite(x.exp()))),
    ("log", 1, |a| a.first().and_then(|x| finite(x.ln()))),
    ("log10", 1, |a| a.first().and_then(|x| finite(x.log10()))),
    ("sin", 1, |a| a.first().map(|x| x.sin())),
    ("cos", 1, |a| a.first().map(|x| x.cos())),
    ("int", 1, |a| a.first().map(|x| x.trunc())),
    ("max", 2, |a| a.iter().copied().max_by(f64::total_cmp)),
    ("min", 2, |a| a.iter().copied().min_by(f64::total_cmp)),
    ("avg", 2, |a| {
        let count = f64::from(u32::try_from(a.len()).ok()?);
        finite(a.iter().sum::<f64>() / count)
    }),
];

/// An expression with the streams it reads.
pub(super) struct Expression<'a> {
    root: Node,
    tags: Vec<View<'a>>,
}

/// Reads an expression from left to right.
struct Reader<'a, 'c> {
    context: &'c Context<'a>,
    target: Option<Object>,
    text: &'c str,
    rest: &'c str,
    tags: Vec<View<'a>>,
    depth: usize,
}

impl Reader<'_, '_> {
    fn refuse(&self, why: &str) -> Refusal {
        Refusal::bad_request(format!(
            "The expression '{}' is not valid: {why}.",
            self.text
        ))
    }

    /// Takes a sign or, where it ends there, a word.
    fn take(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        let Some(head) = rest.get(..token.len()) else {
            return false;
        };
        let after = &rest[token.len()..];
        let word = token.ends_with(|c: char| c.is_ascii_alphabetic());
        if !head.eq_ignore_ascii_case(token)
            || (word && after.starts_with(|c: char| c.is_ascii_alphanumeric()))
        {
            return false;
        }
        self.rest = after;
        true
    }

    fn level(&mut self, level: usize) -> Result<Node, Refusal> {
        let Some(operators) = BINARIES.get(level) else {
            return self.unary();
        };
        let mut left = self.level(level + 1)?;
        while let Some((_, apply)) = operators.iter().find(|(sign, _)| self.take(sign)) {
            left = Node::Binary(*apply, Box::new(left), Box::new(self.level(level + 1)?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, Refusal> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.refuse("it is nested too deep"));
        }
        let node = if self.take("-") {
            Node::Unary(|x| Some(-x), Box::new(self.unary()?))
        } else if self.take("not") {
            Node::Unary(|x| Some(truth(x == 0.0)), Box::new(self.unary()?))
        } else if self.take("(") {
            let inner = self.level(0)?;
            self.close()?;
            inner
        } else {
            self.leaf()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn close(&mut self) -> Result<(), Refusal> {
        if self.take(")") {
            Ok(())
        } else {
            Err(self.refuse("a ')' is missing"))
        }
    }

    fn leaf(&mut self) -> Result<Node, Refusal> {
        let rest = self.rest.trim_start();
        if let Some(inner) = rest.strip_prefix('\'') {
            let end = inner
                .find('\'')
                .ok_or_else(|| self.refuse("a quote is open"))?;
            self.rest = &inner[end + 1..];
            return self.tag(&inner[..end]);
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.';
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        self.rest = &rest[end..];
        if let Ok(number) = word.parse() {
            return Ok(Node::Number(number));
        }
        let function = FUNCTIONS
            .iter()
            .find(|(name, ..)| word.eq_ignore_ascii_case(name))
            .ok_or_else(|| self.refuse(&format!("'{word}' is not a number or a known function")))?;
        if !self.take("(") {
            return Err(self.refuse("a '(' is missing"));
        }
        let mut arguments = vec![self.level(0)?];
        while self.take(",") {
            arguments.push(self.level(0)?);
        }
        self.close()?;
        let (name, least, apply) = function;
        if arguments.len() < *least || (*least == 1 && arguments.len() > 1) {
            return Err(self.refuse(&format!("{name} takes another number of arguments")));
        }
        Ok(Node::Call(*apply, arguments))
    }

    /// A tag, an attribute by its path, or one of the target by its name.
    fn tag(&mut self, name: &str) -> Result<Node, Refusal> {
        let (context, plant) = (self.context, self.context.plant);
        let object = match self.target {
            Some(object @ (Object::Point(_) | Object::Attribute(_))) if name == "." => Some(object),
            _ if name == "." => return Ok(Node::Here),
            _ if name.starts_with("\\\\") => {
                let markers = [
                    Marker::Point,
                    Marker::ElementAttribute,
                    Marker::FrameAttribute,
                ];
                plant.at_path(&markers, name)
            }
            Some(Object::Element(place)) => attribute(context, Owner::Element(place), name),
            Some(Object::Frame(place)) => attribute(context, Owner::Frame(place), name),
            _ => {
                let path = format!("\\\\{}\\{name}", crate::plant::DATA_SERVER);
                plant.at_path(&[Marker::Point], &path)
            }
        };
        let object = object.ok_or_else(|| {
            Refusal::new(
                409,
                format!("The tag '{name}' of the expression was not found."),
            )
        })?;
        self.tags.push(Stream::of(context, object)?.view(context)?);
        Ok(Node::Tag(self.tags.len() - 1))
    }
}

fn attribute(context: &Context<'_>, owner: Owner, name: &str) -> Option<Object> {
    let plant = context.plant;
    let name = name.trim_start_matches('|');
    let mine = plant.attributes_of(owner).iter();
    mine.copied()
        .find(|place| {
            plant.attributes[*place]
                .shape
                .name
                .eq_ignore_ascii_case(name)
        })
        .map(Object::Attribute)
}

impl<'a> Expression<'a> {
    pub(super) fn read(
        context: &Context<'a>,
        text: &str,
        target: Option<Object>,
    ) -> Result<Self, Refusal> {
        let mut reader = Reader {
            context,
            target,
            text,
            rest: text,
            tags: Vec::new(),
            depth: 0,
        };
        let root = reader.level(0)?;
        if !reader.rest.trim().is_empty() {
            return Err(reader.refuse(&format!("'{}' is left over", reader.rest.trim())));
        }
        Ok(Self {
            root,
            tags: reader.tags,
        })
    }

    /// Whether it holds at a moment at which the sample looked at is `here`.
    pub(super) fn holds(&self, time: Micros, here: Option<f64>) -> bool {
        self.value(&self.root, time, here)
            .is_some_and(|value| value != 0.0)
    }

    fn value(&self, node: &Node, time: Micros, here: Option<f64>) -> Option<f64> {
        match node {
            Node::Number(number) => Some(*number),
            Node::Here => here,
            Node::Tag(place) => self.tags[*place].at(time).reading.number(),
            Node::Unary(apply, inner) => apply(self.value(inner, time, here)?),
            Node::Binary(apply, left, right) => apply(
                self.value(left, time, here)?,
                self.value(right, time, here)?,
            ),
            Node::Call(apply, arguments) => {
                let values: Option<Vec<f64>> = arguments
                    .iter()
                    .map(|argument| self.value(argument, time, here))
                    .collect();
                apply(&values?)
            }
        }
    }

    pub(super) fn at(&self, time: Micros) -> Sample {
        let value = self.value(&self.root, time, None);
        Sample::new(time, value.map_or(CALC_FAILED, Reading::Number))
    }

    /// The times at which any of its tags has a recorded value.
    pub(super) fn recorded_times(&self, start: Micros, end: Micros) -> Vec<Micros> {
        let samples = self
            .tags
            .iter()
            .flat_map(|view| view.recorded(start, end, Boundary::Inside, usize::MAX));
        let mut times: Vec<Micros> = samples.map(|sample| sample.time).collect();
        times.sort_unstable();
        times.dedup();
        if end < start {
            times.reverse();
        }
        times
    }
}
