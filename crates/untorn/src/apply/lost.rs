//! What of a new build a patch cannot make where files of the old one are lost. Pure.

use std::collections::BTreeSet;

use untorn_format::{
    TreePath,
    patch::{After, Change, Index, Op},
};

/// What a patch cannot make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    /// The paths: those of lost files, and of what would be made from them, or out of a frame that is compressed against them.
    pub(crate) paths: BTreeSet<TreePath>,
    /// Of the lost files, those whose new content needs no old bytes that are lost.
    pub(crate) remade: BTreeSet<TreePath>,
    /// Bytes of the patch that nothing else needs.
    pub(crate) useless_len: u64,
}

impl Lost {
    /// Of the patch with this `index`, where these old `files` are not what it starts from.
    pub(crate) fn of(index: &Index, files: &BTreeSet<TreePath>) -> Self {
        if index.is_joined() && !files.is_empty() {
            return Self::of_joined(index, files);
        }
        let is_lost = |source: u32| index.source(source).is_some_and(|source| files.contains(&source.file.path));
        let frames = Frames::of(index, &is_lost);
        let (mut lost, mut literals_at) = (Self::default(), 0_u64);
        let mut is_needed = vec![false; frames.ends.len()];
        for change in index.changes().as_slice() {
            let literal_len = change.file().map_or(0, |file| file.literal_len());
            let literals = frames.within(literals_at, literals_at.saturating_add(literal_len));
            literals_at = literals_at.saturating_add(literal_len);
            if reads(change, files, &is_lost) || frames.is_lost[literals.clone()].contains(&true) {
                lost.paths.insert(change.path.clone());
                continue;
            }
            let is_file = files.contains(&change.path);
            if is_file && change.file().is_some_and(|file| !file.keeps()) {
                lost.remade.insert(change.path.clone());
            }
            if !is_file || lost.remade.contains(&change.path) {
                is_needed[literals].fill(true);
            }
        }
        let useless = index.frames().iter().zip(is_needed).filter(|(_, is_needed)| !is_needed);
        lost.useless_len = useless.map(|(frame, _)| frame.stored_len).fold(0, u64::saturating_add);
        lost.paths.extend(files.iter().cloned());
        lost
    }
}

impl Lost {
    /// Of a joined patch every new file counts as lost: what is made from what goes through bytes that are in none.
    fn of_joined(index: &Index, files: &BTreeSet<TreePath>) -> Self {
        let makes = |change: &&Change| matches!(change.after, After::File(_) | After::Moved { .. });
        let made = index.changes().as_slice().iter().filter(makes).map(|change| change.path.clone());
        Self { paths: made.chain(files.iter().cloned()).collect(), remade: BTreeSet::new(), useless_len: index.frames_len() }
    }
}

/// Whether something is made from the old bytes of a lost file, in other places than its own.
fn reads(change: &Change, files: &BTreeSet<TreePath>, is_lost: &dyn Fn(u32) -> bool) -> bool {
    match &change.after {
        After::Moved { from, .. } => files.contains(from),
        After::File(file) => {
            let members = file.restored.iter();
            let of_members = members.flat_map(|member| member.ops.iter().filter_map(Op::source).chain(member.like));
            file.ops.iter().filter_map(Op::source).chain(of_members).any(is_lost)
        }
        After::Absent | After::Dir | After::Symlink { .. } => false,
    }
}

/// The frames of literal bytes.
struct Frames {
    /// Where each of them ends.
    ends: Vec<u64>,
    /// Whether it is compressed against something lost.
    is_lost: Vec<bool>,
}

impl Frames {
    fn of(index: &Index, is_lost: &dyn Fn(u32) -> bool) -> Self {
        let end = |at: &mut u64, len| {
            *at = at.saturating_add(len);
            Some(*at)
        };
        Self {
            ends: index.frames().iter().map(|frame| frame.len).scan(0, end).collect(),
            is_lost: index.frames().iter().map(|frame| frame.references.iter().any(|part| is_lost(part.source))).collect(),
        }
    }

    /// The numbers of those that hold any of these literal bytes.
    fn within(&self, start: u64, end: u64) -> std::ops::Range<usize> {
        if start >= end {
            return 0..0;
        }
        let first = self.ends.partition_point(|ends| *ends <= start);
        let behind = self.ends.partition_point(|ends| *ends < end).saturating_add(1).min(self.ends.len());
        first.min(behind)..behind
    }
}

#[cfg(test)]
mod tests {
    use untorn_format::{
        Hash,
        patch::{
            Before, Changes, FilePatch, Frame, FrameKind, Hint, Inflated, Op, Reference, Replaced, Restored, SourceFile, Sums,
            Wrap,
        },
    };

    use super::*;

    fn path(name: &str) -> TreePath {
        TreePath::new(name).unwrap()
    }

    fn file(ops: Vec<Op>) -> After {
        let len = ops.iter().map(Op::len).sum();
        let hash = if ops.iter().all(|op| matches!(op, Op::Literal { .. })) { None } else { Some(Hash::of(b"it")) };
        After::File(FilePatch { len, hash, executable: false, ops, program: Vec::new(), restored: Vec::new(), written: None })
    }

    fn change(name: &str, after: After) -> Change {
        let before = Before::File { len: 100, replaced: Replaced::Whole(Hint([0; 2])) };
        Change { path: path(name), before, after }
    }

    fn frame(len: u64, source: Option<u32>) -> Frame {
        let references = source.map(|source| Reference { source, at: 0, len: 50 }).into_iter().collect();
        Frame { kind: FrameKind::Zstd, len, stored_len: len / 2, stored_hash: Hash::of(b"s"), hash: Hash::of(b"h"), references }
    }

    /// Files a to e: a and b are literal bytes of one frame, which is compressed against a; c of the next one, d is copied from c, e moves to f, g is of the last frame.
    fn index() -> Index {
        let literal = |len| file(vec![Op::Literal { len }]);
        let moved = After::Moved { from: path("e"), executable: false };
        let changes = vec![
            change("a", literal(40)),
            change("b", literal(60)),
            change("c", literal(70)),
            change("d", file(vec![Op::Copy { source: 1, at: 0, len: 30 }])),
            change("e", After::Absent),
            change("f", moved),
            change("g", literal(30)),
        ];
        let sources = ["a", "c"].map(|name| SourceFile { path: path(name), len: 100 }).to_vec();
        let frames = vec![frame(100, Some(0)), frame(80, None), frame(20, None)];
        Index::new(Changes::new(changes).unwrap(), sources, frames, Sums::of([], [])).unwrap()
    }

    fn lost(names: &[&str]) -> (Vec<String>, u64) {
        let lost = Lost::of(&index(), &names.iter().map(|name| path(name)).collect());
        (lost.paths.iter().map(ToString::to_string).collect(), lost.useless_len)
    }

    #[test]
    fn a_member_is_lost_with_the_archive_whose_member_it_resembles() {
        let restored = Restored {
            raw_len: 30,
            like: Some(1),
            ops: vec![Op::Copy { source: 1, at: 0, len: 30 }],
            wrap: Wrap::Bare,
            recipe: vec![1],
        };
        let mut member = file(vec![Op::Restore { number: 0, len: 20, literal_len: 0 }]);
        if let After::File(file) = &mut member {
            file.restored = vec![restored];
        }
        let sources = vec![SourceFile { path: path("old.zip"), len: 100 }];
        let inflated = vec![Inflated { source: 0, at: 10, stored_len: 50, raw_len: 40, wrap: Wrap::Bare }];
        let changes = Changes::new(vec![change("new.zip", member)]).unwrap();
        let index = Index::with_inflated(changes, sources, inflated, Vec::new(), Sums::of([], [])).unwrap();
        let lost = Lost::of(&index, &[path("old.zip")].into());
        assert_eq!(lost.paths, [path("new.zip"), path("old.zip")].into());
    }

    #[test]
    fn what_needs_none_of_its_old_bytes_is_made_all_the_same() {
        let remade = |names: &[&str]| {
            let lost = Lost::of(&index(), &names.iter().map(|name| path(name)).collect());
            lost.remade.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(remade(&["b", "c", "e", "g"]), ["b", "c", "g"]);
        assert_eq!(remade(&["a"]), Vec::<String>::new(), "its frame is compressed against it");
        assert_eq!(remade(&["c", "d"]), ["c"], "d is a copy of what was c");
    }

    #[test]
    fn what_is_made_from_a_lost_file_is_lost_and_nothing_else() {
        assert_eq!(lost(&[]), (vec![], 0));
        // Its neighbour in the frame is compressed against it, too.
        assert_eq!(lost(&["a"]), (vec!["a".into(), "b".into()], 50));
        assert_eq!(lost(&["b"]), (vec!["b".into()], 0), "a needs the frame");
        assert_eq!(lost(&["c"]), (vec!["c".into(), "d".into()], 0), "g needs the end of its frame");
        assert_eq!(lost(&["d"]), (vec!["d".into()], 0));
        assert_eq!(lost(&["e"]), (vec!["e".into(), "f".into()], 0));
        assert_eq!(
            lost(&["c", "g"]),
            (vec!["c".into(), "d".into(), "g".into()], 0),
            "both are literal, and are made all the same"
        );
        // The patch does not speak of it.
        assert_eq!(lost(&["other"]), (vec!["other".into()], 0));
    }
}
