//! What the system says about a file, in the words of the seam.

use rustix::fs::{FileType, Stat};

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
        let kind = kind(stat);
        Metadata {
            kind,
            len: if kind == FileKind::File { u64::try_from(stat.st_size).unwrap_or(0) } else { 0 },
            permissions: permissions(stat),
            links: link_count(stat),
            id: (self.stable_device == Some(device(stat))).then(|| FileId(inode(stat).into())),
            changed: i128::from(stat.st_ctime) * 1_000_000_000 + i128::from(stat.st_ctime_nsec),
            written: i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec),
        }
    }
}

pub(super) fn kind(stat: &Stat) -> FileKind {
    match FileType::from_raw_mode(stat.st_mode) {
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
