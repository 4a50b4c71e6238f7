//! Chunks become files, in a transaction.

use std::{
    cell::RefCell,
    io::{self, Read},
    path::Path,
};

use untorn_format::{
    Hash, Hasher, TreePath,
    manifest::{Entry, Kind, Manifest},
};
use untorn_fs::{File, Fs, OpenMode};
use untorn_store::{Chunk, Error as StoreError, Frame, open_bridge_frame};
use untorn_txn::{Cause, Observer, Phase, TakenUp, Transaction, Way};

use super::{
    changes::Changes,
    local::Local,
    pieces::{From, Piece, Pieces},
};
use crate::{Error, Result, releases::Supply};

/// How many decompressed frames are kept: the chunks of a file lie one behind the other in them, or nearly so.
const FRAMES_MAX: usize = 32;
/// How many of those of a bridge, which are longer.
const BRIDGE_FRAMES_MAX: usize = 3;
/// What is written in place is written in blocks of this length.
const BLOCK_LEN: u64 = 4096;
/// How much is read at a time.
const READ_LEN: usize = 1 << 20;

/// Where the bytes of chunks come from.
pub(super) struct Source<'s> {
    pub(super) fs: &'s dyn Fs,
    pub(super) dir: &'s Path,
    pub(super) local: &'s Local,
    pub(super) supply: &'s Supply<'s>,
    pieces: &'s Pieces,
    frames: RefCell<Vec<(Frame, Vec<u8>)>>,
    bridge_frames: RefCell<Vec<(usize, Vec<u8>)>>,
    open: RefCell<Option<(TreePath, Box<dyn File>)>>,
}

impl<'s> Source<'s> {
    pub(super) fn new(fs: &'s dyn Fs, dir: &'s Path, local: &'s Local, supply: &'s Supply<'s>, pieces: &'s Pieces) -> Self {
        let (frames, bridge_frames, open) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self { fs, dir, local, supply, pieces, frames, bridge_frames, open }
    }

    /// All bytes of the file at this place of the manifest, which has the hash that it should have.
    pub(super) fn whole(&self, number: usize, entry: &Entry) -> Result<Vec<u8>> {
        let Kind::File { len, hash, .. } = entry.kind else { return Err(Error::Contradiction) };
        let mut bytes = Vec::new();
        for piece in self.pieces.files.get(&number).into_iter().flatten() {
            bytes.extend_from_slice(&self.chunk(piece)?);
        }
        if (bytes.len() as u64, Hash::of(&bytes)) == (len, hash) { Ok(bytes) } else { Err(Error::Contradiction) }
    }

    /// The bytes of a chunk, whose hash was compared just now.
    fn chunk(&self, piece: &Piece) -> Result<Vec<u8>> {
        match piece.from {
            From::Tree => self.tree_bytes(&piece.chunk),
            From::Frame(frame, at) => self.store_bytes(&frame, at, &piece.chunk),
            From::Bridge(number, at) => self.bridge_bytes(number, at, &piece.chunk),
            From::Unknown => Err(Error::Contradiction),
        }
    }

    fn tree_bytes(&self, chunk: &Chunk) -> Result<Vec<u8>> {
        let (path, at) = self.local.place(chunk).ok_or(Error::Contradiction)?;
        let mut open = self.open.borrow_mut();
        let fail = |error| Error::io("read", &self.dir.join(path.as_str()), error);
        if open.as_ref().is_none_or(|(last, _)| last != path) {
            *open = Some((path.clone(), self.fs.open(path.as_str(), OpenMode::Read).map_err(fail)?));
        }
        let mut bytes = vec![0; usize::try_from(chunk.len).unwrap_or_default()];
        if let Some((_, file)) = &*open {
            file.read_exact_at(&mut bytes, at).map_err(fail)?;
        }
        if Hash::of(&bytes) == chunk.hash { Ok(bytes) } else { Err(Error::ChangedMeanwhile { path: path.to_string() }) }
    }

    fn store_bytes(&self, frame: &Frame, at: u32, chunk: &Chunk) -> Result<Vec<u8>> {
        let mut frames = self.frames.borrow_mut();
        let open = || self.supply.frame(frame);
        taken(&mut frames, frame, FRAMES_MAX, open, at, chunk, "a pack")
    }

    fn bridge_bytes(&self, number: usize, at: u32, chunk: &Chunk) -> Result<Vec<u8>> {
        let mut frames = self.bridge_frames.borrow_mut();
        let open = || {
            let frame = self.pieces.bridge_frame(number).ok_or(Error::Contradiction)?;
            let mut bases = Vec::new();
            for mark in &frame.bases {
                bases.extend_from_slice(&self.tree_bytes(self.local.find(mark).ok_or(Error::Contradiction)?)?);
            }
            let stored = self.supply.stored(&frame.frame)?;
            open_bridge_frame(frame, &stored, &bases).map_err(|source| Error::Store { what: "a bridge".into(), source })
        };
        taken(&mut frames, &number, BRIDGE_FRAMES_MAX, open, at, chunk, "a bridge")
    }
}

/// A chunk out of a frame, which is opened unless it is among the last few.
fn taken<K: PartialEq + Copy>(
    frames: &mut Vec<(K, Vec<u8>)>,
    key: &K,
    max: usize,
    open: impl FnOnce() -> Result<Vec<u8>>,
    at: u32,
    chunk: &Chunk,
    what: &str,
) -> Result<Vec<u8>> {
    if !frames.iter().any(|(other, _)| other == key) {
        let bytes = open()?;
        if frames.len() >= max {
            frames.remove(0);
        }
        frames.push((*key, bytes));
    }
    let bytes = frames.iter().find(|(other, _)| other == key).map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
    let range = usize::try_from(at).ok().zip(usize::try_from(chunk.len).ok());
    let bytes = range.and_then(|(at, len)| bytes.get(at..at.checked_add(len)?)).filter(|bytes| Hash::of(bytes) == chunk.hash);
    let forged = || Error::Store { what: what.to_owned(), source: StoreError::FrameForged };
    Ok(bytes.ok_or_else(forged)?.to_vec())
}

/// Stages all `changes`. Gives the directories that stay because of what is in them.
pub(super) fn stage(
    tx: &mut Transaction<'_>,
    manifest: &Manifest,
    changes: &Changes,
    source: &Source<'_>,
    observer: Option<&dyn Observer>,
) -> Result<Vec<String>> {
    for path in &changes.removed {
        tx.remove(path.as_str())?;
    }
    let dirs_kept = remove_dirs(tx, manifest, changes)?;
    for path in &changes.dirs {
        tx.create_dir_all(path.as_str())?;
    }
    let total = total(manifest, changes);
    let mut done = 0;
    for number in &changes.files {
        let entry = &manifest.entries()[*number];
        let Kind::File { len, hash, executable } = entry.kind else { continue };
        let chunks = source.pieces.files.get(number).map(Vec::as_slice).unwrap_or_default();
        stage_file(tx, entry, (len, hash), chunks, source, &mut |more| {
            done += more;
            // While things come, how far that is says more.
            if let Some(observer) = observer.filter(|_| !source.supply.is_under_way()) {
                observer.progress(Phase::Stage, done, total);
            }
        })?;
        tx.set_executable(entry.path.as_str(), executable)?;
        tx.made(entry.path.as_str(), None, done)?;
    }
    for (path, target) in &changes.symlinks {
        tx.symlink(target, path.as_str())?;
    }
    for (path, executable) in &changes.bits {
        tx.set_executable(path.as_str(), *executable)?;
    }
    Ok(dirs_kept)
}

/// How many bytes are made in all.
pub(super) fn total(manifest: &Manifest, changes: &Changes) -> u64 {
    changes.files.iter().map(|number| file_len(&manifest.entries()[*number])).fold(0, u64::saturating_add)
}

fn file_len(entry: &Entry) -> u64 {
    if let Kind::File { len, .. } = entry.kind { len } else { 0 }
}

/// One that should be gone but is not empty stays: what is in it belongs to no build. One in whose place something else comes must go.
fn remove_dirs(tx: &mut Transaction<'_>, manifest: &Manifest, changes: &Changes) -> Result<Vec<String>> {
    let mut kept = Vec::new();
    for path in &changes.dirs_removed {
        match tx.remove_dir(path.as_str()) {
            Err(error) if manifest.get(path).is_none() && matches!(error.cause(), Cause::NotEmpty | Cause::Foreign { .. }) => {
                kept.push(path.to_string());
            }
            other => other?,
        }
    }
    kept.reverse();
    Ok(kept)
}

fn stage_file(
    tx: &mut Transaction<'_>,
    entry: &Entry,
    wanted: (u64, Hash),
    chunks: &[Piece],
    source: &Source<'_>,
    tell: &mut dyn FnMut(u64),
) -> Result<()> {
    let path = entry.path.as_str();
    let mut feed = Feed { chunks: chunks.iter(), source, hasher: Hasher::new(), len: 0, rest: Vec::new(), at: 0, failure: None };
    let taken = take_up(tx, path, wanted)?;
    if let Some(taken) = taken {
        tell(taken.made);
        if taken.is_whole {
            return Ok(());
        }
        feed.begin_at(&taken);
        let went_on = tx.go_on(path, &taken, taken.made, &mut feed);
        if let Some(error) = feed.failure.take() {
            return Err(error);
        }
        went_on?;
        tell(wanted.0.saturating_sub(taken.made));
    } else if is_in_place(tx, entry, wanted.0, chunks, source.local)? {
        while let Some((piece, is_there)) = feed.advance(source.local.get(&entry.path).map(|file| file.chunks.as_slice()))? {
            if !is_there {
                tx.write_at(path, piece.at, &feed.rest)?;
            }
            tell(u64::from(piece.chunk.len));
        }
        tx.set_len(path, wanted.0)?;
    } else {
        let replaced = tx.replace(path, &mut feed);
        if let Some(error) = feed.failure.take() {
            return Err(error);
        }
        replaced?;
        tell(wanted.0);
    }
    if (feed.len, feed.hasher.finish()) == wanted { Ok(()) } else { Err(Error::Contradiction) }
}

/// What an interrupted update had staged of a file: all of it, with the right hash, or the beginning of a staged file. Everything else is staged anew.
fn take_up(tx: &mut Transaction<'_>, path: &str, (len, hash): (u64, Hash)) -> Result<Option<TakenUp>> {
    let Some(taken) = tx.take_up(path)? else { return Ok(None) };
    let is_right = match &taken.hasher {
        Some(hasher) if taken.is_whole => (taken.made, hasher.finish()) == (len, hash),
        Some(_) => taken.made < len,
        None => taken.is_whole && taken.made == len && hash_of(tx, path, len)? == hash,
    };
    if is_right {
        return Ok(Some(taken));
    }
    tx.put_back(path)?;
    Ok(None)
}

/// The hash of a file as the transaction would make it.
fn hash_of(tx: &mut Transaction<'_>, path: &str, len: u64) -> Result<Hash> {
    let (mut hasher, mut at, mut buffer) = (Hasher::new(), 0, vec![0; READ_LEN]);
    while at < len {
        let piece = usize::try_from(len - at).unwrap_or(READ_LEN).min(READ_LEN);
        tx.read(path, &mut buffer[..piece], at)?;
        hasher.update(&buffer[..piece]);
        at += piece as u64;
    }
    Ok(hasher.finish())
}

/// Whether it is cheaper to write only what changes.
fn is_in_place(tx: &Transaction<'_>, entry: &Entry, len: u64, chunks: &[Piece], local: &Local) -> Result<bool> {
    let Some(file) = local.get(&entry.path) else { return Ok(false) };
    let changed: u64 =
        chunks.iter().filter(|piece| !is_at(&file.chunks, piece)).map(|piece| u64::from(piece.chunk.len) + 2 * BLOCK_LEN).sum();
    if changed >= len {
        return Ok(false);
    }
    let (way, _) = tx.way_for(entry.path.as_str(), len, changed, changed.max(file.len.saturating_sub(len)))?;
    Ok(way != Way::Put)
}

/// Whether a chunk stands in the old file where it is to stand in the new one.
fn is_at(old: &[(untorn_store::Chunk, u64)], piece: &Piece) -> bool {
    old.binary_search_by_key(&piece.at, |(_, at)| *at).is_ok_and(|number| old[number].0 == piece.chunk)
}

/// The bytes of a file, chunk by chunk.
struct Feed<'f> {
    chunks: std::slice::Iter<'f, Piece>,
    source: &'f Source<'f>,
    hasher: Hasher,
    len: u64,
    /// What of the last chunk is not taken yet begins at `at`.
    rest: Vec<u8>,
    at: usize,
    failure: Option<Error>,
}

impl<'f> Feed<'f> {
    /// Begins behind what was taken up.
    fn begin_at(&mut self, taken: &TakenUp) {
        let Some(hasher) = &taken.hasher else { return };
        (self.hasher, self.len) = (hasher.clone(), taken.made);
        let is_seen = |piece: &&Piece| piece.at + u64::from(piece.chunk.len) <= taken.made;
        let seen = self.chunks.as_slice().iter().take_while(is_seen).count();
        self.chunks = self.chunks.as_slice()[seen..].iter();
    }

    /// The next chunk, and whether it stands where it belongs in `old`; its bytes are in `rest`.
    fn advance(&mut self, old: Option<&[(untorn_store::Chunk, u64)]>) -> Result<Option<(&'f Piece, bool)>> {
        let Some(piece) = self.chunks.next() else { return Ok(None) };
        let is_there = old.is_some_and(|old| is_at(old, piece));
        (self.rest, self.at) = (self.source.chunk(piece)?, 0);
        // What was taken up ends anywhere.
        let seen = usize::try_from(self.len.saturating_sub(piece.at)).unwrap_or(usize::MAX).min(self.rest.len());
        self.at = seen;
        self.hasher.update(&self.rest[seen..]);
        self.len += (self.rest.len() - seen) as u64;
        Ok(Some((piece, is_there)))
    }
}

impl Read for Feed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.rest.len() {
            match self.advance(None) {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(0),
                Err(error) => {
                    self.failure = Some(error);
                    return Err(io::ErrorKind::Other.into());
                }
            }
        }
        let len = buf.len().min(self.rest.len() - self.at);
        buf[..len].copy_from_slice(&self.rest[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}
