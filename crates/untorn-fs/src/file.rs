//! One open file.

use std::{any::Any, io};

use crate::{Metadata, Permissions};

/// An open file. Access is positioned: there is no cursor, so a handle can be shared between threads.
///
/// | effect | volatile until | a power cut before that may leave |
/// |---|---|---|
/// | bytes written | `sync_data`, `sync`, `write_out` and the next `sync` of any file, or a [`SyncAll`] opened before the write | each 512-byte sector old, new, zero or garbage |
/// | length | the same | any earlier length, independent of the bytes |
/// | permissions | the same, but for `sync_data` | old or new |
///
/// A sync that fails has said all it will say: the bytes may or may not be on the medium, a later sync may succeed
/// without having written them, and reads may show bytes that a power cut will take away. Callers never retry a sync.
pub trait File: Send + Sync {
    /// Reads at `offset`; 0 only at the end of the file (or for an empty buffer).
    ///
    /// # Errors
    /// Whatever the medium answers; never [`io::ErrorKind::Interrupted`].
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes at `offset`, growing the file where needed; may write less than asked, never 0 for a non-empty buffer.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`], [`io::ErrorKind::QuotaExceeded`], or whatever the medium answers.
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize>;

    /// Cuts or extends (with zeros) to `len` bytes.
    ///
    /// # Errors
    /// As [`File::write_at`].
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Reserves space for `offset..offset + len` without changing the length, so that a later write there cannot run out of space
    /// on file systems that overwrite in place.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`]; [`io::ErrorKind::Unsupported`] where the system cannot promise it.
    fn allocate(&self, offset: u64, len: u64) -> io::Result<()>;

    /// What the handle refers to.
    ///
    /// # Errors
    /// Whatever the system answers.
    fn metadata(&self) -> io::Result<Metadata>;

    /// Sets the permissions.
    ///
    /// # Errors
    /// Whatever the system answers.
    fn set_permissions(&self, permissions: Permissions) -> io::Result<()>;

    /// After this returns, the bytes and the length of this file are durable; its permissions and its name need not be. Where a file was
    /// allocated before, this costs one flush of the device.
    ///
    /// # Errors
    /// Whatever the medium answers; final (see above).
    fn sync_data(&self) -> io::Result<()>;

    /// After this returns, the bytes, the length and the permissions of this file are durable; its name need not be.
    ///
    /// # Errors
    /// As [`File::sync_data`].
    fn sync(&self) -> io::Result<()>;

    /// After this returns, what [`File::sync`] makes durable has left for the device, and the next [`File::sync`] of any file on this file system that
    /// succeeds makes it durable, if nothing was changed meanwhile: one flush of the device for many files. Where [`crate::Capabilities::write_out`] is false it is
    /// [`File::sync`] itself.
    ///
    /// # Errors
    /// As [`File::sync_data`].
    fn write_out(&self) -> io::Result<()> {
        self.sync()
    }

    /// A hint: the system may begin to write these bytes to the medium, so that a sync later has less to wait for. Promises nothing.
    fn write_back_soon(&self, _offset: u64, _len: u64) {}

    /// A hint: these bytes are read soon, so the system may fetch them from the medium meanwhile. Does not wait for them. Promises nothing.
    fn read_soon(&self, _offset: u64, _len: u64) {}

    /// For implementations that need their own type back (cloning between two handles).
    fn as_any(&self) -> &dyn Any;
}

impl dyn File + '_ {
    /// Reads exactly `buf.len()` bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the file ends before; else as [`File::read_at`].
    pub fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.read_at(buf, offset)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => {
                    buf = &mut buf[n..];
                    offset += n as u64;
                }
            }
        }
        Ok(())
    }

    /// Writes all of `buf`.
    ///
    /// # Errors
    /// As [`File::write_at`]; how much was written before the error is unknown.
    pub fn write_all_at(&self, mut buf: &[u8], mut offset: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.write_at(buf, offset)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => {
                    buf = &buf[n..];
                    offset += n as u64;
                }
            }
        }
        Ok(())
    }
}

/// A handle that can make everything on the file system durable at once.
///
/// Open it *before* the writes it is to vouch for: an error that happened before it was opened may never be reported to it.
pub trait SyncAll: Send + Sync {
    /// After this returns, every effect on this file system that happened before the call is durable: bytes, lengths,
    /// permissions, names.
    ///
    /// # Errors
    /// Whatever the medium answers, also for writes of others; final.
    fn sync_all(&self) -> io::Result<()>;
}
