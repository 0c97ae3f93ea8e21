//! One block of kept values as bytes: a hash of the content, and the content in columns, compressed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::signs::Signs;
use crate::limits;
use crate::pi::time::Micros;
use crate::pi::{Series, Status, StatusColumn};

/// What a file of this version begins with.
const MARK: &[u8; 8] = b"DCP PI 1";
const HASH: usize = 32;

/// All values of a stream in a range of time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    /// First instant.
    pub(super) from: Micros,
    /// The instant behind the last.
    pub(super) to: Micros,
    /// When the server was asked.
    pub(super) read_at: Timestamp,
    /// What the server said of the range before it was read.
    pub(super) signs: Signs,
    /// The values.
    pub(super) series: Series,
}

/// All of a block but the columns of numbers.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// The stream and the kind of reading it belongs to.
    of: String,
    from: Micros,
    to: Micros,
    read_at: Timestamp,
    signs: Signs,
    web_id: String,
    name: String,
    path: String,
    units: String,
    kinds: Vec<Status>,
    texts: BTreeMap<usize, String>,
    states: BTreeMap<i32, String>,
    edited: bool,
    rows: usize,
    /// Bytes that the times take.
    times: usize,
}

impl Block {
    /// The content of a file for what `of` names.
    pub(super) fn encode(&self, of: &str) -> Vec<u8> {
        let series = &self.series;
        let times = pack_times(&series.times);
        let head = Head {
            of: of.to_owned(),
            from: self.from,
            to: self.to,
            read_at: self.read_at,
            signs: self.signs.clone(),
            web_id: series.web_id.clone(),
            name: series.name.clone(),
            path: series.path.clone(),
            units: series.units.clone(),
            kinds: series.status.kinds().to_vec(),
            texts: series.texts.clone(),
            states: series.states.clone(),
            edited: series.edited,
            rows: series.len(),
            times: times.len(),
        };
        let head = serde_json::to_vec(&head).unwrap_or_default();
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
        let mut content = length.to_le_bytes().to_vec();
        content.extend_from_slice(&head);
        content.extend_from_slice(&times);
        pack_values(&series.values, &mut content);
        content.extend_from_slice(series.status.codes());
        let packed = lz4_flex::block::compress_prepend_size(&content);
        let hash = Sha256::digest(&packed);
        [MARK.as_slice(), hash.as_slice(), &packed].concat()
    }

    /// Reads a file; none when it is damaged or belongs to something else than `of`.
    pub(super) fn decode(file: &[u8], of: &str) -> Option<Self> {
        let (hash, packed) = file.strip_prefix(MARK)?.split_at_checked(HASH)?;
        if Sha256::digest(packed).as_slice() != hash {
            return None;
        }
        let (size, _) = lz4_flex::block::uncompressed_size(packed).ok()?;
        if size > limits::PI_CACHE_BLOCK_BYTES {
            return None;
        }
        let content = lz4_flex::block::decompress_size_prepended(packed).ok()?;
        let (length, rest) = content.split_at_checked(4)?;
        let length = usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok()?;
        let (head, rest) = rest.split_at_checked(length)?;
        let head: Head = serde_json::from_slice(head).ok()?;
        let (times, rest) = rest.split_at_checked(head.times)?;
        let (values, codes) = rest.split_at_checked(head.rows.checked_mul(8)?)?;
        if head.of != of || codes.len() != head.rows {
            return None;
        }
        Some(Self {
            from: head.from,
            to: head.to,
            read_at: head.read_at,
            signs: head.signs,
            series: Series {
                web_id: head.web_id,
                name: head.name,
                path: head.path,
                units: head.units,
                times: unpack_times(times, head.rows)?,
                values: unpack_values(values),
                status: StatusColumn::from_parts(head.kinds, codes.to_vec())?,
                texts: head.texts,
                states: head.states,
                edited: head.edited,
                failure: None,
                kept: None,
            },
        })
    }
}

/// How much each distance differs from the one before, in as few bytes as it needs: one for every row of a regular series.
fn pack_times(times: &[Micros]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(times.len() + 16);
    let (mut last, mut step) = (0_i64, 0_i64);
    for time in times {
        let distance = time.wrapping_sub(last);
        let change = distance.wrapping_sub(step);
        (last, step) = (*time, distance);
        let mut rest = ((change << 1) ^ (change >> 63)).cast_unsigned();
        while rest >= 0x80 {
            packed.push(low(rest) | 0x80);
            rest >>= 7;
        }
        packed.push(low(rest));
    }
    packed
}

fn low(bits: u64) -> u8 {
    bits.to_le_bytes()[0] & 0x7f
}

fn unpack_times(packed: &[u8], rows: usize) -> Option<Vec<Micros>> {
    let mut bytes = packed.iter();
    let mut times = Vec::with_capacity(rows.min(packed.len()));
    let (mut last, mut step) = (0_i64, 0_i64);
    for _ in 0..rows {
        let (mut bits, mut shift) = (0_u64, 0_u32);
        loop {
            let byte = bytes.next()?;
            bits |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let change = (bits >> 1).cast_signed() ^ -(bits & 1).cast_signed();
        step = step.wrapping_add(change);
        last = last.wrapping_add(step);
        times.push(last);
    }
    bytes.next().is_none().then_some(times)
}

/// The bits in which each number differs from the one before, all first bytes, then all second bytes, and so on: what changes
/// slowly becomes long runs.
fn pack_values(values: &[f64], packed: &mut Vec<u8>) {
    let begin = packed.len();
    let rows = values.len();
    packed.resize(begin + rows * 8, 0);
    let planes = packed.get_mut(begin..).unwrap_or_default();
    let mut last = 0;
    for (row, value) in values.iter().enumerate() {
        let bits = value.to_bits();
        for (plane, byte) in (bits ^ last).to_le_bytes().iter().enumerate() {
            if let Some(place) = planes.get_mut(plane * rows + row) {
                *place = *byte;
            }
        }
        last = bits;
    }
}

fn unpack_values(planes: &[u8]) -> Vec<f64> {
    let rows = planes.len() / 8;
    let mut last = 0;
    (0..rows)
        .map(|row| {
            let mut bytes = [0; 8];
            for (plane, byte) in bytes.iter_mut().enumerate() {
                *byte = planes.get(plane * rows + row).copied().unwrap_or_default();
            }
            last ^= u64::from_le_bytes(bytes);
            f64::from_bits(last)
        })
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in crate::pi::cache) fn block(times: &[Micros]) -> Block {
        Block {
            from: times.first().copied().unwrap_or_default(),
            to: times.last().map_or(1, |time| time.saturating_add(1)),
            read_at: Timestamp::UNIX_EPOCH,
            signs: Signs::default(),
            series: Series {
                name: "T".to_owned(),
                times: times.to_vec(),
                values: times.iter().map(|_| 0.5).collect(),
                status: times.iter().map(|_| Status::Good).collect(),
                ..Series::default()
            },
        }
    }

    #[test]
    fn a_regular_series_takes_less_than_a_tenth() {
        let times: Vec<Micros> = (0..50_000).map(|row| row * 1_000_000).collect();
        let file = block(&times).encode("of");
        assert!(file.len() < times.len() * 17 / 10, "{} bytes", file.len());
    }

    #[test]
    fn a_block_with_a_wrong_bit_or_of_another_stream_is_refused() {
        let file = block(&[1, 2, 3]).encode("of");
        assert!(Block::decode(&file, "of").is_some());
        assert_eq!(Block::decode(&file, "other"), None);
        for place in 0..file.len() {
            let mut spoilt = file.clone();
            spoilt[place] ^= 1;
            assert_eq!(Block::decode(&spoilt, "of"), None, "byte {place}");
            assert_eq!(Block::decode(&file[..place], "of"), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_comes_back_bit_for_bit(
            rows in prop::collection::vec((any::<i64>(), any::<u64>(), 0_usize..4, prop::option::of("\\PC{0,9}")), 0..200),
        ) {
            let statuses = [Status::Good, Status::State(246), Status::Text, Status::Missing];
            let mut block = block(&rows.iter().map(|row| row.0).collect::<Vec<_>>());
            block.series.values = rows.iter().map(|row| f64::from_bits(row.1)).collect();
            block.series.status = rows.iter().map(|row| statuses[row.2]).collect();
            block.series.texts = rows.iter().enumerate().filter_map(|(place, row)| Some((place, row.3.clone()?))).collect();
            block.series.states.insert(246, "I/O Timeout".to_owned());
            block.signs = Signs::of([("Count", 0, Some(3.0)), ("Average", 7, None)]);
            let mut back = Block::decode(&block.encode("of"), "of").unwrap();
            let bits = |block: &mut Block| {
                let values = std::mem::take(&mut block.series.values);
                values.into_iter().map(f64::to_bits).collect::<Vec<_>>()
            };
            prop_assert_eq!(bits(&mut back), bits(&mut block));
            prop_assert_eq!(back, block);
        }

        #[test]
        fn any_content_is_refused_or_read_without_a_crash(content in prop::collection::vec(any::<u8>(), 0..300)) {
            let packed = lz4_flex::block::compress_prepend_size(&content);
            let file = [MARK.as_slice(), Sha256::digest(&packed).as_slice(), &packed].concat();
            let _block = Block::decode(&file, "of");
            let _times = unpack_times(&content, content.len());
        }
    }
}
