//! A database of 100,000 elements in four levels, for measuring how fast a client browses.

use crate::plant::Plant;

const ELEMENTS: usize = 100_000;

/// Fills a plant: 10 plants of 10 areas of 10 lines each, and the rest as devices of the lines in turn.
pub fn fill(plant: &mut Plant) {
    let database = plant.add_database("Large", "100,000 elements");
    let first = plant.elements.len();
    let mut lines = Vec::new();
    for place in 0..10 {
        let name = format!("Plant {place}");
        let above = plant.add_element(database, None, &name, "Plant", None);
        for place in 0..10 {
            let name = format!("Area {place}");
            let area = plant.add_element(database, Some(above), &name, "Area", None);
            for place in 0..10 {
                let name = format!("Line {place}");
                lines.push(plant.add_element(database, Some(area), &name, "Line", None));
            }
        }
    }
    let rest = ELEMENTS - (plant.elements.len() - first);
    for (number, line) in (0..rest).zip(lines.iter().cycle()) {
        let name = format!("Device {number:05}");
        plant.add_element(database, Some(*line), &name, "Device", None);
    }
}
