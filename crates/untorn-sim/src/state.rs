//! A running file system: what processes see, and the log of how it came about.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use crate::{
    Image, Rng, SimOptions,
    effect::{Barrier, Effect, Event, Names, Needs},
    inode::{Body, Entries, Ino, Inode, ROOT},
    lock::Locks,
    path,
    rng::mix,
    sync_errors::SyncErrors,
};

/// One machine; its processes share it.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// A lock was released.
    pub(crate) released: Condvar,
}

impl Shared {
    pub(crate) fn new(state: State) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(state), released: Condvar::new() })
    }

    /// A panic of another thread leaves the state as a killed process leaves a disk, which is what this crate is about.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct State {
    /// What processes see.
    pub(crate) live: Image,
    /// What was on the medium when the log began.
    pub(crate) base: Image,
    pub(crate) log: Arc<Vec<Event>>,
    pub(crate) locks: Locks,
    pub(crate) sync_errors: SyncErrors,
    /// What was written out since the last sync of a file: durable with the next one.
    pub(crate) written_out: Vec<Barrier>,
    /// The next sync fails this way.
    pub(crate) failing_sync: Option<io::ErrorKind>,
    pub(crate) rng: Rng,
    /// Processes below this number are dead.
    pub(crate) alive_from: u32,
    pub(crate) process_count: u32,
    places: Vec<Place>,
    free: Vec<Ino>,
    usage: Usage,
    clock: u64,
}

/// Where an object hangs in the tree.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// How many names it has.
    links: u32,
    /// Of a directory: the one above.
    parent: Ino,
}

#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    bytes: u64,
    names: u64,
}

impl State {
    pub(crate) fn new(mut image: Image) -> Self {
        let places = places_of(&image);
        let mut free = Vec::new();
        for (at, _) in places.iter().enumerate().skip(1).filter(|(_, place)| place.links == 0).rev() {
            image.forget(at);
            free.extend(u32::try_from(at));
        }
        image.drop_stale_tails();
        let rng = Rng::new(image.seed);
        image.seed = mix(image.seed, 1);
        let clock = image.newest_change();
        let mut state = Self {
            base: image.clone(),
            live: image,
            log: Arc::default(),
            locks: Locks::default(),
            sync_errors: SyncErrors::default(),
            written_out: Vec::new(),
            failing_sync: None,
            rng,
            alive_from: 0,
            process_count: 1,
            places,
            free,
            usage: Usage::default(),
            clock,
        };
        state.usage = state.measure();
        state
    }

    pub(crate) fn options(&self) -> &SimOptions {
        &self.live.options
    }

    pub(crate) fn record(&mut self, event: Event) {
        Arc::make_mut(&mut self.log).push(event);
    }

    pub(crate) fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    pub(crate) fn links(&self, ino: Ino) -> u32 {
        self.places.get(ino as usize).map_or(0, |place| place.links)
    }

    // ---- looking up ----

    pub(crate) fn inode(&self, ino: Ino) -> io::Result<&Arc<Inode>> {
        self.live.get(ino).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(crate) fn entries(&self, dir: Ino) -> io::Result<&Entries> {
        self.inode(dir)?.entries()
    }

    /// What `path` refers to; a symlink is what it is, and in the middle it leads out of the tree.
    pub(crate) fn find(&self, root: Ino, path: &str) -> io::Result<Ino> {
        let mut at = root;
        for name in path::components(path)? {
            let entry = self.entries(at)?.find(name, self.options());
            at = entry.ok_or(io::ErrorKind::NotFound)?.1;
        }
        Ok(at)
    }

    /// As [`State::find`], but the root is not an entry.
    pub(crate) fn find_entry(&self, root: Ino, path: &str) -> io::Result<Ino> {
        path::split(path)?;
        self.find(root, path)
    }

    /// The directory that `path` lies in, and its last component.
    pub(crate) fn find_parent<'a>(&self, root: Ino, path: &'a str) -> io::Result<(Ino, &'a str)> {
        let (dir, name) = path::split(path)?;
        let dir = self.find(root, dir)?;
        self.entries(dir)?;
        Ok((dir, name))
    }

    /// As [`State::find_parent`], for changing a name in it.
    pub(crate) fn find_open_parent<'a>(&self, root: Ino, path: &'a str) -> io::Result<(Ino, &'a str)> {
        let (dir, name) = self.find_parent(root, path)?;
        self.may_change_names(dir).map(|()| (dir, name))
    }

    /// Processes are ordinary users here: a directory that its owner may not write to takes no names and gives none away.
    pub(crate) fn may_change_names(&self, dir: Ino) -> io::Result<()> {
        const WRITE_AND_SEARCH: u32 = 0o300;
        let open = self.inode(dir)?.permissions.bits() & WRITE_AND_SEARCH == WRITE_AND_SEARCH;
        if open { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    pub(crate) fn find_in(&self, dir: Ino, name: &str) -> io::Result<Option<(Arc<str>, Ino)>> {
        Ok(self.entries(dir)?.find(name, self.options()).map(|(name, ino)| (name.clone(), ino)))
    }

    /// `dir` and all directories above it.
    pub(crate) fn ancestors(&self, dir: Ino) -> impl Iterator<Item = Ino> {
        let above = |&at: &Ino| (at != ROOT).then(|| self.places.get(at as usize).map_or(ROOT, |place| place.parent));
        std::iter::successors(Some(dir), above)
    }

    // ---- changing names ----

    /// Gives a new object its first name.
    pub(crate) fn make(&mut self, dir: Ino, name: &str, inode: Inode) -> io::Result<Ino> {
        if self.find_in(dir, name)?.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.need_space(0, 1)?;
        let ino = self.free.pop().map_or_else(|| u32::try_from(self.live.len()).map_err(|_| io::ErrorKind::StorageFull), Ok)?;
        let inode = Arc::new(inode);
        self.record(Event::Made { ino, inode: inode.clone() });
        self.live.put(ino, inode);
        if self.places.len() <= ino as usize {
            self.places.resize(ino as usize + 1, Place::default());
        }
        self.change_names(Names::one(dir, &name.into(), Some(ino), Needs::default()));
        Ok(ino)
    }

    /// Changes names now, for everybody to see; a crash may take it back.
    pub(crate) fn change_names(&mut self, names: Names) {
        let now = self.tick();
        for change in names.in_order() {
            if let Some(dir) = self.live.get_mut(change.dir) {
                dir.renamed = now;
            }
            let old = self.live.entries(change.dir).and_then(|e| e.find(&change.name, &self.live.options)).map(|(_, ino)| ino);
            self.count_links(old, -1);
            self.count_links(change.to, 1);
            if let Some(place) = change.to.and_then(|ino| self.places.get_mut(ino as usize)) {
                place.parent = change.dir;
            }
            self.live.set_name(change);
            self.written_out.retain(|barrier| *barrier != Barrier::Dir(change.dir));
        }
        self.record(Event::Effect(Effect::Names(names)));
    }

    fn count_links(&mut self, ino: Option<Ino>, by: i32) {
        let Some(ino) = ino else { return };
        let Some(place) = self.places.get_mut(ino as usize) else { return };
        let before = place.links;
        place.links = place.links.saturating_add_signed(by);
        let after = place.links;
        self.usage.names = self.usage.names.saturating_add_signed(by.into());
        let bytes = self.live.get(ino).map_or(0, |inode| inode.allocated());
        match (before, after) {
            (0, 1) => self.usage.bytes = self.usage.bytes.saturating_add(bytes),
            (1, 0) => self.usage.bytes = self.usage.bytes.saturating_sub(bytes),
            _ => {}
        }
    }

    // ---- changing files ----

    /// Changes a file now; `effect` says what a crash may take back.
    pub(crate) fn change_file(&mut self, ino: Ino, effects: impl IntoIterator<Item = Effect>) {
        self.written_out.retain(|barrier| barrier.file() != Some(ino));
        // Nobody can find a file without a name after a crash.
        if self.links(ino) > 0 {
            Arc::make_mut(&mut self.log).extend(effects.into_iter().map(Event::Effect));
        }
    }

    /// Runs `change` on the file and counts the space it takes.
    pub(crate) fn edit<T>(&mut self, ino: Ino, change: impl FnOnce(&mut Inode) -> T) -> io::Result<T> {
        let counted = self.links(ino) > 0;
        let inode = self.live.get_mut(ino).ok_or(io::ErrorKind::NotFound)?;
        let before = inode.allocated();
        let answer = change(inode);
        let after = inode.allocated();
        if counted {
            self.usage.bytes = self.usage.bytes.saturating_add(after).saturating_sub(before);
        }
        Ok(answer)
    }

    // ---- space ----

    pub(crate) fn available(&self) -> u64 {
        let options = self.options();
        let names = self.usage.names.saturating_mul(options.bytes_per_name);
        options.capacity.map_or(u64::MAX / 2, |capacity| capacity.saturating_sub(self.usage.bytes.saturating_add(names)))
    }

    pub(crate) fn names_available(&self) -> Option<u64> {
        self.options().names_max.map(|max| max.saturating_sub(self.usage.names))
    }

    pub(crate) fn need_space(&self, bytes: u64, names: u64) -> io::Result<()> {
        let options = self.options();
        let bytes = bytes.saturating_add(names.saturating_mul(options.bytes_per_name));
        let too_many = options.names_max.is_some_and(|max| self.usage.names.saturating_add(names) > max);
        if too_many || bytes > self.available() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn measure(&self) -> Usage {
        let mut usage = Usage::default();
        for (at, place) in self.places.iter().enumerate().skip(1) {
            let inode = u32::try_from(at).ok().and_then(|ino| self.live.get(ino));
            usage.bytes = usage.bytes.saturating_add(inode.map_or(0, |inode| inode.allocated()));
            usage.names = usage.names.saturating_add(place.links.into());
        }
        usage
    }
}

impl Inode {
    fn allocated(&self) -> u64 {
        if let Body::File(content) = &self.body { content.allocated() } else { 0 }
    }
}

/// Walks from the root: what cannot be reached has no links.
fn places_of(image: &Image) -> Vec<Place> {
    let mut places = vec![Place::default(); image.len()];
    let mut todo = vec![ROOT];
    while let Some(dir) = todo.pop() {
        for (_, ino) in image.entries(dir).into_iter().flat_map(Entries::iter) {
            let Some(place) = places.get_mut(ino as usize) else { continue };
            place.links += 1;
            if image.entries(ino).is_some() && place.links == 1 {
                place.parent = dir;
                todo.push(ino);
            }
        }
    }
    places
}
