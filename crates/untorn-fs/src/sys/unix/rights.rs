//! What this process may do to a name, found out without doing it.
//!
//! Asked with effective ids, as the kernel will ask. The kernel checks more than any of these calls tells (security modules,
//! servers), so a yes is not a promise.

use std::{io, os::fd::BorrowedFd};

use rustix::{
    fs::{Access, AtFlags, Stat},
    io::{Errno, retry_on_intr},
};

use super::{Root, stat, system};
use crate::{Right, path::EntryPath};

const STICKY: u32 = 0o1000;

/// The bits of a mode that let others than the owner write.
const OTHERS_WRITE: u32 = 0o022;

impl Root {
    pub(crate) fn outranks_owner(&self) -> io::Result<bool> {
        let stat = retry_on_intr(|| rustix::fs::fstat(&self.dir))?;
        let is_shared = stat.st_uid != 0 || stat::permissions(&stat).bits() & OTHERS_WRITE != 0;
        Ok(is_shared && rustix::process::geteuid().is_root())
    }

    pub(crate) fn may(&self, right: Right, path: EntryPath<'_>) -> io::Result<()> {
        let parent = self.parent(path)?;
        let parent = std::os::fd::AsFd::as_fd(&parent);
        match right {
            Right::Name => may_change_name(parent, path.name()),
            Right::Permissions => {
                must(is_owner(&look(parent, path.name())?)).and_then(|()| must(!system::attributes(parent, path.name()).is_any()))
            }
        }
    }
}

fn may_change_name(dir: BorrowedFd<'_>, name: &str) -> io::Result<()> {
    match retry_on_intr(|| rustix::fs::accessat(dir, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)) {
        // An old kernel, asked by a program with other effective ids than its own.
        Ok(()) | Err(Errno::NOSYS) => {}
        Err(errno) => return Err(errno.into()),
    }
    let entry = match look(dir, name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return must(!system::attributes(dir, ".").immutable),
        other => other?,
    };
    must(!system::attributes(dir, ".").is_any() && !system::attributes(dir, name).is_any())?;
    let dir = look(dir, ".")?;
    must(stat::permissions(&dir).bits() & STICKY == 0 || is_owner(&dir) || is_owner(&entry))
}

fn look(dir: BorrowedFd<'_>, name: &str) -> io::Result<Stat> {
    Ok(retry_on_intr(|| rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW))?)
}

fn is_owner(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw() || system::acts_as_owner()
}

fn must(holds: bool) -> io::Result<()> {
    if holds { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

/// What forbids changes whatever the permissions say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) immutable: bool,
    pub(super) append_only: bool,
}

impl Attributes {
    fn is_any(self) -> bool {
        self.immutable || self.append_only
    }
}
