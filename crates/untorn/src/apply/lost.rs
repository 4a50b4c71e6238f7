//! What of a new build a patch cannot make where files of the old one are lost. Pure.

use std::collections::BTreeSet;

use untorn_format::{
    TreePath,
    patch::{After, Change, FilePatch, How, Index, Op},
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
        let sources = Sources::of(index, files);
        let frames = Frames::of(index, &sources);
        let (mut lost, mut literals_at) = (Self::default(), 0_u64);
        let mut needed = Needed::none(index);
        for change in index.changes().as_slice() {
            let literal_len = change.file().map_or(0, |file| file.literal_len());
            let literals = frames.within(literals_at, literals_at.saturating_add(literal_len));
            literals_at = literals_at.saturating_add(literal_len);
            if reads(change, &sources) || literals.iter().any(|frame| frames.is_lost[*frame]) {
                lost.paths.insert(change.path.clone());
                continue;
            }
            let is_file = files.contains(&change.path);
            if is_file && change.file().is_some_and(|file| !file.keeps()) {
                lost.remade.insert(change.path.clone());
            }
            if !is_file || lost.remade.contains(&change.path) {
                literals.iter().for_each(|frame| needed.frames[*frame] = true);
                change.file().into_iter().flat_map(file_sources).for_each(|source| needed.source(index, source));
            }
        }
        lost.useless_len = needed.useless_len(index);
        lost.paths.extend(files.iter().cloned());
        lost
    }
}

/// Which sources are lost.
struct Sources<'i> {
    index: &'i Index,
    files: &'i BTreeSet<TreePath>,
    /// Of the bytes in between.
    middles: Vec<bool>,
}

impl<'i> Sources<'i> {
    fn of(index: &'i Index, files: &'i BTreeSet<TreePath>) -> Self {
        let mut sources = Self { index, files, middles: Vec::new() };
        // Each is made from such as come before it.
        for middle in index.middles() {
            let is_lost = match &middle.how {
                How::Frame(number) => sources.loses(*number as usize),
                how => how.sources().any(|source| sources.is_lost(source)),
            };
            sources.middles.push(is_lost);
        }
        sources
    }

    fn is_lost(&self, source: u32) -> bool {
        match self.index.middle_of(source) {
            Some(number) => self.middles.get(number).is_some_and(|is_lost| *is_lost),
            None => self.index.source(source).is_some_and(|source| self.files.contains(&source.file.path)),
        }
    }

    /// Whether a frame is compressed against something lost.
    fn loses(&self, frame: usize) -> bool {
        let references = self.index.frames().get(frame).map_or(&[][..], |frame| &frame.references);
        references.iter().any(|part| self.is_lost(part.source))
    }
}

/// What of a file is made from elsewhere.
fn file_sources(file: &FilePatch) -> impl Iterator<Item = u32> + '_ {
    let of_members = file.restored.iter().flat_map(|member| member.ops.iter().filter_map(Op::source).chain(member.like));
    file.ops.iter().filter_map(Op::source).chain(of_members)
}

/// Whether something is made from the old bytes of a lost file, in other places than its own.
fn reads(change: &Change, sources: &Sources<'_>) -> bool {
    match &change.after {
        After::Moved { from, .. } => sources.files.contains(from),
        After::File(file) => file_sources(file).any(|source| sources.is_lost(source)),
        After::Absent | After::Dir | After::Symlink { .. } => false,
    }
}

/// The frames of literal bytes.
struct Frames {
    /// The numbers of those whose bytes go into files, and where each of them ends.
    ends: Vec<(usize, u64)>,
    /// Whether it is compressed against something lost.
    is_lost: Vec<bool>,
}

impl Frames {
    fn of(index: &Index, sources: &Sources<'_>) -> Self {
        let (frames, passing) = (index.frames(), index.passing());
        let end = |at: &mut u64, number: usize| {
            *at = at.saturating_add(frames[number].len);
            Some((number, *at))
        };
        Self {
            ends: (0..frames.len()).filter(|number| !passing[*number]).scan(0, end).collect(),
            is_lost: (0..frames.len()).map(|number| sources.loses(number)).collect(),
        }
    }

    /// The numbers of those that hold any of these literal bytes.
    fn within(&self, start: u64, end: u64) -> Vec<usize> {
        if start >= end {
            return Vec::new();
        }
        let first = self.ends.partition_point(|(_, ends)| *ends <= start);
        let behind = self.ends.partition_point(|(_, ends)| *ends < end).saturating_add(1).min(self.ends.len());
        self.ends[first.min(behind)..behind].iter().map(|(number, _)| *number).collect()
    }
}

/// What is needed for something that is not lost.
struct Needed {
    frames: Vec<bool>,
    middles: Vec<bool>,
}

impl Needed {
    fn none(index: &Index) -> Self {
        Self { frames: vec![false; index.frames().len()], middles: vec![false; index.middles().len()] }
    }

    fn source(&mut self, index: &Index, source: u32) {
        if let Some(middle) = index.middle_of(source).and_then(|number| self.middles.get_mut(number)) {
            *middle = true;
        }
    }

    fn references(&mut self, index: &Index, frame: usize) {
        index.frames()[frame].references.iter().for_each(|part| self.source(index, part.source));
    }

    /// Bytes of the patch that nothing needs, neither by itself nor for bytes in between.
    fn useless_len(mut self, index: &Index) -> u64 {
        let of_files: Vec<_> = (0..self.frames.len()).filter(|frame| self.frames[*frame]).collect();
        of_files.into_iter().for_each(|frame| self.references(index, frame));
        for (number, middle) in index.middles().iter().enumerate().rev().collect::<Vec<_>>() {
            match middle.how {
                _ if !self.middles[number] => {}
                How::Frame(frame) if self.frames.len() > frame as usize => {
                    self.frames[frame as usize] = true;
                    self.references(index, frame as usize);
                }
                _ => middle.how.sources().for_each(|source| self.source(index, source)),
            }
        }
        let useless = index.frames().iter().zip(self.frames).filter(|(_, is_needed)| !is_needed);
        useless.map(|(frame, _)| frame.stored_len).fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use untorn_format::{
        Hash,
        patch::{
            Before, Changes, Frame, FrameKind, Hint, Inflated, Middle, Reference, Replaced, Restored, SourceFile, Sums, Wrap,
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

    /// Files a to c are made through bytes in between: a out of a frame that is compressed against what a was, b from pieces of b and of that frame, c out of a frame that refers to b's pieces. Of d a
    /// copy becomes e.
    fn joined() -> Index {
        let copy = |source, len| Op::Copy { source, at: 0, len };
        let mut changes = vec![
            change("a", file(vec![copy(4, 60)])),
            change("b", file(vec![copy(5, 20), copy(1, 30)])),
            change("c", file(vec![Op::Literal { len: 40 }])),
            change("e", file(vec![copy(2, 50)])),
        ];
        changes.iter_mut().for_each(|change| change.before = Before::File { len: 100, replaced: Replaced::Unsaid });
        let sources = ["a", "b", "d", "x"].map(|name| SourceFile { path: path(name), len: 100 }).to_vec();
        let middles = vec![
            Middle { len: 70, at: 0, file_len: 70, how: How::Frame(0) },
            Middle { len: 20, at: 0, file_len: 50, how: How::Pieces(vec![copy(1, 10), copy(3, 5), copy(4, 5)]) },
        ];
        let frames = vec![frame(70, Some(0)), frame(40, Some(5))].into_iter().map(|mut frame| {
            frame.references.iter_mut().for_each(|part| part.len = 20);
            frame
        });
        Index::joined(Changes::joined(changes).unwrap(), sources, Vec::new(), middles, frames.collect()).unwrap()
    }

    #[test]
    fn what_is_made_by_way_of_bytes_in_between_is_lost_with_what_these_are_made_from() {
        let lost = |names: &[&str]| {
            let lost = Lost::of(&joined(), &names.iter().map(|name| path(name)).collect());
            (lost.paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "), lost.useless_len)
        };
        assert_eq!(lost(&[]), (String::new(), 0));
        assert_eq!(lost(&["a"]), ("a b c".into(), 55), "all but e");
        assert_eq!(lost(&["x"]), ("b c x".into(), 20), "a needs its frame");
        assert_eq!(lost(&["b"]), ("b c".into(), 20));
        assert_eq!(lost(&["c"]), ("c".into(), 0), "it is made from nothing of its own");
        assert_eq!(lost(&["d"]), ("d e".into(), 0));
        assert_eq!(lost(&["other"]), ("other".into(), 0));
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
