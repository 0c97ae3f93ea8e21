//! What the plant holds. Here the site of the dryers: two of them, the recorded batches of the first one, and the classic demo points.

pub mod autoclave;
pub mod batches;
pub mod large;
pub mod skid;

use crate::plant::{
    AttributeShape, EnumerationSet, Happening, Owner, Plant, Point, Source, Template, recorded,
};
use crate::signal::{MODES, Reading, Shape, Signal};
use crate::time::{Micros, OPEN_END};
use crate::timeline::Batch;

const DAY: Micros = 86_400_000_000;

/// Tag, attribute name, description, unit, highest value. The recording carries no units: these are plausible ones.
type Tag = (
    &'static str,
    &'static str,
    &'static str,
    (&'static str, &'static str),
    f64,
);

const CELSIUS: (&str, &str) = ("degree Celsius", "°C");
const MILLIBAR: (&str, &str) = ("millibar", "mbar");

/// The tags of a dryer in the order of the recording's columns.
pub const TAGS: [Tag; 10] = [
    (
        "LI71131.PV",
        "CollectorTankLevel",
        "Level of the collector tank",
        ("liter", "L"),
        120.0,
    ),
    (
        "PDI71034.PV",
        "DifferentialPressure",
        "Differential pressure over the filter",
        MILLIBAR,
        40.0,
    ),
    (
        "PIC71025.PV",
        "DryerPressure",
        "Pressure in the dryer",
        MILLIBAR,
        1000.0,
    ),
    (
        "II71032.PV",
        "AgitatorPower",
        "Power of the agitator's motor, as its current",
        ("ampere", "A"),
        200.0,
    ),
    (
        "SIC71094.PV",
        "AgitatorTorque",
        "Torque of the agitator",
        ("newton meter", "N m"),
        50.0,
    ),
    (
        "XI71095.PV",
        "AgitatorSpeed",
        "Speed of the agitator",
        ("revolution per minute", "rpm"),
        80.0,
    ),
    (
        "TIC71050.OP",
        "JacketTemperatureSP",
        "Set point of the jacket temperature",
        CELSIUS,
        120.0,
    ),
    (
        "TIC71050.PV",
        "JacketTemperature",
        "Jacket temperature",
        CELSIUS,
        120.0,
    ),
    (
        "TIC71035.OP",
        "DryerTemperatureSP",
        "Set point of the dryer temperature",
        CELSIUS,
        120.0,
    ),
    (
        "TIC71035.PV",
        "DryerTemp",
        "Product temperature in the dryer",
        CELSIUS,
        120.0,
    ),
];

const BATCH_ID: AttributeShape = AttributeShape {
    name: "BatchID",
    description: "Number of the batch in the recording",
    unit: ("", ""),
    value_type: "String",
};

fn templates(database: usize) -> [Template; 2] {
    let attributes = TAGS.iter().map(|tag| AttributeShape {
        name: tag.1,
        description: tag.2,
        unit: tag.3,
        value_type: "Double",
    });
    let dryer = Template {
        name: "Dryer",
        description: "Agitated vacuum dryer",
        database,
        base: None,
        instance_type: "Element",
        attributes: attributes.collect(),
    };
    let batch = Template {
        name: "Batch",
        description: "One batch on one unit",
        database,
        base: None,
        instance_type: "EventFrame",
        attributes: vec![BATCH_ID],
    };
    [dryer, batch]
}

/// Fills a plant with the site of the dryers and the demo points.
pub fn fill(plant: &mut Plant, batches: &[Batch]) {
    let first = batches.first().map_or(0, |batch| batch.start);
    let last = batches.last().map_or(first, |batch| batch.start);
    let created = first - 10 * DAY;
    let database = plant.add_database("Basel", "Site Basel");
    plant.sets.push(EnumerationSet {
        name: "Modes",
        description: "Modes of a controller",
        database: None,
        values: MODES.to_vec(),
    });
    let [dryer, batch] = templates(database);
    let dryer = plant.add_template(dryer);
    let batch = plant.add_template(batch);
    let mut element = |parent, name, description, template| {
        plant.add_element(database, parent, name, description, template)
    };
    let basel = element(None, "Basel", "Site Basel", None);
    let drying = element(Some(basel), "Drying", "Drying area", None);
    let of_one = "Agitated vacuum dryer 1";
    let dryer_1 = element(Some(drying), "Dryer 1", of_one, Some(dryer));
    let of_two = "Agitated vacuum dryer 2, not yet in operation";
    let dryer_2 = element(Some(drying), "Dryer 2", of_two, Some(dryer));
    let demo = element(Some(basel), "Demo signals", "Signals for trying out", None);
    dryers(plant, batches, created, (dryer_1, dryer_2));
    for recorded in batches {
        let open = recorded.number == batches.last().map_or(0, |last| last.number);
        let happening = Happening {
            start: recorded.start,
            end: if open { OPEN_END } else { recorded.end },
            element: dryer_1,
            parent: None,
        };
        let name = format!("DR1-2026-{:03}", recorded.number);
        let frame = plant.add_frame(name, batch, happening);
        let number = Reading::Text(recorded.number.to_string());
        plant.add_attribute(Owner::Frame(frame), BATCH_ID, Source::Value(number));
    }
    demo_points(plant, demo, created, last);
}

fn dryers(plant: &mut Plant, batches: &[Batch], created: Micros, dryers: (usize, usize)) {
    for (column, tag) in TAGS.iter().enumerate() {
        let shape = AttributeShape {
            name: tag.1,
            description: tag.2,
            unit: tag.3,
            value_type: "Double",
        };
        let number = i32::try_from(column).unwrap_or(0);
        let signal = recorded(samples(batches, column));
        let point = dryer_point(100 + number, tag.0.to_owned(), tag, signal);
        let point = plant.add_point(point);
        plant.add_attribute(Owner::Element(dryers.0), shape, Source::Point(point));
        let name = tag.0.replacen("71", "72", 1);
        let silent = dryer_point(200 + number, name, tag, Signal::Silent { created });
        let silent = plant.add_point(silent);
        plant.add_attribute(Owner::Element(dryers.1), shape, Source::Point(silent));
    }
}

/// The samples of one column of a recording, one a minute.
fn samples(batches: &[Batch], column: usize) -> Vec<(Micros, f64)> {
    let rows = batches.iter().flat_map(|batch| {
        let times = (batch.start..).step_by(60_000_000);
        times.zip(&batch.rows)
    });
    rows.map(|(time, row)| (time, row[column])).collect()
}

fn dryer_point(id: i32, name: String, tag: &Tag, signal: Signal) -> Point {
    let scale = (if tag.4 < 50.0 { -5.0 } else { 0.0 }, tag.4);
    Point {
        id,
        name,
        descriptor: tag.2.to_owned(),
        units: tag.3.1,
        point_type: "Float64",
        states: None,
        step: false,
        scale,
        signal,
    }
}

/// Tag, descriptor, units, type and shape of the points of the classic demo and of what is hard to read.
const DEMO: [(&str, &str, &str, &str, Shape); 11] = [
    (
        "SINUSOID",
        "12 Hour Sine Wave",
        "",
        "Float32",
        Shape::Sinusoid,
    ),
    (
        "SINUSOIDU",
        "12 Hour Sine Wave, late",
        "",
        "Float32",
        Shape::SinusoidLate,
    ),
    (
        "CDT158",
        "Atmospheric Tower OH Vapor",
        "°C",
        "Float32",
        Shape::Temperature,
    ),
    (
        "CDM158",
        "Light Naphtha End Point Control",
        "",
        "Digital",
        Shape::Mode,
    ),
    (
        "CDEP158",
        "Light Naphtha End Point",
        "°C",
        "Int32",
        Shape::Steps,
    ),
    (
        "DEMO.FAILING",
        "Temperature whose transmitter fails now and then",
        "°C",
        "Float32",
        Shape::FailingSensor,
    ),
    (
        "DEMO.BURST",
        "Several values with one timestamp",
        "",
        "Int32",
        Shape::Burst,
    ),
    ("DEMO.PHASE", "Name of a phase", "", "String", Shape::Phase),
    (
        "DEMO.SECONDS",
        "A number that counts the seconds",
        "",
        "Int32",
        Shape::Count,
    ),
    (
        "DEMO.LATE",
        "A value each second, one in ten arrives five seconds late",
        "",
        "Int32",
        Shape::Late,
    ),
    (
        "DEMO.CORRECTED",
        "A value each second, one in ten is corrected five seconds later",
        "",
        "Int32",
        Shape::Corrected,
    ),
];

fn demo_points(plant: &mut Plant, element: usize, created: Micros, last: Micros) {
    for (number, (name, descriptor, units, point_type, shape)) in (1..).zip(DEMO) {
        let step = matches!(point_type, "Digital" | "String" | "Int32");
        let fast = matches!(shape, Shape::Count | Shape::Late | Shape::Corrected);
        let signal = Signal::Live {
            shape,
            created: if fast { last - DAY } else { created },
            interval: if fast { 1_000_000 } else { 30_000_000 },
        };
        let point = Point {
            id: number,
            name: name.to_owned(),
            descriptor: descriptor.to_owned(),
            units,
            point_type,
            states: (point_type == "Digital").then_some(0),
            step,
            scale: (0.0, 200.0),
            signal,
        };
        let place = plant.add_point(point);
        let unit = if units.is_empty() { ("", "") } else { CELSIUS };
        let value_type = match point_type {
            "Float32" => "Single",
            "Digital" => "Enumeration value",
            other => other,
        };
        plant.add_attribute(
            Owner::Element(element),
            AttributeShape {
                name,
                description: descriptor,
                unit,
                value_type,
            },
            Source::Point(place),
        );
    }
}
