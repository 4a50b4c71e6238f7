//! The new bytes of one file.

use std::collections::BTreeMap;
use std::io::{self, Read};

use untorn_format::patch::{Change, Check, FilePatch, Index, Op, Restored};
use untorn_format::{DecodeError, Hash, Hasher};

use super::adapted::{Adapted, Feed};
use super::announced::Copies;
use super::batched::Batched;
use super::beside::Job;
use super::literals::Literals;
use super::members::{Members, packed};
use super::old::read_old;
use super::restoring::Restoring;
use crate::deflate::RAW_LEN_MAX;
use crate::files::piece_len;
use crate::{Files, PatchError};

const PIECE_LEN_MAX: usize = 256 << 10;

/// Which bytes of a file are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// All of them, to write a new file.
    Whole,
    /// Those that differ from what stands there, to write them in place.
    InPlace,
}

/// Bytes of a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Offset in the new file. Offsets rise.
    pub at: u64,
    /// The bytes, at least one.
    pub bytes: &'a [u8],
}

/// Makes the new bytes of one file, from the old tree and the literal bytes of the patch.
///
/// As [`Read`] it gives the bytes of the pieces one after the other: the file, when it is read [`Way::Whole`]. An error of [`Read`] holds the
/// [`PatchError`].
pub struct FileReader<'r, R> {
    index: &'r Index,
    change: &'r Change,
    file: &'r FilePatch,
    literals: &'r mut Literals<R>,
    /// Takes the hash of a file that has none in the patch, under the number of its change.
    made: (usize, &'r mut BTreeMap<usize, Hash>),
    old: &'r dyn Files,
    way: Way,
    /// How many operations the files before have.
    ops_before: usize,
    /// The operation that the bytes in between are made for.
    begun: Option<usize>,
    /// Number of the operation in work, and how many of its bytes are made.
    op: usize,
    op_done: u64,
    /// Offset in the new file.
    at: u64,
    hasher: Batched,
    /// Whether somebody else hashes what is handed out.
    is_hashed_elsewhere: bool,
    buf: Vec<u8>,
    /// What the old files were told that is read soon.
    announced: Copies,
    /// Makes the bytes of the operation that adapts, once it has begun.
    adapted: Option<Adapted<'r>>,
    /// Or another thread does, and has begun already.
    job: Option<Job>,
    /// The bytes of the operation that restores, once it has begun.
    restored: Vec<u8>,
    /// Packs members ahead of their turn.
    restoring: Option<Restoring>,
}

/// A place in a file.
#[derive(Default)]
struct Place {
    op: usize,
    op_done: u64,
    /// Offset in the new file.
    at: u64,
    /// Literal bytes of the file before it.
    literal_len: u64,
}

impl<'r, R: Read> FileReader<'r, R> {
    pub(super) fn new(
        index: &'r Index,
        change: &'r Change,
        file: &'r FilePatch,
        literals: &'r mut Literals<R>,
        made: (usize, &'r mut BTreeMap<usize, Hash>),
        old: &'r dyn Files,
        way: Way,
    ) -> Self {
        Self {
            index,
            change,
            file,
            literals,
            made,
            old,
            way,
            ops_before: 0,
            begun: None,
            op: 0,
            op_done: 0,
            at: 0,
            hasher: Batched::default(),
            is_hashed_elsewhere: false,
            buf: Vec::new(),
            announced: Copies::default(),
            adapted: None,
            job: None,
            restored: Vec::new(),
            restoring: None,
        }
    }

    /// The same, where other threads pack members ahead of their turn.
    pub(super) fn restoring(mut self, mut ahead: Option<Restoring>) -> Self {
        if let Some(ahead) = &mut ahead {
            ahead.begin(self.file, self.index);
        }
        self.restoring = ahead;
        self
    }

    /// The same, behind files with so many operations.
    pub(super) fn behind(mut self, ops: usize) -> Self {
        self.ops_before = ops;
        self
    }

    /// The same, where another thread has begun to adapt it.
    pub(super) fn beside(mut self, job: Option<Job>) -> Self {
        self.job = job;
        self
    }

    /// The same, from the byte `at` on. Nothing but what is asked for then is made, so the file is not checked.
    pub(super) fn starting_at(mut self, at: u64) -> Self {
        self.at = at;
        self.op_done = at;
        while let Some(op) = self.file.ops.get(self.op).filter(|op| op.len() <= self.op_done) {
            self.op_done -= op.len();
            self.op += 1;
        }
        self
    }

    /// The same for who hashes what he reads: nothing is hashed twice. To be called before anything is read [`Way::Whole`].
    pub fn hashed_elsewhere(self) -> Unhashed<'r, R> {
        Unhashed(Self { is_hashed_elsewhere: true, ..self })
    }

    /// What changes.
    #[must_use]
    pub fn change(&self) -> &'r Change {
        self.change
    }

    /// How its content is made.
    #[must_use]
    pub fn file(&self) -> &'r FilePatch {
        self.file
    }

    /// The next bytes; `None` once all were handed out **and** are what the patch promises. Before that nothing of them can be trusted.
    ///
    /// # Errors
    /// [`PatchError`].
    pub fn next_piece(&mut self) -> Result<Option<Piece<'_>>, PatchError> {
        self.piece_up_to(PIECE_LEN_MAX)
    }

    /// Goes on where an earlier reading of the same file stopped: `made` bytes from its beginning. `read` fills a buffer with the bytes that were handed out then, from an
    /// offset in the new file; `hasher`, of a file that is made [`Way::Whole`], has seen all of them already, and spares reading them.
    ///
    /// Gives where it goes on, which may be earlier. `None`: the file was made to its end, and is not what the patch promises, so it is made from its beginning.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn go_on<E>(
        &mut self,
        made: u64,
        hasher: Option<Hasher>,
        mut read: impl FnMut(&mut [u8], u64) -> Result<(), E>,
    ) -> Result<Option<u64>, E> {
        if self.hashes_kept() {
            return Ok(Some(0));
        }
        let place = self.place_before(made);
        match hasher.filter(|_| self.way == Way::Whole && place.at == made) {
            Some(hasher) => self.hasher = Batched::from(hasher),
            None => self.hash_until(place.at, &mut read)?,
        }
        (self.op, self.op_done, self.at) = (place.op, place.op_done, place.at);
        if self.op < self.file.ops.len() {
            let literals_at = self.literals.at().saturating_add(place.literal_len);
            self.literals.skip_to(literals_at);
            return Ok(Some(self.at));
        }
        if self.check(self.hasher.finish()).is_ok() {
            return Ok(Some(self.at));
        }
        (self.op, self.op_done, self.at, self.hasher) = (0, 0, 0, Batched::default());
        Ok(None)
    }

    /// The last place before the byte `made` at which making can begin: anywhere but inside an operation that adapts or restores.
    fn place_before(&self, made: u64) -> Place {
        let mut place = Place::default();
        for op in &self.file.ops {
            let len = (made - place.at).min(op.len());
            let is_whole = len == op.len();
            if !is_whole && (len == 0 || matches!(op, Op::Adapt { .. } | Op::Restore { .. })) {
                break;
            }
            place.at += len;
            place.literal_len += match op {
                Op::Literal { .. } => len,
                Op::Adapt { literal_len, .. } | Op::Restore { literal_len, .. } => *literal_len,
                Op::Keep { .. } | Op::Copy { .. } => 0,
            };
            if !is_whole {
                place.op_done = len;
                break;
            }
            place.op += 1;
        }
        place
    }

    /// Hashes what was handed out of the bytes before `end`.
    fn hash_until<E>(&mut self, end: u64, read: &mut impl FnMut(&mut [u8], u64) -> Result<(), E>) -> Result<(), E> {
        let mut start = 0;
        for op in &self.file.ops {
            let stop = (start + op.len()).min(end);
            let is_handed_out = self.way == Way::Whole || !matches!(op, Op::Keep { .. });
            while is_handed_out && start < stop {
                let len = piece_len(stop - start, PIECE_LEN_MAX);
                self.buf.resize(self.buf.len().max(len), 0);
                read(&mut self.buf[..len], start)?;
                self.hasher.update(&self.buf[..len]);
                start += len as u64;
            }
            start = stop;
        }
        Ok(())
    }

    pub(super) fn piece_up_to(&mut self, max: usize) -> Result<Option<Piece<'_>>, PatchError> {
        self.skip_kept()?;
        let Some(op) = self.file.ops.get(self.op) else {
            if !self.is_hashed_elsewhere {
                self.check(self.hasher.finish())?;
            }
            return Ok(None);
        };
        if self.index.is_joined() && self.begun.replace(self.op) != Some(self.op) {
            self.begin(op)?;
        }
        if self.op_done == 0 {
            self.announced.go_on(self.op, &self.file.ops, self.index, self.old);
        }
        let len = piece_len(op.len() - self.op_done, max.min(PIECE_LEN_MAX));
        let bytes = match *op {
            Op::Literal { .. } => self.literals.take(self.index, self.old, len)?,
            Op::Keep { .. } => read(self.old, &self.change.path, &mut self.buf, len, self.at)?,
            Op::Copy { source, at, .. } => {
                self.buf.resize(self.buf.len().max(len), 0);
                self.literals.members.read(self.index, self.old, source, &mut self.buf[..len], at + self.op_done)?;
                &self.buf[..len]
            }
            Op::Restore { number, len: whole, .. } => {
                if self.op_done == 0 {
                    self.restored = Vec::new();
                    let ahead = self.restoring.as_mut().and_then(|ahead| ahead.take(self.op, self.file, self.index));
                    self.restored = match ahead {
                        Some(made) => made?.ok_or_else(|| PatchError::Made { path: self.change.path.clone() })?,
                        None => self.restore_member(number, whole)?,
                    };
                }
                let start = usize::try_from(self.op_done).unwrap_or(usize::MAX);
                start.checked_add(len).and_then(|end| self.restored.get(start..end)).ok_or(DecodeError::Length)?
            }
            Op::Adapt { source, len: whole, literal_len } => {
                let adapted = match (&mut self.adapted, self.job.take()) {
                    (Some(adapted), _) => adapted,
                    (none, Some(job)) => none.insert(Adapted::elsewhere(job)?),
                    (none, None) => none.insert(Adapted::new(&self.file.program, self.index, source, (whole, literal_len))?),
                };
                let mut feed = Streamed { literals: &mut *self.literals, index: self.index, old: self.old };
                self.buf.clear();
                self.buf.extend_from_slice(adapted.take(&mut feed, len)?);
                &self.buf[..]
            }
        };
        if !self.is_hashed_elsewhere {
            self.hasher.update(bytes);
        }
        let at = self.at;
        self.at += bytes.len() as u64;
        self.op_done += bytes.len() as u64;
        if self.op_done == op.len() {
            (self.op, self.op_done) = (self.op + 1, 0);
        }
        Ok(Some(Piece { at, bytes }))
    }

    /// Makes the bytes in between that an operation needs.
    fn begin(&mut self, op: &Op) -> Result<(), PatchError> {
        let restored = if let Op::Restore { number, .. } = op { self.file.restored.get(*number as usize) } else { None };
        let inner = restored.into_iter().flat_map(|restored| restored.ops.iter().filter_map(Op::source).chain(restored.like));
        let sources = op.source().into_iter().chain(inner);
        self.literals.begin(self.index, self.old, self.ops_before + self.op, sources)
    }

    /// Packed bytes, from what they hold.
    fn restore_member(&mut self, number: u32, len: u64) -> Result<Vec<u8>, PatchError> {
        let restored = self.file.restored.get(number as usize).ok_or(DecodeError::Length)?;
        let mut raw = Vec::with_capacity(piece_len(restored.raw_len, RAW_LEN_MAX));
        for op in &restored.ops {
            let mut done = 0;
            while done < op.len() {
                let (start, piece) = (raw.len(), piece_len(op.len() - done, PIECE_LEN_MAX));
                match *op {
                    Op::Copy { source, at, .. } => {
                        raw.resize(start + piece, 0);
                        self.literals.members.read(self.index, self.old, source, &mut raw[start..], at + done)?;
                    }
                    _ => raw.extend_from_slice(self.literals.take(self.index, self.old, piece)?),
                }
                done += (raw.len() - start) as u64;
            }
        }
        let made = restore(&mut self.literals.members, (self.index, self.old), restored, &raw, len)?;
        made.ok_or_else(|| PatchError::Made { path: self.change.path.clone() })
    }

    /// Whether kept bytes are read though they stay: where only the hash of the whole file says whether what is made is right.
    fn hashes_kept(&self) -> bool {
        self.way == Way::InPlace && self.file.written.is_none() && self.file.keeps()
    }

    fn skip_kept(&mut self) -> Result<(), PatchError> {
        while let (Way::InPlace, Some(Op::Keep { len })) = (self.way, self.file.ops.get(self.op)) {
            let mut left = if self.hashes_kept() { *len } else { 0 };
            while left > 0 {
                let piece = piece_len(left, PIECE_LEN_MAX);
                let bytes = read(self.old, &self.change.path, &mut self.buf, piece, self.at + (len - left))?;
                self.hasher.update(bytes);
                left -= piece as u64;
            }
            self.at += len;
            self.op += 1;
        }
        Ok(())
    }

    fn check(&mut self, found: Hash) -> Result<(), PatchError> {
        let right = match (self.way, self.file.written, self.file.hash) {
            (Way::InPlace, Some(written), _) => Check::from(found) == written,
            (_, _, Some(hash)) => found == hash,
            (_, _, None) => {
                self.made.1.insert(self.made.0, found);
                true
            }
        };
        if right { Ok(()) } else { Err(PatchError::Made { path: self.change.path.clone() }) }
    }
}

/// Packs what a member holds; `None` when it cannot be what was meant.
pub(super) fn restore(
    members: &mut Members,
    (index, old): (&Index, &dyn Files),
    restored: &Restored,
    raw: &[u8],
    len: u64,
) -> Result<Option<Vec<u8>>, PatchError> {
    // Of a frame of zstd nothing is predicted.
    let like = restored.like.filter(|_| !restored.wrap.is_zstd());
    let like = like.map(|number| members.like(index, old, number)).transpose()?.flatten();
    Ok(packed(restored, raw, like.as_deref(), len, &mut members.zlib))
}

/// The literal bytes of the patch, for a file that is adapted.
struct Streamed<'f, R> {
    literals: &'f mut Literals<R>,
    index: &'f Index,
    old: &'f dyn Files,
}

impl<R: Read> Feed for Streamed<'_, R> {
    fn source(&mut self, number: u32, buf: &mut [u8], at: u64) -> Result<(), PatchError> {
        self.literals.members.read(self.index, self.old, number, buf, at)
    }

    fn literal(&mut self, max: usize) -> Result<&[u8], PatchError> {
        self.literals.take(self.index, self.old, max)
    }
}

fn read<'b>(
    old: &dyn Files,
    path: &untorn_format::TreePath,
    buf: &'b mut Vec<u8>,
    len: usize,
    at: u64,
) -> Result<&'b [u8], PatchError> {
    buf.resize(buf.len().max(len), 0);
    read_old(old, path, &mut buf[..len], at)?;
    Ok(&buf[..len])
}

/// A whole file that somebody else hashes.
#[must_use = "nothing of it can be trusted before its hash was told"]
pub struct Unhashed<'r, R>(FileReader<'r, R>);

impl<R: Read> Unhashed<'_, R> {
    /// `found` is the hash of all that was read, to the end. Before this returns `Ok` nothing of it can be trusted.
    ///
    /// # Errors
    /// [`PatchError::Made`] when it is not what the patch promises.
    pub fn finish(mut self, found: Hash) -> Result<(), PatchError> {
        self.0.check(found)
    }
}

impl<R: Read> Read for Unhashed<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl<R: Read> Read for FileReader<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let piece = self.piece_up_to(buf.len()).map_err(io::Error::other)?;
        let bytes = piece.map_or(&[][..], |piece| piece.bytes);
        buf[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }
}
