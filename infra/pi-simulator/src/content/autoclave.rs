//! The site of the autoclave: the recorded batches of nylon as they stand in the file, digital and step tags of them, and a tag with
//! every flaw that data can have.

use std::sync::Arc;

use super::batches::{BATCH_ID, CAMPAIGN, LOT, Operation, PRODUCT, Procedure, RECIPE, RESULT};
use crate::plant::{
    AttributeShape, Category, EnumerationSet, Happening, Owner, Plant, Point, Source, Table,
    Template, recorded,
};
use crate::signal::{BAD_INPUT, IO_TIMEOUT, Reading, Sample, Signal};
use crate::time::Micros;
use crate::timeline::Batch;

const MINUTE: Micros = 60_000_000;
const TAGS: [&str; 10] = [
    "Tag01", "Tag02", "Tag03", "Tag04", "Tag05", "Tag06", "Tag07", "Tag08", "Tag09", "Tag10",
];
const STAGES: [&str; 5] = ["Stage 1", "Stage 2", "Stage 3", "Stage 4", "Stage 5"];
const STATES: [&str; 2] = ["Idle", "Running"];
const RESULTS: [&str; 3] = ["Released", "Rejected", "Under review"];

const fn shape(
    name: &'static str,
    description: &'static str,
    value_type: &'static str,
) -> AttributeShape {
    AttributeShape {
        name,
        description,
        unit: ("", ""),
        value_type,
    }
}

const VOLUME: AttributeShape = AttributeShape {
    unit: ("liter", "L"),
    ..shape("Volume", "Volume of the vessel (assumed)", "Double")
};
const OTHERS: [AttributeShape; 4] = [
    shape("Stage", "Stage of the batch, a step tag", "Int32"),
    shape("State", "Whether a batch runs", "Enumeration value"),
    shape("Phase", "Name of the phase", "String"),
    shape(
        "Flawed",
        "Tag02 with every flaw that data can have",
        "Double",
    ),
];

/// Fills a plant.
pub fn fill(plant: &mut Plant, batches: &[Batch]) {
    let database = plant.add_database("Visp", "Site Visp");
    let states = plant.sets.len();
    plant.sets.push(EnumerationSet {
        name: "UnitStates",
        description: "What a unit does",
        database: None,
        values: STATES.to_vec(),
    });
    plant.sets.push(EnumerationSet {
        name: "BatchResults",
        description: "How batches are judged",
        database: Some(database),
        values: RESULTS.to_vec(),
    });
    let procedure = Procedure::new(plant, database);
    let unit = elements(plant, database);
    let places = points(plant, unit, states, batches);
    for batch in batches {
        add_batch(plant, procedure, unit, batch, places[1]);
    }
    categorize(plant, database, unit);
    plant.tables.push(recipes(database));
}

fn elements(plant: &mut Plant, database: usize) -> usize {
    let vessel = plant.add_template(Template {
        name: "Vessel",
        description: "Anything that holds a batch",
        database,
        base: None,
        instance_type: "Element",
        attributes: vec![VOLUME],
    });
    let tags = TAGS.map(|name| shape(name, "Recorded; the recording does not say what", "Double"));
    let autoclave = plant.add_template(Template {
        name: "Autoclave",
        description: "Autoclave for polymers",
        database,
        base: Some(vessel),
        instance_type: "Element",
        attributes: tags.into_iter().chain(OTHERS).collect(),
    });
    let visp = plant.add_element(database, None, "Visp", "Site Visp", None);
    let area = "Polymerization";
    let area = plant.add_element(database, Some(visp), area, "Polymers", None);
    let name = "Autoclave 1";
    let text = "Autoclave for nylon";
    let unit = plant.add_element(database, Some(area), name, text, Some(autoclave));
    let volume = Source::Value(Reading::Number(5000.0));
    plant.add_attribute(Owner::Element(unit), VOLUME, volume);
    unit
}

/// The tags; answers their places in the order of the recording.
fn points(plant: &mut Plant, unit: usize, states: usize, batches: &[Batch]) -> Vec<usize> {
    let mut add = |id, shape: AttributeShape, kind: &'static str, set, signal| {
        let point = plant.add_point(Point {
            id,
            name: format!("NY1.{}", shape.name),
            descriptor: shape.description.to_owned(),
            units: "",
            point_type: kind,
            states: set,
            step: kind != "Float64",
            scale: (0.0, 10_000.0),
            signal,
        });
        plant.add_attribute(Owner::Element(unit), shape, Source::Point(point));
        point
    };
    let mut places = Vec::new();
    for (column, name) in TAGS.into_iter().enumerate() {
        let shape = shape(name, "Recorded; the recording does not say what", "Double");
        let id = 300 + i32::try_from(column).unwrap_or(0);
        let signal = recorded(super::samples(batches, column));
        places.push(add(id, shape, "Float64", None, signal));
    }
    let [number, state, phase, flawed] = OTHERS;
    let events = |samples| Signal::Events(Arc::new(samples));
    add(
        310,
        number,
        "Int32",
        None,
        events(stages(batches, |stage, _| Reading::Whole(stage))),
    );
    add(
        311,
        state,
        "Digital",
        Some(states),
        events(running(batches)),
    );
    let name = |_, name: &str| Reading::Text(name.to_owned());
    add(312, phase, "String", None, events(stages(batches, name)));
    add(313, flawed, "Float64", None, events(flaws(batches)));
    places
}

/// Number, name, start and end of the stages of a batch: its first column.
fn stages_of(batch: &Batch) -> Vec<(i64, &'static str, Micros, Micros)> {
    let times = (batch.start..).step_by(60_000_000);
    let rows: Vec<(Micros, f64)> = times.zip(batch.rows.iter().map(|row| row[0])).collect();
    let parts = rows.chunk_by(|a, b| a.1.total_cmp(&b.1).is_eq());
    let mut stages: Vec<(i64, &'static str, Micros, Micros)> = Vec::new();
    for (part, (number, name)) in parts.zip((1..).zip(STAGES)) {
        if let Some(before) = stages.last_mut() {
            before.3 = part[0].0;
        }
        stages.push((number, name, part[0].0, batch.end));
    }
    stages
}

fn stages(batches: &[Batch], reading: impl Fn(i64, &'static str) -> Reading) -> Vec<Sample> {
    let stages = batches.iter().flat_map(stages_of);
    stages
        .map(|(number, name, start, _)| Sample::new(start, reading(number, name)))
        .collect()
}

fn running(batches: &[Batch]) -> Vec<Sample> {
    let state = |value: usize| Reading::State {
        name: STATES[value],
        value: i64::try_from(value).unwrap_or(0),
        system: false,
    };
    let ends = |batch: &Batch| [(batch.start, 1), (batch.end, 0)];
    batches
        .iter()
        .flat_map(ends)
        .map(|(time, value)| Sample::new(time, state(value)))
        .collect()
}

/// The second tag with, in every batch: minutes 20 to 24 without answer of the source, 30 nonsense, 40 doubtful, 50 put in place of the
/// recorded value, 60 to 75 missing, 80 three times with one timestamp, 90 with a note.
fn flaws(batches: &[Batch]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for batch in batches {
        for (minute, row) in (0..).zip(&batch.rows) {
            let time = batch.start + minute * MINUTE;
            let mut sample = Sample::new(time, Reading::Number(row[1]));
            match minute {
                20..=24 => sample.reading = IO_TIMEOUT,
                30 => sample.reading = BAD_INPUT,
                40 => sample.questionable = true,
                50 => sample.substituted = true,
                60..=75 => continue,
                80 => {
                    samples.push(Sample::new(time, Reading::Number(row[1] + 2.0)));
                    samples.push(Sample::new(time, Reading::Number(row[1] + 1.0)));
                }
                90 => sample.annotated = true,
                _ => {}
            }
            samples.push(sample);
        }
    }
    samples
}

fn add_batch(plant: &mut Plant, procedure: Procedure, unit: usize, batch: &Batch, point: usize) {
    let text = |text: String| Reading::Text(text);
    let result = usize::from(batch.number > 53) + usize::from(batch.number > 55);
    let result = Reading::State {
        name: RESULTS[result],
        value: i64::try_from(result).unwrap_or(0),
        system: false,
    };
    let metadata = [
        (BATCH_ID, text(format!("N{:04}", batch.number))),
        (PRODUCT, text("Nylon".to_owned())),
        (RECIPE, text("NY-66 / 3".to_owned())),
        (LOT, text(format!("L-{:03}", 100 + batch.number / 5))),
        (CAMPAIGN, text(format!("C{}", 1 + batch.number / 20))),
        (RESULT, result),
    ];
    let happening = Happening {
        start: batch.start,
        end: batch.end,
        element: unit,
        parent: None,
    };
    let phases: Vec<_> = stages_of(batch)
        .into_iter()
        .map(|(_, name, start, end)| (name, start, end))
        .collect();
    let (reaction, finish) = phases.split_at(phases.len().min(3));
    let operations = [("Reaction", reaction), ("Finish", finish)].map(|(name, phases)| Operation {
        name,
        phases: phases.to_vec(),
    });
    let name = format!("NY1-{:03}", batch.number);
    let parts = ("Polymerize", operations.as_slice());
    let frame = procedure.add(plant, name, &metadata, happening, parts);
    // A tag of the unit as the batch sees it: read without times, it is the batch's own time.
    let shape = shape(TAGS[1], "The tag during the batch", "Double");
    plant.add_attribute(Owner::Frame(frame), shape, Source::Point(point));
    if batch.number.is_multiple_of(20) {
        plant.frames[frame].annotations = vec!["Sample taken for the laboratory."];
    }
}

fn categorize(plant: &mut Plant, database: usize, unit: usize) {
    let mut category = |name, description, of_attributes| {
        plant.categories.push(Category {
            name,
            description,
            database,
            of_attributes,
        });
        plant.categories.len() - 1
    };
    let units = category("Units", "Equipment that holds a batch", false);
    let measured = category("Measured", "What sensors say", true);
    let derived = category("Derived", "What is told from it", true);
    plant.elements[unit].category = Some(units);
    for place in plant.elements[unit].attributes.clone() {
        let tag = TAGS.contains(&plant.attributes[place].shape.name);
        plant.attributes[place].category = Some(if tag { measured } else { derived });
    }
}

fn recipes(database: usize) -> Table {
    let row =
        |stage: &str, minutes: i64| vec![Reading::Text(stage.to_owned()), Reading::Whole(minutes)];
    Table {
        name: "Recipe",
        description: "Stages of the recipe and about how long they take",
        database,
        columns: vec![("Stage", "String"), ("Minutes", "Int32")],
        rows: STAGES.iter().map(|stage| row(stage, 23)).collect(),
    }
}
