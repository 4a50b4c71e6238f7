//! What new bytes cost: they are compressed against the old bytes that stood there, all of them or samples.

use untorn::Result;
use untorn_fs::{Fs, OpenMode};

use super::{Work, changes::Change, chunks::Pool, stretches::Found};
use crate::{
    advice::raw,
    builds::{Build, Builds},
    parallel,
    report::Estimate,
    spans::Origin,
};

/// New bytes that are compressed together, at most.
const BATCH_LEN: u64 = 512 << 10;
/// How many new bytes are compressed at most; of more, samples are.
const SAMPLED_LEN_MAX: u64 = 96 << 20;
/// Old bytes on either side that new ones are compressed against, too: chunks end where they please.
const MARGIN: u64 = 8 << 10;

/// A stretch of new bytes, or a part of a long one.
struct Piece {
    file: usize,
    span: usize,
    at: u64,
    len: u64,
    /// Where the bytes around it stood in the old file, less where they stand now.
    shift: i64,
}

/// Fills in the costs of new bytes.
pub(super) fn fill(builds: &Builds, changes: &[Change], pool: &Pool, found: &mut [Found], work: &Work<'_>) -> Result<Estimate> {
    let batches = batches(changes, found);
    let of = batches.iter().map(|batch| len_of(batch)).fold(0, u64::saturating_add);
    let is_tried = sample(&batches, of);
    let tried: Vec<_> = batches.iter().zip(&is_tried).filter(|(_, is_tried)| **is_tried).map(|(batch, _)| batch).collect();
    let costs = parallel::each(work.jobs, tried.len(), &|number| {
        work.tell(0)?;
        cost(builds, changes, pool, tried[number])
    });
    let mut costs = costs.into_iter().collect::<Result<Vec<_>>>()?.into_iter().zip(&tried);
    // What was not tried costs as what stands before it, or else behind it.
    let mut last = costs.clone().next().map(|(cost, batch)| (cost, len_of(batch)));
    for (batch, is_tried) in batches.iter().zip(&is_tried) {
        let len = len_of(batch);
        let cost = if *is_tried { costs.next().map(|(cost, _)| cost) } else { None };
        let cost = cost.unwrap_or_else(|| last.map_or(len, |(cost, of)| share(cost, len, of)));
        last = Some((cost, len));
        spread(batch, cost, len, found);
    }
    Ok(Estimate { tried_len: tried.iter().map(|batch| len_of(batch)).sum(), of_len: of })
}

fn len_of(batch: &[Piece]) -> u64 {
    batch.iter().map(|piece| piece.len).sum()
}

fn share(whole: u64, part: u64, of: u64) -> u64 {
    u64::try_from(u128::from(whole) * u128::from(part) / u128::from(of.max(1))).unwrap_or(u64::MAX)
}

/// New bytes of files of one kind together, else in the order of their paths: what is alike costs alike.
fn batches(changes: &[Change], found: &[Found]) -> Vec<Vec<Piece>> {
    let ending =
        |file: usize| changes[file].item.path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|name| name.1);
    let mut files: Vec<usize> = (0..found.len()).collect();
    files.sort_by_key(|file| ending(*file));
    let (mut batches, mut batch, mut len, mut kind) = (Vec::new(), Vec::new(), 0, None);
    for file in files {
        if kind != ending(file) && !batch.is_empty() {
            batches.push(std::mem::take(&mut batch));
            len = 0;
        }
        kind = ending(file);
        for mut piece in new_pieces(file, &found[file]) {
            while piece.len > 0 {
                let taken = piece.len.min(BATCH_LEN - len);
                batch.push(Piece { len: taken, ..piece });
                (piece.at, piece.len, len) = (piece.at + taken, piece.len - taken, len + taken);
                if len == BATCH_LEN {
                    batches.push(std::mem::take(&mut batch));
                    len = 0;
                }
            }
        }
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

fn new_pieces(file: usize, found: &Found) -> Vec<Piece> {
    let (mut pieces, mut at) = (Vec::new(), 0);
    for (number, (span, shift)) in found.spans.iter().zip(&found.shifts).enumerate() {
        if span.origin == Origin::New {
            pieces.push(Piece { file, span: number, at, len: span.len, shift: *shift });
        }
        at += span.len;
    }
    pieces
}

/// Which batches are tried: all, or every so many-th.
fn sample(batches: &[Vec<Piece>], of: u64) -> Vec<bool> {
    let step = u64::max(of.div_ceil(SAMPLED_LEN_MAX), 1);
    (0..batches.len() as u64).map(|number| number % step == 0).collect()
}

fn cost(builds: &Builds, changes: &[Change], pool: &Pool, batch: &[Piece]) -> Result<u64> {
    let (mut new, mut old, mut until) = (Vec::new(), Vec::new(), (usize::MAX, 0));
    for piece in batch {
        let change = &changes[piece.file];
        read(&builds.new, &change.item.path, piece.at, piece.len, &mut new)?;
        let has_old = !pool.files[piece.file].is_empty();
        let at = piece.at.saturating_add_signed(piece.shift);
        let known = if until.0 == piece.file { until.1 } else { 0 };
        let start = at.saturating_sub(MARGIN).max(known);
        let end = at.saturating_add(piece.len + MARGIN).min(change.item.old_len);
        if has_old && start < end {
            read(&builds.old, &change.item.path, start, end - start, &mut old)?;
            until = (piece.file, end);
        }
    }
    Ok(raw::cost(&new, &old))
}

fn read(build: &Build, path: &str, at: u64, len: u64, into: &mut Vec<u8>) -> Result<()> {
    let failed = |source| build.error("read", path, source);
    let file = build.fs.open(path, OpenMode::Read).map_err(failed)?;
    // A piece is as long as a batch at most, and margins.
    let begin = into.len();
    into.resize(begin + usize::try_from(len).unwrap_or(0), 0);
    file.read_exact_at(&mut into[begin..], at).map_err(failed)
}

/// Gives each piece its share, to the last byte.
fn spread(batch: &[Piece], cost: u64, len: u64, found: &mut [Found]) {
    let (mut done, mut given) = (0, 0);
    for piece in batch {
        done += piece.len;
        let up_to = share(cost, done, len);
        found[piece.file].spans[piece.span].bytes += up_to - given;
        given = up_to;
    }
}

/// Bytes for hashes and numbers of each path in the index of a patch, about: counted on patches of real games.
const INDEX_PER_PATH: u64 = 24;

/// What the index of the patch takes, about.
pub(super) fn index(changes: &[Change]) -> u64 {
    let paths = changes.iter().map(|change| change.item.path.as_str()).collect::<Vec<_>>().join("\n");
    raw::cost(paths.as_bytes(), &[]).saturating_add(INDEX_PER_PATH * changes.len() as u64)
}
