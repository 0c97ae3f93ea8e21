//! Memory that the engine shares with this process: long arguments come through it and are read where they stand.

use crate::frame;
use std::io;
use std::ops::Deref;
use std::os::fd::RawFd;
use std::ptr;

/// The descriptor of the memory; fixed, as the socket's is.
const MEMORY: RawFd = 4;
/// Bytes that are mapped at once, at least: most arguments fit.
const STEP: usize = 4 << 20;

/// The memory, mapped as far as it was needed. It stays so: new pages for each call would cost more than the copy.
pub(crate) struct Shared {
    start: *mut u8,
    length: usize,
}

impl Shared {
    /// Takes the memory over from standard output, where the engine put it.
    pub(crate) fn take_standard_output() -> io::Result<Self> {
        frame::moved(libc::STDOUT_FILENO, MEMORY)?;
        Ok(Self {
            start: ptr::null_mut(),
            length: 0,
        })
    }

    /// What the engine wrote, that many bytes.
    pub(crate) fn texts(&mut self, length: usize) -> io::Result<Texts<'_>> {
        if written()? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if self.length < length {
            self.map(length.next_multiple_of(STEP))?;
        }
        // SAFETY: mapped, and backed by what was written; the engine writes again only after the outcome of this call.
        Ok(Texts(unsafe {
            std::slice::from_raw_parts_mut(self.start, length)
        }))
    }

    fn map(&mut self, length: usize) -> io::Result<()> {
        let rights = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: plain numbers; nothing borrows from the former mapping, which is this value's own.
        unsafe {
            if self.length > 0 {
                libc::munmap(self.start.cast(), self.length);
                self.length = 0;
            }
            let anywhere = ptr::null_mut();
            let start = libc::mmap(anywhere, length, rights, libc::MAP_SHARED, MEMORY, 0);
            if start == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            self.start = start.cast();
        }
        self.length = length;
        Ok(())
    }
}

/// Bytes that stand in the memory: what is mapped beyond them must not be touched.
fn written() -> io::Result<usize> {
    // SAFETY: zeroes are a `stat`, which the call fills.
    let size = unsafe {
        let mut there: libc::stat = std::mem::zeroed();
        if libc::fstat(MEMORY, &raw mut there) != 0 {
            return Err(io::Error::last_os_error());
        }
        there.st_size
    };
    usize::try_from(size).map_err(io::Error::other)
}

/// Texts in the memory, wiped when they are dropped: R finds neither its own nor those of another call there.
pub(crate) struct Texts<'a>(&'a mut [u8]);

impl Deref for Texts<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0
    }
}

impl Drop for Texts<'_> {
    fn drop(&mut self) {
        self.0.fill(0);
    }
}
