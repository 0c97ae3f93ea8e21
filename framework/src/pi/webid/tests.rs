//! Reading and writing WebIDs, those of real servers among them.

use uuid::Uuid;

use super::kind::{FORMS, SHAPES};
use super::*;
use proptest::prelude::*;

fn uuid(text: &str) -> Uuid {
    Uuid::parse_str(text).unwrap()
}

#[test]
fn a_point_of_a_real_server_is_read_and_written_alike() {
    let published = "F1DPXo6Tq7dbDESaFakUUXB--wRQcAAAUElTUlZUXEFGU0RLV1NfU0lOVVNPSUQ";
    let read: WebId = published.parse().unwrap();
    let expected = WebId {
        form: Form::Full,
        kind: Kind::Point,
        owner: None,
        ids: vec![uuid("ab938e5e-5bb7-440c-9a15-a91451707efb")],
        point: Some(1861),
        path: Some(r"PISRVT\AFSDKWS_SINUSOID".to_owned()),
    };
    assert_eq!(read, expected);
    assert_eq!(read.to_string(), published);
    let local = read.to_form(Form::LocalIdOnly).unwrap();
    assert_eq!(local.to_string(), "L1DPRQcAAA");
    assert_eq!("L1DPRQcAAA".parse(), Ok(local));
}

#[test]
fn an_event_frame_of_a_real_server_is_read_although_its_path_is_missing() {
    let published = "F1Fmi3nQR9tXEUeItBpeh9IplwZCzNebLY7xGdYAANOq_eMw";
    let read: WebId = published.parse().unwrap();
    let ids = [
        uuid("47d0798b-57db-4711-88b4-1a5e87d22997"),
        uuid("79cd2c64-d8b2-11ef-9d60-000d3aafde33"),
    ];
    assert_eq!(
        (read.kind, read.ids.as_slice()),
        (Kind::EventFrame, &ids[..])
    );
    assert_eq!(read.to_string(), published);
}

#[test]
fn paths_become_webids_without_asking_the_server() {
    let point = WebId::of_point("PISRV1", "Sinusoid").unwrap();
    assert_eq!(point.to_string(), "P1DPUElTUlYxXFNJTlVTT0lE");
    let attribute = WebId::at(
        Kind::Attribute,
        Some(Owner::Element),
        r"\\AF\DB\Reactor1|Temp",
    );
    assert_eq!(
        attribute.unwrap().to_string(),
        "P1AbEQUZcREJcUkVBQ1RPUjF8VEVNUA"
    );
    assert_eq!(
        WebId::at(Kind::Attribute, None, r"\\AF\DB\R|T"),
        Err(NoWebId::Owner('?'))
    );
    assert_eq!(
        WebId::at(Kind::Element, Some(Owner::Element), r"\\AF\DB\R"),
        Err(NoWebId::Owner('E'))
    );
    assert_eq!(canonical(r"\\af\straße\µ"), "AF\\STRAßE\\\u{39c}");
}

#[test]
fn what_is_no_webid_is_refused_with_the_reason() {
    let why = |text: &str| text.parse::<WebId>().unwrap_err().to_string();
    assert_eq!(why("F1"), "'F1' is not a WebID");
    assert_eq!(
        why("X1DP"),
        "a WebID begins with F, I, P, L or D, not with 'X'"
    );
    assert_eq!(
        why("F0DP"),
        "this is a WebID of version 0; version 1 is known"
    );
    assert_eq!(
        why("F1ZZabc"),
        "'ZZ' marks no kind of object that has WebIDs"
    );
    assert_eq!(
        why("P1AbQabc"),
        "'Q' cannot be the owner of this kind of object"
    );
    assert!(why("I1DPXo6T").contains("an id is missing or damaged"));
    assert!(why("I1EmXo6Tq7dbDESaFakUUXB--wXo6Tq7dbDESaFakUUXB--wAAA").contains("more follows"));
    assert!(why("P1DP_w").contains("the path is damaged"));
}

fn any_webid() -> impl Strategy<Value = WebId> {
    let path = r"[A-Z0-9 ._\[\]ÄÖÜß]{1,12}(\\[A-Z0-9 ._|]{1,12}){0,3}";
    let ids = prop::collection::vec(any::<u128>(), 3);
    (
        0..SHAPES.len(),
        0..FORMS.len(),
        any::<usize>(),
        ids,
        any::<i32>(),
        path,
    )
        .prop_map(|(shape, form, owner, ids, number, path)| {
            let (kind, _, guids, owners) = SHAPES[shape];
            let form = FORMS[form].0;
            let (with_ids, with_path) = (
                form != Form::PathOnly,
                matches!(form, Form::Full | Form::PathOnly),
            );
            let guids = if matches!(form, Form::Full | Form::IdOnly) {
                guids
            } else {
                guids - 1
            };
            WebId {
                form,
                kind,
                owner: (!owners.is_empty()).then(|| owners[owner % owners.len()]),
                ids: if with_ids {
                    ids[..guids].iter().map(|id| Uuid::from_u128(*id)).collect()
                } else {
                    Vec::new()
                },
                point: (with_ids && kind == Kind::Point).then_some(number),
                path: with_path.then_some(path),
            }
        })
}

proptest! {
    #[test]
    fn every_kind_in_every_form_is_read_back(id in any_webid()) {
        prop_assert_eq!(id.to_string().parse(), Ok(id.clone()));
        for (form, _) in FORMS {
            if let Some(other) = id.to_form(form) {
                prop_assert_eq!(other.to_string().parse(), Ok(other.clone()));
            }
        }
    }

    #[test]
    fn the_simulator_writes_the_same(a: u128, b: u128, number: i32, path in r"[a-zA-Z0-9 ._|]{1,40}") {
        use pi_simulator::webid as peer;
        let pairs = [
            (peer::Marker::Point, Kind::Point, vec![a], Some(number)),
            (peer::Marker::Element, Kind::Element, vec![a, b], None),
        ];
        for (marker, kind, ids, point) in pairs {
            let ids: Vec<Uuid> = ids.into_iter().map(Uuid::from_u128).collect();
            let theirs = peer::Identity { marker, ids: ids.clone(), point };
            let full = WebId { form: Form::Full, kind, owner: None, ids, point, path: Some(canonical(&path)) };
            for (form, their_form) in [(Form::Full, peer::Form::Full), (Form::IdOnly, peer::Form::IdOnly), (Form::PathOnly, peer::Form::PathOnly)] {
                let ours = full.to_form(form).unwrap().to_string();
                prop_assert_eq!(ours, peer::encode(their_form, &theirs, &path));
            }
        }
    }

    #[test]
    fn any_text_is_refused_or_read_without_a_crash(text in "[FIPLD]1[A-Za-z]{2}[A-Za-z0-9_-]{0,80}|\\PC{0,60}") {
        if let Ok(id) = text.parse::<WebId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }
}
