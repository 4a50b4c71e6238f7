//! Objects: files, directories, symlinks.

use std::{io, sync::Arc};

use untorn_fs::{FileKind, Permissions};

use crate::{SimOptions, content::Content};

/// Which object; an index into [`crate::Image`].
pub(crate) type Ino = u32;

pub(crate) const ROOT: Ino = 0;

#[derive(Clone, Debug)]
pub(crate) struct Inode {
    pub(crate) body: Body,
    pub(crate) permissions: Permissions,
    pub(crate) changed: u64,
    /// When it last got or lost a name, or, of a directory, when a name in it changed: that counts as a change, but not of the bytes of a file. Forgotten in a crash.
    pub(crate) renamed: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    File(Content),
    Dir(Entries),
    Symlink(Arc<str>),
}

impl Inode {
    pub(crate) fn file(executable: bool, changed: u64) -> Self {
        let permissions = Permissions::from_bits(0o644).with_executable(executable);
        Self { body: Body::File(Content::default()), permissions, changed, renamed: 0 }
    }

    pub(crate) fn dir(permissions: Option<Permissions>, changed: u64) -> Self {
        let permissions = permissions.map_or(Permissions::from_bits(0o755), granted);
        Self { body: Body::Dir(Entries::default()), permissions, changed, renamed: 0 }
    }

    pub(crate) fn symlink(target: &str, changed: u64) -> Self {
        Self { body: Body::Symlink(target.into()), permissions: Permissions::from_bits(0o777), changed, renamed: 0 }
    }

    pub(crate) fn kind(&self) -> FileKind {
        match self.body {
            Body::File(_) => FileKind::File,
            Body::Dir(_) => FileKind::Dir,
            Body::Symlink(_) => FileKind::Symlink,
        }
    }

    pub(crate) fn entries(&self) -> io::Result<&Entries> {
        match &self.body {
            Body::Dir(entries) => Ok(entries),
            Body::Symlink(_) => Err(untorn_fs::outside_tree()),
            Body::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(crate) fn content(&self) -> io::Result<&Content> {
        match &self.body {
            Body::File(content) => Ok(content),
            Body::Dir(_) => Err(io::ErrorKind::IsADirectory.into()),
            Body::Symlink(_) => Err(untorn_fs::outside_tree()),
        }
    }

    pub(crate) fn content_mut(&mut self) -> Option<&mut Content> {
        if let Body::File(content) = &mut self.body { Some(content) } else { None }
    }
}

/// Special bits (set-user-ID and the like) are never granted.
pub(crate) fn granted(permissions: Permissions) -> Permissions {
    Permissions::from_bits(permissions.bits() & 0o777)
}

/// Names of a directory, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries(Vec<(Arc<str>, Ino)>);

impl Entries {
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, Ino)> {
        self.0.iter().map(|(name, ino)| (name, *ino))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entry that `name` refers to, with its own spelling.
    pub(crate) fn find(&self, name: &str, options: &SimOptions) -> Option<(&Arc<str>, Ino)> {
        self.position(name, options).map(|at| (&self.0[at].0, self.0[at].1))
    }

    /// Makes `name` refer to `to`, or to nothing.
    pub(crate) fn set(&mut self, name: &Arc<str>, to: Option<Ino>, options: &SimOptions) {
        match (self.position(name, options), to) {
            (Some(at), Some(ino)) => self.0[at].1 = ino,
            (Some(at), None) => drop(self.0.remove(at)),
            (None, Some(ino)) => {
                let at = self.0.partition_point(|(other, _)| **other < **name);
                self.0.insert(at, (name.clone(), ino));
            }
            (None, None) => {}
        }
    }

    fn position(&self, name: &str, options: &SimOptions) -> Option<usize> {
        if options.ignore_case {
            return self.0.iter().position(|(other, _)| options.same_name(other, name));
        }
        self.0.binary_search_by(|(other, _)| (**other).cmp(name)).ok()
    }
}
