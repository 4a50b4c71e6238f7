//! What was fetched and found to be right, by its hash: a file that only grows, in the state directory.
//!
//! ```text
//! length (4 bytes, little-endian), hash (32), bytes; and so on
//! ```
//! After a kill the last one may be cut off, after a power cut anything may stand there. Whoever takes something out compares its hash.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use untorn_format::Hash;
use untorn_fs::File;
use untorn_txn::Fetched;

use crate::Result;

/// Its name.
pub(crate) const NAME: &str = "objects";
const HEAD_LEN: usize = 36;
const HASH_LEN: usize = 32;
/// No object is longer: the head of an index is the longest, and has as many.
const OBJECT_LEN_MAX: u32 = 64 << 20;

/// What was fetched and found to be right. One thread may keep things while another one takes them out.
pub(crate) struct Objects {
    /// Where the file lies, and its name; none where everything is kept in memory.
    place: Option<(Fetched, &'static str)>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    file: Option<Arc<dyn File>>,
    places: HashMap<Hash, (u64, u32)>,
    end: u64,
    /// What is kept without a file.
    in_memory: HashMap<Hash, Vec<u8>>,
}

impl Objects {
    /// Finds what earlier processes have left.
    pub(crate) fn open(fetched: Fetched) -> Result<Self> {
        Self::open_as(NAME, fetched)
    }

    /// The same in a file of another name.
    pub(crate) fn open_as(name: &'static str, fetched: Fetched) -> Result<Self> {
        let mut state = State::default();
        if let Some(file) = fetched.open(name)? {
            state.find(&*file);
        }
        // It was opened for reading.
        state.file = if state.end > 0 { Some(fetched.make(name)?.into()) } else { None };
        Ok(Self { place: Some((fetched, name)), state: Mutex::new(state) })
    }

    /// Keeps things as long as it lives.
    pub(crate) fn in_memory() -> Self {
        Self { place: None, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it seems to be there.
    pub(crate) fn contains(&self, hash: &Hash) -> bool {
        let state = self.state();
        state.places.contains_key(hash) || state.in_memory.contains_key(hash)
    }

    /// What has this hash. What turns out to be something else is forgotten.
    pub(crate) fn get(&self, hash: &Hash) -> Option<Vec<u8>> {
        let (file, (at, len)) = {
            let state = self.state();
            if let Some(bytes) = state.in_memory.get(hash) {
                return Some(bytes.clone());
            }
            (state.file.clone(), *state.places.get(hash)?)
        };
        let mut bytes = vec![0; usize::try_from(len).ok()?];
        let is_read = file.as_ref().is_some_and(|file| file.read_exact_at(&mut bytes, at).is_ok());
        if is_read && Hash::of(&bytes) == *hash {
            return Some(bytes);
        }
        self.state().places.remove(hash);
        // Later processes should not find it again; where that cannot be written, they find out as this one did.
        drop(file.map(|file| file.write_all_at(&Hash::NONE.0, at - HASH_LEN as u64)));
        None
    }

    /// Keeps what has been found to have this hash.
    pub(crate) fn put(&self, hash: Hash, bytes: &[u8]) -> Result<()> {
        let Some(len) = u32::try_from(bytes.len()).ok().filter(|len| *len <= OBJECT_LEN_MAX) else { return Ok(()) };
        let mut state = self.state();
        if state.places.contains_key(&hash) {
            return Ok(());
        }
        let Some((fetched, name)) = &self.place else {
            state.in_memory.insert(hash, bytes.to_vec());
            return Ok(());
        };
        let file = match &state.file {
            Some(file) => file.clone(),
            None => state.file.insert(fetched.make(name)?.into()).clone(),
        };
        let record = [&len.to_le_bytes(), hash.0.as_slice(), bytes].concat();
        let written = file.write_all_at(&record, state.end);
        written.map_err(|source| crate::Error::Io { doing: "keep", path: (*name).into(), source })?;
        let at = state.end + HEAD_LEN as u64;
        state.places.insert(hash, (at, len));
        state.end += record.len() as u64;
        Ok(())
    }

    /// How many bytes it takes.
    pub(crate) fn len(&self) -> u64 {
        self.state().end
    }
}

impl State {
    fn find(&mut self, file: &dyn File) {
        let whole = file.metadata().map_or(0, |meta| meta.len);
        let mut head = [0; HEAD_LEN];
        while file.read_exact_at(&mut head, self.end).is_ok() {
            let (len, hash) = read_head(&head);
            let next = self.end + HEAD_LEN as u64 + u64::from(len);
            if len > OBJECT_LEN_MAX || next > whole {
                break;
            }
            if !hash.is_none() {
                self.places.insert(hash, (self.end + HEAD_LEN as u64, len));
            }
            self.end = next;
        }
    }
}

fn read_head(head: &[u8; HEAD_LEN]) -> (u32, Hash) {
    let (len, hash) = head.split_at(4);
    let len = u32::from_le_bytes(*len.first_chunk().unwrap_or(&[0; 4]));
    (len, Hash(*hash.first_chunk().unwrap_or(&[0; 32])))
}

#[cfg(test)]
mod tests {
    use untorn_txn::Tree;

    use super::*;

    #[test]
    fn what_was_kept_is_there_again_and_what_has_rotted_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree::open(dir.path()).unwrap();
        let open = || Objects::open(Fetched::of(&tree)).unwrap();
        let (one, two) = (Hash::of(b"one"), Hash::of(b"two"));
        let objects = open();
        objects.put(one, b"one").unwrap();
        objects.put(two, b"two").unwrap();
        assert_eq!(open().get(&one).unwrap(), b"one");
        assert_eq!(open().get(&two).unwrap(), b"two");
        // Cut off in the middle of the second one.
        let file = Fetched::of(&tree).make(NAME).unwrap();
        file.set_len(objects.len() - 1).unwrap();
        let cut = open();
        assert!(cut.contains(&one) && !cut.contains(&two));
        cut.put(two, b"two").unwrap();
        assert_eq!(open().get(&two).unwrap(), b"two");
        file.write_all_at(b"x", HEAD_LEN as u64).unwrap();
        let rotten = open();
        assert!(rotten.contains(&one) && rotten.get(&one).is_none() && !rotten.contains(&one));
        assert_eq!(rotten.get(&two).unwrap(), b"two");
        assert!(!open().contains(&one));
    }

    #[test]
    fn a_file_of_anything_holds_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree::open(dir.path()).unwrap();
        Fetched::of(&tree).make(NAME).unwrap().write_all_at(&[0xff; 1000], 0).unwrap();
        let objects = Objects::open(Fetched::of(&tree)).unwrap();
        assert_eq!(objects.len(), 0);
        objects.put(Hash::of(b"one"), b"one").unwrap();
        assert_eq!(Objects::open(Fetched::of(&tree)).unwrap().get(&Hash::of(b"one")).unwrap(), b"one");
    }
}
