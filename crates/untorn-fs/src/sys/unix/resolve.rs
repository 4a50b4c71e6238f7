//! From a path to a handle, beneath the root, through no symlink and over no mount point.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::fs::{Mode, OFlags, Stat};

use super::{Root, system, walk};
use crate::{
    Metadata, outside_tree,
    path::{EntryPath, RelativePath},
};

/// Who walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolver {
    /// The kernel, in one call.
    Kernel,
    /// We, one directory after the other.
    Walk,
}

impl Resolver {
    pub(super) fn best(root: &OwnedFd) -> Self {
        if system::kernel_resolves(root) { Self::Kernel } else { Self::Walk }
    }
}

/// The handle of a directory; the root's own is not opened again.
pub(super) enum DirHandle<'a> {
    Root(BorrowedFd<'a>),
    Opened(OwnedFd),
}

impl AsFd for DirHandle<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Root(dir) => *dir,
            Self::Opened(dir) => dir.as_fd(),
        }
    }
}

impl Root {
    /// Opens what `path` names. A symlink as last component is refused, too, unless `flags` ask for the link itself.
    pub(super) fn open_beneath(&self, path: RelativePath<'_>, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC;
        match self.resolver {
            Resolver::Kernel => {
                let opened = system::open_beneath(&self.dir, path, flags, mode)?;
                if self.has_subvolumes {
                    walk::same_device(&rustix::fs::fstat(&opened)?, self.device)?;
                }
                Ok(opened)
            }
            Resolver::Walk => walk::open_beneath(self.dir.as_fd(), self.device, path, flags, mode),
        }
    }

    /// What `path` names, a symlink itself included.
    pub(super) fn stat_beneath(&self, path: RelativePath<'_>) -> io::Result<Stat> {
        match self.resolver {
            Resolver::Kernel => {
                let stat = system::stat_beneath(&self.dir, path)?;
                if self.has_subvolumes {
                    walk::same_device(&stat, self.device)?;
                }
                Ok(stat)
            }
            Resolver::Walk => walk::stat_beneath(self.dir.as_fd(), self.device, path),
        }
    }

    /// What `name` in an opened directory of the tree is, a symlink itself included.
    pub(super) fn metadata_in(&self, dir: BorrowedFd<'_>, name: &str) -> io::Result<Metadata> {
        match self.resolver {
            Resolver::Kernel => {
                let found = system::look_at(dir, name)?;
                if self.has_subvolumes && found.device != self.device {
                    return Err(outside_tree());
                }
                Ok(self.identity.of(&found))
            }
            Resolver::Walk => Ok(self.identity.metadata(&walk::stat_in(dir, self.device, name)?)),
        }
    }

    /// The directory that `entry` is in, good for `*at` calls.
    pub(super) fn parent(&self, entry: EntryPath<'_>) -> io::Result<DirHandle<'_>> {
        if entry.parent().as_str().is_empty() {
            return Ok(DirHandle::Root(self.dir.as_fd()));
        }
        self.open_beneath(entry.parent(), system::SEARCH | OFlags::DIRECTORY, Mode::empty()).map(DirHandle::Opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A subvolume is a directory on another device that the kernel walks into like any other. There is none to be had without a Btrfs, so here
    /// everything is on another device than the root says.
    #[test]
    fn what_is_on_another_device_is_outside_of_the_tree() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join("sub/file"), "theirs").unwrap();
        let mut root = Root::open(dir.path()).unwrap();
        (root.device, root.has_subvolumes) = (root.device ^ 1, true);
        let path = |path| RelativePath::new(path).unwrap();
        let refused = |answer: io::Result<()>| crate::is_outside_tree(&answer.unwrap_err());
        assert!(refused(root.metadata(path("sub")).map(drop)));
        assert!(refused(root.metadata(path("sub/file")).map(drop)));
        assert!(refused(root.open_file(EntryPath::new("sub/file").unwrap(), crate::OpenMode::Write).map(drop)));
        assert!(refused(root.create_dir(EntryPath::new("sub/dir").unwrap(), None)));
        assert_eq!(std::fs::read_dir(dir.path().join("sub")).unwrap().count(), 1);
    }
}
