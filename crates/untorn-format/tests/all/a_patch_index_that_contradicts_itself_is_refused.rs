//! P5, P6, P10: operations, frames, sources and changes must fit each other.

use crate::patches::{Parts, change, file, kept, made, parts, path};
use untorn_format::{
    DecodeError, Hash,
    patch::{After, Before, Check, FilePatch, FrameKind, Op, Reference, SourceFile},
};

/// The sample with a change must be refused, and with this reason.
#[track_caller]
fn refused(why: &str, spoil: impl FnOnce(&mut Parts)) {
    let mut parts = parts();
    spoil(&mut parts);
    assert_eq!(parts.index(), Err(DecodeError::Field(Box::leak(why.to_owned().into_boxed_str()))));
}

fn ops(parts: &mut Parts) -> &mut Vec<Op> {
    match &mut parts.changes[0].after {
        After::File(file) => &mut file.ops,
        other => panic!("{other:?}"),
    }
}

#[test]
fn operations_make_every_byte_once() {
    refused("operations do not cover the file", |parts| ops(parts)[1] = Op::Literal { len: 299 });
    refused("operations do not cover the file", |parts| ops(parts).truncate(1));
    refused("empty operation", |parts| ops(parts)[1] = Op::Literal { len: 0 });
    refused("operations do not cover the file", |parts| ops(parts)[1] = Op::Literal { len: u64::MAX >> 1 });
    refused("length of operations", |parts| ops(parts)[1] = Op::Literal { len: u64::MAX });
    refused("one operation written as two", |parts| ops(parts).insert(0, Op::Keep { len: 1 }));
    refused("one operation written as two", |parts| ops(parts).push(Op::Literal { len: 1 }));
    refused("one operation written as two", |parts| ops(parts)[3] = Op::Copy { source: 0, at: 740, len: 6 });
}

#[test]
fn operations_read_only_what_exists() {
    refused("copy beyond its source", |parts| ops(parts)[2] = Op::Copy { source: 0, at: 961, len: 40 });
    refused("copy beyond its source", |parts| ops(parts)[2] = Op::Copy { source: 0, at: u64::MAX, len: 40 });
    refused("number of a source", |parts| ops(parts)[2] = Op::Copy { source: 4, at: 0, len: 40 });
    refused("kept bytes beyond the old file", |parts| parts.changes[0].before = kept(9).clone_with(&mut parts.sources));
    refused("kept bytes beyond the old file", |parts| parts.changes[6].after = made(3, vec![Op::Keep { len: 3 }]));
}

#[test]
fn one_operation_of_a_file_adapts_and_has_a_program() {
    fn adapted(parts: &mut Parts) -> &mut FilePatch {
        match &mut parts.changes[8].after {
            After::File(file) => file,
            other => panic!("{other:?}"),
        }
    }
    refused("program", |parts| adapted(parts).program.clear());
    refused("length of a program", |parts| adapted(parts).program = vec![1; (8 << 20) + 1]);
    refused("program", |parts| adapted(parts).ops = vec![Op::Copy { source: 3, at: 0, len: 50 }, Op::Literal { len: 10 }]);
    let part = Op::Adapt { source: 3, len: 30, literal_len: 0 };
    refused("two operations that adapt", |parts| adapted(parts).ops = vec![part, part]);
    refused("number of a source", |parts| adapted(parts).ops = vec![Op::Adapt { source: 4, len: 60, literal_len: 0 }]);
    refused("literal bytes of an adapted file", |parts| {
        adapted(parts).ops = vec![Op::Adapt { source: 3, len: 60, literal_len: 61 }];
    });
    refused("literal bytes", |parts| adapted(parts).ops = vec![Op::Adapt { source: 3, len: 60, literal_len: 1 }]);
}

/// Gives the source of the first change the same length.
trait CloneWith {
    fn clone_with(self, sources: &mut [SourceFile]) -> Self;
}

impl CloneWith for Before {
    fn clone_with(self, sources: &mut [SourceFile]) -> Self {
        if let Self::File { len, .. } = self {
            sources[0].len = len;
        }
        self
    }
}

#[test]
fn frames_hold_exactly_the_literal_bytes() {
    refused("literal bytes", |parts| parts.frames[0].len = 301);
    refused("literal bytes", |parts| drop(parts.frames.pop()));
    refused("length of a frame", |parts| parts.frames[0].len = 0);
    let long = |parts: &mut Parts, kind, len| (parts.frames[0].kind, parts.frames[0].len) = (kind, len);
    refused("length of a frame", |parts| long(parts, FrameKind::Zstd, (16 << 20) + 1));
    refused("length of a frame", |parts| long(parts, FrameKind::Lzma, (8 << 20) + 1));
    refused("literal bytes", |parts| long(parts, FrameKind::Zstd, 16 << 20));
    refused("literal bytes", |parts| long(parts, FrameKind::Lzma, 8 << 20));
    refused("stored length of a frame", |parts| parts.frames[0].stored_len = 302 + 18 + 65);
    refused("stored length of a frame", |parts| parts.frames[0].stored_len = 0);
    refused("raw frame", |parts| parts.frames[1].stored_len = 1);
    refused("raw frame", |parts| parts.frames[0].kind = FrameKind::Raw);
}

#[test]
fn frames_refer_only_to_what_exists_and_to_little() {
    let refer = |parts: &mut Parts, source, at, len| parts.frames[0].references[2] = Reference { source, at, len };
    refused("reference", |parts| refer(parts, 2, 1, 11));
    refused("reference", |parts| refer(parts, 2, 0, 0));
    refused("reference", |parts| refer(parts, 2, u64::MAX, 1));
    refused("number of a source", |parts| refer(parts, 4, 0, 1));
    refused("length of references", |parts| {
        parts.sources[2].len = 17 << 20;
        refer(parts, 2, 0, 17 << 20);
    });
}

#[test]
fn sources_are_sorted_needed_and_as_long_as_they_are() {
    refused("order of sources", |parts| parts.sources.swap(0, 1));
    refused("source", |parts| parts.sources[1].len = 21);
    refused("source", |parts| parts.sources[1].path = path("c"));
    refused("source", |parts| parts.sources[2].len = (1 << 60) + 1);
    refused("source that is not read", |parts| parts.sources.push(SourceFile { path: path("zz"), len: 1 }));
}

#[test]
fn changes_are_sorted_and_change_something() {
    refused("order of changes", |parts| parts.changes.swap(0, 1));
    refused("order of changes", |parts| parts.changes[1].path = path("a"));
    refused("change that changes nothing", |parts| parts.changes[2].after = After::Dir);
    refused("change that changes nothing", |parts| parts.changes[2].before = Before::Absent);
    refused("change that changes nothing", |parts| parts.changes[3].after = After::Symlink { target: "a".into() });
    refused("length of a file", |parts| parts.changes[5].before = file((1 << 60) + 1));
}

#[test]
fn a_file_moves_once_and_from_where_it_leaves() {
    let moved = |from| After::Moved { from: path(from), executable: false };
    refused("file that moves", |parts| parts.changes[4].after = moved("c"));
    refused("file that moves", |parts| parts.changes[4].after = moved("nowhere"));
    refused("file that moves", |parts| parts.changes[4].after = moved("a"));
    refused("file that moves", |parts| parts.changes.insert(6, change("g", Before::Absent, moved("f"))));
}

#[test]
fn files_have_the_digests_that_are_needed_and_no_other() {
    let made = |parts: &mut Parts, number: usize, spoil: fn(&mut FilePatch)| match &mut parts.changes[number].after {
        After::File(file) => spoil(file),
        other => panic!("{other:?}"),
    };
    refused("check of the written bytes", |parts| made(parts, 6, |file| file.written = Some(Check([0; 16]))));
    refused("check of the written bytes", |parts| made(parts, 0, |file| file.written = None));
    refused("hash of a file", |parts| made(parts, 6, |file| file.hash = Some(Hash([0; 32]))));
    refused("hash of a file", |parts| made(parts, 7, |file| file.hash = None));
    refused("check of the replaced bytes", |parts| parts.changes[0].before = file(1000));
    refused("check of the replaced bytes", |parts| parts.changes[7].before = kept(9));
}

#[test]
fn paths_and_targets_keep_the_rules() {
    let clash = |spoil: fn(&mut Parts)| {
        let mut parts = parts();
        spoil(&mut parts);
        assert!(matches!(parts.index(), Err(DecodeError::Path(_))));
    };
    clash(|parts| parts.changes[3].after = After::Symlink { target: "../../etc".into() });
    clash(|parts| parts.changes[3].before = Before::Symlink { target: "/etc".into() });
    clash(|parts| parts.changes.insert(0, change("E", Before::Absent, After::Dir)));
    clash(|parts| parts.changes.insert(7, change("tool/x", Before::Absent, After::Dir)));
}
