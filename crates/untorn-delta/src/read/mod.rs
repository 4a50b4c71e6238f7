//! Reading a patch.

mod adapted;
mod ahead;
mod announced;
mod anywhere;
mod batched;
mod beside;
mod container;
mod cost;
mod file_reader;
mod literals;
mod lzma;
mod members;
mod middles;
mod need;
mod old;
mod restoring;
mod threads;

use std::collections::BTreeMap;
use std::io::Read;

use untorn_format::Hash;
use untorn_format::patch::{Change, FilePatch, Header, Index};

use crate::{Files, PatchError, zstd_frame};
pub use anywhere::StretchReader;
use beside::Beside;
pub use beside::SharedFiles;
pub(crate) use container::read_len;
pub use cost::Cost;
pub use file_reader::{FileReader, Piece, Unhashed, Way};
use literals::Literals;
pub(crate) use lzma::DICT_LEN_MIN;
pub(crate) use members::{new_memory_len, old_memory_len};
use need::Need;
pub use old::check_replaced;
use restoring::Restoring;

/// Reads a patch from its first byte to its last; the input need not seek.
///
/// When it exists, header and index are checked. Literal bytes are checked frame by frame before they are handed out. Memory: the index, one frame
/// and what it refers to (below 64 MiB), whatever the patch says.
pub struct PatchReader<R> {
    header: Header,
    index: Index,
    literals: Literals<R>,
    /// How many threads work, the caller's included.
    threads: usize,
    /// Adapts files ahead, where their old files may be read by several threads.
    beside: Option<Beside>,
    /// What other threads may read.
    shared: Option<SharedFiles>,
    /// Number of the change that [`PatchReader::next_file`] looks at next.
    next: usize,
    /// How many operations the files handed out so far have.
    ops_done: usize,
    /// Where the literal bytes of the files handed out so far end.
    literals_end: u64,
    made: BTreeMap<usize, Hash>,
}

/// Header and index, read and checked.
pub(crate) fn read_head(input: &mut impl Read) -> Result<(Header, Index), PatchError> {
    let header = container::read_header(input)?;
    let index = container::read_index(input, &header)?;
    check_encoder(&index)?;
    Ok((header, index))
}

/// That members which are frames of zstd are to be compressed by the library at hand.
fn check_encoder(index: &Index) -> Result<(), PatchError> {
    let recipes = index.restored().filter(|restored| restored.wrap.is_zstd());
    for recipe in recipes.filter_map(|restored| zstd_frame::Recipe::decode(&restored.recipe)) {
        if !recipe.is_ours() {
            return Err(PatchError::Encoder { needed: recipe.version, found: zstd_frame::version() });
        }
    }
    Ok(())
}

/// What is known once a patch was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The header.
    pub header: Header,
    /// Everything but the literal bytes.
    pub index: Index,
    /// The hashes of the files that have none in the patch, by the numbers of their changes: of those that were read to their end.
    pub made: BTreeMap<usize, Hash>,
}

impl<R: Read> PatchReader<R> {
    /// Reads header and index.
    ///
    /// # Errors
    /// [`PatchError::Input`], [`PatchError::Damaged`], [`PatchError::Format`], [`PatchError::Encoder`].
    pub fn new(input: R) -> Result<Self, PatchError> {
        Self::within(input, u64::MAX, 1)
    }

    /// As [`PatchReader::new`], with at most `memory_len_max` bytes of memory, and within these as many of `threads` threads as fit: they decompress literal bytes ahead of
    /// the file that needs them, the caller's included, with the same result.
    ///
    /// # Errors
    /// As [`PatchReader::new`]; [`PatchError::Encoder`]; [`PatchError::Memory`] when one thread needs more, which is known before it is taken.
    pub fn within(mut input: R, memory_len_max: u64, threads: usize) -> Result<Self, PatchError> {
        let header = container::read_header(&mut input)?;
        need::check(Need::at_least(&header), memory_len_max)?;
        let index = container::read_index(&mut input, &header)?;
        check_encoder(&index)?;
        let threads = Need::of(&header, &index).fit(threads, memory_len_max)?;
        let mut literals = Literals::new(input);
        literals.set_threads(threads, &index);
        if index.is_joined() {
            literals.set_joined(&index);
        }
        Ok(Self {
            header,
            index,
            literals,
            threads,
            beside: None,
            shared: None,
            next: 0,
            ops_done: 0,
            literals_end: 0,
            made: BTreeMap::new(),
        })
    }

    /// Lets other threads adapt files, and pack members, ahead of their turn, from now on, with the same result: where more than one thread may work. `old` is what
    /// [`PatchReader::next_file`] is going to be given. Nothing of it stays open when the reader is gone, or has come to its end.
    pub fn work_beside(&mut self, old: SharedFiles) {
        self.shared = Some(SharedFiles::clone(&old)).filter(|_| self.threads > 1 && !self.index.is_joined());
        if self.threads > 1 && self.index.changes().as_slice().iter().filter_map(Change::file).any(FilePatch::adapts) {
            self.literals.leave_room();
            self.beside.insert(Beside::new(SharedFiles::clone(&old), self.threads - 1)).begin(&self.index);
            self.literals.begin_first(&self.index, &*old);
        }
    }

    /// For an input that comes slowly: `is_there` says whether that many more bytes of it can be read without waiting, and nothing else is read ahead. So what has come is used before
    /// more comes.
    #[must_use]
    pub fn reading_what_is_there(mut self, is_there: impl Fn(u64) -> bool + Send + Sync + 'static) -> Self {
        self.literals.set_is_there(Box::new(is_there));
        self
    }

    /// How many bytes of memory reading it takes at most, with so many threads: below 64 MiB for each, and the index.
    #[must_use]
    pub fn memory_len(&self, threads: usize) -> u64 {
        Need::of(&self.header, &self.index).with(threads)
    }

    /// What the patch is for.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Everything but the literal bytes.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The next file with new content, in the order of the changes; `None` behind the last. What was not read of the one before is skipped.
    ///
    /// `old` must hold the old tree as it was until [`PatchReader::finish`]: all copies read what stood there before.
    pub fn next_file<'r>(&'r mut self, old: &'r dyn Files, way: Way) -> Option<FileReader<'r, R>> {
        let changes = self.index.changes().as_slice();
        let (number, file) =
            (self.next..).zip(changes.get(self.next..)?).find_map(|(number, change)| Some((number, change.file()?)))?;
        self.next = number + 1;
        let ops_before = self.ops_done;
        self.ops_done += file.ops.len();
        self.literals.skip_to(self.literals_end);
        self.literals_end = self.literals_end.saturating_add(file.literal_len());
        let job = self.beside.as_mut().and_then(|beside| beside.take(number, &self.index));
        let made = (number, &mut self.made);
        let reader = FileReader::new(&self.index, &changes[number], file, &mut self.literals, made, old, way);
        let shared = self.shared.as_ref().filter(|_| !file.restored.is_empty());
        let ahead = shared.map(|old| Restoring::new(SharedFiles::clone(old), self.threads));
        Some(reader.behind(ops_before).beside(job).restoring(ahead))
    }

    /// The change whose file [`PatchReader::next_file`] hands out next, to choose the [`Way`].
    #[must_use]
    pub fn peek_file(&self) -> Option<&Change> {
        self.index.changes().as_slice().get(self.next..)?.iter().find(|change| change.file().is_some())
    }

    /// Reads what was skipped, and makes sure that the patch is whole and ends where it should.
    ///
    /// # Errors
    /// [`PatchError::Input`], [`PatchError::Damaged`], [`PatchError::Trailing`].
    pub fn finish(self) -> Result<Finished, PatchError> {
        drop((self.beside, self.shared));
        self.literals.finish(&self.index)?;
        Ok(Finished { header: self.header, index: self.index, made: self.made })
    }
}
