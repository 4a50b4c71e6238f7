//! A wrapper through which a test sees and changes every call.

use std::{
    fmt, io,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use untorn_fs::{Capabilities, DirEntry, File, Fs, Lock, LockKind, Metadata, OpenMode, Permissions, Right, Space, SyncAll};

use crate::{Call, Method, SimFs, Verdict, hook_file::HookFile, sync::error_of};

/// Any file system, with every call shown to a hook first: for negative controls ("this sync does nothing: does a test notice?") and fault
/// injection (see [`crate::Faults`]).
///
/// Methods that cannot fail (`capabilities`) are not shown.
#[derive(Clone)]
pub struct HookFs {
    inner: Arc<dyn Fs>,
    shared: Arc<Shared>,
}

type Hook = dyn Fn(&Call<'_>) -> Verdict + Send + Sync;
type HeldLock = Mutex<Option<Box<dyn Lock>>>;

struct Shared {
    hook: Box<Hook>,
    /// Knows how a failed sync behaves; any other file system simply is not asked.
    sim: Option<SimFs>,
    calls: AtomicU64,
    locks: Mutex<Vec<Weak<HeldLock>>>,
}

impl HookFs {
    /// Wraps any file system.
    pub fn new(inner: Arc<dyn Fs>, hook: impl Fn(&Call<'_>) -> Verdict + Send + Sync + 'static) -> Self {
        Self::with(inner, None, Box::new(hook))
    }

    /// Wraps the simulated one; failing syncs then behave as on a disk.
    pub fn on_sim(sim: &SimFs, hook: impl Fn(&Call<'_>) -> Verdict + Send + Sync + 'static) -> Self {
        Self::with(Arc::new(sim.clone()), Some(sim.clone()), Box::new(hook))
    }

    /// How many calls came through.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.shared.calls.load(Ordering::Relaxed)
    }

    fn with(inner: Arc<dyn Fs>, sim: Option<SimFs>, hook: Box<Hook>) -> Self {
        Self { inner, shared: Arc::new(Shared { hook, sim, calls: AtomicU64::new(0), locks: Mutex::default() }) }
    }

    pub(crate) fn inner(&self) -> &dyn Fs {
        &*self.inner
    }

    pub(crate) fn ask(&self, call: Call<'_>) -> Verdict {
        let number = self.shared.calls.fetch_add(1, Ordering::Relaxed) + 1;
        (self.shared.hook)(&Call { number, ..call })
    }

    /// A call that answers nothing but success.
    pub(crate) fn run(&self, call: Call<'_>, act: impl Fn(&str) -> io::Result<()>) -> io::Result<()> {
        match self.ask(call) {
            Verdict::Skip => Ok(()),
            verdict => self.judge(&call, verdict, act),
        }
    }

    /// A call that answers something; it cannot be skipped.
    pub(crate) fn answer<T>(&self, call: Call<'_>, act: impl Fn(&str) -> io::Result<T>) -> io::Result<T> {
        self.judge(&call, self.ask(call), act)
    }

    pub(crate) fn judge<T>(&self, call: &Call<'_>, verdict: Verdict, act: impl Fn(&str) -> io::Result<T>) -> io::Result<T> {
        match verdict {
            Verdict::Pass | Verdict::Skip | Verdict::Short(_) | Verdict::Answer(_) => act(call.path),
            Verdict::Redirect(path) => act(&path),
            Verdict::Retry => act(call.path).or_else(|_| act(call.path)),
            Verdict::Refuse(kind) => Err(error_of(kind)),
            Verdict::FailAfter(kind) => act(call.path).and(Err(error_of(kind))),
            Verdict::Fail(kind) => match self.shared.sim.as_ref().filter(|_| call.method.is_sync()) {
                Some(sim) => {
                    sim.fail_next_sync(kind);
                    act(call.path)
                }
                None => Err(error_of(kind)),
            },
            Verdict::ReleaseLocks => {
                self.release_locks();
                act(call.path)
            }
        }
    }

    fn release_locks(&self) {
        let locks = std::mem::take(&mut *self.shared.locks.lock().unwrap_or_else(PoisonError::into_inner));
        for held in locks.iter().filter_map(Weak::upgrade) {
            held.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    fn keep_lock(&self, lock: Option<Box<dyn Lock>>) -> Box<dyn Lock> {
        let held = Arc::new(Mutex::new(lock));
        self.shared.locks.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&held));
        Box::new(HookLock { _held: held })
    }
}

impl fmt::Debug for HookFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookFs").field("calls", &self.calls()).finish_non_exhaustive()
    }
}

impl Fs for HookFs {
    fn open(&self, path: &str, mode: OpenMode) -> io::Result<Box<dyn File>> {
        self.answer(Call::new(Method::Open, path), |path| {
            let file = self.inner.open(path, mode)?;
            Ok(Box::new(HookFile::new(self.clone(), file, path)) as Box<dyn File>)
        })
    }

    fn metadata(&self, path: &str) -> io::Result<Metadata> {
        self.answer(Call::new(Method::Metadata, path), |path| self.inner.metadata(path))
    }

    fn read_dir(&self, path: &str) -> io::Result<Vec<DirEntry>> {
        self.answer(Call::new(Method::ReadDir, path), |path| self.inner.read_dir(path))
    }

    fn read_link(&self, path: &str) -> io::Result<String> {
        self.answer(Call::new(Method::ReadLink, path), |path| self.inner.read_link(path))
    }

    fn create_dir(&self, path: &str, permissions: Option<Permissions>) -> io::Result<()> {
        self.run(Call::new(Method::CreateDir, path), |path| self.inner.create_dir(path, permissions))
    }

    fn symlink(&self, target: &str, path: &str) -> io::Result<()> {
        self.run(Call { to: target, ..Call::new(Method::Symlink, path) }, |path| self.inner.symlink(target, path))
    }

    fn hard_link(&self, from: &str, to: &str) -> io::Result<()> {
        self.run(Call { to, ..Call::new(Method::HardLink, from) }, |from| self.inner.hard_link(from, to))
    }

    fn clone_file(&self, from: &str, to: &str) -> io::Result<()> {
        self.run(Call { to, ..Call::new(Method::CloneFile, from) }, |from| self.inner.clone_file(from, to))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.run(Call { to, ..Call::new(Method::Rename, from) }, |from| self.inner.rename(from, to))
    }

    fn exchange(&self, a: &str, b: &str) -> io::Result<()> {
        self.run(Call { to: b, ..Call::new(Method::Exchange, a) }, |a| self.inner.exchange(a, b))
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        self.run(Call::new(Method::RemoveFile, path), |path| self.inner.remove_file(path))
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        self.run(Call::new(Method::RemoveDir, path), |path| self.inner.remove_dir(path))
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        self.run(Call::new(Method::SyncDir, path), |path| self.inner.sync_dir(path))
    }

    fn write_out_dir(&self, path: &str) -> io::Result<()> {
        self.run(Call::new(Method::WriteOutDir, path), |path| self.inner.write_out_dir(path))
    }

    fn sync_handle(&self) -> io::Result<Box<dyn SyncAll>> {
        self.answer(Call::new(Method::SyncHandle, ""), |_| {
            let inner = self.inner.sync_handle()?;
            Ok(Box::new(HookSyncAll { fs: self.clone(), inner }) as Box<dyn SyncAll>)
        })
    }

    fn lock(&self, path: &str, kind: LockKind, wait: bool) -> io::Result<Option<Box<dyn Lock>>> {
        let call = Call::new(Method::Lock, path);
        match self.ask(call) {
            Verdict::Skip => Ok(Some(self.keep_lock(None))),
            verdict => self.judge(&call, verdict, |path| {
                let lock = self.inner.lock(path, kind, wait)?;
                Ok(lock.map(|lock| self.keep_lock(Some(lock))))
            }),
        }
    }

    fn may(&self, right: Right, path: &str) -> io::Result<()> {
        self.answer(Call::new(Method::May, path), |path| self.inner.may(right, path))
    }

    fn space(&self) -> io::Result<Space> {
        self.answer(Call::new(Method::Space, ""), |_| self.inner.space())
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn random_id(&self) -> io::Result<[u8; 16]> {
        self.answer(Call::new(Method::RandomId, ""), |_| self.inner.random_id())
    }
}

struct HookLock {
    _held: Arc<HeldLock>,
}

impl Lock for HookLock {}

struct HookSyncAll {
    fs: HookFs,
    inner: Box<dyn SyncAll>,
}

impl SyncAll for HookSyncAll {
    fn sync_all(&self) -> io::Result<()> {
        self.fs.run(Call::new(Method::SyncAll, ""), |_| self.inner.sync_all())
    }
}
