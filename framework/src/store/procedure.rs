//! Procedures of the `sql/sqlite` folder: their headers are the signatures for both engines.
//!
//! ```sql
//! -- procedure model_by_id(id TEXT, unit TEXT?) -> id TEXT, name TEXT, created_at TIME
//! SELECT id, name, created_at FROM model WHERE id = :id AND (:unit IS NULL OR unit = :unit);
//! ```
//! `?` marks a parameter that may be NULL. Types: TEXT, INTEGER, REAL, BOOL, BLOB, TIME, JSON. A header goes on in the
//! next comment line after a comma, an open parenthesis or an arrow.

use std::collections::HashMap;

use super::files::procedures;
use super::{Files, StoreError, Value};

/// A type of a parameter or column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Characters.
    Text,
    /// A whole number.
    Integer,
    /// A double.
    Real,
    /// Truth.
    Bool,
    /// Bytes.
    Blob,
    /// An instant.
    Time,
    /// JSON text.
    Json,
}

impl Type {
    fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_uppercase().as_str() {
            "TEXT" => Self::Text,
            "INTEGER" => Self::Integer,
            "REAL" => Self::Real,
            "BOOL" | "BOOLEAN" => Self::Bool,
            "BLOB" => Self::Blob,
            "TIME" => Self::Time,
            "JSON" => Self::Json,
            _ => return None,
        })
    }
}

/// A parameter or a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// Whether it may be NULL (parameters only).
    pub optional: bool,
}

/// One procedure: signature and, for SQLite, its statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// Its name in Rust and on both engines.
    pub name: String,
    /// Its parameters in order.
    pub parameters: Vec<Field>,
    /// The columns of its rows.
    pub columns: Vec<Field>,
    /// Its statements on SQLite.
    pub statements: Vec<String>,
}

impl Procedure {
    /// Refuses parameters that the header does not allow, on either engine.
    pub(super) fn check(&self, values: &[Value]) -> Result<(), StoreError> {
        if values.len() != self.parameters.len() {
            let problem = format!(
                "{} parameters are declared, {} were given",
                self.parameters.len(),
                values.len()
            );
            return Err(self.refuse(problem));
        }
        let missing = self
            .parameters
            .iter()
            .zip(values)
            .find(|(field, value)| !field.optional && **value == Value::Null);
        match missing {
            Some((field, _)) => Err(self.refuse(format!(
                "`{}` is NULL and not declared with `?`",
                field.name
            ))),
            None => Ok(()),
        }
    }

    fn refuse(&self, problem: String) -> StoreError {
        StoreError::Parameters {
            procedure: self.name.clone(),
            problem,
        }
    }
}

/// All procedures a store can call.
#[derive(Debug, Default)]
pub struct Catalog {
    procedures: HashMap<String, Procedure>,
}

impl Catalog {
    /// Reads the procedures of every owner.
    pub fn read(owners: &[Files]) -> Result<Self, StoreError> {
        let mut catalog = Self::default();
        for file in owners.iter().flat_map(|owner| procedures(owner.sqlite)) {
            for procedure in parse(file.path, file.text)? {
                if let Some(twice) = catalog.procedures.insert(procedure.name.clone(), procedure) {
                    return Err(problem(
                        file.path,
                        format!("procedure `{}` is defined twice", twice.name),
                    ));
                }
            }
        }
        Ok(catalog)
    }

    /// The procedure of that name.
    pub fn get(&self, name: &str) -> Result<&Procedure, StoreError> {
        self.procedures
            .get(name)
            .ok_or_else(|| StoreError::UnknownProcedure(name.to_owned()))
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Procedure> {
        self.procedures.values()
    }
}

pub(super) fn problem(file: &str, problem: impl Into<String>) -> StoreError {
    StoreError::File {
        file: file.to_owned(),
        problem: problem.into(),
    }
}

const HEADER: &str = "-- procedure ";

pub(super) fn parse(path: &str, text: &str) -> Result<Vec<Procedure>, StoreError> {
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(header) = line.strip_prefix(HEADER) else {
            if line.trim().is_empty() || line.starts_with("--") {
                continue;
            }
            return Err(problem(
                path,
                format!("a statement stands before the first header: {line}"),
            ));
        };
        let mut header = header.trim().to_owned();
        while header.ends_with([',', '(', '>'])
            && lines.peek().is_some_and(|next| next.starts_with("--"))
        {
            header.push(' ');
            header.push_str(
                lines
                    .next()
                    .unwrap_or_default()
                    .trim_start_matches('-')
                    .trim(),
            );
        }
        let mut body = String::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with(HEADER)) {
            body.push_str(line);
            body.push('\n');
        }
        found.push(
            procedure(&header, &body).map_err(|text| problem(path, format!("{text}: {header}")))?,
        );
    }
    Ok(found)
}

fn procedure(header: &str, body: &str) -> Result<Procedure, String> {
    let (name, rest) = header.split_once('(').ok_or("the header has no `(`")?;
    let (parameters, rest) = rest.split_once(')').ok_or("the header has no `)`")?;
    let columns = match rest.trim() {
        "" => "",
        rest => rest
            .strip_prefix("->")
            .ok_or("after `)` stands `->` or nothing")?,
    };
    let procedure = Procedure {
        name: name.trim().to_owned(),
        parameters: fields(parameters)?,
        columns: fields(columns)?,
        statements: statements(body),
    };
    if procedure.statements.is_empty() {
        return Err("there is no statement after the header".to_owned());
    }
    Ok(procedure)
}

/// Reads `name TYPE, name TYPE?`.
fn fields(list: &str) -> Result<Vec<Field>, String> {
    let parts = list
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| field(part).ok_or_else(|| format!("`{part}` is not a name and a type")))
        .collect()
}

fn field(part: &str) -> Option<Field> {
    let (name, kind) = part.split_once(char::is_whitespace)?;
    let kind = kind.trim();
    let (kind, optional) = kind
        .strip_suffix('?')
        .map_or((kind, false), |kind| (kind.trim(), true));
    Some(Field {
        name: name.to_owned(),
        kind: Type::parse(kind)?,
        optional,
    })
}

/// Cuts a body into its statements at `;`, except within quotes and comments; comments are dropped.
fn statements(body: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut rest = body;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |at| at + 2),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        if token == ";" {
            found.push(String::new());
        } else if let Some(last) = found.last_mut()
            && !token.starts_with("--")
            && !token.starts_with("/*")
        {
            last.push_str(token);
        }
    }
    found.retain(|statement| !statement.trim().is_empty());
    found
        .into_iter()
        .map(|statement| statement.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_into_procedures_and_statements() {
        let text = "-- note\n-- procedure a(id TEXT, unit TEXT?) ->\n--   name TEXT, at TIME\nUPDATE t SET x = ';' -- ; no\nWHERE id = :id;\nSELECT 1;\n-- procedure b()\nDELETE FROM t";
        let found = parse("x.sql", text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0].statements,
            ["UPDATE t SET x = ';' \nWHERE id = :id", "SELECT 1"]
        );
        assert_eq!(found[0].columns[1].kind, Type::Time);
        assert!(found[0].parameters[1].optional && !found[0].parameters[0].optional);
        assert_eq!(found[1].columns, []);
    }

    #[test]
    fn a_statement_without_a_header_is_refused() {
        assert!(parse("x.sql", "SELECT 1").is_err());
        assert!(parse("x.sql", "-- procedure a(id WORD)\nSELECT 1").is_err());
        assert!(parse("x.sql", "-- procedure a()\n").is_err());
    }
}
