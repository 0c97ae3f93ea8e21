//! Batches in the procedural model of ISA-88: batch, unit procedure, operation and phase as event frames.

use crate::plant::{AttributeShape, Happening, Owner, Plant, Source, Template};
use crate::signal::Reading;
use crate::time::Micros;

/// Places of the templates of one database.
#[derive(Debug, Clone, Copy)]
pub struct Procedure {
    batch: usize,
    of_unit: usize,
    operation: usize,
    phase: usize,
}

/// An operation with the names and limits of its phases, in order of time.
#[derive(Debug)]
pub struct Operation {
    /// Name.
    pub name: &'static str,
    /// Name, start and end of each phase.
    pub phases: Vec<(&'static str, Micros, Micros)>,
}

const fn text(name: &'static str, description: &'static str) -> AttributeShape {
    AttributeShape {
        name,
        description,
        unit: ("", ""),
        value_type: "String",
    }
}

/// What is known of a batch.
pub const BATCH_ID: AttributeShape = text("BatchID", "Number of the batch");
/// What is made.
pub const PRODUCT: AttributeShape = text("Product", "What is made");
/// By which recipe.
pub const RECIPE: AttributeShape = text("Recipe", "Master recipe");
/// Of which lot of material.
pub const LOT: AttributeShape = text("Lot", "Lot of the starting material");
/// In which campaign.
pub const CAMPAIGN: AttributeShape = text("Campaign", "Campaign that the batch belongs to");
/// How it ended.
pub const RESULT: AttributeShape = AttributeShape {
    value_type: "Enumeration value",
    ..text("Result", "How the batch was judged")
};
/// The number of a phase.
pub const NUMBER: AttributeShape = AttributeShape {
    value_type: "Int32",
    ..text("Number", "Place of the phase in its batch")
};

impl Procedure {
    /// Adds the templates to a database.
    pub fn new(plant: &mut Plant, database: usize) -> Self {
        let mut template = |name, description, attributes| {
            plant.add_template(Template {
                name,
                description,
                database,
                base: None,
                instance_type: "EventFrame",
                attributes,
            })
        };
        let of_batch = vec![BATCH_ID, PRODUCT, RECIPE, LOT, CAMPAIGN, RESULT];
        Self {
            batch: template("Batch", "One batch", of_batch),
            of_unit: template("UnitProcedure", "What one unit does for a batch", vec![]),
            operation: template("Operation", "A part of a unit procedure", vec![]),
            phase: template("Phase", "A part of an operation", vec![NUMBER]),
        }
    }

    /// Adds a batch with its parts and answers the place of its frame.
    pub fn add(
        &self,
        plant: &mut Plant,
        name: String,
        metadata: &[(AttributeShape, Reading)],
        happening: Happening,
        (unit_procedure, operations): (&str, &[Operation]),
    ) -> usize {
        let batch = plant.add_frame(name, self.batch, happening);
        for (shape, value) in metadata {
            let value = Source::Value(value.clone());
            plant.add_attribute(Owner::Frame(batch), *shape, value);
        }
        let within = Happening {
            parent: Some(batch),
            ..happening
        };
        let unit = plant.add_frame(unit_procedure.to_owned(), self.of_unit, within);
        let mut number = 0;
        for operation in operations {
            let (Some(first), Some(last)) = (operation.phases.first(), operation.phases.last())
            else {
                continue;
            };
            let within = Happening {
                start: first.1,
                end: last.2,
                parent: Some(unit),
                ..happening
            };
            let place = plant.add_frame(operation.name.to_owned(), self.operation, within);
            for (name, start, end) in &operation.phases {
                let within = Happening {
                    start: *start,
                    end: *end,
                    parent: Some(place),
                    ..happening
                };
                let phase = plant.add_frame((*name).to_owned(), self.phase, within);
                number += 1;
                let value = Source::Value(Reading::Whole(number));
                plant.add_attribute(Owner::Frame(phase), NUMBER, value);
            }
        }
        batch
    }
}
