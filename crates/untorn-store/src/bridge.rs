//! New chunks compressed against old ones.

use std::collections::HashSet;

use untorn_format::{
    Hash,
    index::{BRIDGE_BASE_LEN_MAX, BRIDGE_FRAME_LEN_MAX, BRIDGE_FRAME_STORED_LEN_MAX, BridgeFrame, Chunk, Frame, Mark},
};
use zstd::zstd_safe::{
    self, CCtx, CParameter, DCtx, DParameter, compress_bound, find_frame_compressed_size, get_error_name, get_frame_content_size,
};

use crate::{Error, Located};

/// How hard zstd tries. 12 saves at most 3 %, 3 costs up to 19 % more: what it is compressed against counts for much more.
const LEVEL: i32 = 9;
/// What a frame gives and what it is made of, both as long as can be.
const WINDOW_LOG_MAX: u32 = 24;
const _: () = assert!(BRIDGE_FRAME_LEN_MAX + BRIDGE_BASE_LEN_MAX <= 1 << WINDOW_LOG_MAX);
/// So that every position of it is found.
const HASH_LOG_MIN: u32 = 12;
/// Of old chunks that gave way to a new one, so much is taken: one and a half times its length.
const BASE_HALVES: u64 = 3;
/// A frame is worth it when it takes at most 7 of 8 bytes of what its chunks take without: then there is a second copy of them in the store.
const WORTH: (u64, u64) = (7, 8);

/// Which chunks of a build are compressed together, against which of the build before. Files are added in the order of the manifest.
#[derive(Debug, Default)]
pub struct BridgePlan {
    crossings: Vec<Crossing>,
    planned: HashSet<Hash>,
}

/// A frame of a bridge that is to be made.
#[derive(Clone, Debug, Default)]
pub struct Crossing {
    /// The new chunks, and the number of the file each is read from.
    pub chunks: Vec<(usize, Located)>,
    /// The old chunks, and where they lie in the store.
    pub bases: Vec<Located>,
    len: u64,
    base_len: u64,
}

impl BridgePlan {
    /// Adds the file with the number `file`, whose chunks are `new`; `old` are those of what stands there in the build before, none if nothing does. A chunk for which `is_new` says
    /// no is not taken: whoever has the build before has it.
    ///
    /// Each new chunk is compressed against the old ones that it seems to have replaced: those between the neighbours that stayed.
    pub fn add(&mut self, file: usize, new: &[Located], old: &[Located], is_new: &dyn Fn(&Located) -> bool) {
        let stays: HashSet<Hash> = new.iter().map(|located| located.chunk.hash).collect();
        let places: std::collections::HashMap<Hash, usize> =
            old.iter().enumerate().map(|(number, located)| (located.chunk.hash, number)).collect();
        let mut next = 0;
        for located in new {
            if let Some(number) = places.get(&located.chunk.hash) {
                next = number + 1;
            }
            if !is_new(located) || !self.planned.insert(located.chunk.hash) {
                continue;
            }
            let crossing = self.crossing(located.chunk.len);
            crossing.len += u64::from(located.chunk.len);
            crossing.chunks.push((file, *located));
            // What is short is one chunk, whatever its length: all of it is of use.
            let enough = if old.len() == 1 { u64::MAX } else { u64::from(located.chunk.len) * BASE_HALVES / 2 };
            let mut taken = 0;
            while let Some(base) = old.get(next).filter(|base| taken < enough && !stays.contains(&base.chunk.hash)) {
                crossing.take(base);
                taken += u64::from(base.chunk.len);
                next += 1;
            }
        }
    }

    /// The frame that a chunk of this length goes into.
    fn crossing(&mut self, len: u32) -> &mut Crossing {
        let is_full = |last: &Crossing| last.len + u64::from(len) > u64::from(BRIDGE_FRAME_LEN_MAX);
        if self.crossings.last().is_none_or(is_full) {
            self.crossings.push(Crossing::default());
        }
        let last = self.crossings.len() - 1;
        &mut self.crossings[last]
    }

    /// The frames to make, in order.
    #[must_use]
    pub fn finish(self) -> Vec<Crossing> {
        self.crossings
    }
}

impl Crossing {
    fn take(&mut self, base: &Located) {
        let len = self.base_len + u64::from(base.chunk.len);
        if len <= u64::from(BRIDGE_BASE_LEN_MAX) {
            self.bases.push(*base);
            self.base_len = len;
        }
    }

    /// About how many bytes its chunks take in the frames of the index.
    fn stored_len(&self) -> u64 {
        let part = |located: &Located| {
            u64::from(located.chunk.len) * u64::from(located.frame.stored_len) / u64::from(located.frame.len.max(1))
        };
        self.chunks.iter().map(|(_, located)| part(located)).sum()
    }

    /// Compresses its chunks, one behind the other in `chunks`, against the old ones in `bases`; `None` where that is not worth a second copy in the store. Equal bytes give
    /// equal frames.
    ///
    /// Memory: some 64 MiB.
    ///
    /// # Errors
    /// [`Error::Compress`]; [`Error::FrameForged`] when the bytes are not those of the chunks.
    pub fn compress(&self, chunks: &[u8], bases: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        is_made_of(self.chunks.iter().map(|(_, located)| located.chunk), chunks)?;
        is_made_of(self.bases.iter().map(|located| located.chunk), bases)?;
        let stored = compress(chunks, bases)?;
        let is_worth = stored.len() as u64 * WORTH.1 <= self.stored_len() * WORTH.0;
        Ok(Some(stored).filter(|stored| is_worth && stored.len() as u64 <= u64::from(BRIDGE_FRAME_STORED_LEN_MAX)))
    }

    /// As the bridge lists it, once it lies in a pack: `at` there, in the pack with the number `pack`.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn listed(&self, pack: u32, at: usize, stored: &[u8]) -> Result<BridgeFrame, Error> {
        let number = |number: usize| u32::try_from(number).map_err(|_| Error::TooLarge("a pack"));
        let len = u32::try_from(self.len).map_err(|_| Error::TooLarge("a frame"))?;
        let frame = Frame { pack, at: number(at)?, stored_len: number(stored.len())?, len, hash: Hash::of(stored) };
        Ok(BridgeFrame {
            frame,
            bases: self.bases.iter().map(|located| Mark::of(&located.chunk)).collect(),
            chunks: self.chunks.iter().map(|(_, located)| Mark::of(&located.chunk)).collect(),
        })
    }
}

fn is_made_of(chunks: impl Iterator<Item = Chunk>, mut bytes: &[u8]) -> Result<(), Error> {
    for chunk in chunks {
        let len = usize::try_from(chunk.len).map_err(|_| Error::FrameForged)?;
        let (mine, rest) = bytes.split_at_checked(len).ok_or(Error::FrameForged)?;
        if Hash::of(mine) != chunk.hash {
            return Err(Error::FrameForged);
        }
        bytes = rest;
    }
    if bytes.is_empty() { Ok(()) } else { Err(Error::FrameForged) }
}

fn compress(new: &[u8], bases: &[u8]) -> Result<Vec<u8>, Error> {
    let failed = |code| Error::Compress(get_error_name(code));
    // Directly behind each other in memory, the old ones are found as if they had just been compressed.
    let bytes = [bases, new].concat();
    let (bases, new) = bytes.split_at(bases.len());
    let window_log = bytes.len().max(1 << 10).next_power_of_two().ilog2().min(WINDOW_LOG_MAX);
    let mut context = CCtx::create();
    for parameter in [
        CParameter::CompressionLevel(LEVEL),
        CParameter::WindowLog(window_log),
        CParameter::HashLog(window_log.max(HASH_LOG_MIN)),
        CParameter::ContentSizeFlag(true),
        CParameter::ChecksumFlag(false),
    ] {
        context.set_parameter(parameter).map_err(failed)?;
    }
    if !bases.is_empty() {
        context.ref_prefix(bases).map_err(failed)?;
    }
    let mut stored = Vec::with_capacity(compress_bound(new.len()));
    context.compress2(&mut stored, new).map_err(failed)?;
    Ok(stored)
}

/// The bytes of all new chunks of a frame, from those `stored` in the pack and those of the old chunks, one behind the other. The hash is compared first, as in
/// [`open_frame`](crate::open_frame).
///
/// Where an old chunk was another one with the same mark, what comes out is something else, or this is refused: each chunk has to be compared with its whole hash.
///
/// Memory: what the frame has decompressed, at most 4 MiB.
///
/// # Errors
/// [`Error::FrameDamaged`], [`Error::FrameForged`].
pub fn open_bridge_frame(frame: &BridgeFrame, stored: &[u8], bases: &[u8]) -> Result<Vec<u8>, Error> {
    let place = &frame.frame;
    if stored.len() as u64 != u64::from(place.stored_len) || Hash::of(stored) != place.hash {
        return Err(Error::FrameDamaged);
    }
    let len = u64::from(place.len);
    let is_one = find_frame_compressed_size(stored) == Ok(stored.len());
    let is_len = matches!(get_frame_content_size(stored), Ok(Some(promised)) if promised == len);
    let base_len = frame.bases.iter().map(|mark| u64::from(mark.len)).sum::<u64>();
    if place.len > BRIDGE_FRAME_LEN_MAX || !is_one || !is_len || base_len != bases.len() as u64 {
        return Err(Error::FrameForged);
    }
    decompress(stored, len, bases).ok_or(Error::FrameForged)
}

fn decompress(stored: &[u8], len: u64, bases: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(len).ok()?);
    let mut context = DCtx::create();
    context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).ok()?;
    if !bases.is_empty() {
        context.ref_prefix(bases).ok()?;
    }
    let done: zstd_safe::SafeResult = context.decompress(&mut bytes, stored);
    (done.ok()? as u64 == len).then_some(bytes)
}
