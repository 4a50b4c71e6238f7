//! Patches: fetched into the state directory, then applied one after the other.

use std::{
    cell::Cell,
    io::{self, Read, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use untorn_delta::{PatchError, PatchReader};
use untorn_format::{
    Hash, Hasher,
    patch::{HEADER_LEN, Header, Index},
    release::PatchObject,
};
use untorn_fs::File;
use untorn_remote::{Error as NetError, Fault, Mirrors, Remote};
use untorn_store::layout::Name;
use untorn_txn::{Fetched, Observer};

use crate::{
    Error, Result,
    apply::ReadAt,
    releases::{Arrivals, Progress},
};

/// How much is read at once to hash what has come.
const PIECE_LEN: usize = 1 << 20;

/// What a patch is called among what was fetched.
pub(super) fn name_of(patch: &PatchObject) -> String {
    format!("patch-{}", patch.hash)
}

/// How many bytes of a patch have come.
pub(super) fn at_hand(fetched: &Fetched, patch: &PatchObject) -> u64 {
    let file = fetched.open(&name_of(patch)).ok().flatten();
    file.and_then(|file| file.metadata().ok()).map_or(0, |meta| meta.len.min(patch.len))
}

/// How far a patch has come that is read while it comes.
#[derive(Debug, Default)]
pub(super) struct Coming {
    pub(super) arrivals: Arrivals,
    len: AtomicU64,
    /// Whether what had come was wrong, and comes anew: whoever has read some of it must begin again.
    is_anew: AtomicBool,
    /// Whether nobody wants it any more.
    is_given_up: AtomicBool,
}

impl Coming {
    fn reached(&self, len: u64) {
        self.len.store(len, Relaxed);
        self.arrivals.came();
    }

    /// Whether what was read may have been wrong, though it is right now.
    pub(super) fn is_anew(&self) -> bool {
        self.is_anew.load(Relaxed)
    }

    pub(super) fn give_up(&self) {
        self.is_given_up.store(true, Relaxed);
    }
}

/// Fetches what of a patch has not come yet. After this returns, the file among what was fetched has the right hash.
pub(super) fn fetch(
    remote: &Remote,
    fetched: &Fetched,
    patch: &PatchObject,
    progress: &Progress<'_>,
    coming: &Coming,
) -> Result<()> {
    let (file, name) = (fetched.make(&name_of(patch))?, Name::Patch(patch.hash).to_string());
    let mut distrusted = Mirrors::default();
    let mut began = at_hand(fetched, patch);
    loop {
        coming.reached(began);
        let mut sink = Growing { file: &*file, at: began, progress, end: patch.len, coming };
        let used = remote.stream(&name, began..patch.len, &mut sink, distrusted)?;
        if hash_of(&*file, patch.len).map_err(kept)? == patch.hash {
            return Ok(());
        }
        coming.is_anew.store(true, Relaxed);
        file.set_len(0).map_err(kept)?;
        // What an earlier process fetched may have been wrong, or cut off by a power failure: then nobody here is to blame yet.
        if began == 0 {
            distrusted = distrusted.and(used);
        }
        began = 0;
    }
}

/// Fetches the beginning of a patch, if it has not come yet, and reads what it says of everything but literal bytes; `None` where that is not what was promised.
pub(super) fn head(remote: &Remote, fetched: &Fetched, patch: &PatchObject, memory_len_max: u64) -> Result<Option<Index>> {
    let file = fetched.make(&name_of(patch))?;
    let until = |end: u64| {
        let (began, coming) = (at_hand(fetched, patch), Coming::default());
        let progress = Progress { observer: None, done: Cell::new(began), total: end };
        let mut sink = Growing { file: &*file, at: began, progress: &progress, end, coming: &coming };
        let name = Name::Patch(patch.hash).to_string();
        remote.stream(&name, began..end.min(patch.len), &mut sink, Mirrors::default())
    };
    until(HEADER_LEN as u64)?;
    let mut block = [0; HEADER_LEN];
    let is_read = file.read_exact_at(&mut block, 0).is_ok() && Hash::of(&block) == patch.header_hash;
    let Some(header) = Header::decode(&block).ok().filter(|_| is_read) else {
        file.set_len(0).map_err(kept)?;
        return Ok(None);
    };
    until(header.patch_len() - header.frames_len)?;
    match PatchReader::within(Stored::open(fetched, patch, None)?, memory_len_max, 1) {
        Ok(reader) => Ok(Some(reader.index().clone())),
        Err(PatchError::Memory { .. } | PatchError::Encoder { .. }) => Ok(None),
        Err(_) => {
            file.set_len(0).map_err(kept)?;
            Ok(None)
        }
    }
}

fn kept(source: io::Error) -> Error {
    Error::Io { doing: "keep", path: "what was fetched".into(), source }
}

fn hash_of(file: &dyn File, len: u64) -> io::Result<Hash> {
    let (mut hasher, mut buffer, mut at) = (Hasher::new(), vec![0; PIECE_LEN], 0);
    while at < len {
        let got = file.read_at(&mut buffer, at)?;
        if got == 0 {
            break;
        }
        let piece = usize::try_from(len - at).unwrap_or(got).min(got);
        hasher.update(&buffer[..piece]);
        at += piece as u64;
    }
    Ok(hasher.finish())
}

/// A file that grows as bytes come.
struct Growing<'g> {
    file: &'g dyn File,
    at: u64,
    end: u64,
    progress: &'g Progress<'g>,
    coming: &'g Coming,
}

impl Write for Growing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.coming.is_given_up.load(Relaxed) || self.progress.observer.is_some_and(Observer::should_stop) {
            return Err(io::Error::other("stopped"));
        }
        self.file.write_all_at(bytes, self.at)?;
        self.at = (self.at + bytes.len() as u64).min(self.end);
        if !self.coming.is_anew() {
            self.coming.reached(self.at);
        }
        self.progress.add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A patch that was fetched, or is on its way, to be read.
pub(super) struct Stored {
    file: Box<dyn File>,
    /// How far it was read.
    at: Arc<AtomicU64>,
    len: u64,
    coming: Option<Arc<Coming>>,
}

impl Stored {
    /// `coming` where it is still being fetched: reading waits for what has not come.
    pub(super) fn open(fetched: &Fetched, patch: &PatchObject, coming: Option<&Arc<Coming>>) -> Result<Self> {
        let missing = || NetError::new(Name::Patch(patch.hash).to_string(), Fault::Missing);
        let file = match coming {
            Some(_) => fetched.make(&name_of(patch))?,
            None => fetched.open(&name_of(patch))?.ok_or_else(missing)?,
        };
        Ok(Self { file, at: Arc::default(), len: patch.len, coming: coming.cloned() })
    }

    /// Says whether so many bytes more can be read without waiting.
    pub(super) fn gauge(&self) -> impl Fn(u64) -> bool + Send + Sync + use<> {
        let (at, coming) = (self.at.clone(), self.coming.clone());
        move |len| coming.as_ref().is_none_or(|coming| at.load(Relaxed).saturating_add(len) <= coming.len.load(Relaxed))
    }

    /// How far there is something to read, which is beyond `at`.
    fn end(&self, at: u64) -> io::Result<u64> {
        let Some(coming) = &self.coming else { return Ok(self.len) };
        coming.arrivals.wait(|| coming.len.load(Relaxed) > at || coming.is_anew());
        let len = coming.len.load(Relaxed).min(self.len);
        if coming.is_anew() || len <= at {
            return Err(io::Error::other("it does not come any further"));
        }
        Ok(len)
    }
}

impl ReadAt for Stored {
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(at)).unwrap_or(buf.len()).min(buf.len());
        self.file.read_at(&mut buf[..left], at)
    }
}

impl Read for Stored {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let at = self.at.load(Relaxed);
        if at == self.len {
            return Ok(0);
        }
        let left = usize::try_from(self.end(at)? - at).unwrap_or(buf.len()).min(buf.len());
        let got = self.file.read_at(&mut buf[..left], at)?;
        self.at.store(at + got as u64, Relaxed);
        Ok(got)
    }
}
