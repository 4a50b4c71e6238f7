//! Whether everything that players may be sent to is there, and is what it should be.

use std::collections::{BTreeMap, BTreeSet};

use untorn::{Manifest, Observer};
use untorn_format::{
    Hash, Hasher,
    index::{Bridge, Frame, Page},
    release::{BridgeObject, Pack, Release, Signed},
};
use untorn_store::{
    Located,
    layout::{ChannelName, Name},
    open_frame, open_manifest,
};

use crate::{
    Backend, Error, Result,
    channel::Head,
    objects::need,
    release::{index, index_bytes, manifest, page_bytes, read_current},
    roots::Roots,
};

/// What is wrong with a store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The object.
    pub name: String,
    /// What is wrong, in a sentence.
    pub what: String,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// What is wrong; nothing, it is to be hoped.
    pub problems: Vec<Problem>,
    /// How many channels there are.
    pub channels: usize,
    /// How many releases they name.
    pub releases: usize,
    /// How many objects were read.
    pub objects: u64,
    /// How many bytes these have.
    pub len: u64,
}

impl CheckReport {
    /// Whether all is well.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// How much of a long object is read at once.
const PIECE_LEN: u64 = 8 << 20;

/// Reads every pointer, and everything it reaches, whole: signatures, hashes, and whether each chunk of each build comes out of its pack. `roots` are what the caller
/// believes; without any, the store is taken at its word about the first root.
///
/// # Errors
/// [`Error::NoRoot`]; [`Error::Trust`] when the chain of roots breaks; [`Error::Stopped`]. What is wrong with anything else is an answer.
pub fn check(store: &dyn Backend, roots: &[Signed], observer: Option<&dyn Observer>) -> Result<CheckReport> {
    let roots = Roots::read(store, roots)?.ok_or(Error::NoRoot)?;
    let mut check = Check { store, roots, report: CheckReport::default(), seen: BTreeSet::new(), observer };
    let mut releases = BTreeSet::new();
    for name in store.list("channel/")?.into_iter().filter_map(|listed| Name::parse(&listed.name)) {
        if let Name::Channel(channel) = name {
            check.report.channels += 1;
            releases.extend(check.channel(&channel));
        }
    }
    check.report.releases = releases.len();
    for id in releases {
        check.stop_if_asked()?;
        match read_current(store, &check.roots, id) {
            Ok(release) => check.release(&release)?,
            Err(error) => check.problem(&Name::Release(id), &error),
        }
    }
    Ok(check.report)
}

struct Check<'s> {
    store: &'s dyn Backend,
    roots: Roots,
    report: CheckReport,
    /// Objects that were read.
    seen: BTreeSet<Name>,
    observer: Option<&'s dyn Observer>,
}

impl Check<'_> {
    fn stop_if_asked(&self) -> Result<()> {
        if self.observer.is_some_and(Observer::should_stop) { Err(Error::Stopped) } else { Ok(()) }
    }

    fn problem(&mut self, name: &Name, what: &dyn std::fmt::Display) {
        self.report.problems.push(Problem { name: name.to_string(), what: what.to_string() });
    }

    /// The releases a channel names. It must be signed by those who may now, and stand in the log.
    fn channel(&mut self, name: &ChannelName) -> Vec<Hash> {
        let object = Name::Channel(name.clone());
        let head = match Head::read(self.store, &self.roots, name) {
            Ok(head) => head,
            Err(error) => {
                self.problem(&object, &error);
                return Vec::new();
            }
        };
        let Some((channel, _)) = &head.current else { return Vec::new() };
        if let Err(error) = self.roots.newest().channel(&channel.signed) {
            self.problem(&object, &error);
        }
        let entry = Name::Log(name.clone(), channel.document.seq);
        match need(self.store, &entry, channel.signed.document.len() as u64) {
            Ok(bytes) if bytes == channel.signed.document => {}
            Ok(_) => self.problem(&entry, &"it is not what the channel points to"),
            Err(error) => self.problem(&entry, &error),
        }
        channel.document.platforms.iter().map(|pointer| pointer.release).collect()
    }

    fn release(&mut self, release: &Release) -> Result<()> {
        for patch in &release.patches {
            self.hashed(&Name::Patch(patch.hash), &patch.hash, patch.len)?;
        }
        for bridge in &release.bridges {
            self.bridge(release, bridge)?;
        }
        for delta in &release.manifest_deltas {
            let name = Name::ManifestDelta { from: delta.from, to: release.manifest.hash };
            self.hashed(&name, &delta.stored, delta.stored_len)?;
        }
        match self.content(release) {
            Err(error @ Error::Stopped) => return Err(error),
            Err(error) => self.problem(&Name::Release(release.id()), &error),
            Ok(()) => {}
        }
        Ok(())
    }

    /// Whether a bridge is one, and each of its frames is in its pack. What comes out of them is compared by whoever uses them, and has the frames of the index besides.
    fn bridge(&mut self, release: &Release, object: &BridgeObject) -> Result<()> {
        let name = Name::Bridge(object.hash);
        self.hashed(&name, &object.hash, object.len)?;
        let read = || -> Result<Option<&'static str>> {
            let bytes = need(self.store, &name, object.len)?;
            let bridge =
                Bridge::decode(&bytes).map_err(|error| Error::Chunks { name: name.to_string(), source: error.into() })?;
            let fits = |frame: &Frame| {
                let pack = release.packs.iter().find(|pack| pack.number == frame.pack);
                pack.is_some_and(|pack| u64::from(frame.at) + u64::from(frame.stored_len) <= pack.len)
            };
            Ok(if bridge.manifest != release.manifest.hash {
                Some("it leads to another build")
            } else if !bridge.frames.iter().all(|frame| fits(&frame.frame)) {
                Some("it names bytes that no pack of the release has")
            } else {
                None
            })
        };
        match read() {
            Err(error @ Error::Stopped) => return Err(error),
            Err(error) => self.problem(&name, &error),
            Ok(Some(what)) => self.problem(&name, &what),
            Ok(None) => {}
        }
        Ok(())
    }

    /// Whether an object has this hash and length.
    fn hashed(&mut self, name: &Name, hash: &Hash, len: u64) -> Result<()> {
        if !self.seen.insert(name.clone()) {
            return Ok(());
        }
        self.count(len);
        match self.hash_of(&name.to_string(), len) {
            Err(error @ Error::Stopped) => return Err(error),
            Err(error) => self.problem(name, &error),
            Ok(found) if found != *hash => self.problem(name, &OTHER_BYTES),
            Ok(_) => {}
        }
        Ok(())
    }

    fn count(&mut self, len: u64) {
        (self.report.objects, self.report.len) = (self.report.objects + 1, self.report.len.saturating_add(len));
    }

    fn hash_of(&self, name: &str, len: u64) -> Result<Hash> {
        if self.store.head(name)? != Some(len) {
            return Err(Error::Damaged { name: name.into(), what: "it is not there, or of another length" });
        }
        let (mut hasher, mut at) = (Hasher::new(), 0);
        while at < len {
            self.stop_if_asked()?;
            let wanted = PIECE_LEN.min(len - at);
            hasher.update(&self.store.get_range(name, at, usize::try_from(wanted).unwrap_or(0))?);
            at += wanted;
        }
        Ok(hasher.finish())
    }

    /// Whether every chunk of the build is where the index says.
    fn content(&mut self, release: &Release) -> Result<()> {
        let (manifest, bytes) = (manifest(self.store, release)?, index_bytes(self.store, release)?);
        self.count(release.manifest.stored_len);
        self.count(release.index.len);
        let chunks = by_pack(release, &manifest, &bytes)?;
        for pack in &release.packs {
            self.stop_if_asked()?;
            self.pack(pack, chunks.get(&pack.number));
        }
        let listed: BTreeSet<u32> = release.packs.iter().map(|pack| pack.number).collect();
        for number in chunks.keys().filter(|number| !listed.contains(*number)) {
            let what = format!("it names pack {number}, which the release does not have");
            self.problem(&Name::Index(release.index.hash), &what);
        }
        self.deltas(release)
    }

    /// Whether a pack is what the release says, and each chunk in its frame. It is in memory as a whole.
    fn pack(&mut self, pack: &Pack, frames: Option<&Frames>) {
        let name = Name::Pack(pack.hash);
        if self.seen.insert(name.clone()) {
            self.count(pack.len);
        }
        let bytes = match need(self.store, &name, pack.len) {
            Ok(bytes) if Hash::of(&bytes) == pack.hash => bytes,
            Ok(_) => return self.problem(&name, &OTHER_BYTES),
            Err(error) => return self.problem(&name, &error),
        };
        for (frame, chunks) in frames.into_iter().flatten() {
            if let Err(error) = whole(&bytes, frame, chunks) {
                self.problem(&name, &error);
            }
        }
    }

    /// A difference of manifests needs the older one; where that is gone, nobody can use it, and that is no harm.
    fn deltas(&mut self, release: &Release) -> Result<()> {
        let object = release.manifest;
        for delta in &release.manifest_deltas {
            let older = self.store.get(&Name::Manifest(delta.from).to_string(), untorn_format::manifest::MANIFEST_LEN_MAX)?;
            let Some(older) = older.and_then(|found| unpacked(&found.bytes, &delta.from)) else { continue };
            let name = Name::ManifestDelta { from: delta.from, to: object.hash };
            let stored = need(self.store, &name, delta.stored_len)?;
            if let Err(error) = open_manifest(&stored, &delta.stored, &object.hash, object.len, Some(&older)) {
                self.problem(&name, &error);
            }
        }
        Ok(())
    }
}

const OTHER_BYTES: &str = "its bytes are not those that the release names";

/// The chunks that the index says are in each frame.
type Frames = BTreeMap<Frame, Vec<Located>>;

/// The frames of each pack that the index names.
fn by_pack(release: &Release, manifest: &Manifest, bytes: &[u8]) -> Result<BTreeMap<u32, Frames>> {
    let index = index(bytes, release, manifest)?;
    let broken = |source| Error::Chunks { name: Name::Index(release.index.hash).to_string(), source };
    let mut pages: BTreeMap<u32, Page> = BTreeMap::new();
    for number in 0..index.page_count() {
        let page = index.page(number, page_bytes(bytes, &index, number).unwrap_or_default());
        pages.insert(number, page.map_err(broken)?);
    }
    let mut packs: BTreeMap<u32, Frames> = BTreeMap::new();
    for entry in 0..manifest.entries().len() {
        let page = |number: u32| pages.get(&number).ok_or(untorn_store::Error::PageDamaged);
        for chunk in index.chunks_of(entry, page).map_err(broken)? {
            packs.entry(chunk.frame.pack).or_default().entry(chunk.frame).or_default().push(chunk);
        }
    }
    Ok(packs)
}

/// Whether each chunk comes out of the frame.
fn whole(pack: &[u8], frame: &Frame, chunks: &[Located]) -> Result<(), untorn_store::Error> {
    let range = usize::try_from(frame.at).ok().zip(usize::try_from(frame.stored_len).ok());
    let stored = range.and_then(|(at, len)| pack.get(at..at.checked_add(len)?)).ok_or(untorn_store::Error::FrameDamaged)?;
    let bytes = open_frame(frame, stored)?;
    chunks.iter().try_for_each(|chunk| chunk.bytes(&bytes).map(drop))
}

/// A manifest of which only the hash is known.
fn unpacked(stored: &[u8], hash: &Hash) -> Option<Manifest> {
    untorn_store::manifest_len(stored).and_then(|len| open_manifest(stored, &Hash::of(stored), hash, len, None).ok())
}
