//! Changing names: create, link, rename, exchange, remove.

use std::{io, sync::Arc};

use crate::{
    effect::{Change, Effect, Names, Needs},
    inode::{Body, Ino, Inode, ROOT},
    path,
    state::State,
};

/// An existing name and what it refers to.
struct Named {
    dir: Ino,
    name: Arc<str>,
    ino: Ino,
}

impl State {
    pub(crate) fn create(&mut self, root: Ino, path: &str, inode: impl FnOnce(u64) -> Inode) -> io::Result<Ino> {
        let (dir, name) = self.find_open_parent(root, path)?;
        let changed = self.tick();
        self.make(dir, name, inode(changed))
    }

    pub(crate) fn hard_link(&mut self, root: Ino, from: &str, to: &str) -> io::Result<()> {
        if !self.options().hard_links {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let ino = self.find_entry(root, from)?;
        if self.live.entries(ino).is_some() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let (dir, name) = self.find_open_parent(root, to)?;
        if self.find_in(dir, name)?.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.need_space(0, 1)?;
        self.change_names(Names::one(dir, &name.into(), Some(ino), Needs::default()));
        let renamed = self.tick();
        self.edit(ino, |inode| inode.renamed = renamed)
    }

    pub(crate) fn clone_file(&mut self, root: Ino, from: &str, to: &str) -> io::Result<()> {
        if !self.options().reflink {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let source = self.inode(self.find_entry(root, from)?)?.clone();
        let content = source.content()?.clone();
        self.need_space(content.allocated(), 1)?;
        let ino = self.create(root, to, |changed| Inode { permissions: source.permissions, ..Inode::file(false, changed) })?;
        let (changed, len) = (self.tick(), content.len());
        let (offset, sectors) = content.sectors_around(0..len);
        self.edit(ino, |inode| inode.body = Body::File(content))?;
        self.change_file(ino, [Effect::Data { ino, offset, sectors, changed }, Effect::Len { ino, len, changed }]);
        Ok(())
    }

    pub(crate) fn remove(&mut self, root: Ino, path: &str, dir_wanted: bool) -> io::Result<()> {
        let old = self.named(root, path)?;
        let emptied = match self.live.entries(old.ino) {
            Some(_) if !dir_wanted => return Err(io::ErrorKind::IsADirectory.into()),
            Some(entries) if !entries.is_empty() => return Err(io::ErrorKind::DirectoryNotEmpty.into()),
            Some(_) => Some(old.ino),
            None if dir_wanted => return Err(io::ErrorKind::NotADirectory.into()),
            None => None,
        };
        self.change_names(Names::one(old.dir, &old.name, None, Needs { emptied, ..Needs::default() }));
        Ok(())
    }

    pub(crate) fn rename(&mut self, root: Ino, from: &str, to: &str) -> io::Result<()> {
        let from = self.named(root, from)?;
        let (dir, name) = self.find_open_parent(root, to)?;
        let target = self.find_in(dir, name)?;
        if let Some((spelling, _)) = target.as_ref().filter(|(_, ino)| *ino == from.ino) {
            let same_entry = dir == from.dir && *spelling == from.name;
            if same_entry && **spelling != *name {
                self.rename_entry(&from, Change { dir, name: name.into(), to: Some(from.ino) }, None);
            }
            return Ok(());
        }
        let emptied = self.check_replacing(from.ino, dir, target.map(|(_, ino)| ino))?;
        self.rename_entry(&from, Change { dir, name: name.into(), to: Some(from.ino) }, emptied);
        Ok(())
    }

    pub(crate) fn exchange(&mut self, root: Ino, a: &str, b: &str) -> io::Result<()> {
        if !self.options().exchange {
            return Err(io::ErrorKind::Unsupported.into());
        }
        if path::contains(a, b) || path::contains(b, a) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let (a, b) = (self.named(root, a)?, self.named(root, b)?);
        if a.ino == b.ino {
            return Ok(());
        }
        let reachable =
            if a.dir == b.dir { Box::default() } else { self.leading_to(a.dir).chain(self.leading_to(b.dir)).collect() };
        self.change_names(Names {
            first: Change { dir: a.dir, name: a.name, to: Some(b.ino) },
            second: Some(Change { dir: b.dir, name: b.name, to: Some(a.ino) }),
            needs: Needs { reachable, ..Needs::default() },
        });
        Ok(())
    }

    fn named(&self, root: Ino, path: &str) -> io::Result<Named> {
        let (dir, name) = self.find_open_parent(root, path)?;
        let (name, ino) = self.find_in(dir, name)?.ok_or(io::ErrorKind::NotFound)?;
        Ok(Named { dir, name, ino })
    }

    /// Whether `ino` may be renamed into `dir` over `target`; the answer is the directory that goes away.
    fn check_replacing(&self, ino: Ino, dir: Ino, target: Option<Ino>) -> io::Result<Option<Ino>> {
        let is_dir = self.live.entries(ino).is_some();
        if is_dir && self.ancestors(dir).any(|above| above == ino) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let Some(target) = target else { return Ok(None) };
        match self.live.entries(target) {
            Some(_) if !is_dir => Err(io::ErrorKind::IsADirectory.into()),
            Some(entries) if !entries.is_empty() => Err(io::ErrorKind::DirectoryNotEmpty.into()),
            Some(_) => Ok(Some(target)),
            None if is_dir => Err(io::ErrorKind::NotADirectory.into()),
            None => Ok(None),
        }
    }

    /// The effects of a rename, as far apart as the options allow.
    fn rename_entry(&mut self, from: &Named, adding: Change, emptied: Option<Ino>) {
        let removing = Change { dir: from.dir, name: from.name.clone(), to: None };
        let is_dir = self.live.entries(from.ino).is_some();
        let across = from.dir != adding.dir;
        let reachable = if across { self.leading_to(adding.dir).collect() } else { Box::default() };
        let needs = Needs { reachable, emptied, previous: false };
        let same_entry = !across && self.options().same_name(&from.name, &adding.name);
        let atomic = self.options().atomic_rename && (!across || self.options().atomic_rename_across);
        if atomic || is_dir || same_entry {
            self.change_names(Names { first: removing, second: Some(adding), needs });
            return;
        }
        let promised = self.options().atomic_rename;
        self.change_names(Names { first: adding, second: None, needs: Needs::default() });
        let needs = if promised { Needs { previous: true, ..needs } } else { Needs::default() };
        self.change_names(Names { first: removing, second: None, needs });
    }

    /// The directories that must have their names for `dir` to be found.
    fn leading_to(&self, dir: Ino) -> impl Iterator<Item = Ino> {
        self.ancestors(dir).filter(|&ino| ino != ROOT)
    }
}
