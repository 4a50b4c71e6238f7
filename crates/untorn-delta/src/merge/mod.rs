//! Two patches joined into one, without any file of the builds.
//!
//! What the second patch copies from the build in between is said by what the first one makes it of: old bytes stay copies of old bytes. Literal bytes of the first patch cannot be taken out of their
//! frames, which are compressed against old files. So its frames go into the joined patch as they are, each before the first frame or file that needs it, and their bytes are a source then: *bytes
//! in between*. So are files that the first patch adapted or deflated, where the second one is made from them. The frames of the second patch stay as they are, too, but that they refer to these
//! sources. What nothing needs any more is left out.

mod changes;
mod error;
mod facts;
mod joiner;
mod named;
mod ops;
mod output;
mod sources;

use std::io::{Read, Seek, Write};

use untorn_format::patch::{Header, Index};

use crate::PatchError;
use crate::diff::facts as compressed;
use crate::read::read_head;
pub use error::MergeError;
use joiner::Joiner;
pub use output::MergeReport;

/// A patch that can be read at any place.
pub(crate) struct Input<R> {
    pub(crate) input: R,
    pub(crate) header: Header,
    pub(crate) index: Index,
    /// Where its frames begin.
    pub(crate) frames_at: u64,
}

impl<R: Read + Seek> Input<R> {
    fn new(mut input: R) -> Result<Self, PatchError> {
        let (header, index) = read_head(&mut input)?;
        let frames_at = input.stream_position().map_err(PatchError::Input)?;
        Ok(Self { input, header, index, frames_at })
    }
}

/// Writes the patch to `out` that does what `first` and then `second` do: each a bare patch, from where it stands to its end. Either may be a joined one. Everything of both is checked that can be
/// checked without the files; what is written says nothing of the old files but what it reads of them, so it is applied only where the manifest of the old build is known. Equal patches
/// give equal bytes.
///
/// Memory: both indexes and the new one, and one frame.
///
/// # Errors
/// [`MergeError`]; what was written to `out` is no patch then.
pub fn merge<A: Read + Seek, B: Read + Seek>(
    first: A,
    second: B,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<MergeReport, MergeError> {
    join(first, second, out, progress, |facts| Ok(compressed(facts)?))
}

/// The same patch but that its facts are not compressed, for who applies it where he joined it: that takes less time, and a program that does nothing else has no compressor in it.
///
/// # Errors
/// As [`merge`].
pub fn merge_uncompressed<A: Read + Seek, B: Read + Seek>(
    first: A,
    second: B,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<MergeReport, MergeError> {
    join(first, second, out, progress, |bytes| Ok(facts::uncompressed(bytes)))
}

fn join<A: Read + Seek, B: Read + Seek>(
    first: A,
    second: B,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64, u64),
    pack: fn(&[u8]) -> Result<Vec<u8>, MergeError>,
) -> Result<MergeReport, MergeError> {
    let first = Input::new(first).map_err(MergeError::First)?;
    let second = Input::new(second).map_err(MergeError::Second)?;
    if first.header.to != second.header.from {
        return Err(MergeError::Apart { first_to: first.header.to, second_from: second.header.from });
    }
    let mut joiner = Joiner::new(&first.index, &second.index);
    let changes = changes::join(&mut joiner)?;
    let Joiner { sources, middles, frames, .. } = &mut joiner;
    let parts = (std::mem::take(sources), std::mem::take(middles), std::mem::take(frames));
    let index = output::index(&joiner, changes, &parts)?;
    output::write(index, &parts.2, (first, second), pack, out, progress)
}
