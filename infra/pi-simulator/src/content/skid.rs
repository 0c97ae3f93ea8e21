//! The site of the chromatography skid: 120 cycles of one column with generated transitions of conductivity ([`chromatography`]).
//!
//! [`chromatography`]: crate::chromatography

use std::sync::Arc;

use super::batches::{BATCH_ID, CAMPAIGN, Operation, PRODUCT, Procedure, RECIPE};
use crate::chromatography::{COLUMN_VOLUME, CYCLES, Cycles, LENGTH, PHASES, Quantity};
use crate::plant::{
    AttributeShape, EnumerationSet, Happening, Owner, Plant, Point, Source, Template,
};
use crate::signal::{Reading, Sample, Signal};
use crate::time::Micros;

const STATES: [&str; 3] = ["Closed", "Buffer A", "Buffer B"];

const fn shape(
    name: &'static str,
    description: &'static str,
    unit: (&'static str, &'static str),
    value_type: &'static str,
) -> AttributeShape {
    AttributeShape {
        name,
        description,
        unit,
        value_type,
    }
}

const ATTRIBUTES: [AttributeShape; 7] = [
    shape(
        "Conductivity",
        "Conductivity after the column",
        ("millisiemens per centimeter", "mS/cm"),
        "Double",
    ),
    shape(
        "Flow",
        "Flow through the column",
        ("milliliter per minute", "mL/min"),
        "Double",
    ),
    shape("Inlet", "What flows in", ("", ""), "Enumeration value"),
    shape("Phase", "Name of the phase", ("", ""), "String"),
    shape("Cycle", "Number of the cycle", ("", ""), "Int32"),
    shape(
        "BedHeight",
        "Length of the packed bed",
        ("centimeter", "cm"),
        "Double",
    ),
    shape(
        "ColumnVolume",
        "Volume of the packed bed",
        ("milliliter", "mL"),
        "Double",
    ),
];

/// Fills a plant; the last cycle ends an hour before the origin.
pub fn fill(plant: &mut Plant, origin: Micros) {
    let database = plant.add_database("Stein", "Site Stein");
    let states = plant.sets.len();
    plant.sets.push(EnumerationSet {
        name: "InletValve",
        description: "Ways of the inlet valve",
        database: None,
        values: STATES.to_vec(),
    });
    let procedure = Procedure::new(plant, database);
    let skid = plant.add_template(Template {
        name: "Chromatography skid",
        description: "Skid with one packed column",
        database,
        base: None,
        instance_type: "Element",
        attributes: ATTRIBUTES.to_vec(),
    });
    let site = plant.add_element(database, None, "Stein", "Site Stein", None);
    let area = "Downstream";
    let area = plant.add_element(database, Some(site), area, "Purification", None);
    let text = "Chromatography skid 1";
    let unit = plant.add_element(database, Some(area), "Skid 1", text, Some(skid));
    let cycles = Cycles::ending(origin - 3_600_000_000);
    points(plant, unit, states, cycles);
    for cycle in 1..=CYCLES {
        add_cycle(plant, procedure, unit, cycles, cycle);
    }
}

fn points(plant: &mut Plant, unit: usize, states: usize, cycles: Cycles) {
    let [conductivity, flow, inlet, phase, cycle, length, volume] = ATTRIBUTES;
    let mut add = |id, tag: &str, shape: AttributeShape, kind: &'static str, signal| {
        let point = plant.add_point(Point {
            id,
            name: tag.to_owned(),
            descriptor: shape.description.to_owned(),
            units: shape.unit.1,
            point_type: kind,
            states: (kind == "Digital").then_some(states),
            step: kind != "Float64",
            scale: (0.0, 200.0),
            signal,
        });
        plant.add_attribute(Owner::Element(unit), shape, Source::Point(point));
    };
    let quantity = |quantity| Signal::Skid { quantity, cycles };
    add(
        400,
        "AI401.PV",
        conductivity,
        "Float64",
        quantity(Quantity::Conductivity),
    );
    add(401, "FIC401.PV", flow, "Float64", quantity(Quantity::Flow));
    let events = |samples| Signal::Events(Arc::new(samples));
    add(402, "XV401.ST", inlet, "Digital", events(valve(cycles)));
    add(403, "SK1.PHASE", phase, "String", events(phases(cycles)));
    let numbers = (1..=CYCLES).map(|cycle| Sample::new(cycles.start(cycle), Reading::Whole(cycle)));
    add(404, "SK1.CYCLE", cycle, "Int32", events(numbers.collect()));
    for (shape, value) in [(length, LENGTH), (volume, COLUMN_VOLUME)] {
        let value = Source::Value(Reading::Number(value));
        plant.add_attribute(Owner::Element(unit), shape, value);
    }
}

fn valve(cycles: Cycles) -> Vec<Sample> {
    let state = |value: usize| Reading::State {
        name: STATES[value],
        value: i64::try_from(value).unwrap_or(0),
        system: false,
    };
    let mut samples = Vec::new();
    for cycle in 1..=CYCLES {
        for (name, start, _) in cycles.phases(cycle) {
            let way = if name == PHASES[2] { 2 } else { 1 };
            samples.push(Sample::new(start, state(way)));
        }
        samples.push(Sample::new(cycles.end(cycle), state(0)));
    }
    samples
}

fn phases(cycles: Cycles) -> Vec<Sample> {
    let phases = (1..=CYCLES).flat_map(|cycle| cycles.phases(cycle));
    phases
        .map(|(name, start, _)| Sample::new(start, Reading::Text(name.to_owned())))
        .collect()
}

fn add_cycle(plant: &mut Plant, procedure: Procedure, unit: usize, cycles: Cycles, cycle: i64) {
    let text = Reading::Text;
    let metadata = [
        (BATCH_ID, text(format!("SK{cycle:04}"))),
        (PRODUCT, text("Antibody".to_owned())),
        (RECIPE, text("Capture / 1".to_owned())),
        (CAMPAIGN, text(format!("P{}", 1 + (cycle - 1) / 30))),
    ];
    let happening = Happening {
        start: cycles.start(cycle),
        end: cycles.end(cycle),
        element: unit,
        parent: None,
    };
    let [equilibrate, load, elute, regenerate] = cycles.phases(cycle);
    let operations = [
        Operation {
            name: "Bind",
            phases: vec![equilibrate, load],
        },
        Operation {
            name: "Release",
            phases: vec![elute, regenerate],
        },
    ];
    let name = format!("SK1-{cycle:03}");
    procedure.add(plant, name, &metadata, happening, ("Purify", &operations));
}
