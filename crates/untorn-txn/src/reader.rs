//! Using a tree without changing it: the running game.

use std::{path::Path, sync::Arc};

use untorn_fs::Fs;

use crate::{
    decide::{Verdict, decide},
    error::{Cause, Error, Result},
    half_way,
    layout::{LOCK, READERS},
    lock::{self, Held},
    recover,
    tree::{Tree, is_still_at, open_dir},
    warning::Warning,
};

/// How often a reader completes what others left before it gives up: more than twice means that updaters die as fast as they come.
const TRIES: usize = 8;

/// Holds a tree so that it does not change: transactions can be prepared meanwhile, but not applied. Dropping it, or the death of the process, lets go.
#[derive(Debug)]
pub struct ReadGuard {
    held: Held,
    warnings: Vec<Warning>,
}

impl ReadGuard {
    /// Completes or discards whatever an earlier process left, then holds the tree in `dir`.
    ///
    /// After this returns, and as long as the guard lives, the tree is exactly that of the last transaction.
    ///
    /// # Errors
    /// [`Cause::Busy`] while an updater changes the tree; [`Cause::HalfWay`] between two steps of one; else as [`Tree::open`].
    pub fn acquire(dir: &Path) -> Result<Self> {
        for _ in 0..TRIES {
            let fs: Arc<dyn Fs> = open_dir(dir)?;
            let guard = Self::acquire_on(&fs);
            if is_still_at(&*fs, dir)? {
                return guard;
            }
        }
        Err(Error::new(Cause::Busy { holder: None }))
    }

    /// As [`ReadGuard::acquire`], on any file system.
    ///
    /// # Errors
    /// As [`ReadGuard::acquire`].
    pub fn acquire_on(fs: &Arc<dyn Fs>) -> Result<Self> {
        let mut warnings = Vec::new();
        for _ in 0..TRIES {
            if fs.metadata(LOCK).is_ok() {
                let held = lock::reader(&**fs, false)?;
                let evidence = recover::evidence(&**fs)?;
                match decide(&evidence) {
                    Verdict::Clean(ruling) if !recover::may_be_in_cache_only(&**fs, &ruling, &evidence.folders) => {
                        half_way::refuse(&**fs, ruling.to)?;
                        return Ok(Self { held, warnings });
                    }
                    Verdict::Refuse(refusal) => return Err(recover::refused(refusal)),
                    Verdict::Clean(_) | Verdict::Init | Verdict::Forward(_) | Verdict::Doubtful { .. } => drop(held),
                }
            }
            warnings = Tree::open_on(fs.clone())?.warnings().to_vec();
        }
        Err(Error::new(Cause::Busy { holder: None }))
    }

    /// What others did to the tree that completing it could not undo: see [`Tree::warnings`].
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Lets the programs that this process starts from now on, or becomes, hold the tree too: it is let go when the last of them has ended. So a launcher may die
    /// before the game it started.
    ///
    /// # Errors
    /// [`Cause::Io`] where the system cannot hand a lock on.
    pub fn hand_on(&self) -> Result<()> {
        self.held.hand_on(READERS)
    }
}
