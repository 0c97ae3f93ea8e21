//! Addresses and networks that settings name.

use std::net::IpAddr;

use serde::Deserialize;

/// One address, or all that begin with the same bits: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether the address belongs to it.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let differ = first.to_bits() ^ address.to_bits();
                differ.checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differ = first.to_bits() ^ address.to_bits();
                differ.checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is neither an address nor a network; write it as `10.0.0.7` or `10.0.0.0/8`"
            )
        };
        let (first, bits) = text.split_once('/').unwrap_or((&text, ""));
        let first: IpAddr = first.parse().map_err(|_| wrong())?;
        let all = if first.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            "" if text.contains('/') => return Err(wrong()),
            "" => all,
            bits => bits.parse().map_err(|_| wrong())?,
        };
        // A connection of the old kind to a listener of the new one is known by its old address.
        if bits > all || first.to_canonical() != first {
            return Err(wrong());
        }
        Ok(Self { first, bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_network_holds_what_begins_with_its_bits_and_nothing_else() {
        for (of, inside, outside) in [
            ("10.0.0.7", "10.0.0.7", "10.0.0.6"),
            ("10.0.0.0/8", "10.255.1.2", "11.0.0.0"),
            ("192.168.4.0/22", "192.168.7.255", "192.168.8.0"),
            ("10.1.2.3/8", "10.9.9.9", "9.255.255.255"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("127.0.0.1", "::ffff:127.0.0.1", "::ffff:127.0.0.2"),
            ("::1", "::1", "127.0.0.1"),
            ("fd00::/8", "fdff::1", "fe00::"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
        ] {
            assert!(network(of).contains(inside.parse().unwrap()), "{of}");
            assert!(!network(of).contains(outside.parse().unwrap()), "{of}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_with_what_to_write() {
        for wrong in [
            "",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "10.0.0.0/-1",
            "proxy.plant.example",
            "::ffff:10.0.0.1",
        ] {
            let said = Network::try_from(wrong.to_owned()).unwrap_err();
            assert!(
                said.starts_with(&format!("`{wrong}`")) && said.contains("10.0.0.0/8"),
                "{said}"
            );
        }
    }
}
