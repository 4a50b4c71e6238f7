//! Compressing one frame.

use untorn_format::patch::{FrameKind, MAX_FRAME_LEN, MAX_REFERENCE_LEN};
use zstd::zstd_safe::{CCtx, CParameter, compress_bound, get_error_name};

use crate::DiffError;

/// The largest tables a compressor may use, as powers of two of their entries: together at most 32 MiB.
const TABLE_LOG_MAX: u32 = 22;

/// The longest distance of a match, as a power of two: a frame and its references fit.
const WINDOW_LOG_MAX: u32 = 24;
const _: () = assert!(MAX_FRAME_LEN + MAX_REFERENCE_LEN <= 1 << WINDOW_LOG_MAX);

/// Literal bytes and the old bytes they are compressed against.
pub(super) struct Job {
    /// First the old bytes, then the literal ones: in one piece, since the compressor's result depends on where both stand in memory.
    pub(super) bytes: Vec<u8>,
    /// How many old bytes there are.
    pub(super) reference_len: usize,
}

impl Job {
    /// The literal bytes.
    pub(super) fn literal(&self) -> &[u8] {
        &self.bytes[self.reference_len..]
    }
}

/// A frame as stored.
pub(super) struct Stored {
    pub(super) kind: FrameKind,
    pub(super) bytes: Vec<u8>,
    /// Whether the old bytes are needed to read it.
    pub(super) refers: bool,
}

/// Compresses a frame, or leaves it as it is when that is no longer.
pub(super) fn compress(job: &Job, level: i32) -> Result<Stored, DiffError> {
    let (reference, literal) = job.bytes.split_at(job.reference_len);
    let tried = zstd(&[], literal, 1)?;
    let hopeless = tried.len() as u64 > literal.len() as u64 / 100 * 99;
    let bytes = if hopeless { tried } else { zstd(reference, literal, level)? };
    if bytes.len() >= literal.len() {
        return Ok(Stored { kind: FrameKind::Raw, bytes: literal.to_vec(), refers: false });
    }
    Ok(Stored { kind: FrameKind::Zstd, bytes, refers: !hopeless && !reference.is_empty() })
}

/// One zstd frame that holds `literal` and names its length. `reference` must stand directly before it in memory, or be empty.
pub(super) fn zstd(reference: &[u8], literal: &[u8], level: i32) -> Result<Vec<u8>, DiffError> {
    let mut context = CCtx::create();
    let window_log = (reference.len() + literal.len()).max(1 << 10).next_power_of_two().ilog2().min(WINDOW_LOG_MAX);
    let tables_log = window_log.clamp(6, TABLE_LOG_MAX);
    for parameter in [
        CParameter::CompressionLevel(level),
        CParameter::WindowLog(window_log),
        CParameter::HashLog(tables_log),
        CParameter::ChainLog(tables_log),
        CParameter::ContentSizeFlag(true),
        CParameter::ChecksumFlag(false),
    ] {
        context.set_parameter(parameter).map_err(error)?;
    }
    if !reference.is_empty() {
        context.ref_prefix(reference).map_err(error)?;
    }
    let mut out = Vec::with_capacity(compress_bound(literal.len()));
    context.compress2(&mut out, literal).map_err(error)?;
    Ok(out)
}

fn error(code: usize) -> DiffError {
    DiffError::Compress(get_error_name(code))
}
