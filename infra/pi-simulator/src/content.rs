//! What the plant holds: two dryers, the recorded batches of the first one, and the classic demo points.

use crate::plant::{AttributeShape, Owner, Plant, Point, Template, recorded};
use crate::signal::{Shape, Signal};
use crate::time::Micros;
use crate::timeline::Batch;

const DAY: Micros = 86_400_000_000;
const DRYER: usize = 0;
const BATCH: usize = 1;

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

/// The templates: places `DRYER` and `BATCH`.
pub fn templates() -> Vec<Template> {
    let attributes = TAGS.iter().map(|tag| AttributeShape {
        name: tag.1,
        description: tag.2,
        unit: tag.3,
        value_type: "Double",
    });
    vec![
        Template {
            name: "Dryer",
            description: "Agitated vacuum dryer",
            instance_type: "Element",
            attributes: attributes.collect(),
        },
        Template {
            name: "Batch",
            description: "One batch on one unit",
            instance_type: "EventFrame",
            attributes: vec![BATCH_ID],
        },
    ]
}

/// Fills an empty plant.
pub fn fill(plant: &mut Plant, batches: &[Batch]) {
    let first = batches.first().map_or(0, |batch| batch.start);
    let created = first - 10 * DAY;
    let basel = plant.add_element("Basel", "Site Basel", None, None);
    let drying = plant.add_element("Drying", "Drying area", None, Some(basel));
    let dryer_1 = plant.add_element(
        "Dryer 1",
        "Agitated vacuum dryer 1",
        Some(DRYER),
        Some(drying),
    );
    let dryer_2 = plant.add_element(
        "Dryer 2",
        "Agitated vacuum dryer 2, not yet in operation",
        Some(DRYER),
        Some(drying),
    );
    let demo = plant.add_element("Demo signals", "Signals for trying out", None, Some(basel));
    for (column, tag) in TAGS.iter().enumerate() {
        let samples = batches.iter().flat_map(|batch| {
            (batch.start..)
                .step_by(60_000_000)
                .zip(&batch.rows)
                .map(move |(time, row)| (time, row[column]))
        });
        let number = i32::try_from(column).unwrap_or(0);
        let point = plant.add_point(dryer_point(
            100 + number,
            tag.0.to_owned(),
            tag,
            recorded(samples.collect()),
        ));
        plant.add_attribute(
            Owner::Element(dryer_1),
            templates()[DRYER].attributes[column],
            Some(point),
            String::new(),
        );
        let silent = plant.add_point(dryer_point(
            200 + number,
            tag.0.replacen("71", "72", 1),
            tag,
            Signal::Silent { created },
        ));
        plant.add_attribute(
            Owner::Element(dryer_2),
            templates()[DRYER].attributes[column],
            Some(silent),
            String::new(),
        );
    }
    for batch in batches {
        let open = Some(batch.number) == batches.last().map(|last| last.number);
        let frame = plant.add_frame(
            format!("DR1-2026-{:03}", batch.number),
            BATCH,
            batch,
            open,
            dryer_1,
        );
        plant.add_attribute(
            Owner::Frame(frame),
            BATCH_ID,
            None,
            batch.number.to_string(),
        );
    }
    let last = batches.last().map_or(first, |batch| batch.start);
    demo_points(plant, demo, created, last);
}

fn dryer_point(id: i32, name: String, tag: &Tag, signal: Signal) -> Point {
    let scale = (if tag.4 < 50.0 { -5.0 } else { 0.0 }, tag.4);
    Point {
        id,
        name,
        descriptor: tag.2.to_owned(),
        units: tag.3.1,
        point_type: "Float64",
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
            Some(place),
            String::new(),
        );
    }
}
