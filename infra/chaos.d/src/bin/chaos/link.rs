//! A cable that can be pulled out: a network namespace of its own, joined to the machine by a pair of virtual devices.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Of the addresses that are kept for tests of networks (RFC 2544); the processes of one machine use different ones.
const NETWORK: [u8; 2] = [198, 18];

/// One cable with its far end; dropping it takes both away.
#[derive(Debug)]
pub(crate) struct Link {
    name: String,
    far: Ipv4Addr,
}

impl Link {
    /// None where this user may not change the network.
    pub(crate) fn lay() -> Option<Self> {
        let process = std::process::id();
        let [.., third, fourth] = process.to_be_bytes();
        // Four addresses for each: the network, this end, the far end, and the broadcast.
        let [a, b] = NETWORK;
        let near = Ipv4Addr::new(a, b, third, fourth & 0xfc | 1);
        let far = Ipv4Addr::new(a, b, third, fourth & 0xfc | 2);
        let name = format!("dcp{process}");
        ip(&format!("netns add {name}")).ok()?;
        let link = Self { name, far };
        let laid = link.join(near);
        if let Err(error) = &laid {
            eprintln!("no link can be laid: {error:#}");
        }
        laid.is_ok().then_some(link)
    }

    fn join(&self, near: Ipv4Addr) -> anyhow::Result<()> {
        let (name, far) = (&self.name, self.far);
        ip(&format!(
            "link add {name} type veth peer name far netns {name}"
        ))?;
        ip(&format!("address add {near}/30 dev {name}"))?;
        ip(&format!("link set {name} up"))?;
        ip(&format!("-n {name} address add {far}/30 dev far"))?;
        self.set(true)
    }

    /// Puts the far end in, or pulls it out: nothing passes then, and nobody is told.
    pub(crate) fn set(&self, up: bool) -> anyhow::Result<()> {
        let state = if up { "up" } else { "down" };
        ip(&format!("-n {} link set far {state}", self.name))
    }

    /// Listens at the far end.
    pub(crate) fn listen(&self) -> anyhow::Result<TcpListener> {
        let space = File::open(format!("/run/netns/{}", self.name))?;
        let address = SocketAddr::from((self.far, 0));
        // A socket belongs to the namespace of the thread that made it.
        let listen = move || -> anyhow::Result<TcpListener> {
            move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network))?;
            Ok(TcpListener::bind(address)?)
        };
        let thread = std::thread::spawn(listen);
        thread.join().ok().context("the thread ends")?
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // The devices go with the namespace.
        if let Err(error) = ip(&format!("netns delete {}", self.name)) {
            eprintln!("{error:#}");
        }
    }
}

fn ip(arguments: &str) -> anyhow::Result<()> {
    let mut command = Command::new("ip");
    command.args(arguments.split(' ')).stdin(Stdio::null());
    let output = command.output().context("ip of iproute2 cannot be run")?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {arguments}: {}", told.trim());
    Ok(())
}
