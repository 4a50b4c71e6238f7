//! Repair from a store of releases: only damaged chunks are fetched.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use untorn_format::{
    Hash, TreePath,
    index::{Chunk, Page},
    manifest::{Entry, Kind, Manifest},
    release::Release,
};
use untorn_fs::File;
use untorn_remote::{Fault, Part, Remote, Taker};
use untorn_store::{
    Error as StoreError, Fetch, FetchOptions, Frame, Index, Located, chunks_of, layout::Name, located, open_frame, plan_fetches,
};
use untorn_txn::{Fetched, Observer, Phase};

use super::{
    RepairOptions, elsewhere,
    mender::Failure,
    recipe::{Origin, Reading, Recipe},
    release::expect,
    source::{Damage, Place, Source, look_in},
};
use crate::{
    Error, Result,
    content::for_each,
    damage::{holds, is_whole},
    index_at_hand::{IndexAtHand, index_name},
};

/// What a frame is called among what was fetched, by the hash of its stored bytes.
fn frame_name(frame: &Frame) -> String {
    format!("{FRAME}{}", frame.hash)
}
const FRAME: &str = "frame-";

/// How much is asked for at once, in bytes: so much of what is under way is lost when a repair is stopped.
const PART_LEN: u32 = 1 << 20;

/// A release in a store.
pub(super) struct Store<'a> {
    remote: &'a Remote,
    release: Release,
    /// Where what was fetched is kept; none when the tree is not held.
    kept: Option<Fetched>,
    observer: Option<Arc<dyn Observer>>,
    jobs: usize,
    /// How many bytes had come before.
    received: u64,
    index: Option<Index>,
    cache: Option<Box<dyn File>>,
    pages: HashMap<u32, Page>,
    recipes: HashMap<usize, Recipe>,
    fetches: Vec<Fetch>,
    found: u64,
}

impl<'a> Store<'a> {
    pub(super) fn new(
        remote: &'a Remote,
        release: Release,
        received: u64,
        kept: Option<Fetched>,
        options: &RepairOptions,
    ) -> Self {
        Self {
            remote,
            release,
            kept,
            observer: options.observer.clone(),
            jobs: options.jobs,
            received,
            index: None,
            cache: None,
            pages: HashMap::new(),
            recipes: HashMap::new(),
            fetches: Vec::new(),
            found: 0,
        }
    }

    fn error(&self, name: &Name, source: StoreError) -> Error {
        Error::Store { what: format!("{}/{name}", self.remote.base()), source }
    }

    fn index_name(&self) -> Name {
        Name::Index(self.release.index.hash)
    }

    /// The head of the index: the one that is kept, or that of the store.
    fn open_index(&mut self, manifest: &Manifest) -> Result<()> {
        let kept_name = index_name(manifest.hash());
        let kept = self.kept.as_ref().and_then(|kept| kept.open(&kept_name).ok().flatten());
        if let Some(Ok(Ok(at_hand))) = kept.map(|file| IndexAtHand::open(file, manifest))
            && at_hand.index().is_placed()
            && at_hand.head_hash() == self.release.index.head_hash
        {
            self.index = Some(at_hand.into_index());
        } else {
            let (head, name) = (self.release.index, self.index_name());
            let check = |bytes: &[u8]| expect(bytes, head.head_hash);
            let bytes = self.remote.get_range(&name.to_string(), 0..head.head_len, &check)?;
            let index = Index::new(&bytes, manifest).map_err(|source| self.error(&name, source))?;
            if !index.is_placed() || index.total_len() != head.len {
                return Err(self.error(&name, StoreError::OtherManifest));
            }
            // What cannot be kept is fetched again the next time.
            let file = self.kept.as_ref().and_then(|kept| kept.make(&kept_name).ok());
            if let Some(file) = file {
                drop(file.set_len(0).and_then(|()| file.write_all_at(&bytes, 0)));
            }
            self.index = Some(index);
        }
        self.cache = self.kept.as_ref().and_then(|kept| kept.make(&kept_name).ok());
        Ok(())
    }

    fn index(&self) -> Result<&Index> {
        self.index.as_ref().ok_or_else(|| self.error(&self.index_name(), StoreError::PageDamaged))
    }

    /// Has these pages at hand.
    fn need_pages(&mut self, numbers: impl IntoIterator<Item = u32>) -> Result<()> {
        let mut missing = BTreeSet::new();
        for number in numbers.into_iter().collect::<BTreeSet<_>>() {
            if self.pages.contains_key(&number) {
                continue;
            }
            match self.cached_page(number)? {
                Some(page) => drop(self.pages.insert(number, page)),
                None => drop(missing.insert(number)),
            }
        }
        let missing: Vec<_> = missing.into_iter().collect();
        let (index, name) = (self.index()?, self.index_name());
        let range = |number: &u32| index.page_range(*number).unwrap_or(0..0);
        let parts: Vec<_> = missing.iter().map(|number| Part { name: name.to_string(), pieces: vec![range(number)] }).collect();
        let check = |part: usize, bytes: &[u8]| match missing.get(part).and_then(|number| index.page_hash(*number)) {
            Some(hash) => expect(bytes, hash),
            None => Err("there is no such page".to_owned()),
        };
        let mut came = Vec::new();
        self.get(&parts, &check, &mut |part, bytes| {
            came.push((missing[part], bytes));
            Ok(())
        })?;
        for (number, bytes) in came {
            let page = self.index()?.page(number, &bytes).map_err(|source| self.error(&name, source))?;
            if let (Some(cache), Some(range)) = (&self.cache, self.index()?.page_range(number)) {
                // What cannot be kept is fetched again the next time.
                drop(cache.write_all_at(&bytes, range.start));
            }
            self.pages.insert(number, page);
        }
        Ok(())
    }

    fn cached_page(&self, number: u32) -> Result<Option<Page>> {
        let index = self.index()?;
        let (Some(cache), Some(range)) = (&self.cache, index.page_range(number)) else { return Ok(None) };
        let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap_or(0)];
        let read = cache.read_exact_at(&mut bytes, range.start);
        Ok(read.ok().and_then(|()| index.page(number, &bytes).ok()))
    }

    /// Fetches parts, several at once.
    fn get(&self, parts: &[Part], check: &Check<'_>, take: &mut dyn FnMut(usize, Vec<u8>) -> io::Result<()>) -> Result<()> {
        if parts.is_empty() {
            return Ok(());
        }
        let total = parts.iter().flat_map(|part| &part.pieces).map(|piece| piece.end - piece.start).sum();
        let taker = Taking { check, observer: self.observer.as_deref(), is_full: AtomicBool::new(false) };
        let mut done = 0;
        self.remote.get_parts(parts, &taker, &mut |number, _, bytes| {
            done += bytes.len() as u64;
            if let Some(observer) = self.observer.as_deref() {
                observer.progress(Phase::Read, done, total);
            }
            take(number, bytes).map_err(|error| {
                taker.is_full.store(true, Relaxed);
                untorn_remote::Error::new(self.remote.base(), Fault::Sink(error))
            })
        })?;
        Ok(())
    }

    /// What of a file is there, and what is missing.
    fn recipe(&mut self, place: Place<'_>, number: usize, entry: &Entry) -> Result<Recipe> {
        let mut recipe = Recipe::default();
        let Kind::File { len, hash, .. } = entry.kind else { return Ok(recipe) };
        let file = look_in(place, &entry.path);
        let spans = self.index()?.spans_of(number).to_vec();
        if spans.is_empty() && len > 0 {
            let chunk = Chunk { len: u32::try_from(len).unwrap_or(0), hash };
            match &file {
                Some(file) if holds(&**file, 0, &chunk) => recipe.add_good(0, len),
                _ => recipe.add_missing(0, chunk),
            }
        }
        let starts: Vec<u64> = spans.iter().scan(0, |at, span| Some(std::mem::replace(at, *at + span.len))).collect();
        let is_good = |number: usize| file.as_ref().is_some_and(|file| is_whole(&**file, starts[number], &spans[number]));
        let good = for_each(self.jobs, spans.len(), &is_good);
        self.need_pages(spans.iter().zip(&good).filter(|(_, good)| !**good).map(|(span, _)| span.page))?;
        for ((span, at), good) in spans.iter().zip(&starts).zip(&good) {
            if *good {
                recipe.add_good(*at, span.len);
                continue;
            }
            let mut at = *at;
            for chunk in self.pages.get(&span.page).and_then(chunks_of).unwrap_or_default() {
                match &file {
                    Some(file) if holds(&**file, at, &chunk) => recipe.add_good(at, u64::from(chunk.len)),
                    _ => recipe.add_missing(at, chunk),
                }
                at += u64::from(chunk.len);
            }
        }
        Ok(recipe)
    }

    /// Finds the places in the store of all that the tree does not have. Gives the frames.
    fn locate(&mut self, manifest: &Manifest) -> Result<BTreeSet<Frame>> {
        let is_missing = |recipe: &Recipe| recipe.pieces.iter().any(|piece| matches!(piece.from, Origin::Missing(_)));
        let numbers: Vec<_> = self.recipes.iter().filter(|(_, recipe)| is_missing(recipe)).map(|(number, _)| *number).collect();
        let index = self.index()?;
        let short = numbers.iter().filter(|number| index.spans_of(**number).is_empty());
        let pages: Vec<_> = short.flat_map(|number| index.pages_of(*number)).collect();
        self.need_pages(pages)?;
        let mut places: HashMap<Hash, Located> = HashMap::new();
        for page in self.pages.values() {
            places.extend(located(page, 0).unwrap_or_default().into_iter().map(|located| (located.chunk.hash, located)));
        }
        let index = self.index()?;
        for number in numbers.iter().filter(|number| index.spans_of(**number).is_empty()) {
            let page = |number: u32| self.pages.get(&number).ok_or(StoreError::PageDamaged);
            let chunks = index.chunks_of(*number, page).map_err(|source| self.error(&self.index_name(), source))?;
            places.extend(chunks.into_iter().map(|located| (located.chunk.hash, located)));
        }
        let mut frames = BTreeSet::new();
        for piece in self.recipes.values_mut().flat_map(|recipe| &mut recipe.pieces) {
            if let Origin::Missing(chunk) = &piece.from
                && let Some(located) = places.get(&chunk.hash)
            {
                frames.insert(located.frame);
                piece.from = Origin::Stored(Box::new(*located));
            }
        }
        // Every file of the manifest has its chunks in the index.
        let lost = self.recipes.iter().find(|(_, recipe)| is_missing(recipe)).map(|(number, _)| *number);
        match lost.and_then(|number| manifest.entries().get(number)) {
            Some(entry) => Err(Error::Source { path: self.name(&entry.path) }),
            None => Ok(frames),
        }
    }

    /// The stored bytes of a frame, if it was fetched already.
    fn kept_frame(&self, frame: &Frame) -> Option<Vec<u8>> {
        let file = self.kept.as_ref()?.open(&frame_name(frame)).ok()??;
        let mut stored = vec![0; usize::try_from(frame.stored_len).ok()?];
        file.read_exact_at(&mut stored, 0).ok()?;
        (Hash::of(&stored) == frame.hash).then_some(stored)
    }

    fn pack_name(&self, number: u32) -> Result<Name> {
        let packs = &self.release.packs;
        let found = packs.binary_search_by_key(&number, |pack| pack.number).ok().and_then(|place| packs.get(place));
        let forged = || self.error(&self.index_name(), StoreError::OtherManifest);
        Ok(Name::Pack(found.ok_or_else(forged)?.hash))
    }
}

/// Says why the bytes of a part, by its number, are not the right ones.
type Check<'c> = dyn Fn(usize, &[u8]) -> Result<(), String> + Sync + 'c;

/// Checks parts, and stops when somebody wants to.
struct Taking<'a> {
    check: &'a Check<'a>,
    observer: Option<&'a dyn Observer>,
    is_full: AtomicBool,
}

impl Taker for Taking<'_> {
    fn check(&self, number: usize, _: usize, bytes: &[u8]) -> Result<(), String> {
        (self.check)(number, bytes)
    }

    fn should_stop(&self) -> bool {
        self.is_full.load(Relaxed) || self.observer.is_some_and(Observer::should_stop)
    }
}

impl Source for Store<'_> {
    /// Nothing that a store says about itself is believed.
    fn wanted(&self, _: &RepairOptions) -> Result<Manifest> {
        Err(Error::NotRecorded { dir: self.remote.base().to_owned() })
    }

    fn prepare(&mut self, place: Place<'_>, damage: Damage<'_>) -> Result<Option<u64>> {
        let received = |store: &Self| store.remote.received() - store.received;
        if damage.files().next().is_none() {
            return Ok(Some(received(self)));
        }
        self.open_index(damage.manifest)?;
        let mut recipes = HashMap::new();
        for (number, entry) in damage.files() {
            recipes.insert(number, self.recipe(place, number, entry)?);
        }
        self.found = elsewhere::find(place, damage, self.jobs, &mut recipes)?;
        self.recipes = recipes;
        let mut frames = self.locate(damage.manifest)?;
        frames.retain(|frame| self.kept_frame(frame).is_none());
        let mut options = FetchOptions::default();
        options.len_max = PART_LEN;
        self.fetches = plan_fetches(&frames, options);
        let names: HashSet<u32> = self.fetches.iter().map(|fetch| fetch.pack).collect();
        names.into_iter().try_for_each(|pack| self.pack_name(pack).map(drop))?;
        Ok(Some(received(self) + self.fetches.iter().map(Fetch::len).sum::<u64>()))
    }

    fn fetch(&mut self) -> Result<()> {
        let name = |fetch: &Fetch| self.pack_name(fetch.pack).map(|name| name.to_string());
        let parts: Result<Vec<_>> =
            self.fetches.iter().map(|fetch| Ok(Part { name: name(fetch)?, pieces: vec![fetch.range.clone()] })).collect();
        let check = |number: usize, bytes: &[u8]| {
            let mut frames = self.fetches[number].split(bytes);
            frames.try_for_each(|(frame, stored)| expect(stored, frame.hash))
        };
        let kept = self.kept.clone();
        self.get(&parts?, &check, &mut |number, bytes| {
            let kept = kept.as_ref().ok_or(io::ErrorKind::Unsupported)?;
            for (frame, stored) in self.fetches[number].split(&bytes) {
                let file = kept.make(&frame_name(frame)).map_err(io::Error::other)?;
                file.set_len(0)?;
                file.write_all_at(stored, 0)?;
            }
            Ok(())
        })
    }

    fn open<'s>(&'s self, place: Place<'s>, number: usize, entry: &Entry) -> Result<Box<dyn Read + 's>, Failure> {
        let recipe = self.recipes.get(&number).ok_or(Failure::Other)?;
        let frames = |frame: &Frame| {
            let stored = self.kept_frame(frame).ok_or(io::ErrorKind::InvalidData)?;
            open_frame(frame, &stored).map_err(io::Error::other)
        };
        Ok(Box::new(Reading::new(place, &entry.path, recipe, Box::new(frames))))
    }

    fn name(&self, path: &TreePath) -> String {
        format!("{}: {path}", self.remote.base())
    }

    fn fetched(&self) -> Option<u64> {
        Some(self.remote.received() - self.received)
    }

    fn found(&self) -> u64 {
        self.found
    }

    fn done(&mut self) {
        if let Some(kept) = &self.kept {
            kept.retain(|name| !name.starts_with(FRAME));
        }
    }
}
