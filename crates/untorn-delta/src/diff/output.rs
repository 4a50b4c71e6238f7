//! Last pass: header, index, and the frames from the spool.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

use untorn_format::manifest::{Entry, Manifest};
use untorn_format::patch::{
    After, Before, Change, Changes, Frame, HEADER_LEN, Header, Index, Inflated, Op, Replaced, SourceFile, Sums,
};
use untorn_format::{Hash, Hasher, TreePath};

use super::draft::{Content, Draft, content};
use super::{Build, Report, compress};
use crate::DiffError;

/// Writes the patch.
pub(super) fn write<S: Read + Seek>(
    drafts: Vec<Draft<'_>>,
    frames: Vec<Frame>,
    (old, new, members): (Build<'_>, Build<'_>, &[Inflated]),
    spool: &mut S,
    out: &mut dyn Write,
) -> Result<Report, DiffError> {
    let mut changes: Vec<_> = drafts.into_iter().map(|draft| draft.finish(old.manifest)).collect();
    let mut frames = frames;
    let (sources, inflated) = number_sources(&mut changes, &mut frames, (old.manifest, members));
    let mut report = report(&changes);
    let sums = sums(&changes, old.manifest, new.manifest);
    let changes = Changes::new(changes).map_err(DiffError::TooLarge)?;
    let index = Index::with_inflated(changes, sources, inflated, frames, sums).map_err(DiffError::TooLarge)?;
    let (facts, digests) = index.encode();
    let stored = compress::facts(&facts)?;
    let header = header(&index, old, new, &stored, facts.len(), &digests);
    Header::decode(&header.encode()).map_err(DiffError::TooLarge)?;
    for part in [&header.encode()[..], &stored, &digests] {
        out.write_all(part).map_err(DiffError::Write)?;
    }
    spool.seek(SeekFrom::Start(0)).map_err(DiffError::Write)?;
    let copied = io::copy(&mut spool.take(header.frames_len), out).map_err(DiffError::Write)?;
    if copied != header.frames_len {
        return Err(DiffError::Write(io::ErrorKind::UnexpectedEof.into()));
    }
    out.flush().map_err(DiffError::Write)?;
    report.patch_len = header.patch_len();
    report.frames_len = header.frames_len;
    report.index_len = report.patch_len - report.frames_len - HEADER_LEN as u64;
    Ok(report)
}

fn header(index: &Index, old: Build<'_>, new: Build<'_>, stored: &[u8], facts_len: usize, digests: &[u8]) -> Header {
    let mut hasher = Hasher::new();
    hasher.update(stored);
    hasher.update(digests);
    Header {
        restores: index.restores(),
        joined: index.is_joined(),
        zstd: index.features().zstd,
        from: old.manifest.hash(),
        to: new.manifest.hash(),
        facts_stored_len: stored.len() as u64,
        facts_len: facts_len as u64,
        digests_len: digests.len() as u64,
        frames_len: index.frames_len(),
        index_hash: hasher.finish(),
    }
}

fn sums(changes: &[Change], old: &Manifest, new: &Manifest) -> Sums {
    let whole = changes.iter().filter(|change| matches!(change.before, Before::File { replaced: Replaced::Whole(_), .. }));
    let without = changes.iter().filter(|change| match &change.after {
        After::File(file) => file.hash.is_none(),
        after => matches!(after, After::Moved { .. }),
    });
    Sums::of(whole.map(|change| hash(old, &change.path)), without.map(|change| hash(new, &change.path)))
}

fn hash(manifest: &Manifest, path: &TreePath) -> Hash {
    content(manifest.get(path).map(|entry| &entry.kind)).map_or(Hash::NONE, |content| content.hash)
}

/// Replaces numbers of old entries, and of old members behind them, by numbers of sources, and lists those: files, and members by where they stand.
fn number_sources(
    changes: &mut [Change],
    frames: &mut [Frame],
    (old, members): (&Manifest, &[Inflated]),
) -> (Vec<SourceFile>, Vec<Inflated>) {
    let (mut files, mut inflated) = (BTreeMap::new(), BTreeMap::new());
    let entries = old.entries();
    source_numbers(changes, frames).for_each(|number| {
        if let Some(member) = (*number as usize).checked_sub(entries.len()).and_then(|member| members.get(member)) {
            files.insert(member.source, 0);
            inflated.insert((member.source, member.at), (*number, *member));
        } else {
            files.insert(*number, 0);
        }
    });
    (0..).zip(files.values_mut()).for_each(|(number, source)| *source = number);
    let mut numbers = files.clone();
    (numbers.len()..).zip(inflated.values()).for_each(|(number, (member, _))| {
        numbers.insert(*member, u32::try_from(number).unwrap_or(u32::MAX));
    });
    source_numbers(changes, frames).for_each(|number| *number = numbers.get(number).copied().unwrap_or(u32::MAX));
    let source = |entry: &Entry| SourceFile {
        path: entry.path.clone(),
        len: content(Some(&entry.kind)).map_or(0, |Content { len, .. }| len),
    };
    let sources = files.keys().filter_map(|entry| entries.get(*entry as usize)).map(source).collect();
    let member = |member: Inflated| Inflated { source: files.get(&member.source).copied().unwrap_or(u32::MAX), ..member };
    (sources, inflated.into_values().map(|(_, inflated)| member(inflated)).collect())
}

fn source_numbers<'a>(changes: &'a mut [Change], frames: &'a mut [Frame]) -> impl Iterator<Item = &'a mut u32> {
    let files = changes.iter_mut().filter_map(|change| if let After::File(file) = &mut change.after { Some(file) } else { None });
    let copies = files.flat_map(|file| {
        let (inner, like): (Vec<_>, Vec<_>) =
            file.restored.iter_mut().map(|restored| (&mut restored.ops, restored.like.as_mut())).unzip();
        let ops = file.ops.iter_mut().chain(inner.into_iter().flatten());
        let sources =
            ops.filter_map(|op| if let Op::Copy { source, .. } | Op::Adapt { source, .. } = op { Some(source) } else { None });
        sources.chain(like.into_iter().flatten())
    });
    copies.chain(frames.iter_mut().flat_map(|frame| &mut frame.references).map(|reference| &mut reference.source))
}

fn report(changes: &[Change]) -> Report {
    let mut report = Report { changes: changes.len(), ..Report::default() };
    report.moved = changes.iter().filter(|change| matches!(change.after, After::Moved { .. })).count();
    for op in changes.iter().filter_map(Change::file).flat_map(|file| &file.ops) {
        report.ops += 1;
        match op {
            Op::Keep { len } => report.kept_len += len,
            Op::Copy { len, .. } => report.copied_len += len,
            Op::Literal { len } => report.literal_len += len,
            Op::Restore { len, literal_len, .. } => {
                report.literal_len += literal_len;
                report.restored += 1;
                report.restored_len += len;
            }
            Op::Adapt { len, literal_len, .. } => {
                report.literal_len += literal_len;
                report.adapted_len += len - literal_len;
            }
        }
    }
    report
}
