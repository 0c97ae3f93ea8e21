//! Frames between the engine and its worker: `[u32 length][u8 kind][payload]`, little endian.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

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

/// Payloads up to this many bytes go out in one write together with their head.
const ONE_WRITE: usize = 16 * 1024;

/// Writes one frame made of a JSON header and further parts.
pub(crate) async fn write<W: AsyncWrite + Unpin>(
    out: &mut W,
    kind: u8,
    header: &[u8],
    parts: &[&[u8]],
) -> io::Result<()> {
    let rest: usize = parts.iter().map(|part| part.len()).sum();
    let header_length = u32::try_from(header.len()).map_err(io::Error::other)?;
    let length = u32::try_from(4 + header.len() + rest).map_err(|_| too_long())?;
    let mut head = Vec::with_capacity(9 + header.len() + if rest <= ONE_WRITE { rest } else { 0 });
    head.extend_from_slice(&length.to_le_bytes());
    head.push(kind);
    head.extend_from_slice(&header_length.to_le_bytes());
    head.extend_from_slice(header);
    if rest <= ONE_WRITE {
        head.extend(parts.iter().flat_map(|part| part.iter()));
        return out.write_all(&head).await;
    }
    out.write_all(&head).await?;
    for part in parts {
        out.write_all(part).await?;
    }
    Ok(())
}

/// Reads one frame of at most `longest` bytes; `None` when the worker has gone.
pub(crate) async fn read<R: AsyncRead + Unpin>(
    input: &mut R,
    longest: usize,
) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut head = [0; 5];
    match input.read_exact(&mut head).await {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
            ) =>
        {
            return Ok(None);
        }
        other => other?,
    };
    let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    if length > longest {
        return Err(too_long());
    }
    let mut payload = vec![0; length];
    match input.read_exact(&mut payload).await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        other => other.map(|_| Some((head[4], payload))),
    }
}

/// Splits `[u32 length][header][rest]`.
pub(crate) fn split(payload: &[u8]) -> io::Result<(&[u8], &[u8])> {
    let (length, rest) = payload
        .split_first_chunk::<4>()
        .ok_or(io::ErrorKind::InvalidData)?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "frame too long")
}
