//! P1, P2, P5, P6, P9, P10 for joined patches: one byte string for each meaning, nothing that contradicts itself, no circle, and no more memory than may be.

use crate::patches::{change, path};
use untorn_format::{
    DecodeError, Hash,
    patch::{
        After, Before, Change, Changes, Check, Features, FilePatch, Frame, FrameKind, How, Index, Inflated, MAX_HELD_LEN,
        MAX_MIDDLE_LEN, Middle, Op, Reference, Replaced, Restored, SourceFile, Wrap,
    },
};

/// What an index is made of.
#[derive(Clone)]
struct Parts {
    changes: Vec<Change>,
    sources: Vec<SourceFile>,
    inflated: Vec<Inflated>,
    middles: Vec<Middle>,
    frames: Vec<Frame>,
}

impl Parts {
    fn index(self) -> Result<Index, DecodeError> {
        Index::joined(Changes::joined(self.changes)?, self.sources, self.inflated, self.middles, self.frames)
    }

    fn file(&mut self, number: usize) -> &mut FilePatch {
        match &mut self.changes[number].after {
            After::File(file) => file,
            other => panic!("{other:?}"),
        }
    }
}

fn file(ops: Vec<Op>, hash: Option<u8>) -> After {
    let len = ops.iter().map(Op::len).sum();
    let hash = hash.map(|byte| Hash([byte; 32]));
    After::File(FilePatch { len, hash, executable: false, ops, program: Vec::new(), restored: Vec::new(), written: None })
}

fn frame(len: u64, references: Vec<Reference>) -> Frame {
    let (stored_hash, hash) = (Hash([4; 32]), Hash([5; 32]));
    Frame { kind: FrameKind::Zstd, len, stored_len: 20, stored_hash, hash, references }
}

fn unsaid(len: u64) -> Before {
    Before::File { len, replaced: Replaced::Unsaid }
}

const A: u32 = 0;
const OLD_MEMBER: u32 = 2;
const MID_MEMBER: u32 = 3;
const FIRST: u32 = 4;

/// Files a and b, members of a and of bytes in between, and one of each kind of these: a frame, pieces, adapted, restored, and one more frame.
fn parts() -> Parts {
    let copy = |source, at, len| Op::Copy { source, at, len };
    let restored = |like, raw_len, ops| Restored { raw_len, like, ops, wrap: Wrap::Bare, recipe: b"recipe".to_vec() };
    let middles = vec![
        Middle { len: 100, at: 0, file_len: 100, how: How::Frame(0) },
        Middle { len: 60, at: 40, file_len: 500, how: How::Pieces(vec![copy(FIRST, 10, 50), copy(A, 0, 10)]) },
        Middle {
            len: 80,
            at: 0,
            file_len: 80,
            how: How::Adapted { source: A, literals: vec![copy(FIRST, 0, 30)], program: b"program".to_vec() },
        },
        Middle {
            len: 50,
            at: 7,
            file_len: 57,
            how: How::Restored(restored(Some(OLD_MEMBER), 90, vec![copy(OLD_MEMBER, 0, 90)])),
        },
        Middle { len: 30, at: 0, file_len: 30, how: How::Frame(1) },
    ];
    let mut adapted = file(vec![Op::Adapt { source: FIRST + 2, len: 90, literal_len: 5 }], Some(1));
    let mut member = file(vec![Op::Restore { number: 0, len: 40, literal_len: 15 }, copy(FIRST + 4, 0, 30)], None);
    if let (After::File(adapted), After::File(member)) = (&mut adapted, &mut member) {
        adapted.program = b"another".to_vec();
        member.restored = vec![restored(Some(MID_MEMBER), 35, vec![copy(MID_MEMBER, 5, 20), Op::Literal { len: 15 }])];
    }
    let mut checked = file(vec![Op::Keep { len: 20 }, copy(FIRST + 1, 0, 60)], Some(2));
    if let After::File(checked) = &mut checked {
        checked.written = Some(Check([6; 16]));
    }
    let parts_before = Before::File { len: 30, replaced: Replaced::Parts(Check([7; 16])) };
    let changes = vec![
        change("a", unsaid(1000), adapted),
        change("c", parts_before, checked),
        change("d", unsaid(30), file(vec![Op::Keep { len: 25 }, Op::Literal { len: 80 }], Some(3))),
        change("e", Before::Absent, file(vec![copy(A, 0, 40)], None)),
        change("f", unsaid(9), After::Absent),
        change("g", Before::Absent, file(vec![Op::Literal { len: 100 }], None)),
        change("h", Before::Absent, member),
    ];
    let sources = [("a", 1000), ("b", 77)].map(|(at, len)| SourceFile { path: path(at), len }).to_vec();
    let inflated = vec![
        Inflated { source: A, at: 100, stored_len: 60, raw_len: 120, wrap: Wrap::Bare },
        Inflated { source: FIRST + 3, at: 0, stored_len: 50, raw_len: 90, wrap: Wrap::Bare },
    ];
    let reference = |source, at, len| Reference { source, at, len };
    let frames = vec![
        frame(100, vec![reference(1, 0, 77)]),
        frame(30, vec![reference(OLD_MEMBER, 0, 10)]),
        frame(200, vec![reference(FIRST + 3, 0, 50), reference(MID_MEMBER, 3, 20)]),
    ];
    Parts { changes, sources, inflated, middles, frames }
}

const JOINED: Features = Features { restores: true, joined: true, zstd: false };

#[test]
fn what_is_written_is_read_again() {
    let index = parts().index().unwrap();
    assert_eq!(index.features(), JOINED);
    let (facts, digests) = index.encode();
    assert_eq!(Index::decode_with(&facts, &digests, JOINED).unwrap(), index);
    for features in [
        Features::default(),
        Features { joined: false, ..JOINED },
        Features { restores: false, ..JOINED },
        Features { zstd: true, ..JOINED },
    ] {
        Index::decode_with(&facts, &digests, features).unwrap_err();
    }
}

#[test]
fn every_changed_byte_is_refused_or_means_something_else() {
    let (facts, digests) = parts().index().unwrap().encode();
    for at in 0..facts.len() + digests.len() {
        for bit in 0..8 {
            let (mut facts, mut digests) = (facts.clone(), digests.clone());
            match at.checked_sub(facts.len()) {
                None => facts[at] ^= 1 << bit,
                Some(at) => digests[at] ^= 1 << bit,
            }
            if let Ok(index) = Index::decode_with(&facts, &digests, JOINED) {
                assert!(index.encode() == (facts, digests), "byte {at}, bit {bit}");
            }
        }
    }
    for len in 0..facts.len() {
        Index::decode_with(&facts[..len], &digests, JOINED).unwrap_err();
    }
}

fn refused(what: &'static str, change: impl Fn(&mut Parts)) {
    let mut parts = parts();
    change(&mut parts);
    assert_eq!(parts.index().map(|_| ()).unwrap_err(), DecodeError::Field(what));
}

#[test]
fn nothing_is_made_from_what_is_not_there_yet() {
    let pieces = |source| How::Pieces(vec![Op::Copy { source, at: 0, len: 60 }]);
    let later = "bytes in between that are made later";
    refused(later, |parts| parts.middles[1].how = pieces(FIRST + 1));
    refused(later, |parts| parts.middles[1].how = pieces(FIRST + 2));
    // A member that is like one of its own.
    refused(later, |parts| {
        (parts.inflated[0], parts.inflated[1]) = (
            Inflated { source: FIRST + 3, at: 0, stored_len: 50, ..parts.inflated[0] },
            Inflated { source: FIRST + 4, stored_len: 30, ..parts.inflated[1] },
        );
    });
    refused(later, |parts| parts.frames[0].references[0] = Reference { source: FIRST, at: 0, len: 5 });
    refused(later, |parts| parts.frames[1].references[0] = Reference { source: FIRST + 4, at: 0, len: 5 });
    refused("frame of bytes in between", |parts| parts.middles[4].how = How::Frame(0));
    refused("frame of bytes in between", |parts| parts.middles[4].how = How::Frame(3));
    refused("frame of bytes in between", |parts| parts.middles[0].len = 99);
    refused("literal bytes", |parts| (parts.frames[2].len, parts.frames[2].stored_len) = (201, 20));
}

#[test]
fn lengths_and_kinds_must_be_right() {
    refused("length of bytes in between", |parts| parts.middles[2].len = 0);
    refused("length of bytes in between", |parts| parts.middles[2].len = MAX_MIDDLE_LEN + 1);
    refused("place of bytes in between", |parts| parts.middles[1].file_len = 99);
    refused("place of bytes in between", |parts| parts.middles[1].at = u64::MAX);
    refused("place of bytes in between", |parts| parts.middles[0].file_len = 101);
    refused("operations do not cover the file", |parts| parts.middles[1].len = 61);
    refused("operation of bytes in between", |parts| parts.middles[1].how = How::Pieces(vec![Op::Literal { len: 60 }]));
    refused("operation of bytes in between", |parts| parts.middles[1].how = How::Pieces(vec![Op::Keep { len: 60 }]));
    refused("length of a program", |parts| {
        parts.middles[2].how = How::Adapted { source: A, literals: Vec::new(), program: Vec::new() };
    });
    refused("number of a source", |parts| {
        parts.middles[2].how = How::Adapted { source: OLD_MEMBER, literals: Vec::new(), program: vec![1] };
    });
    refused("copy beyond its source", |parts| {
        parts.middles[1].how = How::Pieces(vec![Op::Copy { source: FIRST, at: 50, len: 60 }]);
    });
    refused("source that is not read", |parts| {
        parts.middles.push(Middle { len: 5, at: 0, file_len: 5, how: How::Pieces(vec![Op::Copy { source: A, at: 0, len: 5 }]) });
    });
    refused("old member beyond its file", |parts| parts.inflated[1].stored_len = 51);
}

#[test]
fn checks_and_hashes_are_there_where_they_must_be() {
    refused("hash of a file", |parts| parts.file(2).hash = None);
    refused("hash of a file", |parts| parts.file(5).hash = Some(Hash([0; 32])));
    refused("check of the written bytes", |parts| parts.file(1).written = None);
    refused("check of the written bytes", |parts| parts.file(2).written = Some(Check([0; 16])));
    refused("check of the replaced bytes", |parts| {
        parts.changes[4].before = Before::File { len: 9, replaced: Replaced::Whole(untorn_format::patch::Hint([0; 2])) };
    });
    // Nor may any other patch leave them out.
    for number in 0..parts().changes.len() {
        let change = parts().changes[number].clone();
        if ![1, 5, 6].contains(&number) {
            Changes::new(vec![change]).unwrap_err();
        }
    }
}

/// Bombs: what must be kept at a time is known from the index, and refused.
#[test]
fn more_memory_than_may_be_is_refused() {
    let old = SourceFile { path: path("old"), len: MAX_MIDDLE_LEN };
    let index = |count: u32, keep_all: bool| {
        let pieces = |source| How::Pieces(vec![Op::Copy { source, at: 0, len: MAX_MIDDLE_LEN }]);
        let middles: Vec<_> = (0..count)
            .map(|number| Middle { len: MAX_MIDDLE_LEN, at: 0, file_len: MAX_MIDDLE_LEN, how: pieces(number) })
            .collect();
        let first = if keep_all { 1 } else { count };
        let ops = (first..=count).map(|source| Op::Copy { source, at: 0, len: 1 }).collect();
        let changes = Changes::joined(vec![change("new", Before::Absent, file(ops, None))])?;
        Index::joined(changes, vec![old.clone()], Vec::new(), middles, Vec::new())
    };
    assert_eq!(index(2, true).unwrap().held_len(), 2 * MAX_MIDDLE_LEN);
    const { assert!(3 * MAX_MIDDLE_LEN > MAX_HELD_LEN) };
    assert_eq!(index(3, true).unwrap_err(), DecodeError::Field("bytes in between that must be kept"));
    // A chain is made at once, too, however deep.
    assert_eq!(index(3, false).unwrap_err(), DecodeError::Field("bytes in between that must be kept"));
    assert_eq!(index(1000, false).unwrap_err(), DecodeError::Field("length of bytes in between"));
}

#[test]
fn what_is_kept_is_counted() {
    let index = parts().index().unwrap();
    // When the last frame is read, for the first file; what the first frame held, all that needed it is made of.
    assert_eq!(index.held_len(), 60 + 80 + 50 + 30 + 200);
    assert_eq!(index.passing(), [true, true, false]);
}
