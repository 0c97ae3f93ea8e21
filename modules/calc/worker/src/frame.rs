//! Frames between the engine and its worker: `[u32 length][u8 kind][payload]`, little endian.
//!
//! Not standard output: what R code prints would end up between the frames.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

/// The worker is ready: its environment as JSON.
pub(crate) const HELLO: u8 = 1;
/// Load a script: `[u32 header length][header JSON][source]`.
pub(crate) const SOURCE: u8 = 2;
/// Call a function: `[u32 header length][header JSON][argument values one after the other]`, these in the shared memory where they are long.
pub(crate) const CALL: u8 = 3;
/// How it ended: `[u32 header length][header JSON][value JSON]`.
pub(crate) const OUTCOME: u8 = 4;
/// How far the running call is, as JSON.
pub(crate) const PROGRESS: u8 = 5;
/// What the random numbers of the call before start from: `[u32 4][i32]`.
pub(crate) const SEED: u8 = 6;
/// A value that the running call has already: `[u32 header length][header JSON][value JSON]`.
pub(crate) const PARTIAL: u8 = 7;

/// The descriptor of the socket; fixed, so that the progress callback finds it.
pub(crate) const SOCKET: RawFd = 3;
/// How long a worker stays awake after a call.
const AWAKE: Duration = Duration::from_micros(50);
/// Longest frame accepted: above the largest body the engine takes, so only a broken peer meets it.
const LONGEST: usize = 1 << 30;

/// Moves the socket from standard input to its own descriptor, which no child of R inherits.
pub(crate) fn take_standard_input() -> io::Result<UnixStream> {
    moved(libc::STDIN_FILENO, SOCKET)?;
    // SAFETY: it is open, and nobody else's.
    Ok(unsafe { UnixStream::from_raw_fd(SOCKET) })
}

/// Moves what the engine passed as a standard descriptor to another one, which is not in use yet, and puts nothing in its place.
pub(crate) fn moved(from: RawFd, to: RawFd) -> io::Result<()> {
    // SAFETY: plain numbers of descriptors; `from` is open.
    if unsafe { libc::dup3(from, to, libc::O_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    // SAFETY: both descriptors are open.
    if unsafe { libc::dup2(nothing.as_raw_fd(), from) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Writes one frame whose payload is the given parts joined.
pub(crate) fn write(out: &mut impl Write, kind: u8, parts: &[&[u8]]) -> io::Result<()> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut head = Vec::with_capacity(5 + if length < 4096 { length } else { 0 });
    head.extend_from_slice(
        &u32::try_from(length)
            .map_err(|_| ErrorKind::InvalidData)?
            .to_le_bytes(),
    );
    head.push(kind);
    if length < 4096 {
        // One write for a small frame: one wake-up of the engine instead of two.
        for part in parts {
            head.extend_from_slice(part);
        }
        return out.write_all(&head);
    }
    out.write_all(&head)?;
    parts.iter().try_for_each(|part| out.write_all(part))
}

/// Reads the next frame; `None` when the engine has gone.
pub(crate) fn read(input: &mut impl Read, payload: &mut Vec<u8>) -> io::Result<Option<u8>> {
    let mut head = [0; 5];
    match input.read_exact(&mut head) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    if length > LONGEST {
        return Err(ErrorKind::InvalidData.into());
    }
    payload.clear();
    payload.reserve_exact(length);
    if input.take(length as u64).read_to_end(payload)? < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(head[4]))
}

/// Waits a moment for the next frame without sleeping: to be woken takes longer than a short call does.
pub(crate) fn stay_awake(engine: &UnixStream) {
    let until = Instant::now() + AWAKE;
    let mut byte = 0_u8;
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    // SAFETY: the socket is open, and the byte has room for one.
    let mut is_there = || unsafe {
        libc::recv(engine.as_raw_fd(), (&raw mut byte).cast(), 1, flags) >= 0
            || io::Error::last_os_error().kind() != ErrorKind::WouldBlock
    };
    while !is_there() && Instant::now() < until {
        thread::yield_now();
    }
}

/// Splits `[u32 length][header][rest]`.
pub(crate) fn split(payload: &[u8]) -> io::Result<(&[u8], &[u8])> {
    let (length, rest) = payload
        .split_first_chunk::<4>()
        .ok_or(ErrorKind::InvalidData)?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
        .ok_or_else(|| ErrorKind::InvalidData.into())
}
