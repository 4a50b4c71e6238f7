//! What each file system of Windows can be trusted with.

use crate::Capabilities;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileSystem {
    /// Also what wine calls so, whatever is beneath: there a rename is the rename of the system that wine runs on.
    Ntfs,
    Refs,
    /// FAT, exFAT, a server, an unknown driver: nothing is promised.
    Other,
}

impl FileSystem {
    /// From the name that the volume gives.
    pub(super) fn from_name(name: &[u16]) -> Self {
        match String::from_utf16_lossy(name).as_str() {
            "NTFS" => Self::Ntfs,
            "ReFS" => Self::Refs,
            _ => Self::Other,
        }
    }

    pub(super) fn capabilities(self) -> Capabilities {
        Capabilities {
            // A journal (NTFS), or pages that are never written over (ReFS), put the two halves of a rename together.
            atomic_rename: self != Self::Other,
            hard_links: self != Self::Other,
            exchange: false,
            reflink: false,
            // Compressed, sparse and shared files: whether a file is one is the business of others, and may change.
            overwrite_allocates: true,
            sync_all: false,
            in_place: self != Self::Other,
            write_out: self == Self::Ntfs,
            executable_bit: false,
        }
    }

    /// Whether 64 bits tell which file it is, also after a restart. ReFS has numbers of 128.
    pub(super) fn stable_ids(self) -> bool {
        self == Self::Ntfs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Capabilities {
        FileSystem::from_name(&name.encode_utf16().collect::<Vec<_>>()).capabilities()
    }

    #[test]
    fn only_file_systems_with_a_journal_promise_anything() {
        assert!(of("NTFS").atomic_rename && of("NTFS").in_place && of("NTFS").write_out);
        assert!(of("ReFS").atomic_rename && !of("ReFS").write_out);
        for name in ["FAT32", "exFAT", "", "ntfs2", "CSVFS"] {
            let it = of(name);
            assert!(!it.atomic_rename && !it.hard_links && !it.in_place && !it.write_out && it.overwrite_allocates, "{name}");
        }
    }

    #[test]
    fn nothing_exchanges_or_syncs_everything() {
        for name in ["NTFS", "ReFS", "FAT32"] {
            let it = of(name);
            assert!(!it.exchange && !it.sync_all && !it.reflink, "{name}");
        }
    }
}
