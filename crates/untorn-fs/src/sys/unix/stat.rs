//! What the system says about a file, in the words of the seam.

use rustix::fs::{FileType, RawMode, Stat};

use crate::{FileId, FileKind, Metadata, Permissions};

/// When an inode number tells which object it is: on the device of the root, if its file system keeps the numbers for good.
/// (Each Btrfs subvolume has a device and numbers of its own.)
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    stable_device: Option<u64>,
}

impl Identity {
    pub(super) const fn new(stable_device: Option<u64>) -> Self {
        Self { stable_device }
    }

    pub(super) fn metadata(self, stat: &Stat) -> Metadata {
        self.of(&Found {
            kind: kind(stat),
            len: u64::try_from(stat.st_size).unwrap_or(0),
            permissions: permissions(stat),
            links: link_count(stat),
            device: device(stat),
            inode: inode(stat),
            changed: (stat.st_ctime.into(), stat.st_ctime_nsec.into()),
            written: (stat.st_mtime.into(), stat.st_mtime_nsec.into()),
        })
    }

    pub(super) fn of(self, found: &Found) -> Metadata {
        let time = |(seconds, nanoseconds): (i128, i128)| seconds * 1_000_000_000 + nanoseconds;
        Metadata {
            kind: found.kind,
            len: if found.kind == FileKind::File { found.len } else { 0 },
            permissions: found.permissions,
            links: found.links,
            id: (self.stable_device == Some(found.device)).then(|| FileId(found.inode.into())),
            changed: time(found.changed),
            written: time(found.written),
        }
    }
}

/// What was found at a name, whichever call tells of it. Times are seconds and nanoseconds.
pub(super) struct Found {
    pub(super) kind: FileKind,
    pub(super) len: u64,
    pub(super) permissions: Permissions,
    pub(super) links: u64,
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) changed: (i128, i128),
    pub(super) written: (i128, i128),
}

pub(super) fn kind(stat: &Stat) -> FileKind {
    kind_of(stat.st_mode)
}

pub(super) fn kind_of(mode: RawMode) -> FileKind {
    match FileType::from_raw_mode(mode) {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Dir,
        FileType::Symlink => FileKind::Symlink,
        _ => FileKind::Other,
    }
}

#[allow(clippy::useless_conversion, reason = "the width differs between systems")]
pub(super) fn permissions(stat: &Stat) -> Permissions {
    Permissions::from_bits(u32::from(stat.st_mode) & 0o7777)
}

#[allow(clippy::unnecessary_cast, reason = "width and sign differ between systems")]
pub(super) const fn device(stat: &Stat) -> u64 {
    stat.st_dev as u64
}

#[allow(clippy::unnecessary_cast, reason = "width and sign differ between systems")]
const fn inode(stat: &Stat) -> u64 {
    stat.st_ino as u64
}

#[allow(clippy::unnecessary_cast, reason = "width and sign differ between systems")]
const fn link_count(stat: &Stat) -> u64 {
    stat.st_nlink as u64
}
