//! Paths and identities of the plant's objects, and finding objects by them.

use uuid::Uuid;

use crate::objects::{Object, Owner};
use crate::plant::{ASSET_SERVER, DATA_SERVER, Plant};
use crate::units;
use crate::webid::{self, Decoded, Identity, Marker};

impl Plant {
    /// The object a `WebID` names.
    pub fn find(&self, web_id: &str) -> Option<Object> {
        match webid::decode(web_id)? {
            Decoded::Ids(identity) => self.by_identity.get(&identity).copied(),
            Decoded::Local(mut identity) => {
                let server = match identity.marker {
                    Marker::DataServer
                    | Marker::Point
                    | Marker::PointStates
                    | Marker::PointState => Object::DataServer,
                    _ => Object::AssetServer,
                };
                identity.ids.insert(0, self.guid(server));
                self.by_identity.get(&identity).copied()
            }
            Decoded::Path(marker, path) => self.by_path.get(&(marker, path)).copied(),
        }
    }

    /// The object of one kind at a path.
    pub fn at_path(&self, markers: &[Marker], path: &str) -> Option<Object> {
        let path = webid::canonical_path(path);
        markers
            .iter()
            .find_map(|marker| self.by_path.get(&(*marker, path.clone())).copied())
    }

    /// The path of an object.
    pub fn path(&self, object: Object) -> String {
        let within = |database: usize, list: &str, name: &str| {
            format!("{}\\{list}[{name}]", self.path(Object::Database(database)))
        };
        match object {
            Object::DataServer => format!("\\\\PIServers[{DATA_SERVER}]"),
            Object::AssetServer => format!("\\\\{ASSET_SERVER}"),
            Object::Database(place) => {
                format!("\\\\{ASSET_SERVER}\\{}", self.databases[place].name)
            }
            Object::Element(place) => self.elements[place].path.clone(),
            Object::Template(place) => {
                let template = &self.templates[place];
                within(template.database, "ElementTemplates", template.name)
            }
            Object::AttributeTemplate(place, inner) => {
                let name = self.templates[place].attributes[inner].name;
                format!("{}|{name}", self.path(Object::Template(place)))
            }
            Object::Attribute(place) => self.attributes[place].path.clone(),
            Object::Frame(place) => self.frames[place].path.clone(),
            Object::Point(place) => {
                format!("\\\\{DATA_SERVER}\\{}", self.points[place].name)
            }
            Object::EnumerationSet(place) => {
                let set = &self.sets[place];
                if let Some(database) = set.database {
                    within(database, "EnumerationSets", set.name)
                } else {
                    let server = self.path(Object::DataServer);
                    format!("{server}\\EnumerationSets[{}]", set.name)
                }
            }
            Object::EnumerationValue(set, place) => {
                let name = self.sets[set].values[place];
                format!("{}\\{name}", self.path(Object::EnumerationSet(set)))
            }
            Object::Category(place) => {
                let category = &self.categories[place];
                let list = if category.of_attributes {
                    "AttributeCategories"
                } else {
                    "ElementCategories"
                };
                within(category.database, list, category.name)
            }
            Object::Table(place) => {
                let table = &self.tables[place];
                within(table.database, "Tables", table.name)
            }
            Object::UnitClass(place) => {
                let name = units::CLASSES[place].name;
                format!("\\\\{ASSET_SERVER}\\UOMClasses[{name}]")
            }
            Object::Unit(class, place) => {
                let name = units::CLASSES[class].units[place].name;
                format!("\\\\{ASSET_SERVER}\\UOMDatabase[{name}]")
            }
        }
    }

    /// The path inside the `WebID` of an object.
    pub fn web_id_path(&self, object: Object) -> String {
        match object {
            Object::DataServer => format!("\\\\{DATA_SERVER}"),
            other => self.path(other),
        }
    }

    /// The GUID of an object: derived from its path, so that it is the same on every machine.
    pub fn guid(&self, object: Object) -> Uuid {
        Uuid::new_v5(
            &Uuid::NAMESPACE_URL,
            self.path(object).to_uppercase().as_bytes(),
        )
    }

    /// What the `WebID` of an object is made from.
    pub fn identity(&self, object: Object) -> Identity {
        let marker = self.marker(object);
        let mut ids = Vec::with_capacity(3);
        ids.push(match marker {
            Marker::DataServer | Marker::Point | Marker::PointStates | Marker::PointState => {
                self.guid(Object::DataServer)
            }
            _ => self.guid(Object::AssetServer),
        });
        let owner = match object {
            Object::AttributeTemplate(place, _) => Some(Object::Template(place)),
            Object::EnumerationValue(set, _) => Some(Object::EnumerationSet(set)),
            Object::Attribute(place) => match self.attributes[place].owner {
                Owner::Element(owner) => Some(Object::Element(owner)),
                Owner::Frame(owner) => Some(Object::Frame(owner)),
            },
            _ => None,
        };
        ids.extend(owner.map(|owner| self.guid(owner)));
        let point = match object {
            Object::Point(place) => Some(self.points[place].id),
            _ => None,
        };
        if !matches!(
            object,
            Object::DataServer | Object::AssetServer | Object::Point(_)
        ) {
            ids.push(self.guid(object));
        }
        Identity { marker, ids, point }
    }

    fn marker(&self, object: Object) -> Marker {
        let of_point = |set: usize| self.sets[set].database.is_none();
        match object {
            Object::DataServer => Marker::DataServer,
            Object::AssetServer => Marker::AssetServer,
            Object::Database(_) => Marker::Database,
            Object::Element(_) => Marker::Element,
            Object::Template(_) => Marker::ElementTemplate,
            Object::AttributeTemplate(..) => Marker::AttributeTemplate,
            Object::Attribute(place) => match self.attributes[place].owner {
                Owner::Element(_) => Marker::ElementAttribute,
                Owner::Frame(_) => Marker::FrameAttribute,
            },
            Object::Frame(_) => Marker::EventFrame,
            Object::Point(_) => Marker::Point,
            Object::EnumerationSet(set) if of_point(set) => Marker::PointStates,
            Object::EnumerationSet(_) => Marker::EnumerationSet,
            Object::EnumerationValue(set, _) if of_point(set) => Marker::PointState,
            Object::EnumerationValue(..) => Marker::EnumerationValue,
            Object::Category(place) if self.categories[place].of_attributes => {
                Marker::AttributeCategory
            }
            Object::Category(_) => Marker::ElementCategory,
            Object::Table(_) => Marker::Table,
            Object::UnitClass(_) => Marker::UnitClass,
            Object::Unit(..) => Marker::Unit,
        }
    }

    /// Makes every object findable.
    pub fn index(&mut self) {
        let mut objects = vec![Object::DataServer, Object::AssetServer];
        objects.extend((0..self.databases.len()).map(Object::Database));
        objects.extend((0..self.elements.len()).map(Object::Element));
        objects.extend((0..self.attributes.len()).map(Object::Attribute));
        objects.extend((0..self.frames.len()).map(Object::Frame));
        objects.extend((0..self.points.len()).map(Object::Point));
        objects.extend((0..self.categories.len()).map(Object::Category));
        objects.extend((0..self.tables.len()).map(Object::Table));
        for (place, template) in self.templates.iter().enumerate() {
            let inner = 0..template.attributes.len();
            objects.push(Object::Template(place));
            objects.extend(inner.map(|inner| Object::AttributeTemplate(place, inner)));
        }
        for (place, set) in self.sets.iter().enumerate() {
            let inner = 0..set.values.len();
            objects.push(Object::EnumerationSet(place));
            objects.extend(inner.map(|inner| Object::EnumerationValue(place, inner)));
        }
        for (place, class) in units::CLASSES.iter().enumerate() {
            let inner = 0..class.units.len();
            objects.push(Object::UnitClass(place));
            objects.extend(inner.map(|inner| Object::Unit(place, inner)));
        }
        for object in objects {
            let identity = self.identity(object);
            let path = webid::canonical_path(&self.path(object));
            self.by_path.insert((identity.marker, path), object);
            if object == Object::DataServer {
                let path = webid::canonical_path(&self.web_id_path(object));
                self.by_path.insert((identity.marker, path), object);
            }
            self.by_identity.insert(identity, object);
        }
    }
}
