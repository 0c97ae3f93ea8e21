//! From where a request comes: the address of its connection, or what a reverse proxy says of it whom the settings trust.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::HeaderName;

use crate::node::network::Network;

/// What proxies, and the edge itself, write the address into.
pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The last address of the chain that is not one of `trusted`.
///
/// Each proxy adds the address it was called from, so the chain is read from its end and believed as long as it was a trusted one
/// that wrote: what stands before is the caller's own claim. Where a proxy wrote no address, its own counts.
pub(super) fn address(connection: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let lines = headers.get_all(FORWARDED_FOR).into_iter().rev();
    let mut said = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    let mut client = connection.to_canonical();
    while trusted.iter().any(|network| network.contains(client)) {
        let Some(before) = said.next().and_then(read) else {
            break;
        };
        client = before;
    }
    client
}

/// An address as proxies write it, some of them with a port.
fn read(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let alone = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let address = alone.unwrap_or(text).parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|it| it.ip());
    address.or_else(with_port).map(|it| it.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    const TRUSTED: [&str; 2] = ["127.0.0.1", "10.0.0.0/8"];

    fn client(connection: &str, lines: &[&[u8]], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
        }
        let trusted: Vec<Network> = trusted
            .iter()
            .map(|text| Network::try_from((*text).to_owned()).unwrap())
            .collect();
        address(connection.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn nobody_is_believed_whom_the_settings_do_not_trust() {
        for trusted in [&[][..], &TRUSTED] {
            assert_eq!(client("192.0.2.1", &[b"1.2.3.4"], trusted), "192.0.2.1");
        }
        assert_eq!(client("127.0.0.1", &[b"1.2.3.4"], &[]), "127.0.0.1");
    }

    #[test]
    fn the_last_address_that_is_not_a_trusted_one_counts() {
        for (lines, expected) in [
            (&[&b"1.2.3.4"[..]][..], "1.2.3.4"),
            (&[b"8.8.8.8, 1.2.3.4"], "1.2.3.4"),
            (&[b"8.8.8.8,1.2.3.4 , 10.1.1.1,10.2.2.2"], "1.2.3.4"),
            (&[b"8.8.8.8", b"1.2.3.4", b"10.1.1.1"], "1.2.3.4"),
            (&[b"1.2.3.4:50123"], "1.2.3.4"),
            (&[b"2001:db8::7"], "2001:db8::7"),
            (&[b"[2001:db8::7]"], "2001:db8::7"),
            (&[b"[2001:db8::7]:443"], "2001:db8::7"),
            (&[b"::ffff:1.2.3.4"], "1.2.3.4"),
            (&[b"10.1.1.1, 127.0.0.1"], "10.1.1.1"),
            (&[], "127.0.0.1"),
        ] {
            assert_eq!(client("127.0.0.1", lines, &TRUSTED), expected, "{lines:?}");
            let mapped = client("::ffff:127.0.0.1", lines, &TRUSTED);
            assert_eq!(mapped, expected, "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_address_ends_the_chain_at_who_wrote_it() {
        for hostile in [
            &b""[..],
            b",",
            b"1.2.3.4,",
            b"unknown",
            b"localhost",
            b"1.2.3.4, _hidden",
            b"999.1.1.1",
            b"0x7f.1",
            b"01.02.03.04",
            b"\xff\xfe",
            b"1.2.3.4, <script>",
            b"fe80::1%eth0",
        ] {
            let said = client("127.0.0.1", &[hostile], &TRUSTED);
            assert_eq!(said, "127.0.0.1", "{hostile:?}");
        }
        let behind = client("127.0.0.1", &[b"1.2.3.4, unknown, 10.1.1.1"], &TRUSTED);
        assert_eq!(behind, "10.1.1.1");
    }

    proptest! {
        #[test]
        fn a_caller_cannot_choose_his_address(claims in "[ -~]{0,80}") {
            // The proxy adds where it was called from, in the same line or in one of its own.
            let same = format!("{claims}, 192.0.2.1");
            prop_assert_eq!(client("127.0.0.1", &[same.as_bytes()], &TRUSTED), "192.0.2.1");
            let own = client("127.0.0.1", &[claims.as_bytes(), b"192.0.2.1"], &TRUSTED);
            prop_assert_eq!(own, "192.0.2.1");
        }
    }
}
