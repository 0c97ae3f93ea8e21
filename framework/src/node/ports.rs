//! Ports for module instances: the next free one of a range, skipping what other programs hold.

use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

/// Ports `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl TryFrom<String> for PortRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a range of ports; write it as `7430-7469`");
        let (first, last) = text.split_once('-').ok_or_else(wrong)?;
        let (first, last) = (
            first.trim().parse().map_err(|_| wrong())?,
            last.trim().parse().map_err(|_| wrong())?,
        );
        if first == 0 || first > last {
            return Err(wrong());
        }
        Ok(Self { first, last })
    }
}

impl std::fmt::Display for PortRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// Hands out ports of one range; a port comes back when its [`Port`] is dropped.
#[derive(Debug)]
pub(crate) struct Ports {
    range: PortRange,
    taken: Mutex<(HashSet<u16>, u16)>,
}

/// A port nobody else of this node uses.
#[derive(Debug)]
pub(crate) struct Port<'a> {
    ports: &'a Ports,
    pub(crate) number: u16,
}

impl Ports {
    pub(crate) fn new(range: PortRange) -> Self {
        Self {
            range,
            taken: Mutex::new((HashSet::new(), range.first)),
        }
    }

    /// The next free port; goes round the range, so that a port just given back rests a while.
    pub(crate) fn take(&self) -> Option<Port<'_>> {
        let mut guard = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, next) = &mut *guard;
        for _ in self.range.first..=self.range.last {
            let number = *next;
            *next = if number >= self.range.last {
                self.range.first
            } else {
                number + 1
            };
            if !taken.contains(&number) && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok()
            {
                taken.insert(number);
                return Some(Port {
                    ports: self,
                    number,
                });
            }
        }
        None
    }

    pub(crate) fn range(&self) -> PortRange {
        self.range
    }
}

impl Drop for Port<'_> {
    fn drop(&mut self) {
        self.ports
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_must_be_a_range() {
        assert!(PortRange::try_from("7430-7469".to_owned()).is_ok());
        for wrong in ["", "7430", "9-1", "a-b", "0-4", "1-70000"] {
            assert!(PortRange::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_port_another_program_holds_is_skipped() {
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let held = other.local_addr().unwrap().port();
        let ports = Ports::new(PortRange {
            first: held,
            last: held.saturating_add(20),
        });
        let first = ports.take().unwrap();
        let second = ports.take().unwrap();
        assert_ne!(first.number, held);
        assert_ne!(first.number, second.number);
        assert!(
            Ports::new(PortRange {
                first: held,
                last: held
            })
            .take()
            .is_none()
        );
    }
}
