//! Where the bytes of damaged files come from.

use std::{
    io::{self, Read},
    path::Path,
};

use untorn_format::{
    TreePath,
    manifest::{Entry, Kind, Manifest},
};
use untorn_fs::{File, Fs, OpenMode, OsFs};

use super::{RepairOptions, mender::Failure};
use crate::{Error, Result, ScanOptions, content::FrontToBack, error::shown, scan::scan_on};

/// The tree that is being repaired.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) fs: &'a OsFs,
    pub(super) dir: &'a Path,
}

/// What is to be repaired.
#[derive(Clone, Copy)]
pub(super) struct Damage<'a> {
    pub(super) manifest: &'a Manifest,
    /// The places in the manifest of all entries that are missing or damaged, in order.
    pub(super) entries: &'a [usize],
}

impl<'a> Damage<'a> {
    /// The files among them: place in the manifest, and entry.
    pub(super) fn files(self) -> impl Iterator<Item = (usize, &'a Entry)> {
        let entries = self.entries.iter().filter_map(move |place| Some((*place, self.manifest.entries().get(*place)?)));
        entries.filter(|(_, entry)| matches!(entry.kind, Kind::File { .. }))
    }
}

/// Where the bytes of damaged files come from.
pub(super) trait Source {
    /// What the tree should be, where nobody else says so.
    fn wanted(&self, options: &RepairOptions) -> Result<Manifest>;

    /// Finds out what must be fetched, and what the tree itself still has. Says how many bytes must be fetched in all, where that is known beforehand.
    fn prepare(&mut self, place: Place<'_>, damage: Damage<'_>) -> Result<Option<u64>>;

    /// Fetches it.
    fn fetch(&mut self) -> Result<()>;

    /// The bytes of the damaged file at this place of the manifest, from its beginning to its end.
    fn open<'s>(&'s self, place: Place<'s>, number: usize, entry: &Entry) -> Result<Box<dyn Read + 's>, Failure>;

    /// What it calls a file, in messages.
    fn name(&self, path: &TreePath) -> String;

    /// How many bytes were fetched; `None` for as many as differ.
    fn fetched(&self) -> Option<u64>;

    /// How many bytes were found in other places of the tree.
    fn found(&self) -> u64 {
        0
    }

    /// Lets go of what was only kept in case the repair is stopped.
    fn done(&mut self) {}
}

/// A directory that holds the build, or at least all that is damaged.
pub(super) struct Build<'a> {
    fs: OsFs,
    dir: &'a Path,
}

impl<'a> Build<'a> {
    pub(super) fn open(dir: &'a Path) -> Result<Self> {
        Ok(Self { fs: crate::open::build(dir)?, dir })
    }
}

impl Source for Build<'_> {
    fn wanted(&self, options: &RepairOptions) -> Result<Manifest> {
        let mut scanning = ScanOptions::default();
        (scanning.jobs, scanning.observer) = (options.jobs, options.observer.clone());
        scan_on(&self.fs, self.dir, &scanning)
    }

    fn prepare(&mut self, _: Place<'_>, _: Damage<'_>) -> Result<Option<u64>> {
        Ok(None)
    }

    fn fetch(&mut self) -> Result<()> {
        Ok(())
    }

    fn open<'s>(&'s self, _: Place<'s>, _: usize, entry: &Entry) -> Result<Box<dyn Read + 's>, Failure> {
        let file = self.fs.open(entry.path.as_str(), OpenMode::Read).map_err(Failure::Read)?;
        let found = file.metadata().map_err(Failure::Read)?.len;
        match entry.kind {
            Kind::File { len, .. } if len == found => Ok(Box::new(FrontToBack { file, at: 0, tell: &|_| Ok(()) })),
            _ => Err(Failure::Other),
        }
    }

    fn name(&self, path: &TreePath) -> String {
        shown(&self.dir.join(path.as_str()))
    }

    fn fetched(&self) -> Option<u64> {
        None
    }
}

/// A file of the tree that is being repaired.
pub(super) fn open_in(place: Place<'_>, path: &TreePath) -> Result<Box<dyn File>> {
    let open = |path: &TreePath| place.fs.open(path.as_str(), OpenMode::Read);
    open(path).map_err(|error| Error::io("open", &place.dir.join(path.as_str()), error))
}

/// As [`open_in`]; `None` where there is no file, or none that can be read.
pub(super) fn look_in(place: Place<'_>, path: &TreePath) -> Option<Box<dyn File>> {
    place.fs.open(path.as_str(), OpenMode::Read).ok()
}

/// What a reader answers when the bytes it should give are not to be had.
pub(super) fn gone() -> io::Error {
    io::ErrorKind::InvalidData.into()
}
