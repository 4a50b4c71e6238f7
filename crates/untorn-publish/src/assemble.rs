//! Old builds, put together again from the store.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry},
    io,
    path::Path,
};

use untorn::{Observer, ScanOptions};
use untorn_format::{
    Hash, TreePath, escape,
    index::{Frame, Page},
    manifest::{self, Kind, Manifest},
    release::Release,
};
use untorn_fs::{File, Fs, OpenMode, OsFs};
use untorn_store::{FetchOptions, Located, layout::Name, missing, open_frame, plan_fetches};

use crate::{
    Backend, Error, Result,
    release::{self, index, index_bytes, page_bytes},
};

/// How many bytes of chunks are fetched before they are written.
const BATCH_LEN: u64 = 32 << 20;
/// Fetching this much in vain is cheaper than another request.
const GAP_LEN: u32 = 64 << 10;
/// How much of a file is copied at once.
const PIECE_LEN: usize = 1 << 20;

/// A directory that holds a build from before.
pub(crate) struct Local {
    fs: OsFs,
    files: HashMap<Hash, TreePath>,
}

impl Local {
    /// Reads the whole directory.
    pub(crate) fn read(dir: &Path, jobs: usize) -> Result<Self> {
        let mut options = ScanOptions::default();
        options.jobs = jobs;
        let manifest = untorn::scan(dir, &options)?;
        let fs = OsFs::open(dir).map_err(|source| io_error("open", dir, source))?;
        let file = |entry: &manifest::Entry| match entry.kind {
            Kind::File { hash, .. } => Some((hash, entry.path.clone())),
            _ => None,
        };
        Ok(Self { fs, files: manifest.entries().iter().filter_map(file).collect() })
    }
}

/// Puts the build of `release` together in the empty directory `dir`, from what `locals` have and from the store.
///
/// What comes from the store is checked chunk by chunk. What comes from `locals` may have changed since it was read: whoever needs the build to be exactly that
/// one compares it as a whole.
pub(crate) fn assemble(
    store: &dyn Backend,
    release: &Release,
    locals: &[Local],
    dir: &Path,
    observer: Option<&dyn Observer>,
) -> Result<Manifest> {
    let manifest = release::manifest(store, release)?;
    let fs = OsFs::open(dir).map_err(|source| io_error("open", dir, source))?;
    let wanted = lay_out(&fs, &manifest, locals).map_err(|source| io_error("write", dir, source))?;
    if !wanted.is_empty() {
        let mut fill = Fill { store, release, fs: &fs, dir, batch: Vec::new(), batch_len: 0, observer };
        fill.files(&manifest, &wanted)?;
    }
    Ok(manifest)
}

/// Makes everything but the bytes that only the store has; gives the places of those files in the manifest.
fn lay_out(fs: &OsFs, manifest: &Manifest, locals: &[Local]) -> io::Result<Vec<usize>> {
    let mut wanted = Vec::new();
    for (number, entry) in manifest.entries().iter().enumerate() {
        let path = entry.path.as_str();
        match &entry.kind {
            Kind::Dir => fs.create_dir(path, None)?,
            Kind::Symlink { target } => fs.symlink(target, path)?,
            Kind::File { len, hash, executable } => {
                let file = fs.open(path, OpenMode::CreateNew { executable: *executable })?;
                let local = locals.iter().find_map(|local| Some((&local.fs, local.files.get(hash)?)));
                match local {
                    Some((from, old)) => copy(from, old, file.as_ref())?,
                    None if *len > 0 => wanted.push(number),
                    None => {}
                }
            }
        }
    }
    Ok(wanted)
}

fn copy(from: &OsFs, path: &TreePath, to: &dyn File) -> io::Result<()> {
    let (file, mut piece, mut at) = (from.open(path.as_str(), OpenMode::Read)?, vec![0; PIECE_LEN], 0);
    loop {
        match file.read_at(&mut piece, at)? {
            0 => return Ok(()),
            len => {
                to.write_all_at(&piece[..len], at)?;
                at += len as u64;
            }
        }
    }
}

/// Files that are being filled from the store.
struct Fill<'a> {
    store: &'a dyn Backend,
    release: &'a Release,
    fs: &'a OsFs,
    dir: &'a Path,
    /// What is fetched next, and where it goes.
    batch: Vec<(&'a TreePath, Located)>,
    batch_len: u64,
    observer: Option<&'a dyn Observer>,
}

impl<'a> Fill<'a> {
    fn files(&mut self, manifest: &'a Manifest, wanted: &[usize]) -> Result<()> {
        let name = Name::Index(self.release.index.hash).to_string();
        let broken = |source| Error::Chunks { name: name.clone(), source };
        let bytes = index_bytes(self.store, self.release)?;
        let index = index(&bytes, self.release, manifest)?;
        let mut pages: BTreeMap<u32, Page> = BTreeMap::new();
        for number in wanted {
            for page in index.pages_of(*number) {
                if let Entry::Vacant(free) = pages.entry(page) {
                    let bytes = page_bytes(&bytes, &index, page).unwrap_or_default();
                    free.insert(index.page(page, bytes).map_err(broken)?);
                }
            }
            let page = |number: u32| pages.get(&number).ok_or(untorn_store::Error::PageDamaged);
            let chunks = index.chunks_of(*number, page).map_err(broken)?;
            let path = &manifest.entries()[*number].path;
            for located in chunks {
                self.add(path, located)?;
            }
            // Those of one large file are not needed for the next one.
            if pages.len() > PAGES_MAX {
                pages.clear();
            }
        }
        self.write()
    }

    fn add(&mut self, path: &'a TreePath, located: Located) -> Result<()> {
        self.batch_len += u64::from(located.chunk.len);
        self.batch.push((path, located));
        if self.batch_len >= BATCH_LEN { self.write() } else { Ok(()) }
    }

    /// Fetches the batch and writes it.
    fn write(&mut self) -> Result<()> {
        if self.observer.is_some_and(Observer::should_stop) {
            return Err(Error::Stopped);
        }
        let wanted = missing(self.batch.iter().map(|(_, located)| located), |_| false);
        let frames = frames(self.store, self.release, &wanted)?;
        let mut open: Option<(&TreePath, Box<dyn File>)> = None;
        for (path, located) in &self.batch {
            let damaged = |source| Error::Chunks { name: path.to_string(), source };
            let frame = frames.get(&located.frame).ok_or(untorn_store::Error::FrameDamaged).map_err(damaged)?;
            let bytes = located.bytes(frame).map_err(damaged)?;
            let failed = |source| io_error("write", &self.dir.join(path.as_str()), source);
            if open.as_ref().is_none_or(|(name, _)| name != path) {
                open = Some((path, self.fs.open(path.as_str(), OpenMode::Write).map_err(failed)?));
            }
            if let Some((_, file)) = &open {
                file.write_all_at(bytes, located.at).map_err(failed)?;
            }
        }
        self.batch.clear();
        self.batch_len = 0;
        Ok(())
    }
}

/// Frames of a release, by what they are, decompressed.
pub(crate) fn frames(store: &dyn Backend, release: &Release, frames: &BTreeSet<Frame>) -> Result<HashMap<Frame, Vec<u8>>> {
    let mut options = FetchOptions::default();
    options.gap_max = GAP_LEN;
    let mut found = HashMap::new();
    for fetch in plan_fetches(frames, options) {
        let pack = release.packs.iter().find(|pack| pack.number == fetch.pack);
        let index = Name::Index(release.index.hash).to_string();
        let pack = pack.ok_or(Error::Damaged { name: index, what: "it names a pack that the release does not have" })?;
        let name = Name::Pack(pack.hash).to_string();
        let bytes = store.get_range(&name, fetch.range.start, usize::try_from(fetch.len()).unwrap_or(usize::MAX))?;
        for (frame, stored) in fetch.split(&bytes) {
            let opened = open_frame(frame, stored).map_err(|source| Error::Chunks { name: name.clone(), source })?;
            found.insert(*frame, opened);
        }
    }
    Ok(found)
}

/// How many pages are kept in memory; each tells about some 16 MiB.
const PAGES_MAX: usize = 1024;

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io { doing, path: escape(path.as_os_str().as_encoded_bytes()), source }
}
