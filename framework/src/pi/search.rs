//! Searches in the language of `AFSearch`, written so that no name can change what is asked.

use std::fmt::Write;

use jiff::Timestamp;

use super::PiError;
use super::time;

/// Which batches, phases or other event frames of the database.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FrameSearch {
    /// Name, with `*` and `?`.
    pub name: Option<String>,
    /// Name of the template.
    pub template: Option<String>,
    /// Name of the unit, with `*` and `?`.
    pub unit: Option<String>,
    /// Frames that start at or after this instant.
    pub from: Option<Timestamp>,
    /// Frames that start before this instant.
    pub to: Option<Timestamp>,
    /// Only running ones, or only ended ones.
    pub in_progress: Option<bool>,
    /// Attributes and what they hold, with `*` and `?`: recipe, lot, product.
    pub attributes: Vec<(String, String)>,
    /// Also phases, not only what stands at the top.
    pub all_levels: bool,
}

impl FrameSearch {
    /// The query, oldest first. Refused where a value holds what cannot be written.
    pub fn query(&self) -> Result<String, PiError> {
        let mut query = Query::default();
        query.text("Name", self.name.as_deref())?;
        query.text("Template", self.template.as_deref())?;
        query.text("ElementName", self.unit.as_deref())?;
        for (name, value) in &self.attributes {
            query.attribute(name, value)?;
        }
        query.time("Start:>=", self.from);
        query.time("Start:<", self.to);
        query.truth("InProgress", self.in_progress);
        query.truth("AllDescendants", self.all_levels.then_some(true));
        query.add("SortField:=StartTime");
        query.add("SortOrder:=Ascending");
        Ok(query.0)
    }
}

#[derive(Default)]
struct Query(String);

impl Query {
    fn add(&mut self, filter: &str) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(filter);
    }

    fn text(&mut self, key: &str, value: Option<&str>) -> Result<(), PiError> {
        if let Some(value) = value {
            self.add(&format!("{key}:={}", quoted(value)?));
        }
        Ok(())
    }

    fn attribute(&mut self, name: &str, value: &str) -> Result<(), PiError> {
        let key = quoted(&format!("|{name}"))?;
        self.add(&format!("{key}:={}", quoted(value)?));
        Ok(())
    }

    fn time(&mut self, key: &str, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.add(&format!("{key}'{}'", time::format(at.as_microsecond())));
        }
    }

    fn truth(&mut self, key: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.add(&format!("{key}:={}", if value { "True" } else { "False" }));
        }
    }
}

/// A value in quotes that it cannot leave: in those it does not hold itself, else with its own ones doubled.
pub(super) fn quoted(value: &str) -> Result<String, PiError> {
    let refuse = |why: &str| {
        Err(PiError::Refused {
            status: 400,
            errors: vec![format!("'{value}' cannot be searched for: {why}")],
        })
    };
    if value.is_empty() {
        return refuse("it is empty");
    }
    if value.chars().any(char::is_control) {
        return refuse("it holds characters that cannot be seen");
    }
    // A backslash before a quote takes its meaning away, also from the one that ends the value.
    if value.ends_with('\\') || value.contains("\\'") || value.contains("\\\"") {
        return refuse("a backslash stands before a quote or at its end");
    }
    let quote = if value.contains('\'') && !value.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut text = String::with_capacity(value.len() + 2);
    text.push(quote);
    for letter in value.chars() {
        if letter == quote {
            text.push(quote);
        }
        text.push(letter);
    }
    text.push(quote);
    Ok(text)
}

/// A search for points; `name` and `description` with `*` and `?`.
pub(super) fn of_points(name: &str, description: Option<&str>) -> Result<String, PiError> {
    let mut query = format!("name:={}", quoted(name)?);
    if let Some(description) = description {
        write!(query, " AND descriptor:={}", quoted(description)?).unwrap_or_default();
    }
    Ok(query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_search_is_written_as_the_server_reads_it() {
        let search = FrameSearch {
            name: Some("DR1*".to_owned()),
            template: Some("Batch".to_owned()),
            from: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            in_progress: Some(false),
            attributes: vec![("Recipe".to_owned(), "Bob's".to_owned())],
            all_levels: true,
            ..FrameSearch::default()
        };
        assert_eq!(
            search.query().unwrap(),
            "Name:='DR1*' Template:='Batch' '|Recipe':=\"Bob's\" Start:>='2026-01-01T00:00:00.000000Z' \
             InProgress:=False AllDescendants:=True SortField:=StartTime SortOrder:=Ascending"
        );
        assert_eq!(quoted(r#"5" o'clock"#).unwrap(), r#"'5" o''clock'"#);
        assert!(quoted("C:\\").is_err() && quoted("").is_err() && quoted("a\nb").is_err());
    }

    proptest! {
        #[test]
        fn no_value_changes_what_is_asked(value in "[ -~äöü]{1,20}") {
            let search = FrameSearch { name: Some(value.clone()), template: Some("Batch".to_owned()), ..FrameSearch::default() };
            // What the simulator cannot read: quotes of both kinds in one value.
            prop_assume!(!(value.contains('\'') && value.contains('"')));
            if let Ok(query) = search.query() {
                let filters = pi_simulator::frames::filters(&query).unwrap();
                let read: Vec<_> = filters.iter().map(|filter| (filter.key.as_str(), filter.value.as_str())).collect();
                prop_assert_eq!(&read[..2], &[("name", value.as_str()), ("template", "Batch")]);
                prop_assert_eq!(read.len(), 4);
            }
        }
    }
}
