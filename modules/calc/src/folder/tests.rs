use super::{FILES, Folder};

/// A tar of entries that no packer writes: header fields are set as they are.
fn tar(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, kind, content) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o777);
        header.set_cksum();
        archive.append(&header, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

fn file<'a>(path: &'a str, content: &'a str) -> (&'a str, tar::EntryType, &'a [u8]) {
    (path, tar::EntryType::Regular, content.as_bytes())
}

fn refusal(entries: &[(&str, tar::EntryType, &[u8])]) -> (String, String) {
    let bad = Folder::unpack(&tar(entries)).unwrap_err();
    (bad[0].pointer.clone(), bad[0].detail.clone())
}

const CODE: (&str, tar::EntryType, &[u8]) = ("R/a.R", tar::EntryType::Regular, b"f <- 1\n");

#[test]
fn what_could_reach_out_of_the_folder_is_refused_with_its_name() {
    for (path, reason) in [
        ("/etc/passwd", "is an absolute path"),
        ("R/../../x.R", "leads out of the folder"),
        ("../x.R", "leads out of the folder"),
        ("./../x.R", "leads out of the folder"),
        ("R\\x.R", "its name has a backslash or a control character"),
        (
            "R/a\nb.R",
            "its name has a backslash or a control character",
        ),
        ("data//x", "its path has an empty step"),
        ("src/a.c", "is none of R/*.R, data/, tests/ and dcp.toml"),
        ("R/sub/a.R", "is none of R/*.R, data/, tests/ and dcp.toml"),
    ] {
        let told = refusal(&[CODE, file(path, "x")]);
        assert_eq!(told, (path.to_owned(), reason.to_owned()));
    }
    for kind in [
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Char,
        tar::EntryType::Block,
        tar::EntryType::Fifo,
    ] {
        let told = refusal(&[CODE, ("data/x", kind, b"")]);
        assert_eq!(told.0, "data/x", "{kind:?}: {}", told.1);
    }
    assert_eq!(refusal(&[CODE, CODE]).1, "is there twice");
}

#[test]
fn too_many_too_large_and_unreadable_are_refused() {
    let names: Vec<String> = (0..=FILES).map(|i| format!("data/{i}")).collect();
    let many: Vec<_> = names.iter().map(|name| file(name, "")).collect();
    assert!(refusal(&many).1.contains("more than 500 files"));
    let large = vec![b'x'; (8 << 20) + 1];
    let told = refusal(&[("data/x", tar::EntryType::Regular, &large)]);
    assert_eq!(told, ("data/x".into(), "is larger than 8 MiB".into()));
    let half = &large[..(8 << 20) - 1];
    let three = ["data/x", "data/y", "data/z"].map(|path| (path, tar::EntryType::Regular, half));
    assert!(refusal(&three).1.contains("more than 16 MiB"));
    let whole = tar(&[file("R/a.R", &"#".repeat(2000))]);
    let reasons = [&whole[..1024], b"not a tar at all".as_slice()].map(|torn| {
        let bad = Folder::unpack(torn).unwrap_err();
        bad[0].detail.clone()
    });
    assert!(reasons.iter().all(|reason| reason.contains("no tar")));
    let packed = Folder::unpack(&[0x1f, 0x8b, 8, 0]).unwrap_err();
    assert!(packed[0].detail.contains("compressed"));
}

#[test]
fn the_version_is_that_of_the_content_however_it_was_packed() {
    let one = Folder::unpack(&tar(&[CODE, file("data/x.csv", "1")])).unwrap();
    let above = [
        ("top/", tar::EntryType::Directory, b"".as_slice()),
        file("top/data/x.csv", "1"),
        file("top/R/a.R", "f <- 1\n"),
    ];
    let other = Folder::unpack(&tar(&above)).unwrap();
    assert_eq!(one.version(), other.version());
    let again = Folder::unpack(&one.pack().unwrap()).unwrap();
    assert_eq!(again, one);
    let moved = Folder::unpack(&tar(&[CODE, file("data/y.csv", "1")])).unwrap();
    assert_ne!(one.version(), moved.version());
    let manifest = [CODE, file("dcp.toml", "name = \"a\"\nversion = \"1\"")];
    let bad = Folder::unpack(&tar(&manifest)).unwrap().manifest();
    assert!(bad.unwrap_err()[0].detail.contains("version"));
    assert!(
        Folder::unpack(&tar(&[file("data/x", "")]))
            .unwrap()
            .code()
            .is_err()
    );
}
