//! What is on the medium, or in the page cache: all objects of one file system at one moment.

use std::sync::Arc;

use crate::{
    Rng, SimOptions,
    content::Fate,
    effect::{Change, Effect},
    inode::{Body, Entries, Ino, Inode, ROOT},
};

/// A file system at one moment. Cheap to clone: objects are shared until they change.
#[derive(Clone, Debug)]
pub struct Image {
    inodes: Vec<Option<Arc<Inode>>>,
    pub(crate) options: Arc<SimOptions>,
    pub(crate) seed: u64,
}

impl Image {
    pub(crate) fn empty(options: SimOptions) -> Self {
        let seed = options.seed;
        Self { inodes: vec![Some(Arc::new(Inode::dir(None, 0)))], options: Arc::new(options), seed }
    }

    /// The same objects on a file system of other options: fuller, say.
    #[must_use]
    pub fn with_options(self, options: SimOptions) -> Self {
        Self { options: Arc::new(options), ..self }
    }

    /// Whether both hold the same names with the same kinds, bytes, executable bits and symlink targets, where `skip` (a name at
    /// the root, or `""`) is left out on both sides. Identities and times do not count.
    #[must_use]
    pub fn same_tree(&self, other: &Self, skip: &str) -> bool {
        self.same_dir(ROOT, other, ROOT, skip)
    }

    pub(crate) fn get(&self, ino: Ino) -> Option<&Arc<Inode>> {
        self.inodes.get(ino as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, ino: Ino) -> Option<&mut Inode> {
        self.inodes.get_mut(ino as usize)?.as_mut().map(Arc::make_mut)
    }

    pub(crate) fn len(&self) -> usize {
        self.inodes.len()
    }

    pub(crate) fn put(&mut self, ino: Ino, inode: Arc<Inode>) {
        if self.inodes.len() <= ino as usize {
            self.inodes.resize(ino as usize + 1, None);
        }
        self.inodes[ino as usize] = Some(inode);
    }

    /// Bytes beyond the length must not come back when the file grows.
    pub(crate) fn drop_stale_tails(&mut self) {
        for inode in self.inodes.iter_mut().flatten() {
            if matches!(&inode.body, Body::File(content) if content.has_stale_tail()) {
                Arc::make_mut(inode).content_mut().into_iter().for_each(|content| content.set_len(content.len()));
            }
        }
    }

    pub(crate) fn newest_change(&self) -> u64 {
        self.inodes.iter().flatten().map(|inode| inode.changed.max(inode.renamed)).max().unwrap_or(0)
    }

    pub(crate) fn forget(&mut self, ino: usize) {
        self.inodes[ino] = None;
    }

    pub(crate) fn entries(&self, ino: Ino) -> Option<&Entries> {
        match &self.get(ino)?.body {
            Body::Dir(entries) => Some(entries),
            Body::File(_) | Body::Symlink(_) => None,
        }
    }

    /// Lets an effect reach the medium whole.
    pub(crate) fn apply(&mut self, effect: &Effect) {
        match effect {
            Effect::Data { ino, offset, sectors, .. } => {
                self.with_content(*ino, |content| content.put_sectors(*offset, sectors));
            }
            Effect::Len { ino, len, changed } => {
                self.with_content(*ino, |content| content.set_len(*len));
                self.stamp(*ino, *changed);
            }
            Effect::Reserve { ino, end } => self.with_content(*ino, |content| content.reserved = content.reserved.max(*end)),
            Effect::Permissions { ino, permissions, changed } => {
                if let Some(inode) = self.get_mut(*ino) {
                    inode.permissions = *permissions;
                    inode.changed = *changed;
                }
            }
            Effect::Names(names) => names.in_order().for_each(|change| self.set_name(change)),
        }
    }

    /// As [`Image::apply`] for an effect whose barrier returned: its time is on the medium too. A crash may keep new bytes under an
    /// old time.
    pub(crate) fn settle(&mut self, effect: &Effect) {
        self.apply(effect);
        if let Effect::Data { ino, changed, .. } = effect {
            self.stamp(*ino, *changed);
        }
    }

    /// Lets some sectors of a write reach the medium, some not, some damaged. `kept` says which way it leans.
    pub(crate) fn tear(&mut self, effect: &Effect, kept: bool, damage_eighths: u64, rng: &mut Rng) {
        let Effect::Data { ino, offset, sectors, .. } = effect else { return };
        let garbage = self.options.garbage;
        let fate = || {
            let lean = if kept { Fate::New } else { Fate::Old };
            if !rng.eighths(damage_eighths) {
                return lean;
            }
            match rng.below(4) {
                0 => Fate::Old,
                1 => Fate::New,
                2 if garbage => Fate::Garbage(rng.next_u64()),
                _ => Fate::Zeros,
            }
        };
        self.with_content(*ino, |content| content.tear_sectors(*offset, sectors, fate));
    }

    pub(crate) fn set_name(&mut self, change: &Change) {
        let Some(Some(inode)) = self.inodes.get_mut(change.dir as usize) else { return };
        if let Body::Dir(entries) = &mut Arc::make_mut(inode).body {
            entries.set(&change.name, change.to, &self.options);
        }
    }

    fn with_content(&mut self, ino: Ino, f: impl FnOnce(&mut crate::content::Content)) {
        if let Some(content) = self.get_mut(ino).and_then(Inode::content_mut) {
            f(content);
        }
    }

    fn stamp(&mut self, ino: Ino, changed: u64) {
        if let Some(inode) = self.get_mut(ino) {
            inode.changed = changed;
        }
    }

    fn same_dir(&self, dir: Ino, other: &Self, other_dir: Ino, skip: &str) -> bool {
        let (Some(mine), Some(theirs)) = (self.entries(dir), other.entries(other_dir)) else { return false };
        let kept = |entry: &(&Arc<str>, Ino)| skip.is_empty() || **entry.0 != *skip;
        let (mut mine, mut theirs) = (mine.iter().filter(kept), theirs.iter().filter(kept));
        loop {
            match (mine.next(), theirs.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if a.0 == b.0 && self.same_object(a.1, other, b.1) => {}
                _ => return false,
            }
        }
    }

    fn same_object(&self, ino: Ino, other: &Self, other_ino: Ino) -> bool {
        let (Some(a), Some(b)) = (self.get(ino), other.get(other_ino)) else { return false };
        match (&a.body, &b.body) {
            (Body::Dir(_), Body::Dir(_)) => self.same_dir(ino, other, other_ino, ""),
            (Body::Symlink(x), Body::Symlink(y)) => x == y,
            (Body::File(x), Body::File(y)) => {
                Arc::ptr_eq(a, b) || (a.permissions.executable() == b.permissions.executable() && x.same_bytes(y))
            }
            _ => false,
        }
    }
}
