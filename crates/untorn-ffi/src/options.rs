//! What a caller chose, checked for the function it is for.

use std::sync::Arc;

use untorn::{
    ApplyOptions, Extent, Observer, Options, Readers, RepairOptions, Signed, Trusting, UpdateOptions, VerifyOptions,
    trust::Downgrade,
};

use crate::{
    boundary::types::{
        ALLOW_DOWNGRADE, DRY_RUN, EXTENT_COMMIT, EXTENT_COMMIT_FETCHED, EXTENT_FETCH, EXTENT_PLAN, FORCE, KEEP_MODIFIED,
        KEEP_UNDO, NO_PATCHES, NO_UNDO, QUICK, REGARDLESS, THREAD_BOUND, TRUST_ON_FIRST_USE, UNLOCKED_READERS, UNSIGNED, WAIT,
    },
    failure::{Failure, Misuse},
};

/// What a caller chose.
#[derive(Default)]
pub(crate) struct Choices {
    pub(crate) flags: u32,
    pub(crate) jobs: u32,
    pub(crate) extent: u32,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) root: Vec<u8>,
    pub(crate) sources: Vec<String>,
    pub(crate) channel: Option<String>,
    pub(crate) platform: Option<String>,
}

impl Choices {
    /// Only what the function knows is let through: a wish that is not heard would be worse than an error.
    fn only(&self, flags: u32) -> Result<(), Misuse> {
        if self.flags & !flags != 0 { Err(Misuse::Option("one of these flags")) } else { Ok(()) }
    }

    fn no_update(&self) -> Result<(), Misuse> {
        let is_update = self.extent != EXTENT_COMMIT || self.platform.is_some();
        if is_update { Err(Misuse::Option("an extent or a platform")) } else { Ok(()) }
    }

    fn no_sources(&self) -> Result<(), Misuse> {
        self.no_update()?;
        let has = !self.sources.is_empty() || self.channel.is_some();
        if has { Err(Misuse::Option("sources or a channel")) } else { Ok(()) }
    }

    fn no_root(&self) -> Result<(), Misuse> {
        if self.root.is_empty() { Ok(()) } else { Err(Misuse::Option("a root")) }
    }

    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    fn jobs(&self) -> usize {
        usize::try_from(self.jobs).unwrap_or(0)
    }

    fn trusted(&self) -> Result<Option<Signed>, Failure> {
        if self.root.is_empty() {
            return Ok(None);
        }
        let decoded = Signed::decode(&self.root);
        Ok(Some(decoded.map_err(|source| untorn::Error::Document { path: "the root to believe".into(), source })?))
    }

    /// For opening: whether the handle is bound to this thread.
    pub(crate) fn opening(&self) -> Result<bool, Failure> {
        self.only(THREAD_BOUND)?;
        self.no_sources()?;
        self.no_root()?;
        Ok(self.has(THREAD_BOUND))
    }

    pub(crate) fn transaction(&self) -> Result<Options, Failure> {
        self.only(KEEP_UNDO | WAIT | UNLOCKED_READERS)?;
        self.no_sources()?;
        self.no_root()?;
        let mut options = Options::default();
        options.keep_undo = self.has(KEEP_UNDO);
        options.readers = if self.has(WAIT) { Readers::Wait } else { Readers::Refuse };
        options.unlocked_readers = self.has(UNLOCKED_READERS);
        (options.jobs, options.observer) = (self.jobs(), self.observer.clone());
        Ok(options)
    }

    /// For going back: the options, and whether by force.
    pub(crate) fn going_back(&self) -> Result<(Options, bool), Failure> {
        self.only(NO_UNDO | FORCE)?;
        self.no_sources()?;
        self.no_root()?;
        let mut options = Options::default();
        options.keep_undo = !self.has(NO_UNDO);
        (options.jobs, options.observer) = (self.jobs(), self.observer.clone());
        Ok((options, self.has(FORCE)))
    }

    pub(crate) fn applying(&self) -> Result<ApplyOptions, Failure> {
        let whom = UNSIGNED | TRUST_ON_FIRST_USE;
        self.only(DRY_RUN | NO_UNDO | WAIT | UNLOCKED_READERS | KEEP_MODIFIED | ALLOW_DOWNGRADE | whom)?;
        self.no_sources()?;
        let mut options = ApplyOptions::default();
        options.trusting = match (self.flags & whom, self.trusted()?) {
            (0, None) => Trusting::Tree,
            (0, Some(root)) => Trusting::Root(root),
            (UNSIGNED, None) => Trusting::Unsigned,
            (TRUST_ON_FIRST_USE, None) => Trusting::FirstUse,
            _ => return Err(Misuse::Option("two ways to believe at once").into()),
        };
        options.downgrade = if self.has(ALLOW_DOWNGRADE) { Downgrade::Allow } else { Downgrade::Refuse };
        (options.dry_run, options.keep_undo, options.wait) = (self.has(DRY_RUN), !self.has(NO_UNDO), self.has(WAIT));
        (options.unlocked_readers, options.keep_modified) = (self.has(UNLOCKED_READERS), self.has(KEEP_MODIFIED));
        (options.jobs, options.observer) = (self.jobs(), self.observer.clone());
        Ok(options)
    }

    pub(crate) fn verifying(&self) -> Result<VerifyOptions, Failure> {
        self.only(QUICK)?;
        self.no_sources()?;
        self.no_root()?;
        let mut options = VerifyOptions::default();
        (options.quick, options.jobs, options.observer) = (self.has(QUICK), self.jobs(), self.observer.clone());
        Ok(options)
    }

    pub(crate) fn repairing(&self) -> Result<RepairOptions, Failure> {
        self.only(DRY_RUN | WAIT)?;
        self.no_update()?;
        self.no_root()?;
        let mut options = RepairOptions::default();
        (options.dry_run, options.wait, options.channel) = (self.has(DRY_RUN), self.has(WAIT), self.channel.clone());
        (options.jobs, options.observer) = (self.jobs(), self.observer.clone());
        Ok(options)
    }

    pub(crate) fn updating(&self) -> Result<UpdateOptions, Failure> {
        self.only(NO_UNDO | WAIT | REGARDLESS | NO_PATCHES)?;
        let mut options = UpdateOptions::default();
        options.extent = match self.extent {
            EXTENT_COMMIT => Extent::Commit,
            EXTENT_PLAN => Extent::Plan,
            EXTENT_FETCH => Extent::Fetch,
            EXTENT_COMMIT_FETCHED => Extent::CommitFetched,
            _ => return Err(Misuse::Option("this extent").into()),
        };
        (options.sources, options.trust) = (self.sources.clone(), self.trusted()?);
        (options.channel, options.platform) = (self.channel.clone(), self.platform.clone());
        (options.keep_undo, options.wait) = (!self.has(NO_UNDO), self.has(WAIT));
        (options.regardless, options.no_patches) = (self.has(REGARDLESS), self.has(NO_PATCHES));
        (options.jobs, options.observer) = (self.jobs(), self.observer.clone());
        Ok(options)
    }
}
