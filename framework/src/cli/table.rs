//! Tables of text.

use std::ops::Range;

use serde_json::Value;

/// Rows below their head, as wide as needed; the columns of `numbers` stand at the right.
pub(crate) fn table(head: &[&str], numbers: Range<usize>, rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|&title| title.to_owned()).collect();
    let all: Vec<&Vec<String>> = std::iter::once(&head).chain(rows).collect();
    let width = |column: usize| {
        all.iter()
            .filter_map(|row| Some(row.get(column)?.chars().count()))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for row in all {
        let cells = row.iter().zip(&widths).enumerate();
        let cells: Vec<String> = cells
            .map(|(column, (cell, width))| {
                if numbers.contains(&column) {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A value without the marks of JSON, `-` where there is none.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_needed_and_numbers_stand_at_the_right() {
        let rows = [
            vec!["login".to_owned(), "7".to_owned()],
            vec!["mvda".to_owned(), "120".to_owned()],
        ];
        let text = table(&["MODULE", "N"], 1..2, &rows);
        assert_eq!(text, "MODULE    N\nlogin     7\nmvda    120\n");
    }
}
