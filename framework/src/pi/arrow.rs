//! Series as Arrow, whose buffers take the columns over without copying them.

use std::sync::Arc;

use arrow_array::types::UInt8Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt8Array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::ArrowError;

use super::Series;

impl Series {
    /// Columns `time` (microseconds, UTC), `value` (null where it may not be used), `status` (in words, as a dictionary) and, where
    /// there is any, `text`. Times, values and the codes of the statuses are not copied.
    pub fn into_arrow(mut self) -> Result<RecordBatch, ArrowError> {
        let status = std::mem::take(&mut self.status);
        let usable: NullBuffer = status.iter().map(|one| one.is_usable()).collect();
        let (kinds, codes) = status.into_parts();
        let names: StringArray = kinds
            .iter()
            .map(|kind| Some(self.describe(*kind)))
            .collect();
        let rows = self.times.len();
        let text: Option<StringArray> =
            (!self.texts.is_empty()).then(|| (0..rows).map(|row| self.texts.get(&row)).collect());
        let times = TimestampMicrosecondArray::new(self.times.into(), None).with_timezone("UTC");
        let values = Float64Array::try_new(self.values.into(), Some(usable))?;
        let codes = UInt8Array::new(codes.into(), None);
        let status = DictionaryArray::<UInt8Type>::try_new(codes, Arc::new(names))?;
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("time", Arc::new(times)),
            ("value", Arc::new(values)),
            ("status", Arc::new(status)),
        ];
        columns.extend(text.map(|text| ("text", Arc::new(text) as ArrayRef)));
        RecordBatch::try_from_iter(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, TimestampMicrosecondType};

    #[test]
    fn columns_change_hands_without_being_copied() {
        let series = Series {
            times: vec![1, 2, 3],
            values: vec![0.5, f64::NAN, f64::NAN],
            status: vec![Status::Good, Status::State(246), Status::Text].into(),
            texts: [(2, "Charge".to_owned())].into(),
            states: [(246, "I/O Timeout".to_owned())].into(),
            ..Series::default()
        };
        let (times, values, codes) = (
            series.times.as_ptr(),
            series.values.as_ptr(),
            series.status.codes().as_ptr(),
        );
        let batch = series.into_arrow().unwrap();
        let column = |name: &str| batch.column_by_name(name).unwrap();
        assert_eq!(
            column("time")
                .as_primitive::<TimestampMicrosecondType>()
                .values()
                .as_ptr(),
            times
        );
        let numbers = column("value").as_primitive::<Float64Type>();
        assert_eq!(numbers.values().as_ptr(), values);
        assert!(numbers.is_valid(0) && numbers.is_null(1));
        let status = column("status").as_dictionary::<UInt8Type>();
        assert_eq!(status.keys().values().as_ptr(), codes);
        let words: Vec<_> = status
            .downcast_dict::<StringArray>()
            .unwrap()
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(words, ["good", "I/O Timeout", "text"]);
        assert_eq!(column("text").as_string::<i32>().value(2), "Charge");
    }
}
