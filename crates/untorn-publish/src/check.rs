//! Whether everything that players may be sent to is there, and is what it should be.

use std::collections::{BTreeMap, BTreeSet};

use untorn::Observer;
use untorn_format::{
    Hash, Hasher,
    index::{Frame, Page},
    release::{Release, Signed},
};
use untorn_store::{
    layout::{ChannelName, Name},
    located, open_frame, open_manifest,
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
        for pack in &release.packs {
            self.hashed(&Name::Pack(pack.hash), &pack.hash, pack.len)?;
        }
        for patch in &release.patches {
            self.hashed(&Name::Patch(patch.hash), &patch.hash, patch.len)?;
        }
        for delta in &release.manifest_deltas {
            let name = Name::ManifestDelta { from: delta.from, to: release.manifest.hash };
            self.hashed(&name, &delta.stored, delta.stored_len)?;
        }
        if let Err(error) = self.content(release) {
            match error {
                Error::Stopped => return Err(error),
                error => self.problem(&Name::Release(release.id()), &error),
            }
        }
        Ok(())
    }

    /// Whether an object has this hash and length.
    fn hashed(&mut self, name: &Name, hash: &Hash, len: u64) -> Result<()> {
        if !self.seen.insert(name.clone()) {
            return Ok(());
        }
        let (text, mut hasher, mut at) = (name.to_string(), Hasher::new(), 0);
        (self.report.objects, self.report.len) = (self.report.objects + 1, self.report.len.saturating_add(len));
        match self.store.head(&text) {
            Ok(Some(found)) if found == len => {}
            Ok(Some(found)) => return Ok(self.problem(name, &format!("it has {found} bytes instead of {len}"))),
            Ok(None) => return Ok(self.problem(name, &"it is not there")),
            Err(error) => return Ok(self.problem(name, &error)),
        }
        while at < len {
            self.stop_if_asked()?;
            let wanted = PIECE_LEN.min(len - at);
            match self.store.get_range(&text, at, usize::try_from(wanted).unwrap_or(0)) {
                Ok(bytes) => hasher.update(&bytes),
                Err(error) => return Ok(self.problem(name, &error)),
            }
            at += wanted;
        }
        if hasher.finish() != *hash {
            self.problem(name, &"its bytes are not those that the release names");
        }
        Ok(())
    }

    /// Whether every chunk of the build is where the index says.
    fn content(&mut self, release: &Release) -> Result<()> {
        let (manifest, bytes) = (manifest(self.store, release)?, index_bytes(self.store, release)?);
        self.report.objects += 2;
        self.report.len += release.manifest.stored_len + release.index.len;
        let index = index(&bytes, release, &manifest)?;
        let name = Name::Index(release.index.hash);
        let broken = |source| Error::Chunks { name: name.to_string(), source };
        let mut chunks: BTreeMap<Frame, Vec<untorn_store::Located>> = BTreeMap::new();
        let mut pages: BTreeMap<u32, Page> = BTreeMap::new();
        for number in 0..index.page_count() {
            pages.insert(number, index.page(number, page_bytes(&bytes, &index, number).unwrap_or_default()).map_err(broken)?);
        }
        for page in pages.values() {
            for chunk in located(page, 0).into_iter().flatten() {
                chunks.entry(chunk.frame).or_default().push(chunk);
            }
        }
        for entry in 0..manifest.entries().len() {
            if index.spans_of(entry).is_empty() {
                let page = |number: u32| pages.get(&number).ok_or(untorn_store::Error::PageDamaged);
                for chunk in index.chunks_of(entry, page).map_err(broken)? {
                    chunks.entry(chunk.frame).or_default().push(chunk);
                }
            }
        }
        drop(pages);
        for (frame, chunks) in chunks {
            self.stop_if_asked()?;
            self.frame(release, &frame, &chunks);
        }
        self.deltas(release)
    }

    fn frame(&mut self, release: &Release, frame: &Frame, chunks: &[untorn_store::Located]) {
        let Some(pack) = release.packs.iter().find(|pack| pack.number == frame.pack) else {
            return self.problem(
                &Name::Index(release.index.hash),
                &format!("it names pack {}, which the release does not have", frame.pack),
            );
        };
        let name = Name::Pack(pack.hash);
        let stored =
            self.store.get_range(&name.to_string(), u64::from(frame.at), usize::try_from(frame.stored_len).unwrap_or(usize::MAX));
        let opened = match stored {
            Ok(stored) => open_frame(frame, &stored),
            Err(error) => return self.problem(&name, &error),
        };
        let whole = opened.and_then(|bytes| chunks.iter().try_for_each(|chunk| chunk.bytes(&bytes).map(drop)));
        if let Err(error) = whole {
            self.problem(&name, &error);
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

/// A manifest of which only the hash is known.
fn unpacked(stored: &[u8], hash: &Hash) -> Option<untorn::Manifest> {
    untorn_store::manifest_len(stored).and_then(|len| open_manifest(stored, &Hash::of(stored), hash, len, None).ok())
}
