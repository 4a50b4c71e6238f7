//! The bridge from the build before: for players who have that, and no patch from it.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    thread,
};

use untorn::Manifest;
use untorn_format::{
    Hash, TreePath, escape,
    index::{Bridge, Frame, Page},
    release::{BridgeObject, Pack, Release},
};
use untorn_fs::{Fs, OpenMode, OsFs};
use untorn_store::{BridgePlan, Crossing, Index, Located, PackInfo, layout::Name, missing};

use super::{Work, cut::Cut, pack_of};
use crate::{
    Body, Error, Result, Trouble, assemble,
    base::{Base, Old},
    release::{self, page_bytes},
};

/// Packs of a bridge get about as long as others.
const PACK_LEN: usize = 64 << 20;

/// A bridge that is in the store.
#[derive(Default)]
pub(super) struct Made {
    pub(super) bridges: Vec<BridgeObject>,
    /// The packs its frames lie in.
    pub(super) packs: Vec<Pack>,
    /// How many bytes all of it has.
    pub(super) len: u64,
}

/// Makes a bridge from the build that players have now, as far as it is worth it. What the store should have of that build but has not, is no reason not to publish: there is no
/// bridge then.
pub(super) fn make(work: &Work<'_>, manifest: &Manifest, base: &Base, cut: &Cut) -> Result<Made> {
    let Some(old) = base.history.first().filter(|old| old.release.manifest.hash != manifest.hash()) else {
        return Ok(Made::default());
    };
    if cut.new_chunks == 0 || work.options.no_bridge {
        return Ok(Made::default());
    }
    match plan(work, manifest, base, cut, old).and_then(|crossings| Making::new(work, manifest, cut, old)?.run(crossings)) {
        Err(Error::Damaged { .. } | Error::Chunks { .. }) => Ok(Made::default()),
        Err(Error::Backend(error)) if matches!(error.trouble, Trouble::Missing) => Ok(Made::default()),
        other => other,
    }
}

/// Which new chunks are compressed against which old ones.
fn plan(work: &Work<'_>, manifest: &Manifest, base: &Base, cut: &Cut, old: &Old) -> Result<Vec<Crossing>> {
    let (old_manifest, old_bytes) =
        (release::manifest(work.store, &old.release)?, release::index_bytes(work.store, &old.release)?);
    let mut before = Listing::new(release::index(&old_bytes, &old.release, &old_manifest)?, &old_bytes);
    let head = usize::try_from(cut.index.head_len).ok().and_then(|len| cut.index.bytes.get(..len)).unwrap_or_default();
    let index = Index::new(head, manifest).map_err(|source| broken(cut.index.hash, source))?;
    let mut now = Listing::new(index, &cut.index.bytes);
    let places: HashMap<&TreePath, usize> =
        old_manifest.entries().iter().enumerate().map(|(number, entry)| (&entry.path, number)).collect();
    let mut plan = BridgePlan::default();
    for (number, entry) in manifest.entries().iter().enumerate() {
        let there = old_manifest.get(&entry.path);
        if there.is_some_and(|there| there.kind == entry.kind) {
            continue;
        }
        let new = now.chunks(number).map_err(|source| broken(cut.index.hash, source))?;
        let old = match places.get(&entry.path) {
            Some(number) => before.chunks(*number).map_err(|source| broken(old.release.index.hash, source))?,
            None => Vec::new(),
        };
        plan.add(number, &new, &old, &|located| located.frame.pack >= base.first_pack);
    }
    Ok(plan.finish())
}

fn broken(index: Hash, source: untorn_store::Error) -> Error {
    Error::Chunks { name: Name::Index(index).to_string(), source }
}

/// An index that is in memory as a whole, read page by page.
struct Listing<'b> {
    index: Index,
    bytes: &'b [u8],
    pages: BTreeMap<u32, Page>,
}

/// How many pages are kept.
const PAGES_MAX: usize = 256;

impl<'b> Listing<'b> {
    fn new(index: Index, bytes: &'b [u8]) -> Self {
        Self { index, bytes, pages: BTreeMap::new() }
    }

    /// The chunks of an entry.
    fn chunks(&mut self, entry: usize) -> Result<Vec<Located>, untorn_store::Error> {
        if self.pages.len() > PAGES_MAX {
            self.pages.clear();
        }
        for number in self.index.pages_of(entry) {
            if let std::collections::btree_map::Entry::Vacant(free) = self.pages.entry(number) {
                free.insert(self.index.page(number, page_bytes(self.bytes, &self.index, number).unwrap_or_default())?);
            }
        }
        let page = |number: u32| self.pages.get(&number).ok_or(untorn_store::Error::PageDamaged);
        self.index.chunks_of(entry, page)
    }
}

/// A bridge in the making.
struct Making<'a> {
    work: &'a Work<'a>,
    manifest: &'a Manifest,
    build: OsFs,
    old: &'a Release,
    bridge: Bridge,
    pack: Vec<u8>,
    number: u32,
    made: Made,
}

impl<'a> Making<'a> {
    fn new(work: &'a Work<'a>, manifest: &'a Manifest, cut: &Cut, old: &'a Old) -> Result<Self> {
        let build = OsFs::open(work.build).map_err(|source| io_error("open", work.build, source))?;
        let bridge = Bridge { manifest: manifest.hash(), frames: Vec::new() };
        let (pack, number, made) = (Vec::new(), cut.next_pack, Made::default());
        Ok(Self { work, manifest, build, old: &old.release, bridge, pack, number, made })
    }

    fn run(mut self, crossings: Vec<Crossing>) -> Result<Made> {
        let jobs = match self.work.options.jobs {
            0 => thread::available_parallelism().map_or(1, std::num::NonZero::get),
            jobs => jobs,
        };
        for batch in crossings.chunks(jobs) {
            if self.work.should_stop() {
                return Err(Error::Stopped);
            }
            for (crossing, stored) in batch.iter().zip(self.compress(batch)?) {
                if let Some(stored) = stored {
                    self.put(crossing, &stored)?;
                }
            }
        }
        self.end_pack()?;
        if !self.bridge.frames.is_empty() {
            let bytes = self.bridge.encode();
            let object = BridgeObject { from: self.old.manifest.hash, hash: Hash::of(&bytes), len: bytes.len() as u64 };
            self.work.sender.send(&Name::Bridge(object.hash), Body::Bytes(&bytes))?;
            self.made.len += object.len;
            self.made.bridges.push(object);
        }
        Ok(self.made)
    }

    /// Several at once; none where it is not worth it.
    fn compress(&self, batch: &[Crossing]) -> Result<Vec<Option<Vec<u8>>>> {
        let bases: Vec<&Located> = batch.iter().flat_map(|crossing| &crossing.bases).collect();
        let frames = assemble::frames(self.work.store, self.old, &missing(bases, |_| false))?;
        let inputs = batch.iter().map(|crossing| Ok((crossing, self.chunks(crossing)?, self.bases(crossing, &frames)?)));
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        thread::scope(|scope| {
            let compress = |(crossing, chunks, bases): &'_ (&Crossing, Vec<u8>, Vec<u8>)| crossing.compress(chunks, bases);
            let running: Vec<_> = inputs.iter().map(|input| scope.spawn(move || compress(input))).collect();
            let failed = |source| Error::Chunks { name: escape(self.work.build.as_os_str().as_encoded_bytes()), source };
            running.into_iter().map(|thread| thread.join().unwrap_or(Ok(None)).map_err(failed)).collect()
        })
    }

    /// The old chunks, out of the frames they lie in.
    fn bases(&self, crossing: &Crossing, frames: &HashMap<Frame, Vec<u8>>) -> Result<Vec<u8>> {
        let mut bases = Vec::new();
        for located in &crossing.bases {
            let frame = frames.get(&located.frame).map(Vec::as_slice).unwrap_or_default();
            bases.extend_from_slice(located.bytes(frame).map_err(|source| broken(self.old.index.hash, source))?);
        }
        Ok(bases)
    }

    /// The new chunks, read from the build once more.
    fn chunks(&self, crossing: &Crossing) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for of_file in crossing.chunks.chunk_by(|one, next| one.0 == next.0) {
            let Some(entry) = self.manifest.entries().get(of_file[0].0) else { continue };
            let path = self.work.build.join(entry.path.as_str());
            let failed = |source| io_error("read", &path, source);
            let file = self.build.open(entry.path.as_str(), OpenMode::Read).map_err(failed)?;
            for (_, located) in of_file {
                let start = bytes.len();
                bytes.resize(start + usize::try_from(located.chunk.len).unwrap_or(0), 0);
                file.read_exact_at(&mut bytes[start..], located.at).map_err(failed)?;
                if Hash::of(&bytes[start..]) != located.chunk.hash {
                    return Err(untorn::Error::ChangedMeanwhile { path: entry.path.to_string() }.into());
                }
            }
        }
        Ok(bytes)
    }

    fn put(&mut self, crossing: &Crossing, stored: &[u8]) -> Result<()> {
        if self.pack.len() + stored.len() > PACK_LEN {
            self.end_pack()?;
        }
        let listed = crossing.listed(self.number, self.pack.len(), stored);
        self.bridge.frames.push(listed.map_err(|source| broken(Hash::NONE, source))?);
        self.pack.extend_from_slice(stored);
        Ok(())
    }

    fn end_pack(&mut self) -> Result<()> {
        if self.pack.is_empty() {
            return Ok(());
        }
        let info = PackInfo { number: self.number, hash: Hash::of(&self.pack), len: self.pack.len() as u64 };
        self.work.sender.send(&Name::Pack(info.hash), Body::Bytes(&self.pack))?;
        self.made.len += info.len;
        self.made.packs.push(pack_of(&info));
        self.pack.clear();
        self.number =
            self.number.checked_add(1).ok_or_else(|| broken(Hash::NONE, untorn_store::Error::TooLarge("number of packs")))?;
        Ok(())
    }
}

fn io_error(doing: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Io { doing, path: escape(path.as_os_str().as_encoded_bytes()), source }
}
