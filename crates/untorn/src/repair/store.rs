//! Repair from a store of releases: only damaged chunks are fetched.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{self, Read},
};

use untorn_format::{
    Hash, TreePath,
    index::{Chunk, Page},
    manifest::{Entry, Kind, Manifest},
    release::Release,
};
use untorn_remote::Remote;
use untorn_store::{Error as StoreError, Frame, Index, Located, chunks_of, layout::Name, located};
use untorn_txn::{Fetched, Observer};

use super::{
    RepairOptions, elsewhere,
    mender::Failure,
    recipe::{Origin, Reading, Recipe},
    source::{Damage, Place, Source, look_in},
};
use crate::{
    Error, Result,
    content::for_each,
    damage::{holds, is_whole},
    index_at_hand::{IndexAtHand, index_name, keep_index},
    releases::{self, Objects, Progress, Supply, Wanted},
};

/// Where frames are kept, apart from what an update has fetched.
const KEPT: &str = "repair";

/// A release in a store.
pub(super) struct Store<'a> {
    remote: &'a Remote,
    release: &'a Release,
    supply: Supply<'a>,
    /// Where what was fetched is kept; none when the tree is not held.
    kept: Option<Fetched>,
    observer: Option<&'a dyn Observer>,
    jobs: usize,
    /// How many bytes had come before.
    received: u64,
    at_hand: Option<IndexAtHand>,
    index: Option<Index>,
    pages: BTreeMap<u32, Page>,
    recipes: HashMap<usize, Recipe>,
    wanted: Vec<Wanted>,
    found: u64,
}

impl<'a> Store<'a> {
    pub(super) fn new(
        remote: &'a Remote,
        release: &'a Release,
        received: u64,
        kept: Option<Fetched>,
        options: &'a RepairOptions,
    ) -> Result<Self> {
        let observer = options.observer.as_deref();
        let objects = match &kept {
            Some(kept) => Objects::open_as(KEPT, kept.clone())?,
            None => Objects::in_memory(),
        };
        Ok(Self {
            remote,
            release,
            supply: Supply::new(remote, release, objects, observer),
            kept,
            observer,
            jobs: options.jobs,
            received,
            at_hand: None,
            index: None,
            pages: BTreeMap::new(),
            recipes: HashMap::new(),
            wanted: Vec::new(),
            found: 0,
        })
    }

    fn error(&self, source: StoreError) -> Error {
        self.supply.contradiction(&Name::Index(self.release.index.hash), source)
    }

    /// The head of the index: the one that is kept, or that of the store.
    fn open_index(&mut self, manifest: &Manifest) -> Result<()> {
        let file = self.kept.as_ref().and_then(|kept| kept.open(&index_name(manifest.hash())).ok().flatten());
        let at_hand = file.and_then(|file| IndexAtHand::open(file, manifest).ok()?.ok());
        self.at_hand = at_hand.filter(|at_hand| at_hand.head_hash() == self.release.index.head_hash);
        if let Some(at_hand) = &self.at_hand {
            self.supply.objects.put(at_hand.head_hash(), at_hand.head())?;
        }
        let index = self.supply.index(manifest)?;
        if !index.is_placed() || index.total_len() != self.release.index.len {
            return Err(self.error(StoreError::OtherManifest));
        }
        self.index = Some(index);
        Ok(())
    }

    fn index(&self) -> Result<&Index> {
        self.index.as_ref().ok_or_else(|| self.error(StoreError::PageDamaged))
    }

    /// Has these pages at hand.
    fn need_pages(&mut self, numbers: impl IntoIterator<Item = u32>) -> Result<()> {
        let mut missing: Vec<u32> = numbers.into_iter().filter(|number| !self.pages.contains_key(number)).collect();
        missing.sort_unstable();
        missing.dedup();
        let Some(index) = &self.index else { return Ok(()) };
        for number in &missing {
            let bytes = self.at_hand.as_ref().and_then(|at_hand| at_hand.page_bytes(*number));
            if let (Some(bytes), Some(hash)) = (bytes, index.page_hash(*number))
                && Hash::of(&bytes) == hash
            {
                self.supply.objects.put(hash, &bytes)?;
            }
        }
        self.pages.extend(self.supply.pages(index, &missing)?);
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
            let chunks = index.chunks_of(*number, page).map_err(|source| self.error(source))?;
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

    fn total(&self) -> u64 {
        releases::len(&self.wanted)
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
        let frames = self.locate(damage.manifest)?;
        self.wanted = self.supply.wanted(frames)?;
        if let Some(kept) = &self.kept {
            keep_index(kept, damage.manifest, self.release, &self.supply.objects);
        }
        Ok(Some(received(self) + self.total()))
    }

    fn fetch(&mut self) -> Result<()> {
        self.supply.fetch(&self.wanted, &Progress { observer: self.observer, done: Cell::new(0), total: self.total() })
    }

    fn open<'s>(&'s self, place: Place<'s>, number: usize, entry: &Entry) -> Result<Box<dyn Read + 's>, Failure> {
        let recipe = self.recipes.get(&number).ok_or(Failure::Other)?;
        let frames = |frame: &Frame| self.supply.frame(frame).map_err(io::Error::other);
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
            kept.retain(|name| name != KEPT);
        }
    }
}
