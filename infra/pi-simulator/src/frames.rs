//! Finding event frames: the parameters of the list, and the `AFSearch` query language.

use crate::context::Context;
use crate::plant::{Frame, Object, Owner, Plant};
use crate::query::fits;
use crate::refusal::Refusal;
use crate::time::{self, Micros, OPEN_END};

/// Whose event frames are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those of a database.
    Database(usize),
    /// Those that happened on an element.
    Element(usize),
    /// The parts of an event frame.
    Frame(usize),
}

impl Scope {
    /// Whether a frame belongs: only the first level, unless all levels are asked for.
    fn holds(self, plant: &Plant, frame: &Frame, deep: bool) -> bool {
        match self {
            Self::Database(place) => frame.database == place && (deep || frame.parent.is_none()),
            Self::Element(place) => frame.element == place && (deep || frame.parent.is_none()),
            Self::Frame(place) => {
                let parents =
                    std::iter::successors(frame.parent, |above| plant.frames[*above].parent);
                let levels = if deep { usize::MAX } else { 1 };
                parents.take(levels).any(|above| above == place)
            }
        }
    }
}

/// Event frames of a database, of an element, or the parts of one.
pub fn list(context: &Context<'_>, scope: Scope) -> Result<Vec<Object>, Refusal> {
    let query = &context.request.query;
    let mode = query
        .get("searchMode")
        .unwrap_or("Overlapped")
        .to_ascii_lowercase();
    let directed = mode.starts_with("backward") || mode.starts_with("forward");
    if directed
        && ["endTime", "sortField", "sortOrder"]
            .iter()
            .any(|key| query.get(key).is_some())
    {
        return Err(Refusal::bad_request(format!(
            "endTime, sortField and sortOrder cannot be specified when searchMode is '{mode}'."
        )));
    }
    let deep = query.flag("searchFullHierarchy", false)?;
    let start = context.time("startTime", "*-8h")?;
    let end = if directed {
        OPEN_END
    } else {
        context.time("endTime", "*")?
    };
    if !directed && end < start {
        return Err(Refusal::bad_request(
            "The endTime must be greater than or equal to the startTime.",
        ));
    }
    let plant = context.plant;
    let mut found = Vec::new();
    for (place, frame) in plant.frames.iter().enumerate() {
        if scope.holds(plant, frame, deep)
            && wanted(context, frame)?
            && in_time(frame, &mode, start, end)?
        {
            found.push(place);
        }
    }
    let field = match mode.as_str() {
        mode if mode.ends_with("fromendtime") => "endtime".to_owned(),
        _ if directed => "starttime".to_owned(),
        _ => query
            .get("sortField")
            .unwrap_or("Name")
            .to_ascii_lowercase(),
    };
    let descending = mode.starts_with("backward")
        || query
            .get("sortOrder")
            .is_some_and(|order| order.eq_ignore_ascii_case("Descending"));
    sort(&plant.frames, &mut found, &field, descending)?;
    Ok(found.into_iter().map(Object::Frame).collect())
}

/// Whether a frame satisfies the filters of a list.
fn wanted(context: &Context<'_>, frame: &Frame) -> Result<bool, Refusal> {
    let (query, plant) = (&context.request.query, context.plant);
    let template_of_element = plant.elements[frame.element].template;
    Ok(fits(query.get("nameFilter"), &frame.name)
        && query
            .get("templateName")
            .is_none_or(|name| plant.derives(Some(frame.template), name))
        && query.get("categoryName").is_none_or(|name| name == "*")
        && fits(
            query.get("referencedElementNameFilter"),
            &plant.elements[frame.element].name,
        )
        && query
            .get("referencedElementTemplateName")
            .is_none_or(|name| plant.derives(template_of_element, name))
        && query
            .all("severity")
            .iter()
            .all(|severity| severity.is_empty() || severity.eq_ignore_ascii_case("None"))
        && !query.flag("canBeAcknowledged", false)?
        && !query.flag("isAcknowledged", false)?)
}

fn in_time(frame: &Frame, mode: &str, start: Micros, end: Micros) -> Result<bool, Refusal> {
    let open = frame.end == OPEN_END;
    Ok(match mode {
        "none" => true,
        "startinclusive" => start <= frame.start && frame.start <= end,
        "endinclusive" => start <= frame.end && frame.end <= end,
        "inclusive" => start <= frame.start && frame.end <= end,
        "overlapped" => frame.start <= end && start <= frame.end,
        "inprogress" => open && start <= frame.start && frame.start <= end,
        "backwardfromstarttime" => frame.start <= start,
        "forwardfromstarttime" => frame.start >= start,
        "backwardfromendtime" => frame.end <= start,
        "forwardfromendtime" => frame.end >= start,
        "backwardinprogress" => open && frame.start <= start,
        "forwardinprogress" => open && frame.start >= start,
        other => {
            return Err(Refusal::bad_request(format!(
                "'{other}' is not a search mode."
            )));
        }
    })
}

fn sort(
    frames: &[Frame],
    found: &mut [usize],
    field: &str,
    descending: bool,
) -> Result<(), Refusal> {
    match field {
        "name" | "id" => found.sort_by(|a, b| frames[*a].name.cmp(&frames[*b].name)),
        "starttime" | "type" | "template" | "description" => {
            found.sort_by_key(|place| frames[*place].start);
        }
        "endtime" => found.sort_by_key(|place| frames[*place].end),
        other => {
            return Err(Refusal::bad_request(format!(
                "'{other}' is not a sort field."
            )));
        }
    }
    if descending {
        found.reverse();
    }
    Ok(())
}

/// Event frames of a database that satisfy an `AFSearch` query; all levels only with `AllDescendants:=True`.
pub fn search(context: &Context<'_>, database: usize, text: &str) -> Result<Vec<Object>, Refusal> {
    let filters = filters(text)?;
    let deep = filters
        .iter()
        .any(|filter| filter.key == "alldescendants" && filter.value.eq_ignore_ascii_case("true"));
    let mut found = Vec::new();
    for (place, frame) in context.plant.frames.iter().enumerate() {
        let mut kept = Scope::Database(database).holds(context.plant, frame, deep);
        for filter in &filters {
            kept = kept && satisfies(context, place, frame, filter)?;
        }
        if kept {
            found.push(place);
        }
    }
    let option = |key: &str| {
        filters
            .iter()
            .find(|filter| filter.key == key)
            .map(|filter| filter.value.to_ascii_lowercase())
    };
    let descending = option("sortorder").is_some_and(|order| order.starts_with("desc"));
    sort(
        &context.plant.frames,
        &mut found,
        option("sortfield").as_deref().unwrap_or("name"),
        descending,
    )?;
    Ok(found.into_iter().map(Object::Frame).collect())
}

/// One filter of a query: `Start:>='*-30d'`.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Name in lower case; attributes begin with `|`.
    pub key: String,
    /// `=`, `<>`, `<`, `<=`, `>` or `>=`.
    pub operator: &'static str,
    /// The value without quotes.
    pub value: String,
}

const OPERATORS: [&str; 6] = [">=", "<=", "<>", ">", "<", "="];

/// Splits a query into filters; a bare word filters the name.
pub fn filters(text: &str) -> Result<Vec<Filter>, Refusal> {
    let mut rest = text.trim_start();
    let mut filters = Vec::new();
    while !rest.is_empty() {
        let (word, after) = word(rest, true)?;
        let Some(operation) = after.strip_prefix(':') else {
            filters.push(Filter {
                key: "name".to_owned(),
                operator: "=",
                value: word,
            });
            rest = after.trim_start();
            continue;
        };
        let operator = OPERATORS
            .iter()
            .find(|operator| operation.starts_with(**operator))
            .copied();
        let value_text = operator.map_or(operation, |operator| &operation[operator.len()..]);
        let (value, after) = self::word(value_text.trim_start(), false)?;
        filters.push(Filter {
            key: word.to_ascii_lowercase(),
            operator: operator.unwrap_or("="),
            value,
        });
        rest = after.trim_start();
    }
    Ok(filters)
}

/// A quoted or bare word or what stands in braces, and what follows it; a key ends before its colon.
fn word(text: &str, key: bool) -> Result<(String, &str), Refusal> {
    if let Some(inner) = text.strip_prefix('{') {
        let end = inner
            .find('}')
            .ok_or_else(|| Refusal::bad_request("The query has an open brace."))?;
        return Ok((inner[..end].to_owned(), &inner[end + 1..]));
    }
    if let Some(quote) = text
        .chars()
        .next()
        .filter(|first| matches!(first, '\'' | '"'))
    {
        let inner = &text[1..];
        let end = inner
            .find(quote)
            .ok_or_else(|| Refusal::bad_request("The query has an open quote."))?;
        return Ok((inner[..end].to_owned(), &inner[end + 1..]));
    }
    let end = text
        .find(|c: char| c.is_whitespace() || (key && c == ':'))
        .unwrap_or(text.len());
    Ok((text[..end].to_owned(), &text[end..]))
}

fn satisfies(
    context: &Context<'_>,
    place: usize,
    frame: &Frame,
    filter: &Filter,
) -> Result<bool, Refusal> {
    let plant = context.plant;
    let text = |actual: &str| fits(Some(&filter.value), actual) == (filter.operator != "<>");
    let moment = |actual: Micros| {
        Ok(compare(
            &actual,
            filter.operator,
            &time::parse(&filter.value, context.now, &context.zone)?,
        ))
    };
    let truth = |actual: bool| filter.value.eq_ignore_ascii_case("true") == actual;
    if let Some(attribute) = filter.key.strip_prefix('|') {
        let mine = plant.attributes_of(Owner::Frame(place)).iter();
        return Ok(mine
            .map(|place| &plant.attributes[*place])
            .filter(|candidate| candidate.shape.name.eq_ignore_ascii_case(attribute))
            .any(|found| text(&found.value.text())));
    }
    match filter.key.as_str() {
        "name" => Ok(text(&frame.name)),
        "template" | "templatename" => {
            Ok(plant.derives(Some(frame.template), &filter.value) == (filter.operator != "<>"))
        }
        "elementname" | "element" | "primaryreferencedelement" => {
            Ok(text(&plant.elements[frame.element].name))
        }
        "start" | "starttime" => moment(frame.start),
        "end" | "endtime" => moment(frame.end),
        "inprogress" => Ok(truth(frame.end == OPEN_END)),
        "duration" => Ok(compare(
            &(frame.end.min(context.now) - frame.start),
            filter.operator,
            &time::parse_span(&filter.value)?,
        )),
        "severity" => Ok(filter.value.eq_ignore_ascii_case("None") || filter.operator == "<="),
        "isacknowledged" | "canbeacknowledged" | "isannotated" => Ok(truth(false)),
        "alldescendants" | "sortfield" | "sortorder" | "root" => Ok(true),
        other => Err(Refusal::bad_request(format!(
            "The filter '{other}' is not supported in an event frame search."
        ))),
    }
}

/// Compares as an operator says.
pub fn compare<T: PartialOrd + ?Sized>(actual: &T, operator: &str, wanted: &T) -> bool {
    match operator {
        ">=" => actual >= wanted,
        "<=" => actual <= wanted,
        ">" => actual > wanted,
        "<" => actual < wanted,
        "<>" => actual != wanted,
        _ => actual == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_split_into_filters() {
        let read = filters(
            "Name:=B* Template:='Batch' Start:>='*-30d' '|BatchID':='B0012' InProgress:=True DR1*",
        )
        .unwrap();
        let short: Vec<_> = read
            .iter()
            .map(|filter| (filter.key.as_str(), filter.operator, filter.value.as_str()))
            .collect();
        let expected = [
            ("name", "=", "B*"),
            ("template", "=", "Batch"),
            ("start", ">=", "*-30d"),
            ("|batchid", "=", "B0012"),
            ("inprogress", "=", "True"),
            ("name", "=", "DR1*"),
        ];
        assert_eq!(short, expected);
        assert!(filters("Name:='open").is_err());
        let nested = filters("Element:{ Name:='Dryer 1' } Type:=Double").unwrap();
        assert_eq!(
            (nested[0].value.trim(), nested.len()),
            ("Name:='Dryer 1'", 2)
        );
    }
}
