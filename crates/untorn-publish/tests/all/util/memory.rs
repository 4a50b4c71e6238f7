//! A store in memory.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use untorn_fs::File;
use untorn_publish::{Backend, BackendError, Body, DirBackend, Listed, Object, Put, Trouble, Version};

/// A store in memory, as strict as any. Versions are those of a directory, which has one for each content.
#[derive(Default)]
pub(crate) struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

impl Memory {
    /// A store that holds the same.
    pub(crate) fn copy(&self) -> Self {
        Self(Mutex::new(self.all().clone()))
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap()
    }
}

fn fail<T>(name: &str, trouble: Trouble) -> Result<T, BackendError> {
    Err(BackendError { doing: "test", name: name.into(), place: "memory".into(), trouble })
}

fn whole(body: Body<'_>) -> Vec<u8> {
    let read = |file: &dyn File, len: u64| {
        let mut bytes = vec![0; len as usize];
        file.read_exact_at(&mut bytes, 0).unwrap();
        bytes
    };
    match body {
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::File(file, len) => read(file, len),
    }
}

impl Backend for Memory {
    fn place(&self) -> &str {
        "memory"
    }

    fn get(&self, name: &str, len_max: u64) -> Result<Option<Object>, BackendError> {
        let Some(bytes) = self.all().get(name).cloned() else { return Ok(None) };
        let len = bytes.len() as u64;
        if len > len_max {
            fail(name, Trouble::TooLong { len })
        } else {
            Ok(Some(Object { version: DirBackend::version_of(&bytes), bytes }))
        }
    }

    fn get_range(&self, name: &str, start: u64, len: usize) -> Result<Vec<u8>, BackendError> {
        let all = self.all();
        let range = all.get(name).and_then(|bytes| bytes.get(start as usize..start as usize + len));
        range.map_or_else(|| fail(name, Trouble::Missing), |bytes| Ok(bytes.to_vec()))
    }

    fn head(&self, name: &str) -> Result<Option<u64>, BackendError> {
        Ok(self.all().get(name).map(|bytes| bytes.len() as u64))
    }

    fn put_new(&self, name: &str, body: Body<'_>) -> Result<Put, BackendError> {
        let (mut all, new) = (self.all(), whole(body));
        match all.get(name) {
            Some(old) if *old == new => Ok(Put::Present),
            Some(_) => fail(name, Trouble::Differs),
            None => {
                all.insert(name.into(), new);
                Ok(Put::Made)
            }
        }
    }

    fn put_if(&self, name: &str, version: Option<&Version>, bytes: &[u8]) -> Result<(), BackendError> {
        let mut all = self.all();
        if all.get(name).map(|bytes| DirBackend::version_of(bytes)).as_ref() != version {
            return fail(name, Trouble::Conflict);
        }
        all.insert(name.into(), bytes.to_vec());
        Ok(())
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, BackendError> {
        let all = self.all();
        let own = all.iter().filter(|(name, _)| name.starts_with(prefix));
        Ok(own.map(|(name, bytes)| Listed { name: name.clone(), len: bytes.len() as u64 }).collect())
    }

    fn delete(&self, name: &str) -> Result<(), BackendError> {
        self.all().remove(name);
        Ok(())
    }
}
