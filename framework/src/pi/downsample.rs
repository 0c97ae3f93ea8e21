//! Fewer points for a picture that looks the same: per pixel column the first, last, smallest and largest value (M4).

/// The rows to draw for `columns` pixel columns, in order; all of them where a column holds four or fewer on average. Of rows that
/// are not numbers the first of a column stays, as a gap.
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
    let grid = Grid {
        first: *first,
        width: i128::from(*last) - i128::from(*first) + 1,
        columns: i128::try_from(columns).unwrap_or(i128::MAX),
    };
    let mut kept = Vec::with_capacity(columns * 4);
    let mut start = 0;
    while let Some(time) = times.get(start).filter(|_| start < rows) {
        let end = grid.end_of_column(*time);
        let inside = times.get(start..rows).unwrap_or_default();
        // A time before its predecessor would end the column at once: a row is taken in any case.
        let count = inside.iter().take_while(|time| **time < end).count().max(1);
        keep(values, start, start + count, &mut kept);
        start += count;
    }
    kept
}

/// Pixel columns of equal width over a range of time.
struct Grid {
    first: i64,
    width: i128,
    columns: i128,
}

impl Grid {
    /// The first instant behind the column of `time`.
    fn end_of_column(&self, time: i64) -> i64 {
        let since = i128::from(time) - i128::from(self.first);
        let next = since * self.columns / self.width.max(1) + 1;
        let end = (next * self.width).div_euclid(self.columns)
            + i128::from((next * self.width).rem_euclid(self.columns) != 0);
        i64::try_from(i128::from(self.first) + end).unwrap_or(i64::MAX)
    }
}

/// First, last, extremes and the first gap among the rows of one column.
fn keep(values: &[f64], start: usize, end: usize, kept: &mut Vec<usize>) {
    let mut numbers: Option<[(usize, f64); 4]> = None;
    let mut gap = None;
    for (row, value) in (start..end).zip(values.get(start..end).unwrap_or_default()) {
        let here = (row, *value);
        if value.is_nan() {
            gap = gap.or(Some(row));
        } else if let Some([_, last, least, most]) = &mut numbers {
            *last = here;
            if here.1 < least.1 {
                *least = here;
            }
            if here.1 > most.1 {
                *most = here;
            }
        } else {
            numbers = Some([here; 4]);
        }
    }
    let mut rows = vec![start, end - 1];
    rows.extend(numbers.iter().flatten().map(|(row, _)| *row));
    rows.extend(gap);
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

    /// The same from the definition: the column of each row, and the rows of each column looked through for each purpose.
    fn naive(times: &[i64], values: &[f64], columns: usize) -> Vec<usize> {
        let (first, last) = (times[0], times[times.len() - 1]);
        let column = |row: &usize| {
            i128::from(times[*row] - first) * columns as i128 / (i128::from(last - first) + 1)
        };
        let all: Vec<usize> = (0..times.len()).collect();
        let mut kept = Vec::new();
        for one in all.chunk_by(|a, b| column(a) == column(b)) {
            let numbers: Vec<usize> = one
                .iter()
                .copied()
                .filter(|row| !values[*row].is_nan())
                .collect();
            let by_value = |a: &usize, b: &usize| values[*a].partial_cmp(&values[*b]).unwrap();
            kept.extend([one[0], one[one.len() - 1]]);
            kept.extend(numbers.first());
            kept.extend(numbers.last());
            kept.extend(numbers.iter().copied().min_by(by_value));
            kept.extend(numbers.iter().rev().copied().max_by(by_value));
            kept.extend(one.iter().find(|row| values[**row].is_nan()));
        }
        kept.sort_unstable();
        kept.dedup();
        kept
    }

    proptest! {
        #[test]
        fn the_rows_are_those_of_the_definition(
            rows in prop::collection::vec((0_i64..1_000, prop_oneof![4 => -50.0..50.0, 1 => Just(f64::NAN), 1 => Just(7.0)]), 1..800),
            columns in 1_usize..40,
        ) {
            let mut time = -300_000;
            let times: Vec<i64> = rows.iter().map(|(step, _)| { time += step; time }).collect();
            let values: Vec<f64> = rows.iter().map(|(_, value)| *value).collect();
            let kept = m4(&times, &values, columns);
            if rows.len() > columns * 4 {
                prop_assert_eq!(kept, naive(&times, &values, columns));
            } else {
                prop_assert_eq!(kept.len(), rows.len());
            }
        }

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
