//! Making a patch.

mod adapt;
mod alike;
mod block_filter;
mod blocks;
mod compress;
mod directory;
mod draft;
mod effort;
mod expand;
mod frame_plan;
mod frames;
mod gathered;
mod in_place;
mod matching;
mod members;
mod new_window;
mod old_pages;
mod ops;
mod output;
mod pairs;
mod ranges;
mod relatives;
mod repack;
mod rolling;
mod scan;
mod search;
mod solid;

use std::{
    io::{Read, Seek, Write},
    num::NonZero,
    thread,
};

use untorn_format::manifest::Manifest;

use crate::{DiffError, Files};
pub(crate) use compress::facts;
use draft::Draft;

/// A build: what it consists of, and its files.
#[derive(Clone, Copy)]
pub struct Build<'a> {
    /// What it consists of.
    pub manifest: &'a Manifest,
    /// Its files.
    pub files: &'a dyn Files,
}

/// How a patch is made. Equal builds and equal options give equal bytes, whatever the machine; another release of this crate may give others.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// How much is tried to make the patch small, 1 (fast) to 9 (small).
    pub level: i32,
    /// Which old bytes are searched for the new ones.
    pub search: Search,
    /// Whether members of archives, pictures and textures that were deflated, or compressed by zstd, are diffed as what they hold, and packed again when the patch is applied, where that costs less. Such a patch is refused by versions
    /// of this crate that do not know of it.
    pub recompress: bool,
    /// How many frames are compressed, members restored and executables searched side by side; 0 means one for each core. The patch is the same.
    pub jobs: usize,
    /// How many bytes of memory compressing may take, beside the index: fewer frames side by side then, but always one.
    pub memory_len: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { level: 6, search: Search::Auto, recompress: true, jobs: 0, memory_len: 1 << 30 }
    }
}

impl Options {
    fn searched(&self) -> Search {
        if self.search == Search::Auto { effort::Effort::of(self.level).search } else { self.search }
    }

    /// With the number of threads settled: the system answers by reading files, which took a twentieth of the time of a tree of small pictures when it was asked for each.
    fn with_jobs(&self) -> Self {
        let jobs = if self.jobs > 0 { self.jobs } else { thread::available_parallelism().map_or(1, NonZero::get) };
        Self { jobs, ..self.clone() }
    }
}

/// Which old bytes are searched for the new ones. Whole files are found wherever they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Search {
    /// What is usual for the level: everything from level 5 on.
    Auto,
    /// Those that do not stay in their place: what moves is found there, and the cost follows the change.
    Replaced,
    /// All of the old tree: finds also what is now there twice, and reads everything.
    Everything,
}

/// How far [`diff`] has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Bytes compared at equal offsets, of all.
    Compared {
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// Bytes of files that changed, whose members, where they are archives, were looked at as what they hold, of all.
    Recompressed {
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// Bytes looked for in the old tree, of all.
    Searched {
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// Literal bytes of executables tried to be made of old ones with other addresses, of all.
    Adapted {
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// Literal bytes compressed, of all.
    Compressed {
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
}

/// What a patch came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Length in bytes of the patch.
    pub patch_len: u64,
    /// Changed paths.
    pub changes: usize,
    /// Files that only moved.
    pub moved: usize,
    /// Operations.
    pub ops: usize,
    /// New bytes that stay in their place.
    pub kept_len: u64,
    /// New bytes copied from old files.
    pub copied_len: u64,
    /// New bytes copied from old files with differences.
    pub adapted_len: u64,
    /// Members of archives and pictures that are deflated again.
    pub restored: usize,
    /// Bytes that these take in the new files.
    pub restored_len: u64,
    /// New bytes that are in the patch: of members that are deflated again, of what they hold.
    pub literal_len: u64,
    /// Length in bytes of the index as stored.
    pub index_len: u64,
    /// Length in bytes of the frames as stored.
    pub frames_len: u64,
}

/// Writes the patch from `old` to `new` to `out`. `spool` is an empty temporary file that takes the compressed literal bytes until the index,
/// which stands before them, is known.
///
/// Files of equal hash are opened only to search them ([`Options::search`]). Memory stays below 128 MiB until compressing begins (at levels 7 to 9, five eighths of [`Options::memory_len`] more; and but for members of archives: up to 320 MiB for each that is
/// worked on, and ten times its length, or its old one's if that is longer, for each executable that is searched, as many side by side as fit into [`Options::memory_len`]), then below
/// [`Options::memory_len`], plus the programs of adapted executables (16 MiB at most) and the index (about 100 bytes for each changed path and 24 for each
/// operation).
///
/// # Errors
/// [`DiffError`]; nothing of the builds is changed, and what was written to `out` is no patch.
pub fn diff<S: Read + Write + Seek>(
    old: Build<'_>,
    new: Build<'_>,
    options: &Options,
    spool: &mut S,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, DiffError> {
    let options = &options.with_jobs();
    let mut drafts: Vec<_> = pairs::pairs(old.manifest, new.manifest).into_iter().map(Draft::new).collect();
    scan::scan(&mut drafts, old, new, progress)?;
    let members = expand::expand(&mut drafts, old, new, options, progress)?;
    search::search(&mut drafts, old, new, options, progress)?;
    adapt::adapt(&mut drafts, old, new, options, progress)?;
    let loose = solid::make_solid(&mut drafts, old.manifest);
    if effort::Effort::of(options.level).few_names && options.searched() == Search::Everything {
        alike::choose(&mut drafts, &loose, old, new)?;
    }
    let frames = frames::write(&drafts, (old, new, &members), options, spool, progress)?;
    output::write(drafts, frames, (old, new, &members), spool, out)
}

/// Bytes that nobody can compress.
#[cfg(test)]
fn noise(seed: u32, len: usize) -> Vec<u8> {
    let next = |random: &u32| Some(random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    std::iter::successors(Some(seed), next).map(|random| random.to_be_bytes()[0]).take(len).collect()
}
