//! Compressing one frame.

use std::io::Write;

use lzma_rust2::{Lzma2Options, Lzma2Writer, LzmaOptions};
use untorn_format::patch::{FrameKind, MAX_FRAME_LEN, MAX_REFERENCE_LEN};
use zstd::zstd_safe::{CCtx, CParameter, ParamSwitch, compress_bound, get_error_name};

use super::effort::{Effort, Hunt, Hunts};
use crate::DiffError;
use crate::read::DICT_LEN_MIN;

/// The longest distance of a match, as a power of two: a frame and its references fit.
const WINDOW_LOG_MAX: u32 = 25;
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

/// Compresses a frame in the shortest of the ways that are worth trying, or leaves it as it is.
pub(super) fn compress(job: &Job, effort: &Effort) -> Result<Stored, DiffError> {
    let (reference, literal) = job.bytes.split_at(job.reference_len);
    let mut best = Stored { kind: FrameKind::Raw, bytes: literal.to_vec(), refers: false };
    let mut offer = |kind, bytes: Vec<u8>| {
        if bytes.len() < best.bytes.len() {
            best = Stored { kind, bytes, refers: !reference.is_empty() };
        }
        best.bytes.len()
    };
    // Asked once, and only by levels that heed it: it compresses a sixteenth of the bytes.
    let is_dense = (effort.hunts.is_some() || effort.lzma.is_some()) && is_dense(literal);
    let hunt = effort.hunts.map(|hunts| hunts.of(reference, literal, is_dense));
    let quick_len = offer(FrameKind::Zstd, zstd(reference, literal, effort, hunt)?);
    // What zstd made so much shorter stands nearly all of it in the old bytes, and LZMA would find it there, too.
    let is_found = quick_len < literal.len() / FOUND_RATIO && job.bytes.len() > QUICK_LEN_MAX;
    if !is_found && let Some(tried) = if is_dense { effort.lzma_dense } else { effort.lzma } {
        offer(FrameKind::Lzma, lzma(reference, literal, tried.options())?);
    }
    Ok(best)
}

impl Hunts {
    fn of(self, reference: &[u8], literal: &[u8], is_dense: bool) -> Hunt {
        if is_dense {
            self.dense
        } else if reference.len() < literal.len() / LEANING_RATIO {
            self.alone
        } else {
            self.leaning
        }
    }
}

/// With fewer old bytes than this part of the literal ones, these lean on themselves.
const LEANING_RATIO: usize = 8;
/// Where zstd came to this part of the literal bytes, or less, LZMA is not tried.
const FOUND_RATIO: usize = 32;
/// Up to so many bytes, old and literal, LZMA takes no time to speak of: 4 MiB.
const QUICK_LEN_MAX: usize = 4 << 20;
/// One sample for so many bytes.
const SAMPLED_LEN: usize = 64 << 10;
const SAMPLE_LEN: usize = 4 << 10;

/// Whether nearly all of the bytes, by samples, get no shorter by themselves.
fn is_dense(literal: &[u8]) -> bool {
    let samples = literal.chunks(SAMPLED_LEN).map(|bytes| &bytes[..bytes.len().min(SAMPLE_LEN)]);
    let gets_shorter =
        |sample: &&[u8]| zstd::bulk::compress(sample, 1).is_ok_and(|shorter| shorter.len() < sample.len() - sample.len() / 16);
    8 * samples.clone().filter(gets_shorter).count() < samples.count()
}

/// The facts of an index: short numbers in columns, and paths.
pub(crate) fn facts(facts: &[u8]) -> Result<Vec<u8>, DiffError> {
    let mut options = LzmaOptions::with_preset(9);
    (options.lc, options.nice_len) = (2, LzmaOptions::NICE_LEN_MAX);
    lzma(&[], facts, options)
}

/// One zstd frame that holds `literal` and names its length. `reference` must stand directly before it in memory, or be empty.
fn zstd(reference: &[u8], literal: &[u8], effort: &Effort, hunt: Option<Hunt>) -> Result<Vec<u8>, DiffError> {
    let mut context = CCtx::create();
    let window_log = (reference.len() + literal.len()).max(1 << 10).next_power_of_two().ilog2().min(WINDOW_LOG_MAX);
    let tables_log = window_log.clamp(6, effort.table_log_max);
    let parameters = [
        CParameter::CompressionLevel(effort.zstd),
        CParameter::WindowLog(window_log),
        CParameter::HashLog(tables_log),
        // A binary tree has two entries for each position, and all positions should be in it: those of the references come first.
        CParameter::ChainLog(window_log.saturating_add(1).clamp(6, effort.table_log_max)),
        CParameter::ContentSizeFlag(true),
        CParameter::ChecksumFlag(false),
    ];
    let hunt = hunt.map(|hunt| [CParameter::MinMatch(hunt.match_len_min), CParameter::SearchLog(hunt.looks_log)]);
    let splits = effort.splits.then_some(CParameter::UseBlockSplitter(ParamSwitch::Enable));
    let others = hunt.into_iter().flatten().chain(splits);
    for parameter in parameters.into_iter().chain(others) {
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

/// One stream of LZMA2 chunks that holds `literal`. No position bits: what is compressed are mostly texts and differences, which no word length aligns.
fn lzma(reference: &[u8], literal: &[u8], mut options: LzmaOptions) -> Result<Vec<u8>, DiffError> {
    let failed = |_| DiffError::Compress("LZMA");
    options.pb = 0;
    let dict_len = (reference.len() + literal.len()) as u64;
    options.dict_size = u32::try_from(dict_len.max(DICT_LEN_MIN)).map_err(|_| DiffError::Compress("frame too long"))?;
    options.preset_dict = Some(reference.to_vec()).filter(|reference| !reference.is_empty());
    let mut writer = Lzma2Writer::new(Vec::new(), Lzma2Options { lzma_options: options, ..Default::default() });
    writer.write_all(literal).map_err(failed)?;
    writer.finish().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_already_is_told_by_samples() {
        let mut random = 1_u64;
        let dense: Vec<u8> = (0..1 << 20).map(|_| next(&mut random)).collect();
        assert!(is_dense(&dense));
        let mut mixed = dense;
        mixed[..200 << 10].fill(b'a');
        assert!(!is_dense(&mixed));
    }

    #[test]
    fn how_zstd_looks_is_told_by_what_there_is_to_lean_on() {
        let (alone, leaning, dense) = (Hunt::new(6, 4), Hunt::new(6, 5), Hunt::new(4, 4));
        let (hunts, bytes) = (Hunts { alone, leaning, dense }, vec![0; 1 << 20]);
        assert_eq!((hunts.of(&[], &bytes, false), hunts.of(&bytes[..1000], &bytes, false)), (alone, alone));
        assert_eq!(hunts.of(&bytes[..200 << 10], &bytes, false), leaning);
        assert_eq!((hunts.of(&[], &bytes, true), hunts.of(&bytes, &bytes, true)), (dense, dense));
        // The default level's own frames show that it is asked for what they hold.
        let text: Vec<u8> =
            (0..120_000_u32).flat_map(|number| format!("{} ", number * (number & 0xfff) % 7919).into_bytes()).collect();
        let reference_len = text.len() / 2;
        let len = |hunt| zstd(&text[..reference_len], &text[reference_len..], &Effort::of(6), Some(hunt)).unwrap().len();
        let lens = [alone, leaning, dense, Hunt::new(5, 5)].map(len);
        // More looks find more; and each way is told from the others.
        assert!(lens[0] < lens[2] && lens[1] < lens[3], "{lens:?}");
        assert!((1..lens.len()).all(|at| !lens[..at].contains(&lens[at])), "{lens:?}");
        assert_eq!(compress(&Job { reference_len, bytes: text.clone() }, &Effort::of(6)).unwrap().bytes.len(), lens[1]);
    }

    #[test]
    fn blocks_of_unlike_parts_are_divided() {
        let mut random = 1_u64;
        let mixed: Vec<u8> = (0..600_000)
            .map(|at| if at / 30_000 % 2 == 0 { b'0' + next(&mut random) % 10 } else { next(&mut random) & 0x80 | 3 })
            .collect();
        let len = |splits| zstd(&[], &mixed, &Effort { splits, ..Effort::of(6) }, None).unwrap().len();
        assert!(len(true) < len(false), "{} {}", len(true), len(false));
        assert!((1..=9).all(|level| Effort::of(level).splits == (level >= 4)));
    }

    fn next(random: &mut u64) -> u8 {
        *random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        random.to_be_bytes()[0]
    }
}
