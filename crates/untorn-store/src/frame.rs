//! Chunks that are compressed together.

use untorn_format::{
    Hash,
    index::{FRAME_LEN_MAX, FRAME_STORED_LEN_MAX, Frame},
};
use zstd::zstd_safe::{
    self, CCtx, CParameter, compress_bound, find_frame_compressed_size, get_error_name, get_frame_content_size,
};

use crate::Error;

/// Matches reach no further back than a frame is long.
const WINDOW_LOG_MAX: u32 = 17;
const _: () = assert!(FRAME_LEN_MAX == 1 << WINDOW_LOG_MAX);

/// Compresses up to [`FRAME_LEN_MAX`] bytes into one zstd frame that names its length. Equal bytes and levels give equal frames.
///
/// # Errors
/// [`Error::Compress`].
pub(crate) fn compress(bytes: &[u8], level: i32) -> Result<Vec<u8>, Error> {
    let failed = |code| Error::Compress(get_error_name(code));
    let mut context = CCtx::create();
    for parameter in [
        CParameter::CompressionLevel(level),
        CParameter::WindowLog(WINDOW_LOG_MAX),
        CParameter::ContentSizeFlag(true),
        CParameter::ChecksumFlag(false),
    ] {
        context.set_parameter(parameter).map_err(failed)?;
    }
    let mut stored = Vec::with_capacity(compress_bound(bytes.len()));
    context.compress2(&mut stored, bytes).map_err(failed)?;
    Ok(stored)
}

/// The bytes of a frame, from those `stored` in the pack. The hash is compared first: what nobody has vouched for reaches no decompressor.
///
/// Memory: what the frame has decompressed, at most [`FRAME_LEN_MAX`].
///
/// # Errors
/// [`Error::FrameDamaged`] when `stored` is not what the index promises; [`Error::FrameForged`] when it is, but does not decompress to what it promises: whoever made
/// the index made a mistake, or means harm.
pub fn open_frame(frame: &Frame, stored: &[u8]) -> Result<Vec<u8>, Error> {
    let is_promised = stored.len() as u64 == u64::from(frame.stored_len) && Hash::of(stored) == frame.hash;
    if !is_promised {
        return Err(Error::FrameDamaged);
    }
    let promised_len = u64::from(frame.len);
    let is_one = find_frame_compressed_size(stored) == Ok(stored.len());
    let is_len = matches!(get_frame_content_size(stored), Ok(Some(len)) if len == promised_len);
    if frame.len > FRAME_LEN_MAX || frame.stored_len > FRAME_STORED_LEN_MAX || !is_one || !is_len {
        return Err(Error::FrameForged);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(frame.len).map_err(|_| Error::FrameForged)?);
    match zstd_safe::decompress(&mut bytes, stored) {
        Ok(len) if len as u64 == promised_len => Ok(bytes),
        _ => Err(Error::FrameForged),
    }
}
