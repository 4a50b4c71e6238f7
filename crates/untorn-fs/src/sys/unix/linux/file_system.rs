//! What each file system of Linux can be trusted with.

use crate::Capabilities;

/// The file systems we know something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileSystem {
    /// ext2, ext3 and ext4 share a number; we take ext4 for granted.
    Ext,
    Xfs,
    Btrfs,
    F2fs,
    Bcachefs,
    Zfs,
    Tmpfs,
    Fat,
    ExFat,
    Nfs,
    Smb,
    Overlay,
    /// FUSE included: what is behind it may be anything.
    Unknown,
}

/// Major and minor version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KernelVersion(pub(super) u32, pub(super) u32);

/// Before it, `syncfs` kept write errors to itself.
const SYNCFS_REPORTS_ERRORS: KernelVersion = KernelVersion(5, 8);

impl FileSystem {
    /// From `statfs`; the numbers are those of `linux/magic.h` and of the file systems outside the kernel.
    pub(super) const fn from_magic(magic: u64) -> Self {
        match magic {
            0xef53 => Self::Ext,
            0x5846_5342 => Self::Xfs,
            0x9123_683e => Self::Btrfs,
            0xf2f5_2010 => Self::F2fs,
            0xca45_1a4e => Self::Bcachefs,
            0x2fc1_2fc1 => Self::Zfs,
            0x0102_1994 => Self::Tmpfs,
            0x4d44 => Self::Fat,
            0x2011_bab0 => Self::ExFat,
            0x6969 => Self::Nfs,
            0x517b | 0xff53_4d42 | 0xfe53_4d42 => Self::Smb,
            0x794c_7630 => Self::Overlay,
            _ => Self::Unknown,
        }
    }

    pub(super) fn capabilities(self, kernel: KernelVersion) -> Capabilities {
        use FileSystem::{Bcachefs, Btrfs, ExFat, Ext, F2fs, Fat, Nfs, Overlay, Smb, Tmpfs, Unknown, Xfs};
        Capabilities {
            // FAT and its like change a directory entry and the block chain in two steps; no journal puts them together.
            atomic_rename: !matches!(self, Fat | ExFat | Unknown),
            hard_links: !matches!(self, Fat | ExFat),
            exchange: matches!(self, Ext | Xfs | Btrfs | F2fs | Bcachefs | Tmpfs),
            reflink: matches!(self, Xfs | Btrfs | Bcachefs),
            // XFS: only shared blocks, but whether any are shared is the business of others.
            overwrite_allocates: !matches!(self, Ext | Tmpfs | Fat | ExFat),
            sync_all: matches!(self, Ext | Xfs | Btrfs | F2fs | Tmpfs) && kernel >= SYNCFS_REPORTS_ERRORS,
            // A server or a copy-up stands between a range and the medium.
            in_place: !matches!(self, Nfs | Smb | Overlay | Unknown),
        }
    }

    /// Whether an inode number is never another file's while this file lives, also after a remount.
    pub(super) const fn stable_inodes(self) -> bool {
        matches!(self, Self::Ext | Self::Xfs | Self::Btrfs | Self::F2fs | Self::Tmpfs | Self::Zfs)
    }
}

impl KernelVersion {
    /// Unreadable counts as old.
    pub(super) fn running() -> Self {
        rustix::system::uname().release().to_str().ok().and_then(Self::parse).unwrap_or(Self(0, 0))
    }

    fn parse(release: &str) -> Option<Self> {
        let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        Some(Self(numbers.next()?.ok()?, numbers.next()?.ok()?))
    }
}
