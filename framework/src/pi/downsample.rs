//! Fewer points for a picture that looks the same: per pixel column the first, last, smallest and largest value (M4).

/// The rows to draw for `columns` pixel columns, in order. Rows that are not numbers stay as one gap each.
///
/// A line drawn through these rows covers the same pixels as a line through all rows (Jugel et al., "M4", VLDB 2014).
pub fn m4(times: &[i64], values: &[f64], columns: usize) -> Vec<usize> {
    let rows = times.len().min(values.len());
    let (Some(first), Some(last)) = (times.first(), times.get(rows.saturating_sub(1))) else {
        return Vec::new();
    };
    if rows <= columns.saturating_mul(4) || columns == 0 {
        return (0..rows).collect();
    }
    let width = i128::from(last - first).max(1);
    let column = |row: usize| {
        times.get(row).map_or(0, |time| {
            i128::from(time - first) * columns as i128 / (width + 1)
        })
    };
    let mut kept = Vec::with_capacity(columns * 4);
    let mut start = 0;
    while start < rows {
        let mut end = start + 1;
        while end < rows && column(end) == column(start) {
            end += 1;
        }
        keep(values, start, end, &mut kept);
        start = end;
    }
    kept
}

/// First, last, extremes and the begin and end of gaps among the rows of one column.
fn keep(values: &[f64], start: usize, end: usize, kept: &mut Vec<usize>) {
    let value = |row: usize| values.get(row).copied().unwrap_or(f64::NAN);
    let numbers = || (start..end).filter(|row| !value(*row).is_nan());
    let mut rows = vec![start, end - 1];
    rows.extend(numbers().next());
    rows.extend(numbers().next_back());
    rows.extend(numbers().min_by(|a, b| value(*a).total_cmp(&value(*b))));
    rows.extend(numbers().max_by(|a, b| value(*a).total_cmp(&value(*b))));
    rows.extend((start..end).find(|row| value(*row).is_nan()));
    rows.sort_unstable();
    rows.dedup();
    kept.append(&mut rows);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_series_is_left_alone() {
        assert_eq!(m4(&[1, 2, 3], &[1.0, f64::NAN, 3.0], 10), [0, 1, 2]);
        assert_eq!(m4(&[], &[], 10), Vec::<usize>::new());
    }

    #[test]
    fn a_gap_stays_visible() {
        let times: Vec<i64> = (0..10_000).collect();
        let mut values: Vec<f64> = times.iter().map(|_| 1.0).collect();
        values[5_000] = f64::NAN;
        let kept = m4(&times, &values, 100);
        assert!(kept.contains(&5_000));
        assert!(kept.len() <= 100 * 5);
    }

    proptest! {
        #[test]
        fn extremes_and_ends_survive(values in prop::collection::vec(-1e9_f64..1e9, 1..3000), columns in 1_usize..200) {
            let times: Vec<i64> = (0_i64..).take(values.len()).collect();
            let kept = m4(&times, &values, columns);
            prop_assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!((kept[0], kept[kept.len() - 1]), (0, values.len() - 1));
            let largest = |rows: &mut dyn Iterator<Item = usize>| rows.map(|row| values[row]).max_by(f64::total_cmp);
            prop_assert!(largest(&mut kept.iter().copied()) == largest(&mut (0..values.len())));
            prop_assert!(kept.len() <= values.len().min(columns * 4).max(columns * 4));
        }
    }
}
