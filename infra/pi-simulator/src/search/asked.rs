//! `AFSearch` queries.

use super::{Root, below, sorted};
use crate::context::Context;
use crate::frames::{self, Filter, compare};
use crate::plant::{Object, Owner};
use crate::points;
use crate::query::fits;
use crate::refusal::Refusal;
use crate::routes;
use crate::stream::Stream;

/// `/{controller}/search`.
pub fn run(context: &Context<'_>, controller: &str) -> Result<Vec<Object>, Refusal> {
    let text = context.request.query.get("query").unwrap_or("");
    match controller {
        "points" => points::search(context, text),
        "eventframes" => frames::search(context, database(context)?, text),
        "elements" => {
            let filters = frames::filters(text)?;
            let found = matching_elements(context, database(context)?, &filters)?;
            in_order(
                context,
                found.into_iter().map(Object::Element).collect(),
                &filters,
            )
        }
        "attributes" => {
            let filters = frames::filters(text)?;
            let found = matching_attributes(context, database(context)?, &filters)?;
            in_order(context, found, &filters)
        }
        _ => Err(routes::nothing(context)),
    }
}

/// The database a search is in; the first one when the request names none.
fn database(context: &Context<'_>) -> Result<usize, Refusal> {
    match context.request.query.get("databaseWebId") {
        None => Ok(0),
        Some(id) => match routes::expect(context, "assetdatabases", id)? {
            Object::Database(place) => Ok(place),
            _ => Ok(0),
        },
    }
}

fn in_order(
    context: &Context<'_>,
    found: Vec<Object>,
    filters: &[Filter],
) -> Result<Vec<Object>, Refusal> {
    let option = |key: &str| {
        let filter = filters.iter().find(|filter| filter.key == key);
        filter.map(|filter| filter.value.as_str())
    };
    sorted(context, found, option("sortfield"), option("sortorder"))
}

fn matching_elements(
    context: &Context<'_>,
    database: usize,
    filters: &[Filter],
) -> Result<Vec<usize>, Refusal> {
    let plant = context.plant;
    let option = |key: &str| filters.iter().find(|filter| filter.key == key);
    let root = match option("root") {
        None => Root::Database(database),
        Some(filter) => {
            let above = plant.path(Object::Database(database));
            let path = format!("{above}\\{}", filter.value.trim_start_matches('\\'));
            let found = plant.at_path(&[crate::webid::Marker::Element], &path);
            match found {
                Some(Object::Element(place)) => Root::Element(place),
                _ => return Err(Refusal::unknown("The root", &filter.value)),
            }
        }
    };
    let deep =
        option("alldescendants").is_none_or(|filter| !filter.value.eq_ignore_ascii_case("false"));
    let mut found = Vec::new();
    for place in below(context, root, deep) {
        let mut kept = true;
        for filter in filters {
            kept = kept && element_satisfies(context, place, filter)?;
        }
        if kept {
            found.push(place);
        }
    }
    Ok(found)
}

fn element_satisfies(
    context: &Context<'_>,
    place: usize,
    filter: &Filter,
) -> Result<bool, Refusal> {
    let plant = context.plant;
    let element = &plant.elements[place];
    let wanted = filter.operator != "<>";
    let text = |actual: &str| fits(Some(&filter.value), actual) == wanted;
    if let Some(name) = filter.key.strip_prefix('|') {
        return attribute_compares(context, Owner::Element(place), name, filter);
    }
    match filter.key.as_str() {
        "name" => Ok(text(&element.name)),
        "description" => Ok(text(element.description)),
        "template" | "templatename" => Ok(plant.derives(element.template, &filter.value) == wanted),
        "category" | "categoryname" => Ok(text(
            element
                .category
                .map_or("", |place| plant.categories[place].name),
        )),
        "type" => Ok(text("Element")),
        "root" | "alldescendants" | "sortfield" | "sortorder" => Ok(true),
        other => Err(Refusal::bad_request(format!(
            "The filter '{other}' is not supported in an element search."
        ))),
    }
}

fn matching_attributes(
    context: &Context<'_>,
    database: usize,
    filters: &[Filter],
) -> Result<Vec<Object>, Refusal> {
    let plant = context.plant;
    let (of_owner, own): (Vec<&Filter>, Vec<&Filter>) = filters
        .iter()
        .partition(|filter| matches!(filter.key.as_str(), "element" | "eventframe"));
    let mut owners = Vec::new();
    for filter in &of_owner {
        let nested = if filter.operator == "=" && !filter.value.contains(':') {
            vec![Filter {
                key: "name".to_owned(),
                ..(*filter).clone()
            }]
        } else {
            frames::filters(&filter.value)?
        };
        if filter.key == "element" {
            let found = matching_elements(context, database, &nested)?;
            owners.extend(found.into_iter().map(Owner::Element));
        } else {
            let found = frames::search(context, database, &filter.value)?.into_iter();
            owners.extend(found.filter_map(|object| match object {
                Object::Frame(place) => Some(Owner::Frame(place)),
                _ => None,
            }));
        }
    }
    if of_owner.is_empty() {
        let all = below(context, Root::Database(database), true);
        owners.extend(all.into_iter().map(Owner::Element));
    }
    let places = owners.iter().flat_map(|owner| plant.attributes_of(*owner));
    let mut found = Vec::new();
    for place in places {
        let mut kept = true;
        for filter in &own {
            kept = kept && attribute_satisfies(context, *place, filter)?;
        }
        if kept {
            found.push(Object::Attribute(*place));
        }
    }
    Ok(found)
}

fn attribute_satisfies(
    context: &Context<'_>,
    place: usize,
    filter: &Filter,
) -> Result<bool, Refusal> {
    let attribute = &context.plant.attributes[place];
    let text = |actual: &str| fits(Some(&filter.value), actual) == (filter.operator != "<>");
    match filter.key.as_str() {
        "name" => Ok(text(attribute.shape.name)),
        "description" => Ok(text(attribute.shape.description)),
        "type" => Ok(text(attribute.shape.value_type)),
        "category" => {
            let category = attribute.category;
            Ok(text(
                category.map_or("", |place| context.plant.categories[place].name),
            ))
        }
        "plugin" => Ok(text(if attribute.point.is_some() {
            "PI Point"
        } else {
            ""
        })),
        "sortfield" | "sortorder" => Ok(true),
        other => Err(Refusal::bad_request(format!(
            "The filter '{other}' is not supported in an attribute search."
        ))),
    }
}

/// Whether the present value of an owner's attribute compares as a filter says: as numbers, or else as text.
pub fn attribute_compares(
    context: &Context<'_>,
    owner: Owner,
    name: &str,
    filter: &Filter,
) -> Result<bool, Refusal> {
    let plant = context.plant;
    let named = plant.attributes_of(owner).iter().find(|place| {
        plant.attributes[**place]
            .shape
            .name
            .eq_ignore_ascii_case(name)
    });
    let Some(place) = named else {
        return Ok(false);
    };
    let reading = if plant.attributes[*place].point.is_some() {
        let stream = Stream::of(context, Object::Attribute(*place))?;
        stream.view(context)?.snapshot().reading
    } else {
        plant.attributes[*place].value.clone()
    };
    Ok(match (reading.number(), filter.value.parse::<f64>()) {
        (Some(actual), Ok(wanted)) => compare(&actual, filter.operator, &wanted),
        _ if matches!(filter.operator, "=" | "<>") => {
            fits(Some(&filter.value), &reading.text()) == (filter.operator == "=")
        }
        _ => compare(
            reading.text().as_str(),
            filter.operator,
            filter.value.as_str(),
        ),
    })
}
