//! Keytabs: files with the long-term keys of principals, as MIT Kerberos and `ktpass` write them (version 2).

/// A long-term key of a principal.
pub(super) struct Entry {
    /// Without the realm.
    pub(super) principal: String,
    pub(super) realm: String,
    pub(super) version: u32,
    pub(super) etype: u16,
    pub(super) key: Vec<u8>,
}

/// The entries of a keytab; none when it is not one.
pub(super) fn entries(file: &[u8]) -> Option<Vec<Entry>> {
    let mut rest = file.strip_prefix(&[5, 2])?;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let size = i32::from_be_bytes(take(&mut rest, 4)?.try_into().ok()?);
        let entry = take(&mut rest, usize::try_from(size.unsigned_abs()).ok()?)?;
        // A negative size is a hole that an entry has left.
        if size > 0 {
            found.push(one(entry)?);
        }
    }
    Some(found)
}

fn one(mut rest: &[u8]) -> Option<Entry> {
    let count = short(&mut rest)?;
    let realm = text(&mut rest)?;
    let names: Option<Vec<String>> = (0..count).map(|_| text(&mut rest)).collect();
    // The type of the name and when the key was written.
    take(&mut rest, 8)?;
    let short_version = *take(&mut rest, 1)?.first()?;
    let etype = short(&mut rest)?;
    let length = short(&mut rest)?;
    let key = take(&mut rest, length.into())?.to_vec();
    let version = take(&mut rest, 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_be_bytes);
    Some(Entry {
        principal: names?.join("/"),
        realm,
        version: version.max(short_version.into()),
        etype,
        key,
    })
}

fn short(rest: &mut &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(take(rest, 2)?.try_into().ok()?))
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let length = short(rest)?;
    String::from_utf8(take(rest, length.into())?.to_vec()).ok()
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(version: u8) -> Vec<u8> {
        let mut entry = vec![0, 2];
        for name in ["PLANT.TEST", "svc", "dcp"] {
            entry.extend([0, u8::try_from(name.len()).unwrap()]);
            entry.extend(name.bytes());
        }
        entry.extend([0, 0, 0, 1, 0, 0, 0, 0, version, 0, 18, 0, 2, 7, 8]);
        entry
    }

    #[test]
    fn entries_are_read_and_holes_left_out() {
        let mut file = vec![5, 2];
        for (size, entry) in [(1, entry(3)), (-1, entry(9)), (1, entry(4))] {
            file.extend((size * i32::try_from(entry.len()).unwrap()).to_be_bytes());
            file.extend(entry);
        }
        let read = entries(&file).unwrap();
        let shown: Vec<_> = read
            .iter()
            .map(|one| {
                (
                    one.principal.as_str(),
                    one.realm.as_str(),
                    one.version,
                    one.etype,
                    one.key.as_slice(),
                )
            })
            .collect();
        let key: &[u8] = &[7, 8];
        assert_eq!(
            shown,
            [
                ("svc/dcp", "PLANT.TEST", 3, 18, key),
                ("svc/dcp", "PLANT.TEST", 4, 18, key)
            ]
        );
    }

    #[test]
    fn what_is_no_keytab_or_ends_in_the_middle_is_none() {
        let mut file = vec![5, 2, 0, 0, 0, 60];
        file.extend(entry(1));
        for cut in 2..file.len() {
            assert!(entries(&file[..cut]).is_none_or(|found| found.is_empty()));
        }
        assert!(entries(b"").is_none() && entries(b"no keytab").is_none());
    }
}
