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
            write_out: false,
            executable_bit: true,
        }
    }

    /// Whether parts of it are apart from each other like file systems of their own, with device numbers of their own. On others a device
    /// number that differs may mean nothing (overlayfs).
    pub(super) const fn has_subvolumes(self) -> bool {
        matches!(self, Self::Btrfs)
    }

    /// Whether it says truly where a file has holes, also while bytes wait to be written. ZFS did not always.
    pub(super) const fn tells_holes(self) -> bool {
        matches!(self, Self::Ext | Self::Xfs | Self::Btrfs | Self::Tmpfs)
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

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: KernelVersion = KernelVersion(6, 1);
    const LOCAL: [u64; 4] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010];
    const FUSE: u64 = 0x6573_5546;

    fn of(magic: u64) -> Capabilities {
        FileSystem::from_magic(magic).capabilities(NEW)
    }

    #[test]
    fn the_journaling_ones_promise_the_whole_protocol() {
        for magic in LOCAL {
            let it = of(magic);
            assert!(it.atomic_rename && it.hard_links && it.exchange && it.sync_all && it.in_place, "{magic:x}");
            assert!(FileSystem::from_magic(magic).stable_inodes(), "{magic:x}");
        }
    }

    #[test]
    fn only_copy_on_write_clones_and_only_ext_is_sure_to_overwrite_without_allocating() {
        let reflinks: Vec<_> = LOCAL.map(|magic| of(magic).reflink).into();
        assert_eq!(reflinks, [false, true, true, false]);
        let allocates: Vec<_> = LOCAL.map(|magic| of(magic).overwrite_allocates).into();
        assert_eq!(allocates, [false, true, true, true]);
    }

    #[test]
    fn syncfs_is_trusted_from_the_kernel_on_that_reports_errors() {
        let sync_all = |release| FileSystem::Ext.capabilities(KernelVersion::parse(release).unwrap()).sync_all;
        assert!(sync_all("5.8.0-rc1") && sync_all("6.18.44-fc-v782") && sync_all("10.0"));
        assert!(!sync_all("5.7.19") && !sync_all("4.19.0-27-amd64") && !sync_all("2.6.32"));
        assert_eq!(KernelVersion::parse("unknown"), None);
    }

    #[test]
    fn nothing_syncs_at_once_or_exchanges_where_a_server_or_another_layer_stands_between() {
        for magic in [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x794c_7630, FUSE, 0x1234] {
            let it = of(magic);
            assert!(!it.sync_all && !it.exchange && !it.in_place && !it.reflink && it.overwrite_allocates, "{magic:x}");
            assert!(!FileSystem::from_magic(magic).stable_inodes(), "{magic:x}");
        }
    }

    #[test]
    fn fat_and_what_may_be_fat_does_not_promise_an_atomic_rename() {
        for magic in [0x4d44, 0x2011_bab0, FUSE, 0x1234] {
            assert!(!of(magic).atomic_rename, "{magic:x}");
        }
        assert!(!of(0x4d44).hard_links && !of(0x2011_bab0).hard_links);
    }
}
