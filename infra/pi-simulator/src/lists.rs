//! What belongs to an object: `/{controller}/{webId}/{list}`.

use serde_json::{Value, json};

use crate::context::Context;
use crate::frames::{self, Scope};
use crate::plant::{Object, Owner};
use crate::points;
use crate::query::fits;
use crate::refusal::Refusal;
use crate::render::plain;
use crate::search;
use crate::units;

/// Answers a list; `None` for one that the simulator does not serve.
pub fn answer(context: &Context<'_>, object: Object, list: &str) -> Result<Option<Value>, Refusal> {
    if let Some(answer) = other(context, object, list)? {
        return Ok(Some(answer));
    }
    let Some(found) = objects(context, object, list)? else {
        return Ok(None);
    };
    context
        .page(&found, |object| context.render(object))
        .map(Some)
}

/// Lists of objects.
fn objects(
    context: &Context<'_>,
    object: Object,
    list: &str,
) -> Result<Option<Vec<Object>>, Refusal> {
    let plant = context.plant;
    let none = Some(Vec::new());
    Ok(match object {
        Object::AssetServer => match list {
            "assetdatabases" => Some((0..plant.databases.len()).map(Object::Database).collect()),
            "unitclasses" => Some((0..units::CLASSES.len()).map(Object::UnitClass).collect()),
            _ => None,
        },
        Object::DataServer => match list {
            "points" => Some(points::list(context)),
            "enumerationsets" => Some(sets(context, None)),
            _ => None,
        },
        Object::Database(place) => of_database(context, place, list)?,
        Object::Element(place) => match list {
            "elements" => Some(search::elements(context, place.into())?),
            "attributes" => Some(search::attributes(context, Owner::Element(place))?),
            "eventframes" => Some(frames::list(context, Scope::Element(place))?),
            "elementattributes" => Some(search::element_attributes(context, place.into())?),
            "categories" => Some(category(plant.elements[place].category)),
            "referencedelements" => none,
            _ => None,
        },
        Object::Frame(place) => match list {
            "attributes" => Some(search::attributes(context, Owner::Frame(place))?),
            "eventframes" => Some(frames::list(context, Scope::Frame(place))?),
            "eventframeattributes" => Some(search::frame_attributes(context, Scope::Frame(place))?),
            "referencedelements" => Some(vec![Object::Element(plant.frames[place].element)]),
            "categories" => none,
            _ => None,
        },
        Object::Attribute(place) => match list {
            "categories" => Some(category(plant.attributes[place].category)),
            "attributes" => none,
            _ => None,
        },
        Object::Template(place) => of_template(context, place, list)?,
        Object::AttributeTemplate(..) => {
            none.filter(|_| matches!(list, "attributetemplates" | "categories"))
        }
        Object::EnumerationSet(place) if list == "enumerationvalues" => {
            let values = 0..plant.sets[place].values.len();
            Some(
                values
                    .map(|value| Object::EnumerationValue(place, value))
                    .collect(),
            )
        }
        Object::UnitClass(place) if list == "units" => {
            let inner = 0..units::CLASSES[place].units.len();
            Some(inner.map(|unit| Object::Unit(place, unit)).collect())
        }
        Object::Table(_) => none.filter(|_| list == "categories"),
        _ => None,
    })
}

fn category(place: Option<usize>) -> Vec<Object> {
    place.into_iter().map(Object::Category).collect()
}

fn sets(context: &Context<'_>, database: Option<usize>) -> Vec<Object> {
    let sets = context.plant.sets.iter().enumerate();
    sets.filter(|(_, set)| set.database == database)
        .map(|(place, _)| Object::EnumerationSet(place))
        .collect()
}

fn of_database(
    context: &Context<'_>,
    database: usize,
    list: &str,
) -> Result<Option<Vec<Object>>, Refusal> {
    let plant = context.plant;
    let categories = |of_attributes: bool| {
        let categories = plant.categories.iter().enumerate();
        let mine = categories.filter(|(_, category)| {
            category.database == database && category.of_attributes == of_attributes
        });
        Some(mine.map(|(place, _)| Object::Category(place)).collect())
    };
    let root = search::Root::Database(database);
    Ok(match list {
        "elements" => Some(search::elements(context, root)?),
        "eventframes" => Some(frames::list(context, Scope::Database(database))?),
        "elementattributes" => Some(search::element_attributes(context, root)?),
        "eventframeattributes" => Some(search::frame_attributes(
            context,
            Scope::Database(database),
        )?),
        "elementtemplates" => Some(search::templates(context, database)?),
        "enumerationsets" => Some(sets(context, Some(database))),
        "attributecategories" => categories(true),
        "elementcategories" => categories(false),
        "analysiscategories" | "tablecategories" | "referencedelements" => Some(Vec::new()),
        "tables" => {
            let tables = plant.tables.iter().enumerate();
            let mine = tables.filter(|(_, table)| table.database == database);
            Some(mine.map(|(place, _)| Object::Table(place)).collect())
        }
        _ => None,
    })
}

fn of_template(
    context: &Context<'_>,
    place: usize,
    list: &str,
) -> Result<Option<Vec<Object>>, Refusal> {
    let templates = &context.plant.templates;
    let bases = std::iter::successors(templates[place].base, |base| templates[*base].base);
    let own = |place: usize| {
        let inner = 0..templates[place].attributes.len();
        inner.map(move |inner| Object::AttributeTemplate(place, inner))
    };
    Ok(match list {
        "attributetemplates" => {
            let mut found: Vec<Object> = own(place).collect();
            if context.request.query.flag("showInherited", false)? {
                found.extend(bases.flat_map(own));
            }
            Some(found)
        }
        "baseelementtemplates" => Some(bases.map(Object::Template).collect()),
        "derivedelementtemplates" => {
            let derived = templates.iter().enumerate();
            let mine = derived.filter(|(_, template)| template.base == Some(place));
            Some(mine.map(|(place, _)| Object::Template(place)).collect())
        }
        "categories" => Some(Vec::new()),
        _ => None,
    })
}

/// What is no list of objects.
fn other(context: &Context<'_>, object: Object, list: &str) -> Result<Option<Value>, Refusal> {
    let plant = context.plant;
    Ok(match (object, list) {
        (Object::Element(place), "paths") => {
            Some(json!({ "Links": {}, "Items": [plant.elements[place].path] }))
        }
        (Object::UnitClass(place), "canonicalunit") => Some(context.render(Object::Unit(place, 0))),
        (Object::Frame(place), "annotations") => {
            let count = plant.frames[place].annotations.len();
            let items: Vec<Value> = (0..count).map(|at| note(context, place, at)).collect();
            Some(json!({ "Links": {}, "Items": items }))
        }
        (Object::Table(place), "data") => {
            let table = &plant.tables[place];
            let columns = table.columns.iter();
            let columns = columns.map(|(name, kind)| ((*name).to_owned(), json!(kind)));
            let rows = table.rows.iter().map(|row| {
                let cells = table.columns.iter().zip(row);
                let cells = cells.map(|((name, _), value)| ((*name).to_owned(), plain(value)));
                Value::Object(cells.collect())
            });
            Some(
                json!({ "Columns": Value::Object(columns.collect()), "Rows": rows.collect::<Vec<_>>() }),
            )
        }
        (Object::DataServer, "license") => Some(license(context)?),
        _ => None,
    })
}

/// One annotation of an event frame.
pub fn annotation(context: &Context<'_>, object: Object, number: &str) -> Result<Value, Refusal> {
    let Object::Frame(place) = object else {
        return Err(Refusal::bad_request(
            "The WebID does not name an event frame.",
        ));
    };
    let count = context.plant.frames[place].annotations.len();
    let at = number
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1));
    at.filter(|at| *at < count)
        .map(|at| note(context, place, at))
        .ok_or_else(|| Refusal::unknown("The annotation", number))
}

fn note(context: &Context<'_>, place: usize, at: usize) -> Value {
    let frame = &context.plant.frames[place];
    let id = context.web_id(Object::Frame(place));
    let number = at + 1;
    json!({
        "Id": number.to_string(),
        "Name": format!("Note {number}"),
        "Description": "",
        "Value": frame.annotations[at],
        "Creator": "operator",
        "CreationDate": crate::time::format(frame.start),
        "Modifier": "operator",
        "ModifyDate": crate::time::format(frame.start),
        "Links": {
            "Self": context.link(&format!("eventframes/{id}/annotations/{number}")),
            "Owner": context.link(&format!("eventframes/{id}")),
        },
    })
}

fn license(context: &Context<'_>) -> Result<Value, Refusal> {
    const MODULE: &str = "pibasess.BasicPointCount";
    let module = context.request.query.get("module").unwrap_or("");
    if module != MODULE {
        return Err(Refusal::unknown("The license of the module", module));
    }
    let (used, total) = (context.plant.points.len(), 10_000);
    let id = context.web_id(Object::DataServer);
    Ok(json!({
        "Name": MODULE,
        "TotalAmount": total.to_string(),
        "AmountUsed": used.to_string(),
        "AmountLeft": (total - used).to_string(),
        "Links": {
            "Self": context.link(&format!("dataservers/{id}/license?module={MODULE}")),
            "Parent": context.link(&format!("dataservers/{id}")),
        },
    }))
}

/// Whether an object's category fits a filter; no filter fits all.
pub fn in_category(context: &Context<'_>, category: Option<usize>, key: &str) -> bool {
    let Some(filter) = context.request.query.get(key) else {
        return true;
    };
    let name = category.map_or("", |place| context.plant.categories[place].name);
    fits(Some(filter), name)
}
