//! Calls that fail, one after the other.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use untorn_fs::Fs;

use crate::{Call, HookFs, Method, SimFs, Verdict};

/// Which call fails, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// 1 for the first call. All methods of `Fs`, `File` and `SyncAll` that can fail are counted.
    pub call: u64,
    /// How.
    pub kind: FaultKind,
    /// Whether all later calls fail, too.
    pub sticky: bool,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It does nothing and answers this error ([`io::ErrorKind::Other`] stands for an error of the medium). A sync on a [`SimFs`] loses what
    /// it covers.
    Error(io::ErrorKind),
    /// It is done, and answers this error: an answer lost on the way.
    ErrorAfter(io::ErrorKind),
    /// A read or write handles half of what was asked; other calls pass.
    Short,
    /// The process dies just before: this call and all later ones fail and do nothing.
    Kill,
}

/// A call that was made to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCall {
    /// Its number.
    pub number: u64,
    /// Its method.
    pub method: Method,
    /// Its path; see [`Call::path`].
    pub path: String,
}

/// Fails the k-th call on a file system, and tells which one it was.
///
/// The usual loop: run once without a fault to learn [`Faults::calls`], then once for each call and each kind.
///
/// ```
/// use std::io::ErrorKind;
/// use untorn_sim::{Fault, FaultKind, Faults, SimFs, SimOptions, write};
///
/// let faults = Faults::new(Some(Fault { call: 3, kind: FaultKind::Error(ErrorKind::StorageFull), sticky: false }));
/// let fs = faults.on_sim(&SimFs::new(SimOptions::strict()));
/// assert_eq!(write(&fs, "save", b"level 7").unwrap_err().kind(), ErrorKind::StorageFull);
/// assert_eq!(faults.failed().unwrap().path, "save");
/// ```
#[derive(Clone, Debug)]
pub struct Faults {
    fault: Option<Fault>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    calls: u64,
    failed: Option<FailedCall>,
}

impl Faults {
    /// `None` only counts.
    #[must_use]
    pub fn new(fault: Option<Fault>) -> Self {
        Self { fault, seen: Arc::default() }
    }

    /// Any file system with this fault.
    #[must_use]
    pub fn on(&self, inner: Arc<dyn Fs>) -> HookFs {
        let faults = self.clone();
        HookFs::new(inner, move |call| faults.judge(call))
    }

    /// The simulated file system with this fault; a failing sync behaves as on a disk.
    #[must_use]
    pub fn on_sim(&self, sim: &SimFs) -> HookFs {
        let faults = self.clone();
        HookFs::on_sim(sim, move |call| faults.judge(call))
    }

    /// How many calls were made so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.seen().calls
    }

    /// The first call that was made to fail.
    #[must_use]
    pub fn failed(&self) -> Option<FailedCall> {
        self.seen().failed.clone()
    }

    fn judge(&self, call: &Call<'_>) -> Verdict {
        let mut seen = self.seen();
        seen.calls += 1;
        let number = seen.calls;
        let Some(fault) = self.fault.filter(|fault| fault.hits(number)) else { return Verdict::Pass };
        let verdict = fault.verdict(call);
        if verdict != Verdict::Pass && seen.failed.is_none() {
            seen.failed = Some(FailedCall { number, method: call.method, path: call.path.to_owned() });
        }
        verdict
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    fn hits(&self, number: u64) -> bool {
        number == self.call || (number > self.call && (self.sticky || self.kind == FaultKind::Kill))
    }

    fn verdict(&self, call: &Call<'_>) -> Verdict {
        match self.kind {
            FaultKind::Error(kind) => Verdict::Fail(kind),
            FaultKind::ErrorAfter(kind) => Verdict::FailAfter(kind),
            FaultKind::Kill => Verdict::Refuse(io::ErrorKind::Other),
            FaultKind::Short if matches!(call.method, Method::ReadAt | Method::WriteAt) && call.len > 1 => {
                Verdict::Short(usize::try_from(call.len / 2).unwrap_or(1))
            }
            FaultKind::Short => Verdict::Pass,
        }
    }
}
