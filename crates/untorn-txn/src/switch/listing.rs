//! What a tree looked like at one moment: enough to tell, much later, which files somebody changed.
//!
//! A file with one name is recognised by identity, length, and the times of its last change and last write. For one that has, or had, several names the
//! time of change says nothing: it moves with every name made or removed anywhere.

use std::collections::{BTreeMap, BTreeSet};

use untorn_format::Hash;
use untorn_fs::{FileKind, Fs, Metadata};

use crate::{
    error::{Cause, Context, Error, Result},
    view::names,
};

/// What stands at one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) kind: FileKind,
    pub(crate) id: u128,
    pub(crate) len: u64,
    pub(crate) written: i128,
    pub(crate) changed: i128,
    /// Whether it has several names.
    pub(crate) is_shared: bool,
}

impl Seen {
    pub(crate) fn new(meta: &Metadata) -> Self {
        let id = meta.id.map_or(0, |id| id.0);
        Self { kind: meta.kind, id, len: meta.len, written: meta.written, changed: meta.changed, is_shared: meta.links > 1 }
    }

    /// Whether nobody changed it in between.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_shared = self.is_shared || other.is_shared;
        let alike = || {
            (self.id, self.len, self.written) == (other.id, other.len, other.written)
                && (is_shared || self.changed == other.changed)
        };
        self.kind == other.kind && (self.kind == FileKind::Dir || alike())
    }

    /// Whether both are names of one file.
    pub(crate) fn is_one_with(&self, other: &Self) -> bool {
        self.kind == FileKind::File && other.kind == FileKind::File && self.id != 0 && self.id == other.id
    }
}

/// Whether nobody changed what stands, or does not stand, at a path.
pub(crate) fn is_same(a: Option<&Seen>, b: Option<&Seen>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => a.is_same(b),
        _ => false,
    }
}

/// Every path of a tree but its state directory, parents first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing(pub(crate) BTreeMap<String, Seen>);

impl Listing {
    /// Walks the tree.
    pub(crate) fn of(fs: &dyn Fs) -> Result<Self> {
        let mut listing = Self::default();
        walk(fs, &mut |path, meta| {
            listing.0.insert(path.to_owned(), Seen::new(meta));
            Ok(())
        })?;
        Ok(listing)
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Seen> {
        self.0.get(path)
    }

    /// The paths at which the two differ.
    pub(crate) fn changed_since(&self, earlier: &Self) -> BTreeSet<String> {
        let paths = self.0.keys().chain(earlier.0.keys());
        let mut changed = BTreeSet::new();
        changed.extend(paths.filter(|path| !is_same(self.get(path), earlier.get(path))).cloned());
        changed
    }
}

/// Shows every path of a tree but its state directory, a directory before what is in it.
pub(crate) fn walk(fs: &dyn Fs, visit: &mut dyn FnMut(&str, &Metadata) -> Result<()>) -> Result<()> {
    let mut dirs = vec![String::new()];
    while let Some(dir) = dirs.pop() {
        let names = match names(fs, &dir) {
            Err(error) if !dir.is_empty() && is_gone(&error) => continue,
            other => other?,
        };
        for name in names {
            let path = if dir.is_empty() { name } else { format!("{dir}/{name}") };
            let meta = match fs.metadata(&path) {
                // Gone between listing and looking: as if it had never been listed.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) if untorn_fs::is_outside_tree(&error) => {
                    return Err(Error::new(Cause::Foreign { what: error.to_string() }).at(&path));
                }
                other => other.context("look at", &path)?,
            };
            visit(&path, &meta)?;
            if meta.is_dir() {
                dirs.push(path);
            }
        }
    }
    Ok(())
}

/// Whether the error says that there is nothing, any more.
pub(crate) fn is_gone(error: &Error) -> bool {
    matches!(error.cause(), Cause::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}

/// What going back needs to know about the tree a switch put in place: how it was, and which paths the update, and not somebody else, made different
/// from the previous tree.
///
/// ```text
///  0  8  magic "UNTORNls"    12  4  number of entries      20  ...  entries: kind 1, identity 16, length 8, written 16,
///  8  4  format, 1           16  4  number of paths                 changed 16, has several names 1, path
///                                                     ...  ...  paths; each is its length (4) and its bytes
///                                                  end-32  32   BLAKE3 of all before
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Handover {
    pub(crate) listing: Listing,
    pub(crate) touched: BTreeSet<String>,
}

const MAGIC: [u8; 8] = *b"UNTORNls";
const FORMAT: u32 = 1;
const CHECKSUM_LEN: usize = 32;

impl Handover {
    /// The bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend(count(self.listing.0.len()));
        bytes.extend(count(self.touched.len()));
        for (path, seen) in &self.listing.0 {
            bytes.push(kind_number(seen.kind));
            bytes.extend(seen.id.to_le_bytes());
            bytes.extend(seen.len.to_le_bytes());
            bytes.extend(seen.written.to_le_bytes());
            bytes.extend(seen.changed.to_le_bytes());
            bytes.push(seen.is_shared.into());
            put_path(&mut bytes, path);
        }
        self.touched.iter().for_each(|path| put_path(&mut bytes, path));
        let hash = Hash::of(&bytes);
        bytes.extend(hash.0);
        bytes
    }

    /// `None` for bytes that are damaged, or of a format we do not know.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (before, checksum) = bytes.split_last_chunk::<CHECKSUM_LEN>()?;
        if Hash::of(before).0 != *checksum {
            return None;
        }
        let mut rest = before.strip_prefix(&MAGIC)?.strip_prefix(&FORMAT.to_le_bytes())?;
        let (entries, paths) = (u32::from_le_bytes(*take(&mut rest)?), u32::from_le_bytes(*take(&mut rest)?));
        let mut handover = Self::default();
        for _ in 0..entries {
            let seen = Seen {
                kind: kind_of(u8::from_le_bytes(*take(&mut rest)?))?,
                id: u128::from_le_bytes(*take(&mut rest)?),
                len: u64::from_le_bytes(*take(&mut rest)?),
                written: i128::from_le_bytes(*take(&mut rest)?),
                changed: i128::from_le_bytes(*take(&mut rest)?),
                is_shared: u8::from_le_bytes(*take(&mut rest)?) != 0,
            };
            handover.listing.0.insert(take_path(&mut rest)?, seen);
        }
        for _ in 0..paths {
            handover.touched.insert(take_path(&mut rest)?);
        }
        rest.is_empty().then_some(handover)
    }
}

fn count(items: usize) -> [u8; 4] {
    u32::try_from(items).unwrap_or(u32::MAX).to_le_bytes()
}

fn put_path(bytes: &mut Vec<u8>, path: &str) {
    bytes.extend(count(path.len()));
    bytes.extend(path.as_bytes());
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(taken)
}

fn take_path(rest: &mut &[u8]) -> Option<String> {
    let len = usize::try_from(u32::from_le_bytes(*take(rest)?)).ok()?;
    let (path, after) = rest.split_at_checked(len)?;
    *rest = after;
    String::from_utf8(path.to_vec()).ok()
}

const KINDS: [FileKind; 4] = [FileKind::File, FileKind::Dir, FileKind::Symlink, FileKind::Other];

fn kind_number(kind: FileKind) -> u8 {
    match kind {
        FileKind::File => 0,
        FileKind::Dir => 1,
        FileKind::Symlink => 2,
        FileKind::Other => 3,
    }
}

fn kind_of(number: u8) -> Option<FileKind> {
    KINDS.get(usize::from(number)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(kind: FileKind, id: u128, changed: i128) -> Seen {
        Seen { kind, id, len: 5, written: 1, changed, is_shared: id == 3 }
    }

    fn handover() -> Handover {
        let entries = KINDS.iter().zip(1..).map(|(&kind, id)| (format!("p/{id}"), seen(kind, id, -3)));
        Handover { listing: Listing(entries.collect()), touched: ["p/2".into(), "gone".into()].into() }
    }

    #[test]
    fn what_is_written_is_read_and_no_damage_is_accepted() {
        let (handover, bytes) = (handover(), handover().encode());
        assert_eq!(Handover::decode(&bytes), Some(handover));
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 4;
            assert_eq!(Handover::decode(&bad), None, "byte {at}");
            assert_eq!(Handover::decode(&bytes[..at]), None, "{at} bytes");
        }
    }

    #[test]
    fn a_count_that_cannot_be_true_is_refused() {
        let mut bytes = Handover::default().encode();
        bytes.truncate(bytes.len() - CHECKSUM_LEN);
        bytes[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
        let hash = Hash::of(&bytes);
        bytes.extend(hash.0);
        assert_eq!(Handover::decode(&bytes), None);
    }

    #[test]
    fn the_time_of_change_counts_only_for_a_file_with_one_name() {
        let one = seen(FileKind::File, 1, 10);
        let shared = Seen { changed: 11, is_shared: true, ..one };
        assert!(!one.is_same(&Seen { changed: 11, ..one }));
        assert!(one.is_same(&shared) && shared.is_same(&one));
        assert!(!one.is_same(&Seen { len: 6, ..shared }) && !one.is_same(&Seen { written: 2, ..shared }));
        assert!(!one.is_same(&Seen { id: 2, ..one }));
        assert!(seen(FileKind::Dir, 1, 10).is_same(&seen(FileKind::Dir, 2, 11)));
    }
}
