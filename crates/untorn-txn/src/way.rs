//! How one file changes, and what that costs. Pure.

use std::fmt;

use untorn_fs::{Capabilities, Metadata};

use crate::options::{Options, WayChoice};

/// How a file was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Way {
    /// A whole staged file was put in its place.
    Put,
    /// Ranges were written in place, from the redo file.
    Patch,
    /// A clone that shares the unchanged blocks was changed and put in its place.
    Clone,
    /// Only names or attributes changed.
    Metadata,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Clone => "clone",
            Self::Metadata => "metadata",
        })
    }
}

/// Why that way was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// It writes the least.
    Cheapest,
    /// The caller asked for it.
    Asked,
    /// The file has other names, which must not change with it.
    HardLinked,
    /// Programs without the reader's lock may have it open.
    UnlockedReaders,
    /// This file system cannot be trusted with changes in place.
    NoInPlace,
    /// The content came as a whole.
    Whole,
    /// Nothing but names or attributes changed.
    NoContent,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cheapest => "writes the least",
            Self::Asked => "as asked",
            Self::HardLinked => "the file has other names",
            Self::UnlockedReaders => "programs without the lock may have it open",
            Self::NoInPlace => "changes in place are not safe on this file system",
            Self::Whole => "the content came as a whole",
            Self::NoContent => "no content changed",
        })
    }
}

/// What a name made and removed again costs, in bytes written: measured on ext4, where it takes as long as writing about this much.
pub(crate) const NAME_COST: u64 = 64 << 10;

/// Files at least this long are cloned where that is possible, before any byte is spooled.
pub(crate) const CLONE_LEN_MIN: u64 = 1 << 20;

/// Why a file must not be changed in place, if it must not.
pub(crate) fn in_place_obstacle(options: &Options, capabilities: Capabilities, meta: &Metadata) -> Option<Why> {
    if options.unlocked_readers {
        Some(Why::UnlockedReaders)
    } else if !capabilities.in_place {
        Some(Why::NoInPlace)
    } else if meta.links > 1 {
        Some(Why::HardLinked)
    } else {
        None
    }
}

/// Chooses between a whole file and ranges in place for a file of `len` bytes (new length) of which `changed` are new, where `kept` old ones are kept.
///
/// In place writes every changed byte twice (redo, then file) and what is kept once; a whole file is written once and the old one kept by its name, but that
/// needs names.
pub(crate) fn choose(choice: WayChoice, obstacle: Option<Why>, len: u64, (changed, kept): (u64, u64)) -> (Way, Why) {
    let in_place = changed.saturating_mul(2).saturating_add(kept);
    match (choice, obstacle) {
        (WayChoice::Put | WayChoice::Clone, _) => (Way::Put, Why::Asked),
        (_, Some(obstacle)) => (Way::Put, obstacle),
        (WayChoice::Patch, None) => (Way::Patch, Why::Asked),
        (WayChoice::Auto, None) if in_place <= len.saturating_add(NAME_COST) => (Way::Patch, Why::Cheapest),
        (WayChoice::Auto, None) => (Way::Put, Why::Cheapest),
    }
}

/// Whether a file of `len` bytes is to be cloned before it is changed.
pub(crate) fn clones(options: &Options, capabilities: Capabilities, len: u64) -> bool {
    capabilities.reflink
        && match options.way {
            WayChoice::Auto => len >= CLONE_LEN_MIN,
            WayChoice::Clone => true,
            WayChoice::Put | WayChoice::Patch => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_and_small_changes_go_in_place_and_large_changes_do_not() {
        let auto = |len, changed| choose(WayChoice::Auto, None, len, (changed, 0)).0;
        assert_eq!(auto(4096, 4096), Way::Patch);
        assert_eq!(auto(4 << 30, 20 << 20), Way::Patch);
        assert_eq!(auto(64 << 20, 64 << 20), Way::Put);
        assert_eq!(auto(64 << 20, 33 << 20), Way::Put);
        // What is kept for going back is written, too.
        assert_eq!(auto(64 << 20, 25 << 20), Way::Patch);
        assert_eq!(choose(WayChoice::Auto, None, 64 << 20, (25 << 20, 25 << 20)).0, Way::Put);
    }

    /// Over all combinations of numbers at which something changes, with sums that would not fit.
    #[test]
    fn the_cheaper_way_is_taken_over_all_sizes() {
        let edges = [0, 1, NAME_COST / 2, NAME_COST - 1, NAME_COST, NAME_COST + 1, 1 << 30, u64::MAX / 2, u64::MAX - 1, u64::MAX];
        for len in edges {
            for changed in edges {
                for kept in edges {
                    let in_place = (2 * u128::from(changed) + u128::from(kept)).min(u64::MAX.into());
                    let whole = (u128::from(len) + u128::from(NAME_COST)).min(u64::MAX.into());
                    let wanted = if in_place <= whole { Way::Patch } else { Way::Put };
                    assert_eq!(choose(WayChoice::Auto, None, len, (changed, kept)), (wanted, Why::Cheapest));
                    assert_eq!(choose(WayChoice::Patch, None, len, (changed, kept)), (Way::Patch, Why::Asked));
                    for choice in [WayChoice::Put, WayChoice::Clone] {
                        assert_eq!(choose(choice, None, len, (changed, kept)), (Way::Put, Why::Asked));
                    }
                }
            }
        }
    }

    #[test]
    fn what_may_be_cloned_and_changed_in_place_over_all_choices() {
        use untorn_sim::{SimFs, SimOptions, write};
        for at in 0..16_u32 {
            let is = |bit: u32| at >> bit & 1 == 1;
            let fs = SimFs::new(SimOptions { reflink: is(0), atomic_rename: true, ..SimOptions::strict() });
            write(&fs, "file", b"content").unwrap();
            if is(1) {
                untorn_fs::Fs::hard_link(&fs, "file", "other").unwrap();
            }
            let meta = untorn_fs::Fs::metadata(&fs, "file").unwrap();
            let mut capabilities = untorn_fs::Fs::capabilities(&fs);
            capabilities.in_place = is(2);
            let mut options = Options { unlocked_readers: is(3), ..Options::default() };
            let wanted = match (is(3), is(2), is(1)) {
                (true, _, _) => Some(Why::UnlockedReaders),
                (false, false, _) => Some(Why::NoInPlace),
                (false, true, true) => Some(Why::HardLinked),
                (false, true, false) => None,
            };
            assert_eq!(in_place_obstacle(&options, capabilities, &meta), wanted);
            for way in [WayChoice::Auto, WayChoice::Patch, WayChoice::Put, WayChoice::Clone] {
                for len in [0, CLONE_LEN_MIN - 1, CLONE_LEN_MIN, u64::MAX] {
                    options.way = way;
                    let wanted = is(0) && (way == WayChoice::Clone || way == WayChoice::Auto && len >= 1 << 20);
                    assert_eq!(clones(&options, capabilities, len), wanted, "{way:?} {len}");
                }
            }
        }
    }

    #[test]
    fn no_choice_overrides_an_obstacle() {
        for choice in [WayChoice::Auto, WayChoice::Patch, WayChoice::Put, WayChoice::Clone] {
            assert_eq!(choose(choice, Some(Why::HardLinked), 4 << 30, (1, 1)).0, Way::Put);
        }
    }
}
