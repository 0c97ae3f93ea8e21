//! Units of measure and how values turn from one into another.

use crate::refusal::Refusal;

/// A unit: one of it is `factor` canonical units, and its zero lies at `offset` of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// Name.
    pub name: &'static str,
    /// Abbreviation.
    pub abbreviation: &'static str,
    /// Canonical units in one.
    pub factor: f64,
    /// Its zero in canonical units.
    pub offset: f64,
}

/// Units that measure the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Class {
    /// Name.
    pub name: &'static str,
    /// Its units, the canonical one first.
    pub units: &'static [Unit],
}

const fn unit(name: &'static str, abbreviation: &'static str, factor: f64, offset: f64) -> Unit {
    Unit {
        name,
        abbreviation,
        factor,
        offset,
    }
}

/// The classes of the asset server.
pub const CLASSES: [Class; 9] = [
    Class {
        name: "Temperature",
        units: &[
            unit("kelvin", "K", 1.0, 0.0),
            unit("degree Celsius", "°C", 1.0, 273.15),
            unit("degree Fahrenheit", "°F", 5.0 / 9.0, 273.15 - 160.0 / 9.0),
        ],
    },
    Class {
        name: "Pressure",
        units: &[
            unit("pascal", "Pa", 1.0, 0.0),
            unit("millibar", "mbar", 100.0, 0.0),
            unit("bar", "bar", 100_000.0, 0.0),
            unit("kilopascal", "kPa", 1000.0, 0.0),
            unit("pound-force per square inch", "psi", 6_894.757_293_168, 0.0),
        ],
    },
    Class {
        name: "Volume",
        units: &[
            unit("cubic meter", "m3", 1.0, 0.0),
            unit("liter", "L", 0.001, 0.0),
            unit("milliliter", "mL", 0.000_001, 0.0),
        ],
    },
    Class {
        name: "Electric Current",
        units: &[
            unit("ampere", "A", 1.0, 0.0),
            unit("milliampere", "mA", 0.001, 0.0),
        ],
    },
    Class {
        name: "Torque",
        units: &[unit("newton meter", "N m", 1.0, 0.0)],
    },
    Class {
        name: "Frequency",
        units: &[
            unit("hertz", "Hz", 1.0, 0.0),
            unit("revolution per minute", "rpm", 1.0 / 60.0, 0.0),
        ],
    },
    Class {
        name: "Electric Conductivity",
        units: &[
            unit("siemens per meter", "S/m", 1.0, 0.0),
            unit("millisiemens per centimeter", "mS/cm", 0.1, 0.0),
        ],
    },
    Class {
        name: "Volume Flow Rate",
        units: &[
            unit("cubic meter per second", "m3/s", 1.0, 0.0),
            unit("milliliter per minute", "mL/min", 1e-6 / 60.0, 0.0),
            unit("liter per hour", "L/h", 0.001 / 3600.0, 0.0),
        ],
    },
    Class {
        name: "Length",
        units: &[
            unit("meter", "m", 1.0, 0.0),
            unit("centimeter", "cm", 0.01, 0.0),
            unit("micrometer", "um", 0.000_001, 0.0),
        ],
    },
];

fn find(name: &str) -> Option<(&'static Class, &'static Unit)> {
    CLASSES.iter().find_map(|class| {
        let found = class
            .units
            .iter()
            .find(|unit| unit.abbreviation == name || unit.name.eq_ignore_ascii_case(name));
        found.map(|unit| (class, unit))
    })
}

/// The abbreviation of the wanted unit, or 409 where values in `own` cannot be told in it.
pub fn agree(own: &str, wanted: &str) -> Result<&'static str, Refusal> {
    let refuse = || {
        Refusal::new(
            409,
            format!("The unit of measure '{wanted}' is incompatible with '{own}'."),
        )
    };
    match (find(own), find(wanted)) {
        (Some((class, _)), Some((other, unit))) if class == other => Ok(unit.abbreviation),
        _ => Err(refuse()),
    }
}

/// A value in another unit.
pub fn convert(value: f64, own: &str, wanted: &str) -> Result<f64, Refusal> {
    match (find(own), find(wanted)) {
        (Some((_, from)), Some((_, to))) => {
            Ok((value * from.factor + from.offset - to.offset) / to.factor)
        }
        _ => Err(Refusal::new(
            409,
            format!("The unit of measure '{wanted}' is not known."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_one_class_turn_into_each_other() {
        for (value, own, wanted, expected) in [
            (100.0, "°C", "°F", 212.0),
            (0.0, "°C", "kelvin", 273.15),
            (1013.25, "mbar", "bar", 1.01325),
            (60.0, "rpm", "Hz", 1.0),
            (2.5, "L", "mL", 2500.0),
        ] {
            let wanted = agree(own, wanted).unwrap();
            let converted = convert(value, own, wanted).unwrap();
            assert!(
                (converted - expected).abs() < 1e-9,
                "{converted} {expected}"
            );
        }
        assert_eq!(agree("°C", "bar").unwrap_err().status, 409);
        assert_eq!(agree("°C", "parsec").unwrap_err().status, 409);
        assert_eq!(agree("", "bar").unwrap_err().status, 409);
    }
}
