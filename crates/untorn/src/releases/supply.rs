//! What belongs to one release: its manifest, its index, its chunks. Fetched once, checked, and kept until the update is done.

use std::{
    cell::Cell,
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use untorn_format::{
    Hash,
    index::HEAD_LEN_MAX,
    manifest::{MANIFEST_LEN_MAX, Manifest},
    release::{BridgeObject, Release},
};
use untorn_remote::{Part, Remote, Taker};
use untorn_store::{
    Bridge, Error as StoreError, Fetch, FetchOptions, Frame, Index, Page, layout::Name, open_frame, open_manifest, plan_fetches,
};
use untorn_txn::{Observer, Phase};

use super::{Arrivals, Objects};
use crate::{Error, Result};

/// A compressed manifest is hardly longer than the manifest.
const STORED_MANIFEST_LEN_MAX: u64 = MANIFEST_LEN_MAX + (1 << 20);
/// How much is fetched at once: several of these are under way at the same time.
const FETCH_LEN_MAX: u32 = 1 << 20;
/// A question costs about as much as so many bytes.
const GAP_MAX: u32 = 512;

/// A bridge is looked at when it takes at most one byte in so many of the chunks that are wanted.
const BRIDGE_PART: u64 = 8;

/// A part of an object of the store, and what is in it.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) range: Range<u64>,
    /// The hashes of what is wanted, and where it lies in the part.
    pub(crate) pieces: Vec<(Hash, Range<usize>)>,
}

impl Wanted {
    fn part(&self) -> Part {
        let place = |range: &Range<usize>| self.range.start + range.start as u64..self.range.start + range.end as u64;
        Part { name: self.name.clone(), pieces: self.pieces.iter().map(|(_, range)| place(range)).collect() }
    }
}

/// How many bytes come when these are fetched.
pub(crate) fn len<'w>(wanted: impl IntoIterator<Item = &'w Wanted>) -> u64 {
    wanted.into_iter().map(|wanted| wanted.range.end - wanted.range.start).sum()
}

/// How many bytes come when these are fetched from a host that gives out whole objects only.
pub(crate) fn len_without_ranges(wanted: &[Wanted]) -> u64 {
    let mut ends: BTreeMap<&str, u64> = BTreeMap::new();
    for wanted in wanted {
        let end = ends.entry(&wanted.name).or_default();
        *end = (*end).max(wanted.range.end);
    }
    ends.values().sum()
}

/// Tells an observer how far fetching is.
pub(crate) struct Progress<'o> {
    pub(crate) observer: Option<&'o dyn Observer>,
    pub(crate) done: Cell<u64>,
    pub(crate) total: u64,
}

impl Progress<'_> {
    pub(crate) fn add(&self, len: u64) {
        self.done.set(self.done.get() + len);
        if let Some(observer) = self.observer {
            observer.progress(Phase::Fetch, self.done.get(), self.total.max(self.done.get()));
        }
    }
}

/// What belongs to one release.
pub(crate) struct Supply<'r> {
    remote: &'r Remote,
    release: &'r Release,
    pub(crate) objects: Arc<Objects>,
    observer: Option<&'r dyn Observer>,
    arrivals: Arrivals,
    /// Whether it may be that things are not there any more, which is no reason to stop everything else.
    is_older: bool,
}

impl<'r> Supply<'r> {
    pub(crate) fn new(remote: &'r Remote, release: &'r Release, objects: Objects, observer: Option<&'r dyn Observer>) -> Self {
        Self { remote, release, objects: Arc::new(objects), observer, arrivals: Arrivals::default(), is_older: false }
    }

    /// What belongs to an older release of the same store, which may have let go of it.
    pub(crate) fn of_older<'o>(&self, release: &'o Release) -> Supply<'o>
    where
        'r: 'o,
    {
        let (remote, observer, objects) = (self.remote, self.observer, Arc::clone(&self.objects));
        Supply { remote, release, objects, observer, arrivals: Arrivals::default(), is_older: true }
    }

    /// How many bytes the manifest takes to fetch, where the tree has `older`.
    pub(crate) fn manifest_cost(&self, older: Option<&Manifest>) -> u64 {
        let (_, stored, len) = self.manifest_object(older);
        if self.objects.contains(&stored) { 0 } else { len }
    }

    fn manifest_object(&self, older: Option<&Manifest>) -> (Name, Hash, u64) {
        let whole = &self.release.manifest;
        let from = older.map_or(Hash::NONE, Manifest::hash);
        let delta = self.release.manifest_deltas.iter().find(|delta| delta.from == from && !from.is_none());
        match delta.filter(|delta| delta.stored_len < whole.stored_len || whole.stored.is_none()) {
            Some(delta) => (Name::ManifestDelta { from, to: whole.hash }, delta.stored, delta.stored_len),
            None => (Name::Manifest(whole.hash), whole.stored, whole.stored_len),
        }
    }

    /// What the release consists of.
    pub(crate) fn manifest(&mut self, older: Option<&Manifest>) -> Result<Manifest> {
        let promised = self.release.manifest;
        if let Some(older) = older.filter(|older| older.hash() == promised.hash) {
            return Ok(older.clone());
        }
        let (name, stored, len) = self.manifest_object(older);
        let bytes = self.whole(&name, stored, len.min(STORED_MANIFEST_LEN_MAX))?;
        let older = matches!(name, Name::ManifestDelta { .. }).then_some(older).flatten();
        open_manifest(&bytes, &stored, &promised.hash, promised.len, older).map_err(|source| self.contradiction(&name, source))
    }

    /// The manifest, and on the way the head of the index and the bridge from the `older` one: all at once take no longer than one.
    pub(crate) fn manifest_and_head(&mut self, older: Option<&Manifest>) -> Result<Manifest> {
        let (remote, object) = (self.remote, self.release.index);
        if object.hash.is_none() || self.objects.get(&object.head_hash).is_some() {
            return self.manifest(older);
        }
        let name = Name::Index(object.hash).to_string();
        let bridge = older.and_then(|older| self.bridge_from(older.hash())).filter(|bridge| !self.objects.contains(&bridge.hash));
        let (manifest, head, bridged) = thread::scope(|scope| {
            let head = scope.spawn(move || remote.get_range(&name, 0..object.head_len, &has(object.head_hash)));
            let bridged = bridge.map(|bridge| {
                scope.spawn(move || {
                    remote.get(&Name::Bridge(bridge.hash).to_string(), bridge.len.min(HEAD_LEN_MAX), &has(bridge.hash))
                })
            });
            (self.manifest(older), head.join(), bridged.map(thread::ScopedJoinHandle::join))
        });
        // What did not come is asked for again when it is needed.
        if let Ok(Ok(bytes)) = head {
            self.objects.put(object.head_hash, &bytes)?;
        }
        if let (Some(bridge), Some(Ok(Ok(bytes)))) = (bridge, bridged) {
            self.objects.put(bridge.hash, &bytes)?;
        }
        manifest
    }

    fn bridge_from(&self, from: Hash) -> Option<BridgeObject> {
        self.release.bridges.iter().find(|bridge| bridge.from == from).copied()
    }

    /// The bridge from the build `installed`, or else the shortest one, if what it lists is short beside `wanted_len` bytes of chunks: of a build that is not quite the one it leads from, it may still bring
    /// most. One that cannot be had, or is none, is no reason to fail: the index has the same chunks.
    pub(crate) fn bridge(&mut self, installed: Hash, wanted_len: u64) -> Result<Option<Bridge>> {
        let shortest = || self.release.bridges.iter().min_by_key(|bridge| (bridge.len, bridge.from)).copied();
        let is_short = |bridge: &BridgeObject| bridge.len <= HEAD_LEN_MAX && bridge.len.saturating_mul(BRIDGE_PART) <= wanted_len;
        let Some(object) = self.bridge_from(installed).or_else(shortest).filter(is_short) else { return Ok(None) };
        let bytes = match self.whole(&Name::Bridge(object.hash), object.hash, object.len) {
            Err(Error::Net(error)) if matches!(error.fault(), untorn_remote::Fault::Stopped) => return Err(error.into()),
            Err(Error::Net(_)) => return Ok(None),
            other => other?,
        };
        let has_packs = |frame: &Frame| {
            let end = u64::from(frame.at) + u64::from(frame.stored_len);
            self.release.packs.iter().any(|pack| pack.number == frame.pack && end <= pack.len)
        };
        let bridge = Bridge::decode(&bytes).ok().filter(|bridge| bridge.manifest == self.release.manifest.hash);
        Ok(bridge.filter(|bridge| bridge.frames.iter().all(|frame| has_packs(&frame.frame))))
    }

    /// The head of the index.
    pub(crate) fn index(&mut self, manifest: &Manifest) -> Result<Index> {
        let (name, object) = (Name::Index(self.release.index.hash), self.release.index);
        let len = usize::try_from(object.head_len).unwrap_or(usize::MAX);
        if self.objects.get(&object.head_hash).is_none() {
            let bytes = self.remote.get_range(&name.to_string(), 0..object.head_len, &has(object.head_hash))?;
            self.objects.put(object.head_hash, &bytes)?;
        }
        let bytes = self.objects.get(&object.head_hash).filter(|bytes| bytes.len() == len);
        let bytes = bytes.ok_or_else(|| self.contradiction(&name, StoreError::PageDamaged))?;
        Index::new(&bytes, manifest).map_err(|source| self.contradiction(&name, source))
    }

    /// How many bytes the head of the index takes to fetch; `None` when there is no index.
    pub(crate) fn index_cost(&self) -> Option<u64> {
        let index = &self.release.index;
        let cost = if self.objects.contains(&index.head_hash) { 0 } else { index.head_len };
        (!index.hash.is_none()).then_some(cost)
    }

    /// The pages with these numbers, by number.
    pub(crate) fn pages(&mut self, index: &Index, numbers: &[u32]) -> Result<BTreeMap<u32, Page>> {
        let name = Name::Index(self.release.index.hash);
        let mut wanted: Vec<Wanted> = Vec::new();
        for number in numbers {
            let (Some(hash), Some(range)) = (index.page_hash(*number), index.page_range(*number)) else { continue };
            if self.objects.get(&hash).is_none() {
                append(&mut wanted, &name.to_string(), range, hash);
            }
        }
        let total = len(&wanted);
        self.fetch(&wanted, &Progress { observer: self.observer, done: Cell::new(0), total })?;
        let mut pages = BTreeMap::new();
        for number in numbers {
            let bytes = index.page_hash(*number).and_then(|hash| self.objects.get(&hash)).unwrap_or_default();
            pages.insert(*number, index.page(*number, &bytes).map_err(|source| self.contradiction(&name, source))?);
        }
        Ok(pages)
    }

    /// What must be fetched to have these frames.
    pub(crate) fn wanted(&self, frames: impl IntoIterator<Item = Frame>) -> Result<Vec<Wanted>> {
        let missing = frames.into_iter().filter(|frame| !self.objects.contains(&frame.hash)).collect();
        let mut options = FetchOptions::default();
        (options.gap_max, options.len_max) = (GAP_MAX, FETCH_LEN_MAX);
        plan_fetches(&missing, options).iter().map(|fetch| self.wanted_of(fetch)).collect()
    }

    fn wanted_of(&self, fetch: &Fetch) -> Result<Wanted> {
        let pack = self.release.packs.iter().find(|pack| pack.number == fetch.pack && fetch.range.end <= pack.len);
        let name = Name::Index(self.release.index.hash);
        let pack = pack.ok_or_else(|| self.contradiction(&name, StoreError::FrameForged))?;
        let place = |frame: &Frame| {
            let at = usize::try_from(u64::from(frame.at) - fetch.range.start).unwrap_or(usize::MAX);
            (frame.hash, at..at.saturating_add(usize::try_from(frame.stored_len).unwrap_or(usize::MAX)))
        };
        let pieces = fetch.frames.iter().map(place).collect();
        Ok(Wanted { name: Name::Pack(pack.hash).to_string(), range: fetch.range.clone(), pieces })
    }

    /// Fetches all of it. What has come before an error need not be fetched again.
    pub(crate) fn fetch(&self, wanted: &[Wanted], progress: &Progress<'_>) -> Result<()> {
        self.fetch_unless(wanted, progress, &AtomicBool::new(false))
    }

    /// Fetches all of it while `work` is done, which waits for each frame until it has come. An error of `work` ends fetching, unless it is one after which something else may be tried.
    pub(crate) fn fetch_beside<T>(&self, wanted: &[Wanted], total: u64, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let is_given_up = AtomicBool::new(false);
        thread::scope(|scope| {
            let under_way = self.arrivals.begin();
            let fetching = scope.spawn(|| {
                let _under_way = under_way;
                self.fetch_unless(wanted, &Progress { observer: self.observer, done: Cell::new(0), total }, &is_given_up)
            });
            let done = work();
            let may_go_on = matches!(done, Ok(_) | Err(Error::NotFetched { .. } | Error::Store { .. }));
            is_given_up.store(!may_go_on, Relaxed);
            let fetched = fetching.join().unwrap_or(Err(Error::Stopped));
            match (fetched, done) {
                // What was missing did not come.
                (Err(why), Ok(_) | Err(Error::NotFetched { .. })) => Err(why),
                (_, done) => done,
            }
        })
    }

    /// Whether something is still being fetched.
    pub(crate) fn is_under_way(&self) -> bool {
        self.arrivals.is_under_way()
    }

    fn fetch_unless(&self, wanted: &[Wanted], progress: &Progress<'_>, is_given_up: &AtomicBool) -> Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        if self.is_older {
            return wanted.iter().try_for_each(|wanted| self.fetch_one(wanted, progress));
        }
        let parts: Vec<Part> = wanted.iter().map(|wanted| wanted.part()).collect();
        let checks = Checks { wanted, observer: self.observer, is_given_up };
        let mut failed = None;
        let result = self.remote.get_parts(&parts, &checks, &mut |part, piece, bytes| {
            if let Err(error) = self.objects.put(wanted[part].pieces[piece].0, &bytes) {
                failed = Some(error);
                return Err(untorn_remote::Error::new(&*wanted[part].name, untorn_remote::Fault::Stopped));
            }
            self.arrivals.came();
            progress.add(bytes.len() as u64);
            Ok(())
        });
        failed.map_or(Ok(()), Err)?;
        Ok(result?)
    }

    /// On its own: what is not there is no error for what else is fetched.
    fn fetch_one(&self, wanted: &Wanted, progress: &Progress<'_>) -> Result<()> {
        let check = |bytes: &[u8]| {
            let mut pieces = wanted.pieces.iter();
            pieces.try_for_each(|(hash, range)| has(*hash)(bytes.get(range.clone()).unwrap_or_default()))
        };
        let bytes = self.remote.get_range(&wanted.name, wanted.range.clone(), &check)?;
        for (hash, range) in &wanted.pieces {
            self.objects.put(*hash, bytes.get(range.clone()).unwrap_or_default())?;
        }
        progress.add(bytes.len() as u64);
        Ok(())
    }

    /// The stored bytes of a frame that was fetched, or is on its way.
    pub(crate) fn stored(&self, frame: &Frame) -> Result<Vec<u8>> {
        self.arrivals.wait(|| self.objects.contains(&frame.hash));
        let name = Name::Index(self.release.index.hash);
        self.objects.get(&frame.hash).ok_or_else(|| Error::NotFetched { dir: name.to_string() })
    }

    /// The bytes of a frame that was fetched.
    pub(crate) fn frame(&self, frame: &Frame) -> Result<Vec<u8>> {
        let (name, stored) = (Name::Index(self.release.index.hash), self.stored(frame)?);
        open_frame(frame, &stored).map_err(|source| self.contradiction(&name, source))
    }

    fn whole(&mut self, name: &Name, hash: Hash, len: u64) -> Result<Vec<u8>> {
        if let Some(bytes) = self.objects.get(&hash) {
            return Ok(bytes);
        }
        let bytes = self.remote.get(&name.to_string(), len, &has(hash))?;
        self.objects.put(hash, &bytes)?;
        Ok(bytes)
    }

    pub(crate) fn contradiction(&self, name: &Name, source: StoreError) -> Error {
        Error::Store { what: format!("{}/{name}", self.remote.base().trim_end_matches('/')), source }
    }
}

/// Adds a piece to what is wanted: to the last part, if it lies right behind it.
fn append(wanted: &mut Vec<Wanted>, name: &str, range: Range<u64>, hash: Hash) {
    let len = usize::try_from(range.end - range.start).unwrap_or(0);
    if let Some(last) = wanted.last_mut()
        && last.range.end == range.start
        && range.end - last.range.start <= u64::from(FETCH_LEN_MAX)
    {
        let at = usize::try_from(last.range.end - last.range.start).unwrap_or(0);
        last.range.end = range.end;
        last.pieces.push((hash, at..at + len));
        return;
    }
    wanted.push(Wanted { name: name.to_owned(), range, pieces: vec![(hash, 0..len)] });
}

/// Says why bytes are not those that a hash stands for.
pub(crate) fn has(hash: Hash) -> impl Fn(&[u8]) -> Result<(), String> {
    move |bytes| if Hash::of(bytes) == hash { Ok(()) } else { Err("its hash is another".to_owned()) }
}

struct Checks<'c> {
    wanted: &'c [Wanted],
    observer: Option<&'c dyn Observer>,
    is_given_up: &'c AtomicBool,
}

impl Taker for Checks<'_> {
    fn check(&self, part: usize, piece: usize, bytes: &[u8]) -> Result<(), String> {
        if Hash::of(bytes) == self.wanted[part].pieces[piece].0 { Ok(()) } else { Err("its hash is another".to_owned()) }
    }

    fn should_stop(&self) -> bool {
        self.is_given_up.load(Relaxed) || self.observer.is_some_and(Observer::should_stop)
    }
}
