//! What a contribution means, in words of the process.

use dcp::model::Text;

/// One variable of an explanation, ready to be told.
#[derive(Debug, Clone, Copy)]
pub struct Deviation<'a> {
    /// What people call the variable.
    pub name: &'a str,
    /// Its unit, empty when there is none.
    pub unit: &'a str,
    /// What was measured.
    pub value: f64,
    /// What was to be expected.
    pub expected: f64,
    /// Where in the batch, in percent.
    pub maturity: f64,
}

/// To what a deviation is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yardstick {
    /// What the model reconstructs from the other variables.
    Model,
    /// The mean of the reference batches.
    Reference,
}

/// `Jacket temperature is 12.3 °C above what the model expects at 40 % of the batch.`
pub fn sentence(deviation: Deviation<'_>, yardstick: Yardstick) -> Text {
    let Deviation {
        name,
        value,
        expected,
        maturity,
        ..
    } = deviation;
    let difference = significant((value - expected).abs());
    let amount = if deviation.unit.is_empty() {
        difference
    } else {
        format!("{difference} {}", deviation.unit)
    };
    let at = maturity.round();
    let above = value >= expected;
    let (en, de) = match yardstick {
        Yardstick::Model => ("what the model expects", "dem, was das Modell erwartet"),
        Yardstick::Reference => (
            "the mean of the reference batches",
            "dem Mittel der Referenzchargen",
        ),
    };
    Text::new(
        format!(
            "{name} is {amount} {} {en} at {at} % of the batch.",
            if above { "above" } else { "below" }
        ),
        format!(
            "{name} liegt bei {at} % der Charge {} {} {de}.",
            amount.replace('.', ","),
            if above { "über" } else { "unter" }
        ),
    )
}

/// Three significant digits, never in powers of ten.
fn significant(value: f64) -> String {
    let decimals = match value {
        v if v >= 100.0 || v == 0.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        v if v >= 0.1 => 3,
        _ => 4,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const JACKET: Deviation<'static> = Deviation {
        name: "Jacket temperature",
        unit: "°C",
        value: 72.34,
        expected: 60.0,
        maturity: 39.7,
    };

    #[test]
    fn a_deviation_is_told_with_its_unit_and_its_place() {
        let text = sentence(JACKET, Yardstick::Model);
        assert_eq!(
            text.en,
            "Jacket temperature is 12.3 °C above what the model expects at 40 % of the batch."
        );
        assert_eq!(
            text.de,
            "Jacket temperature liegt bei 40 % der Charge 12,3 °C über dem, was das Modell erwartet."
        );
    }

    #[test]
    fn below_the_mean_of_the_reference_and_without_a_unit() {
        let text = sentence(
            Deviation {
                unit: "",
                value: 0.0,
                expected: 0.0567,
                ..JACKET
            },
            Yardstick::Reference,
        );
        assert_eq!(
            text.en,
            "Jacket temperature is 0.0567 below the mean of the reference batches at 40 % of the batch."
        );
        assert_eq!(
            text.de,
            "Jacket temperature liegt bei 40 % der Charge 0,0567 unter dem Mittel der Referenzchargen."
        );
    }
}
