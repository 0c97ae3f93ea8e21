//! Finding elements, attributes and templates: the parameters of lists, and `AFSearch` queries.

mod asked;

pub use self::asked::{attribute_compares, run};
use crate::context::Context;
use crate::frames::{self, Scope};
use crate::lists::in_category;
use crate::plant::{Object, Owner};
use crate::query::fits;
use crate::refusal::Refusal;

/// Where a search of elements begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// At the top of a database.
    Database(usize),
    /// Below an element.
    Element(usize),
}

impl From<usize> for Root {
    fn from(element: usize) -> Self {
        Self::Element(element)
    }
}

/// The elements below a root, parents first: the first level, or all.
pub fn below(context: &Context<'_>, root: Root, deep: bool) -> Vec<usize> {
    let plant = context.plant;
    let mut found = match root {
        Root::Database(place) => plant.databases[place].roots.clone(),
        Root::Element(place) => plant.elements[place].children.clone(),
    };
    let mut next = 0;
    while let Some(place) = found.get(next).filter(|_| deep).copied() {
        found.extend(&plant.elements[place].children);
        next += 1;
    }
    found
}

/// Sorts objects as `sortField` and `sortOrder` say; `Name`, ascending, without them.
fn sorted(
    context: &Context<'_>,
    mut found: Vec<Object>,
    field: Option<&str>,
    order: Option<&str>,
) -> Result<Vec<Object>, Refusal> {
    let field = field.unwrap_or("Name").to_ascii_lowercase();
    let plant = context.plant;
    let key = |object: &Object| -> Option<String> {
        let (name, description, template, kind) = match *object {
            Object::Element(place) => {
                let element = &plant.elements[place];
                let template = plant.template_of(place);
                (
                    element.name.as_str(),
                    element.description,
                    template,
                    "Element",
                )
            }
            Object::Attribute(place) => {
                let shape = &plant.attributes[place].shape;
                (shape.name, shape.description, "", shape.value_type)
            }
            Object::Template(place) => {
                let template = &plant.templates[place];
                (
                    template.name,
                    template.description,
                    "",
                    template.instance_type,
                )
            }
            _ => ("", "", "", ""),
        };
        Some(match field.as_str() {
            "name" => name.to_owned(),
            "description" => description.to_owned(),
            "template" => template.to_owned(),
            "type" => kind.to_owned(),
            "id" => plant.guid(*object).to_string(),
            _ => return None,
        })
    };
    if found.first().is_some_and(|first| key(first).is_none()) {
        return Err(Refusal::bad_request(format!(
            "'{field}' is not a sort field."
        )));
    }
    found.sort_by_cached_key(key);
    if order.is_some_and(|order| order.to_ascii_lowercase().starts_with("desc")) {
        found.reverse();
    }
    Ok(found)
}

fn sorted_as_asked(context: &Context<'_>, found: Vec<Object>) -> Result<Vec<Object>, Refusal> {
    let query = &context.request.query;
    sorted(
        context,
        found,
        query.get("sortField"),
        query.get("sortOrder"),
    )
}

/// `/{controller}/{webId}/elements`.
pub fn elements(context: &Context<'_>, root: Root) -> Result<Vec<Object>, Refusal> {
    let (query, plant) = (&context.request.query, context.plant);
    let deep = query.flag("searchFullHierarchy", false)?;
    let kept = below(context, root, deep).into_iter().filter(|place| {
        let element = &plant.elements[*place];
        fits(query.get("nameFilter"), &element.name)
            && fits(query.get("descriptionFilter"), element.description)
            && query
                .get("templateName")
                .is_none_or(|name| plant.derives(element.template, name))
            && in_category(context, element.category, "categoryName")
            && query
                .get("elementType")
                .is_none_or(|kind| ["any", "element"].contains(&kind.to_ascii_lowercase().as_str()))
    });
    let kept = kept.map(Object::Element).collect();
    sorted_as_asked(context, kept)
}

/// `/{controller}/{webId}/attributes`.
pub fn attributes(context: &Context<'_>, owner: Owner) -> Result<Vec<Object>, Refusal> {
    let (query, plant) = (&context.request.query, context.plant);
    let template = match owner {
        Owner::Element(place) => plant.elements[place].template,
        Owner::Frame(place) => Some(plant.frames[place].template),
    };
    let kept = plant.attributes_of(owner).iter().filter(|place| {
        let attribute = &plant.attributes[**place];
        fits(query.get("nameFilter"), attribute.shape.name)
            && in_category(context, attribute.category, "categoryName")
            && query
                .get("templateName")
                .is_none_or(|name| plant.derives(template, name))
            && query
                .get("valueType")
                .is_none_or(|kind| kind.eq_ignore_ascii_case(attribute.shape.value_type))
    });
    let kept = kept.copied().map(Object::Attribute).collect();
    sorted_as_asked(context, kept)
}

/// Attributes that fit the filters of `elementattributes` and `eventframeattributes`.
fn attributes_of(context: &Context<'_>, owner: Owner) -> impl Iterator<Item = Object> {
    let (query, plant) = (&context.request.query, context.plant);
    let mine = plant.attributes_of(owner).iter().copied();
    mine.filter(move |place| {
        let attribute = &plant.attributes[*place];
        fits(query.get("attributeNameFilter"), attribute.shape.name)
            && fits(
                query.get("attributeDescriptionFilter"),
                attribute.shape.description,
            )
            && in_category(context, attribute.category, "attributeCategory")
            && query
                .get("attributeType")
                .is_none_or(|kind| kind.eq_ignore_ascii_case(attribute.shape.value_type))
    })
    .map(Object::Attribute)
}

/// `/{controller}/{webId}/elementattributes`.
pub fn element_attributes(context: &Context<'_>, root: Root) -> Result<Vec<Object>, Refusal> {
    let (query, plant) = (&context.request.query, context.plant);
    let deep = query.flag("searchFullHierarchy", false)?;
    let owners = below(context, root, deep).into_iter().filter(|place| {
        let element = &plant.elements[*place];
        fits(query.get("elementNameFilter"), &element.name)
            && fits(query.get("elementDescriptionFilter"), element.description)
            && in_category(context, element.category, "elementCategory")
            && query
                .get("elementTemplate")
                .is_none_or(|name| plant.derives(element.template, name))
    });
    let found = owners.flat_map(|place| attributes_of(context, Owner::Element(place)));
    sorted_as_asked(context, found.collect())
}

/// `/{controller}/{webId}/eventframeattributes`.
pub fn frame_attributes(context: &Context<'_>, scope: Scope) -> Result<Vec<Object>, Refusal> {
    let (query, plant) = (&context.request.query, context.plant);
    let mut found = Vec::new();
    for object in frames::list(context, scope)? {
        let Object::Frame(place) = object else {
            continue;
        };
        let frame = &plant.frames[place];
        if fits(query.get("eventFrameNameFilter"), &frame.name)
            && query
                .get("eventFrameTemplate")
                .is_none_or(|name| plant.derives(Some(frame.template), name))
        {
            found.extend(attributes_of(context, Owner::Frame(place)));
        }
    }
    sorted_as_asked(context, found)
}

/// `/assetdatabases/{webId}/elementtemplates`: `query` is sought in the fields named by `field`.
pub fn templates(context: &Context<'_>, database: usize) -> Result<Vec<Object>, Refusal> {
    let (query, plant) = (&context.request.query, context.plant);
    let fields = query.all("field");
    let kept = plant.templates.iter().enumerate().filter(|(_, template)| {
        let text = query.get("query");
        let sought = |field: &&str| match field.to_ascii_lowercase().as_str() {
            "description" => fits(text, template.description),
            _ => fits(text, template.name),
        };
        template.database == database
            && (fields.iter().any(sought) || (fields.is_empty() && sought(&"name")))
    });
    let kept = kept.map(|(place, _)| Object::Template(place)).collect();
    // Without a wish they come in the order of their creation.
    if query.get("sortField").or(query.get("sortOrder")).is_some() {
        sorted_as_asked(context, kept)
    } else {
        Ok(kept)
    }
}
