//! What each file system of macOS can be trusted with. Pure, and compiled on every Unix for its tests.

use crate::Capabilities;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileSystem {
    Apfs,
    /// Taken to be journaled, as it is by default since 2003.
    Hfs,
    /// FAT, exFAT, servers, drivers of others.
    Other,
}

impl FileSystem {
    /// From the name in `statfs`, which ends at the first zero.
    pub(super) fn from_name(name: impl IntoIterator<Item = u8>) -> Self {
        let name: Vec<u8> = name.into_iter().take_while(|&byte| byte != 0).collect();
        match name.as_slice() {
            b"apfs" => Self::Apfs,
            b"hfs" => Self::Hfs,
            _ => Self::Other,
        }
    }

    pub(super) fn capabilities(self) -> Capabilities {
        Capabilities {
            atomic_rename: self != Self::Other,
            // Of others it is found out by trying.
            hard_links: true,
            exchange: self == Self::Apfs,
            reflink: self == Self::Apfs,
            overwrite_allocates: self != Self::Hfs,
            // There is `sync`, which reports nothing.
            sync_all: false,
            in_place: self != Self::Other,
            // `fsync` writes to the drive, `F_FULLFSYNC` has it empty its cache.
            write_out: self != Self::Other,
            executable_bit: true,
        }
    }

    /// Whether an inode number is never another file's, also after a remount.
    pub(super) fn stable_inodes(self) -> bool {
        self != Self::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Capabilities {
        FileSystem::from_name(name.bytes().chain([0, b'x'])).capabilities()
    }

    #[test]
    fn apfs_exchanges_and_clones_and_others_do_not() {
        assert!(of("apfs").exchange && of("apfs").reflink && of("apfs").atomic_rename && of("apfs").overwrite_allocates);
        for name in ["hfs", "msdos", "exfat", "smbfs", "nfs", "", "apfs2"] {
            assert!(!of(name).exchange && !of(name).reflink, "{name}");
        }
    }

    #[test]
    fn only_its_own_promise_a_rename_that_is_old_or_new() {
        assert!(of("hfs").atomic_rename && of("hfs").write_out && !of("hfs").overwrite_allocates);
        for name in ["msdos", "exfat", "smbfs", "nfs", "webdav", "macfuse"] {
            assert!(!of(name).atomic_rename && !of(name).in_place && !of(name).write_out, "{name}");
            assert!(!FileSystem::from_name(name.bytes()).stable_inodes());
        }
    }

    #[test]
    fn nothing_syncs_everything() {
        assert!(["apfs", "hfs", "nfs"].iter().all(|name| !of(name).sync_all));
    }
}
