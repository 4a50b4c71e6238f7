//! A change while it is being worked out.

use std::ops::Range;

use untorn_format::manifest::{Kind, Manifest};
use untorn_format::patch::{After, Before, Change, Check, FilePatch, Op, Reference, Replaced};
use untorn_format::{Hash, TreePath};

use super::members::Member;
use super::pairs::{Pair, Twin};
use crate::adapt::Stretch;

/// A change while it is being worked out.
#[derive(Clone)]
pub(super) struct Draft<'a> {
    pub(super) path: &'a TreePath,
    pub(super) old: Option<&'a Kind>,
    pub(super) new: Option<&'a Kind>,
    pub(super) twin: Twin<'a>,
    /// The stretches of the new file that do not stay in place, while operations for them are still to be found.
    pub(super) stretches: Vec<Range<u64>>,
    /// Operations; their sources are numbers of old entries.
    pub(super) ops: Vec<Op>,
    /// Old bytes, beside those at this path, that the literal bytes should be compressed against; sources are numbers of old entries.
    pub(super) seen: Vec<Reference>,
    pub(super) replaced: Option<Check>,
    pub(super) written: Option<Check>,
    /// How the file is adapted, when it is.
    pub(super) adapted: Option<Adapted>,
    /// The members that are diffed as what they hold, in order.
    pub(super) members: Vec<Member>,
    /// The operation that makes the end of the file, when it is decided already.
    pub(super) tail: Option<Op>,
}

/// Literal files up to this length are compressed against old ones as a whole, and those up to this length are referred to as a whole: 4 MiB.
pub(super) const WHOLE_LEN_MAX: u64 = 4 << 20;

/// How a file is adapted.
#[derive(Clone)]
pub(super) struct Adapted {
    /// The bytes that say so.
    pub(super) program: Vec<u8>,
    /// What is copied with differences, and the literal bytes before.
    pub(super) stretches: Vec<Stretch>,
}

/// Length and hash of a file.
#[derive(Clone, Copy)]
pub(super) struct Content {
    pub(super) len: u64,
    pub(super) hash: Hash,
}

/// Length and hash of a file; `None` for anything else.
pub(super) fn content(kind: Option<&Kind>) -> Option<Content> {
    if let Some(&Kind::File { len, hash, .. }) = kind { Some(Content { len, hash }) } else { None }
}

impl<'a> Draft<'a> {
    pub(super) fn new(pair: Pair<'a>) -> Self {
        let Pair { path, old, new, twin } = pair;
        Self {
            path,
            old,
            new,
            twin,
            stretches: Vec::new(),
            ops: Vec::new(),
            seen: Vec::new(),
            replaced: None,
            written: None,
            adapted: None,
            members: Vec::new(),
            tail: None,
        }
    }

    /// The new file, when its content is not found whole in the old tree and must be made.
    pub(super) fn made(&self) -> Option<Content> {
        content(self.new).filter(|_| matches!(self.twin, Twin::None))
    }

    /// The old file at this path.
    pub(super) fn old_file(&self) -> Option<Content> {
        content(self.old)
    }

    /// The stretches (offset, length) of a made file that stay in place.
    pub(super) fn kept_ranges(&self) -> Vec<(u64, u64)> {
        let len = self.made().map_or(0, |made| made.len);
        let starts = std::iter::once(0).chain(self.stretches.iter().map(|stretch| stretch.end));
        let ends = self.stretches.iter().map(|stretch| stretch.start).chain(std::iter::once(len));
        starts.zip(ends).map(|(start, end)| (start, end - start)).filter(|(_, len)| *len > 0).collect()
    }

    /// The stretches (offset, length) of the old file that are replaced by a made one.
    pub(super) fn replaced_ranges(&self) -> Vec<(u64, u64)> {
        let (Some(new), Some(old)) = (self.made(), self.old_file()) else { return Vec::new() };
        let clip = |range: &Range<u64>| (range.start, range.end.min(old.len).saturating_sub(range.start));
        let mut ranges: Vec<_> = self.stretches.iter().map(clip).filter(|(_, len)| *len > 0).collect();
        if old.len > new.len {
            match ranges.last_mut().filter(|(at, len)| at + len == new.len) {
                Some(last) => last.1 = old.len - last.0,
                None => ranges.push((new.len, old.len - new.len)),
            }
        }
        ranges
    }

    /// The operations, and instead of one that adapts what is copied and literal in it.
    pub(super) fn flat_ops(&self) -> Vec<Op> {
        let mut flat = Vec::new();
        for op in &self.ops {
            match (op, &self.adapted) {
                (Op::Adapt { source, len, .. }, Some(adapted)) => flatten(*source, *len, &adapted.stretches, &mut flat),
                _ => flat.push(*op),
            }
        }
        flat
    }

    /// The change, once everything is known.
    pub(super) fn finish(self, old: &Manifest) -> Change {
        let before = self.before();
        let path = self.path.clone();
        Change { path, before, after: self.after(old) }
    }

    /// Whether it is a file of one piece of literal bytes that is compressed against old files as a whole.
    pub(super) fn is_literal(&self) -> bool {
        matches!(self.ops[..], [Op::Literal { len }] if len <= WHOLE_LEN_MAX)
    }

    /// How many of its bytes are literal.
    pub(super) fn literal_len(&self) -> u64 {
        self.ops.iter().map(Op::literal_len).sum()
    }

    fn keeps(&self) -> bool {
        self.ops.iter().any(|op| matches!(op, Op::Keep { .. }))
    }

    fn before(&self) -> Before {
        match self.old {
            None => Before::Absent,
            Some(Kind::Dir) => Before::Dir,
            Some(Kind::Symlink { target }) => Before::Symlink { target: target.clone() },
            Some(Kind::File { len, hash, .. }) => {
                let parts = self.replaced.filter(|_| self.keeps()).map(Replaced::Parts);
                Before::File { len: *len, replaced: parts.unwrap_or(Replaced::Whole((*hash).into())) }
            }
        }
    }

    fn after(self, old: &Manifest) -> After {
        match (self.new, self.twin) {
            (None, _) => After::Absent,
            (Some(Kind::Dir), _) => After::Dir,
            (Some(Kind::Symlink { target }), _) => After::Symlink { target: target.clone() },
            (Some(Kind::File { executable, .. }), Twin::Moved(from)) => {
                After::Moved { from: from.clone(), executable: *executable }
            }
            (Some(&Kind::File { len, hash, executable }), Twin::Copied(from)) => {
                let ops = vec![Op::Copy { source: number_of(old, from), at: 0, len }];
                After::File(FilePatch {
                    len,
                    hash: Some(hash),
                    executable,
                    ops,
                    program: Vec::new(),
                    restored: Vec::new(),
                    written: None,
                })
            }
            (Some(&Kind::File { len, hash, executable }), Twin::None) => {
                let written = self.written.filter(|_| self.keeps());
                let program = self.adapted.map_or_else(Vec::new, |adapted| adapted.program);
                let restored = self.members.into_iter().map(|member| member.restored).collect();
                let mut file = FilePatch { len, hash: None, executable, ops: self.ops, program, restored, written };
                file.hash = Some(hash).filter(|_| !file.is_literal());
                After::File(file)
            }
        }
    }
}

fn flatten(source: u32, len: u64, stretches: &[Stretch], flat: &mut Vec<Op>) {
    let mut left = len;
    for stretch in stretches {
        flat.push(Op::Literal { len: stretch.literal_len });
        flat.push(Op::Copy { source, at: stretch.at, len: stretch.len });
        left -= stretch.literal_len + stretch.len;
    }
    flat.push(Op::Literal { len: left });
}

/// Number of the entry at `path`.
pub(super) fn number_of(manifest: &Manifest, path: &TreePath) -> u32 {
    let number = manifest.entries().partition_point(|entry| entry.path < *path);
    u32::try_from(number).unwrap_or(u32::MAX)
}
