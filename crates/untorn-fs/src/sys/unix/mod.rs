//! Unix: a held root, a handle of the parent, and `*at` calls on the last component.

mod error;
mod escape_name;
mod file;
mod names;
mod resolve;
mod rights;
mod stat;
#[cfg_attr(target_os = "linux", path = "linux/mod.rs")]
#[cfg_attr(target_os = "macos", path = "macos/mod.rs")]
#[cfg_attr(not(any(target_os = "linux", target_os = "macos")), path = "other.rs")]
mod system;
mod walk;

/// What is pure of macOS is tested everywhere.
#[cfg(all(test, not(target_os = "macos")))]
#[path = "macos/file_system.rs"]
mod of_macos;

use std::{io, os::fd::OwnedFd, path::Path};

use rustix::{
    fs::{Mode, OFlags},
    io::retry_on_intr,
};

use crate::{Capabilities, Space, SyncAll};
use resolve::Resolver;
use stat::Identity;

/// The held directory.
#[derive(Debug)]
pub(crate) struct Root {
    dir: OwnedFd,
    device: u64,
    /// Whether directories may have a device of their own without being mount points.
    has_subvolumes: bool,
    /// Whether holes in files need not be read.
    tells_holes: bool,
    identity: Identity,
    resolver: Resolver,
}

impl Root {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))?;
        let device = stat::device(&rustix::fs::fstat(&dir)?);
        let identity = Identity::new(system::stable_inodes(&dir)?.then_some(device));
        let resolver = Resolver::best(&dir);
        let has_subvolumes = system::has_subvolumes(&dir)?;
        let tells_holes = system::tells_holes(&dir)?;
        Ok(Self { dir, device, has_subvolumes, tells_holes, identity, resolver })
    }

    pub(crate) fn resolve_stepwise(&mut self) {
        self.resolver = Resolver::Walk;
    }

    pub(crate) fn capabilities(&self) -> io::Result<Capabilities> {
        system::capabilities(&self.dir)
    }

    pub(crate) fn space(&self) -> io::Result<Space> {
        let stat = retry_on_intr(|| rustix::fs::fstatvfs(&self.dir))?;
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        // Those that make room for files as they are needed say 0 of 0.
        let files = (stat.f_files > 0).then_some(stat.f_favail);
        Ok(Space { available: bytes(stat.f_bavail), total: bytes(stat.f_blocks), files })
    }

    pub(crate) fn sync_handle(&self) -> io::Result<Box<dyn SyncAll>> {
        system::sync_handle(&self.dir)
    }
}
