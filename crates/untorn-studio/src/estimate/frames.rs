//! Frames of zstd, as in textures, that were compressed anew: their bytes tell nothing of what they hold.

use std::collections::HashMap;

use untorn_archive::{Kind, Stream, streams};
use untorn_fs::File;

/// What a longer frame holds is not looked at, in bytes: a patch does not restore it either. 32 MiB.
const RAW_LEN_MAX: u64 = 32 << 20;

/// Where frames begin and end in the new file that hold what the old ones of the same name held, in other bytes. Sorted; nothing where a file cannot be read.
pub(super) fn compressed_anew((old_file, old_len): (&dyn File, u64), (new_file, new_len): (&dyn File, u64)) -> Vec<(u64, u64)> {
    let (before, after) = (frames(old_file, old_len), frames(new_file, new_len));
    let before: HashMap<_, _> = before.iter().map(|frame| (&frame.name, frame)).collect();
    let holds_the_same = |new: &&Stream| {
        let pair = before.get(&new.name).filter(|old| old.raw_len == new.raw_len);
        pair.is_some_and(|old| is_the_same((old_file, old), (new_file, new)).unwrap_or(false))
    };
    after.iter().filter(holds_the_same).map(|frame| (frame.at, frame.at + frame.len)).collect()
}

fn frames(file: &dyn File, len: u64) -> Vec<Stream> {
    let found = streams(&|buf, at| file.read_at(buf, at), len);
    let mut frames = found.ok().and_then(Result::ok).map(|found| found.all).unwrap_or_default();
    frames.retain(|stream| stream.kind == Kind::Zstd);
    frames
}

/// `None` when one of them cannot be read.
fn is_the_same((old_file, old): (&dyn File, &Stream), (new_file, new): (&dyn File, &Stream)) -> Option<bool> {
    let (old, new) = (stored(old_file, old)?, stored(new_file, new)?);
    // What moved as it is, is found as such.
    Some(old != new && raw(&old)? == raw(&new)?)
}

fn stored(file: &dyn File, frame: &Stream) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(frame.len).ok().filter(|_| frame.len <= RAW_LEN_MAX)?];
    file.read_exact_at(&mut bytes, frame.at).ok()?;
    Some(bytes)
}

fn raw(stored: &[u8]) -> Option<Vec<u8>> {
    let len = zstd::zstd_safe::get_frame_content_size(stored).ok().flatten().filter(|len| *len <= RAW_LEN_MAX)?;
    zstd::bulk::decompress(stored, usize::try_from(len).ok()?).ok()
}
