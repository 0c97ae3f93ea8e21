use super::reading::object;
use crate::engine::Failure;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, ListArray, RecordBatch, StringArray,
    StringViewArray,
};
use arrow_ipc::writer::StreamWriter;
use std::sync::Arc;

fn stream(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.write(&batch.slice(0, 0)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn every_kind() -> Vec<u8> {
    stream(vec![
        (
            "n",
            Arc::new(Float64Array::from(vec![Some(1.5), None, Some(-0.0)])),
        ),
        (
            "b",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        (
            "t",
            Arc::new(StringArray::from(vec![
                Some("a"),
                None,
                Some("longer than that"),
            ])),
        ),
        (
            "v",
            Arc::new(StringViewArray::from(vec![
                Some("a"),
                None,
                Some("longer than twelve"),
            ])),
        ),
        (
            "d",
            Arc::new(DictionaryArray::<Int32Type>::from_iter([
                Some("u"),
                None,
                Some("v"),
            ])),
        ),
    ])
}

#[test]
fn a_damaged_stream_is_refused_or_read_but_never_ends_the_reader() {
    let whole = every_kind();
    let read = object(whole.clone().into(), None, None).unwrap();
    assert_eq!(
        read,
        r#"{"n":[1.5,null,-0.0,1.5,null,-0.0],"b":[true,null,false,true,null,false],"t":["a",null,"longer than that","a",null,"longer than that"],"v":["a",null,"longer than twelve","a",null,"longer than twelve"],"d":{"$factor":["u",null,"v","u",null,"v"],"levels":["u","v"]}}"#
    );
    // What ends between two messages is a stream, shorter.
    let cut = (0..whole.len()).map(|length| object(whole[..length].to_vec().into(), None, None));
    assert!((1..10).contains(&cut.flatten().count()));
    let (mut state, mut refused) = (0x9E37_79B9_7F4A_7C15_u64, 0);
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap() % below
    };
    for _ in 0..50_000 {
        let mut body = whole.clone();
        for _ in 0..=random(4) {
            // Numbers that lie are large or negative more often than not.
            let lie = [0, 1, 0x7F, 0x80, 0xFF, u8::try_from(random(256)).unwrap()];
            let place = random(body.len());
            body[place] = lie[random(lie.len())];
        }
        refused += usize::from(object(body.into(), None, None).is_err());
    }
    assert!((5000..50_000).contains(&refused), "{refused}");
}

#[test]
fn columns_without_vector_are_refused_before_they_are_read() {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)])]);
    let refused = object(stream(vec![("l", Arc::new(list))]).into(), None, None).unwrap_err();
    let Failure::InvalidArguments(bad) = refused else {
        panic!("{refused}")
    };
    assert_eq!(bad[0].pointer, "/l");
    assert!(bad[0].detail.contains("List"), "{}", bad[0].detail);
}
