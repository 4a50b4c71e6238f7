//! Unix systems about which nothing is known in particular: the BSDs, Android (whose sandbox kills for an unknown call). Nothing here is promised that was not
//! tried.

use std::{
    fs, io,
    os::fd::{BorrowedFd, OwnedFd},
};

use rustix::fs::{Mode, OFlags, Stat};

use super::{rights::Attributes, stat::Found};
use crate::{Capabilities, SyncAll, path::RelativePath};

/// For a directory that only serves as a starting point.
pub(super) const SEARCH: OFlags = OFlags::RDONLY;

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

pub(super) const CLONES_BY_NAME: bool = false;

pub(super) fn clone_as(_source: &fs::File, _dir: BorrowedFd<'_>, _name: &str) -> io::Result<()> {
    unsupported()
}

pub(super) fn clone_bytes(_source: &fs::File, _target: &fs::File) -> io::Result<()> {
    unsupported()
}

pub(super) fn exchange(_a_dir: BorrowedFd<'_>, _a: &str, _b_dir: BorrowedFd<'_>, _b: &str) -> io::Result<()> {
    unsupported()
}

pub(super) fn allocate(_file: &fs::File, _offset: u64, _len: u64) -> io::Result<()> {
    unsupported()
}

pub(super) const fn write_back_soon(_file: &fs::File, _offset: u64, _len: u64) {}

pub(super) const fn read_soon(_file: &fs::File, _offset: u64, _len: u64) {}

pub(super) fn write_out(file: &fs::File) -> io::Result<()> {
    file.sync_all()
}

pub(super) fn sync_handle(_root: &OwnedFd) -> io::Result<Box<dyn SyncAll>> {
    unsupported()
}

/// The system's own file systems rename atomically and overwrite in place. A disk formatted elsewhere (FAT, exFAT) may be
/// mounted, too, and what it is called differs from system to system: so only what holds for all is promised.
pub(super) fn capabilities(_root: &OwnedFd) -> io::Result<Capabilities> {
    Ok(Capabilities {
        atomic_rename: false,
        hard_links: true,
        exchange: false,
        reflink: false,
        overwrite_allocates: true,
        sync_all: false,
        in_place: false,
        write_out: false,
        executable_bit: true,
    })
}

pub(super) fn stable_inodes(_root: &OwnedFd) -> io::Result<bool> {
    Ok(false)
}

/// Not asked for: all of a file counts as data.
pub(super) fn tells_holes(_root: &OwnedFd) -> io::Result<bool> {
    Ok(false)
}

pub(super) fn data_after(_file: &std::fs::File, offset: u64) -> Option<u64> {
    Some(offset)
}

pub(super) fn has_subvolumes(_root: &OwnedFd) -> io::Result<bool> {
    Ok(false)
}

/// Not asked for: file flags are found out by the change itself.
pub(super) fn attributes(_dir: BorrowedFd<'_>, _name: &str) -> Attributes {
    Attributes::default()
}

/// Whether this process may do what only owners may.
pub(super) fn acts_as_owner() -> bool {
    rustix::process::geteuid().is_root()
}

fn unsupported<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}
