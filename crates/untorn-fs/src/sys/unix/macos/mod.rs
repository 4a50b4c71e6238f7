//! What only macOS has: clones by name, the exchange of two names, flags of files, a flush of the drive's cache that is apart from writing.
//!
//! Written from documentation and compiled, not run: no such machine yet.

mod file_system;

use std::{
    fs, io,
    os::fd::{BorrowedFd, OwnedFd},
};

use rustix::{
    fs::{AtFlags, CloneFlags, Mode, OFlags, RenameFlags, Stat},
    io::{Errno, retry_on_intr},
};

use super::{error::unsupported_if, rights::Attributes, stat::Found};
use crate::{Capabilities, SyncAll, path::RelativePath};
use file_system::FileSystem;

/// For a directory that only serves as a starting point.
pub(super) const SEARCH: OFlags = OFlags::RDONLY;

/// A clone is made by giving it a name.
pub(super) const CLONES_BY_NAME: bool = true;

pub(super) fn kernel_resolves(_root: &OwnedFd) -> bool {
    false
}

pub(super) fn open_beneath(_root: &OwnedFd, _path: RelativePath<'_>, _flags: OFlags, _mode: Mode) -> io::Result<OwnedFd> {
    unsupported()
}

pub(super) fn stat_beneath(_root: &OwnedFd, _path: RelativePath<'_>) -> io::Result<Stat> {
    unsupported()
}

pub(super) fn look_at(_dir: BorrowedFd<'_>, _name: &str) -> io::Result<Found> {
    unsupported()
}

pub(super) fn clone_bytes(_source: &fs::File, _target: &fs::File) -> io::Result<()> {
    unsupported()
}

/// With the permissions of `source`, except that special bits go; nothing is left of a clone that fails. What a download is marked with (quarantine) is
/// cloned, too.
pub(super) fn clone_as(source: &fs::File, dir: BorrowedFd<'_>, name: &str) -> io::Result<()> {
    retry_on_intr(|| rustix::fs::fclonefileat(source, dir, name, CloneFlags::NOFOLLOW | CloneFlags::NOOWNERCOPY))
        .map_err(|errno| unsupported_if(errno, &[Errno::XDEV, Errno::INVAL]))
}

/// `renameatx_np` with `RENAME_SWAP`. The caller has excluded the other meaning of EINVAL, a directory exchanged with something inside it.
pub(super) fn exchange(a_dir: BorrowedFd<'_>, a: &str, b_dir: BorrowedFd<'_>, b: &str) -> io::Result<()> {
    retry_on_intr(|| rustix::fs::renameat_with(a_dir, a, b_dir, b, RenameFlags::EXCHANGE))
        .map_err(|errno| unsupported_if(errno, &[Errno::INVAL]))
}

/// `F_PREALLOCATE` gives back what lies behind the end when the file is closed.
pub(super) fn allocate(_file: &fs::File, _offset: u64, _len: u64) -> io::Result<()> {
    unsupported()
}

pub(super) const fn write_back_soon(_file: &fs::File, _offset: u64, _len: u64) {}

pub(super) const fn read_soon(_file: &fs::File, _offset: u64, _len: u64) {}

/// To the drive, which may keep it in its cache: the full sync of any file (`F_FULLFSYNC`, by the standard library) has it empty that.
/// `F_BARRIERFSYNC` would only order what is written, and nothing here relies on order alone.
pub(super) fn write_out(file: &fs::File) -> io::Result<()> {
    Ok(retry_on_intr(|| rustix::fs::fsync(file))?)
}

pub(super) fn sync_handle(_root: &OwnedFd) -> io::Result<Box<dyn SyncAll>> {
    unsupported()
}

pub(super) fn capabilities(root: &OwnedFd) -> io::Result<Capabilities> {
    Ok(file_system_of(root)?.capabilities())
}

pub(super) fn stable_inodes(root: &OwnedFd) -> io::Result<bool> {
    Ok(file_system_of(root)?.stable_inodes())
}

/// Not asked for: all of a file counts as data.
pub(super) fn tells_holes(_root: &OwnedFd) -> io::Result<bool> {
    Ok(false)
}

pub(super) fn data_after(_file: &fs::File, offset: u64) -> Option<u64> {
    Some(offset)
}

pub(super) fn has_subvolumes(_root: &OwnedFd) -> io::Result<bool> {
    Ok(false)
}

/// The flags of `chflags`, the user's and the system's.
pub(super) fn attributes(dir: BorrowedFd<'_>, name: &str) -> Attributes {
    const IMMUTABLE: u32 = 0x2 | 0x2_0000;
    const APPEND: u32 = 0x4 | 0x4_0000;
    let Ok(found) = retry_on_intr(|| rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)) else {
        return Attributes::default();
    };
    Attributes { immutable: found.st_flags & IMMUTABLE != 0, append_only: found.st_flags & APPEND != 0 }
}

/// Whether this process may do what only owners may.
pub(super) fn acts_as_owner() -> bool {
    rustix::process::geteuid().is_root()
}

fn file_system_of(root: &OwnedFd) -> io::Result<FileSystem> {
    let stat = retry_on_intr(|| rustix::fs::fstatfs(root))?;
    Ok(FileSystem::from_name(stat.f_fstypename.iter().map(|unit| unit.cast_unsigned())))
}

fn unsupported<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}
