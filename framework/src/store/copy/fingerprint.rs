//! What a table holds, in 32 bytes: the sum of the hashes of its rows, so that no order matters and twice the same row counts twice.

use sha2::{Digest, Sha256};

use crate::store::Value;

/// Of no row at first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store) struct Fingerprint {
    pub(in crate::store) rows: u64,
    sum: [u8; 32],
}

impl Fingerprint {
    pub(in crate::store) fn add(&mut self, row: &[Value]) {
        let mut hash = Sha256::new();
        for value in row {
            write(&mut hash, value);
        }
        let mut carry = 0_u16;
        for (sum, part) in self.sum.iter_mut().zip(hash.finalize()) {
            carry += u16::from(*sum) + u16::from(part);
            *sum = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        self.rows += 1;
    }

    pub(in crate::store) fn text(&self) -> String {
        hex::encode(self.sum)
    }
}

/// A tag, the length where it varies, and the value.
fn write(hash: &mut Sha256, value: &Value) {
    let mut long = |tag: u8, bytes: &[u8]| {
        hash.update([tag]);
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    match value {
        Value::Null => long(0, &[]),
        Value::Bool(truth) => long(1, &[u8::from(*truth)]),
        Value::Int(number) => long(2, &number.to_le_bytes()),
        Value::Real(number) => long(3, &number.to_bits().to_le_bytes()),
        Value::Text(text) => long(4, text.as_bytes()),
        Value::Bytes(bytes) => long(5, bytes),
        Value::Time(at) => long(6, &at.as_microsecond().to_le_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[&[Value]]) -> Fingerprint {
        let mut sum = Fingerprint::default();
        for row in rows {
            sum.add(row);
        }
        sum
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_everything_else_does() {
        let (a, b): (&[Value], &[Value]) = (&[1.into(), "x".into()], &[2.into(), "y".into()]);
        assert_eq!(of(&[a, b]), of(&[b, a]));
        assert_ne!(of(&[a]), of(&[a, a]));
        assert_ne!(of(&[a]), of(&[&["x".into(), 1.into()]]));
        assert_ne!(of(&[&[Value::Null]]), of(&[&["".into()]]));
        assert_ne!(
            of(&[&["ab".into(), "c".into()]]),
            of(&[&["a".into(), "bc".into()]])
        );
    }
}
