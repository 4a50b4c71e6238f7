//! The simulated file system, as one process sees it.

use std::{fmt, io, sync::Arc, time::Duration};

use untorn_fs::{
    Capabilities, DirEntry, File, FileId, FileKind, Fs, Lock, LockKind, Metadata, OpenMode, Permissions, Right, Space, SyncAll,
};

use crate::{
    Image, Recording, SimOptions,
    effect::{Barrier, Event},
    inode::{Body, Ino, Inode, ROOT},
    lock::SimLock,
    sim_file::SimFile,
    state::{Shared, State},
    sync_handle::SimSyncAll,
};

/// Nobody waits longer for a lock: the other process of a simulated world is a line of the same test, and would never come.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(10);

/// A file system in memory that records everything a crash could take back.
///
/// A clone is the same process; [`SimFs::another_process`] is another one on the same machine, [`SimFs::restart`] the machine after all
/// its processes were killed, [`SimFs::fork`] a second machine. The medium after a power cut comes from [`SimFs::recording`].
#[derive(Clone)]
pub struct SimFs {
    shared: Arc<Shared>,
    process: u32,
    root: Ino,
}

impl SimFs {
    /// An empty file system.
    #[must_use]
    pub fn new(options: SimOptions) -> Self {
        Self::from_image(Image::empty(options))
    }

    /// A machine just started on this medium.
    #[must_use]
    pub fn from_image(image: Image) -> Self {
        Self { shared: Shared::new(State::new(image)), process: 0, root: ROOT }
    }

    /// What processes see now; after a clean shutdown also what is on the medium.
    #[must_use]
    pub fn image(&self) -> Image {
        self.shared.lock().live.clone()
    }

    /// What happened since this file system was made or last settled.
    #[must_use]
    pub fn recording(&self) -> Recording {
        let state = self.shared.lock();
        Recording { base: state.base.clone(), log: state.log.clone() }
    }

    /// Lets everything reach the medium and begins a new recording: for the end of a test's preparations.
    pub fn settle(&self) {
        let mut state = self.shared.lock();
        state.base = state.live.clone();
        state.log = Arc::default();
    }

    /// Notes `mark` in the recording; crashes after this moment carry it. For what the test knows and the disk does not, such as "commit has
    /// returned".
    pub fn mark(&self, mark: u32) {
        self.shared.lock().record(Event::Mark(mark));
    }

    /// Kills all processes, but not the machine: locks are released, what was written stays as it is, durable or not. Handles of the
    /// dead fail, and dropping them changes nothing.
    #[must_use = "the old handle belongs to a dead process"]
    pub fn restart(&self) -> Self {
        let mut state = self.shared.lock();
        state.locks.release_all();
        state.failing_sync = None;
        state.alive_from = state.process_count;
        drop(state);
        self.shared.released.notify_all();
        self.another_process()
    }

    /// A second process beside this one.
    #[must_use]
    pub fn another_process(&self) -> Self {
        let mut state = self.shared.lock();
        let process = state.process_count;
        state.process_count += 1;
        Self { shared: self.shared.clone(), process, root: ROOT }
    }

    /// A second machine in the same state, recording included; its only process holds no lock.
    #[must_use]
    pub fn fork(&self) -> Self {
        let mut state = self.shared.lock().clone();
        state.locks.release_all();
        state.alive_from = 0;
        Self { shared: Shared::new(state), process: 0, root: self.root }
    }

    /// The same file system seen from the directory `path`, which is found by identity from now on, also when it is renamed.
    ///
    /// # Errors
    /// As [`Fs::metadata`]; [`io::ErrorKind::NotADirectory`].
    pub fn subtree(&self, path: &str) -> io::Result<Self> {
        let root = self.with(|state| {
            let ino = state.find(self.root, path)?;
            state.entries(ino).map(|_| ino)
        })?;
        Ok(Self { root, ..self.clone() })
    }

    /// Makes the next sync (of a file, a directory, or everything) fail: what it covers may or may not reach the medium, stays visible, and
    /// no later sync writes it, although it may well succeed. Other handles opened before hear of it once.
    pub fn fail_next_sync(&self, kind: io::ErrorKind) {
        self.shared.lock().failing_sync = Some(kind);
    }

    /// Lets the system's own write-back of the file `path` fail, with nobody asking: the next sync of a handle reports it, once each.
    ///
    /// # Errors
    /// As [`Fs::metadata`].
    pub fn fail_writeback(&self, path: &str) -> io::Result<()> {
        self.with(|state| {
            let ino = state.find(self.root, path)?;
            state.lose(Barrier::File(ino));
            Ok(())
        })
    }

    /// How many effects and syncs were recorded; the place of a crash in [`crate::CrashId`] counts the same.
    #[must_use]
    pub fn event_count(&self) -> usize {
        self.shared.lock().log.len()
    }

    /// Whether processes see the same tree as in `image`; see [`Image::same_tree`].
    #[must_use]
    pub fn same_tree(&self, image: &Image, skip: &str) -> bool {
        self.shared.lock().live.same_tree(image, skip)
    }

    fn with<T>(&self, call: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.shared.lock();
        state.check_alive(self.process)?;
        call(&mut state)
    }

    fn open_inode(&self, state: &State, ino: Ino, writable: bool) -> Box<dyn File> {
        let errors_heard = state.sync_errors.sample(Some(ino));
        Box::new(SimFile::new(self.shared.clone(), self.process, ino, writable, errors_heard))
    }
}

impl fmt::Debug for SimFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimFs").field("process", &self.process).field("root", &self.root).finish_non_exhaustive()
    }
}

impl Fs for SimFs {
    fn open(&self, path: &str, mode: OpenMode) -> io::Result<Box<dyn File>> {
        self.with(|state| {
            if let OpenMode::CreateNew { executable } = mode {
                let ino = state.create(self.root, path, |changed| Inode::file(executable, changed))?;
                return Ok(self.open_inode(state, ino, true));
            }
            let ino = state.find_entry(self.root, path)?;
            state.inode(ino)?.content()?;
            Ok(self.open_inode(state, ino, mode == OpenMode::Write))
        })
    }

    fn metadata(&self, path: &str) -> io::Result<Metadata> {
        self.with(|state| state.metadata(state.find(self.root, path)?))
    }

    fn read_dir(&self, path: &str) -> io::Result<Vec<DirEntry>> {
        self.with(|state| {
            let dir = state.find(self.root, path)?;
            Ok(state.entries(dir)?.iter().map(|(name, _)| DirEntry { name: Ok(name.to_string()) }).collect())
        })
    }

    fn read_link(&self, path: &str) -> io::Result<String> {
        self.with(|state| match &state.inode(state.find_entry(self.root, path)?)?.body {
            Body::Symlink(target) => Ok(target.to_string()),
            Body::File(_) | Body::Dir(_) => Err(io::ErrorKind::InvalidInput.into()),
        })
    }

    fn create_dir(&self, path: &str, permissions: Option<Permissions>) -> io::Result<()> {
        self.with(|state| state.create(self.root, path, |changed| Inode::dir(permissions, changed)).map(drop))
    }

    fn symlink(&self, target: &str, path: &str) -> io::Result<()> {
        if target.is_empty() || target.contains('\0') {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.with(|state| state.create(self.root, path, |changed| Inode::symlink(target, changed)).map(drop))
    }

    fn hard_link(&self, from: &str, to: &str) -> io::Result<()> {
        self.with(|state| state.hard_link(self.root, from, to))
    }

    fn clone_file(&self, from: &str, to: &str) -> io::Result<()> {
        self.with(|state| state.clone_file(self.root, from, to))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.with(|state| state.rename(self.root, from, to))
    }

    fn exchange(&self, a: &str, b: &str) -> io::Result<()> {
        self.with(|state| state.exchange(self.root, a, b))
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        self.with(|state| state.remove(self.root, path, false))
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        self.with(|state| state.remove(self.root, path, true))
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        self.with(|state| {
            let dir = state.find(self.root, path)?;
            state.entries(dir)?;
            state.sync_dir(dir)
        })
    }

    fn write_out_dir(&self, path: &str) -> io::Result<()> {
        if !self.capabilities().write_out {
            return self.sync_dir(path);
        }
        self.with(|state| {
            let dir = state.find(self.root, path)?;
            state.entries(dir)?;
            state.write_out_dir(dir)
        })
    }

    fn sync_handle(&self) -> io::Result<Box<dyn SyncAll>> {
        self.with(|state| {
            if !state.options().sync_all {
                return Err(io::ErrorKind::Unsupported.into());
            }
            let errors_heard = state.sync_errors.sample(None);
            Ok(Box::new(SimSyncAll::new(self.shared.clone(), self.process, errors_heard)) as Box<dyn SyncAll>)
        })
    }

    fn lock(&self, path: &str, kind: LockKind, wait: bool) -> io::Result<Option<Box<dyn Lock>>> {
        let mut state = self.shared.lock();
        loop {
            state.check_alive(self.process)?;
            let ino = state.find_entry(self.root, path)?;
            state.inode(ino)?.content()?;
            if let Some(token) = state.locks.take(ino, kind) {
                return Ok(Some(Box::new(SimLock { shared: self.shared.clone(), token })));
            }
            if !wait {
                return Ok(None);
            }
            let (woken, waited) =
                self.shared.released.wait_timeout(state, LOCK_WAIT_MAX).unwrap_or_else(std::sync::PoisonError::into_inner);
            if waited.timed_out() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            state = woken;
        }
    }

    fn may(&self, right: Right, path: &str) -> io::Result<()> {
        self.with(|state| {
            let (dir, _) = state.find_parent(self.root, path)?;
            match right {
                Right::Name => state.may_change_names(dir),
                Right::Permissions => state.find(self.root, path).map(drop),
            }
        })
    }

    fn space(&self) -> io::Result<Space> {
        self.with(|state| {
            let total = state.options().capacity.unwrap_or(u64::MAX / 2);
            Ok(Space { available: state.available(), total, files: state.names_available() })
        })
    }

    fn capabilities(&self) -> Capabilities {
        self.shared.lock().options().capabilities()
    }

    fn random_id(&self) -> io::Result<[u8; 16]> {
        self.with(|state| {
            let (a, b) = (state.rng.next_u64(), state.rng.next_u64());
            Ok((u128::from(a) << 64 | u128::from(b)).to_le_bytes())
        })
    }
}

impl State {
    pub(crate) fn check_alive(&self, process: u32) -> io::Result<()> {
        if process < self.alive_from { Err(io::Error::other("this simulated process was killed")) } else { Ok(()) }
    }

    pub(crate) fn metadata(&self, ino: Ino) -> io::Result<Metadata> {
        let inode = self.inode(ino)?;
        Ok(Metadata {
            kind: inode.kind(),
            len: if let Body::File(content) = &inode.body { content.len() } else { 0 },
            permissions: inode.permissions,
            links: if matches!(inode.body, Body::Dir(_)) { 1 } else { self.links(ino).into() },
            id: self.options().stable_ids.then_some(FileId(ino.into())),
            changed: inode.changed.max(inode.renamed).into(),
            // The names are what is in a directory.
            written: if inode.kind() == FileKind::Dir { inode.changed.max(inode.renamed) } else { inode.changed }.into(),
        })
    }
}
