#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
//! Every way to read bytes in between has its share of them, by how many it reads.

use untorn_format::{
    Hash, TreePath,
    patch::{
        After, Before, Change, Changes, FilePatch, Frame, FrameKind, How, Index, Inflated, Middle, Op, Restored, SourceFile, Wrap,
    },
};

use crate::shares::{Share, Shares};

/// The only old file, the only member, which lies in the first bytes in between, and these.
const OLD: u32 = 0;
const MEMBER: u32 = 1;
const FIRST: u32 = 2;
/// What those cost that all others are made from.
const COST: u64 = 90;

fn copy(source: u32, len: u64) -> Op {
    Op::Copy { source, at: 0, len }
}

fn file(ops: Vec<Op>) -> FilePatch {
    let len = ops.iter().map(Op::len).sum();
    FilePatch { len, hash: None, executable: false, ops, program: Vec::new(), restored: Vec::new(), written: None }
}

fn restored(like: Option<u32>, ops: Vec<Op>) -> Restored {
    Restored { raw_len: ops.iter().map(Op::len).sum(), like, ops, wrap: Wrap::Bare, recipe: b"recipe".to_vec() }
}

fn frame(len: u64, stored_len: u64) -> Frame {
    Frame { kind: FrameKind::Zstd, len, stored_len, stored_hash: Hash([4; 32]), hash: Hash([5; 32]), references: Vec::new() }
}

/// What falls to each of two files of the 100 bytes in between that are a frame; `second` is how others are made from these. Something must read the member.
fn shared(second: Option<How>, files: [FilePatch; 2]) -> [u64; 2] {
    let path = |path: &str| TreePath::new(path).unwrap();
    let mut middles = vec![Middle { len: 100, at: 0, file_len: 100, how: How::Frame(0) }];
    middles.extend(second.map(|how| Middle { len: 80, at: 0, file_len: 80, how }));
    let inflated = vec![Inflated { source: FIRST, at: 0, stored_len: 50, raw_len: 90, wrap: Wrap::Bare }];
    let literals: u64 = files.iter().flat_map(|file| &file.ops).map(Op::literal_len).sum();
    let frames = [frame(100, COST)].into_iter().chain((literals > 0).then(|| frame(literals, 20))).collect();
    let keeper = Change { path: path("keeper"), before: Before::Absent, after: After::File(file(vec![copy(OLD, 10)])) };
    let changes = files.iter().zip(["one", "two"]).map(|(file, at)| {
        let after = After::File(file.clone());
        Change { path: path(at), before: Before::Absent, after }
    });
    let changes = Changes::joined([keeper].into_iter().chain(changes).collect()).unwrap();
    let sources = vec![SourceFile { path: path("old"), len: 1000 }];
    let index = Index::joined(changes, sources, inflated, middles, frames).unwrap();
    let mut shares = Shares::new(&index);
    assert_eq!(shares.next(&copy(OLD, 10)), Share::default());
    files.map(|file| file.ops.iter().map(|op| shares.next(op).between).sum())
}

#[test]
fn what_is_restored_in_a_file_reads_all_that_it_is_made_of_and_one_byte_of_what_it_is_like() {
    let mut member = file(vec![Op::Restore { number: 0, len: 40, literal_len: 15 }]);
    member.restored = vec![restored(Some(MEMBER), vec![copy(MEMBER, 29), Op::Literal { len: 15 }])];
    assert_eq!(shared(None, [member.clone(), file(vec![copy(FIRST, 30)])]), [COST / 2, COST / 2]);
    member.restored = vec![restored(Some(MEMBER), vec![copy(OLD, 29), Op::Literal { len: 15 }])];
    assert_eq!(shared(None, [member, file(vec![copy(FIRST, 89)])]), [1, COST - 1]);
}

#[test]
fn what_is_adapted_in_a_file_reads_all_but_its_literal_bytes() {
    let mut member = file(vec![Op::Restore { number: 0, len: 40, literal_len: 0 }]);
    member.restored = vec![restored(Some(MEMBER), vec![copy(OLD, 29)])];
    let mut adapted = file(vec![Op::Adapt { source: FIRST, len: 59 + 30, literal_len: 30 }]);
    adapted.program = b"program".to_vec();
    let mut both = file([member.ops.clone(), vec![copy(FIRST, 59)]].concat());
    both.restored = member.restored;
    // Sixty bytes are read on the one side, one of them for what it is like, and fifty-nine on the other.
    let [two, one] = shared(None, [both, adapted]);
    assert_eq!((one + two, two.abs_diff(one) <= 1), (COST, true), "{one} {two}");
}

/// What falls to a file that is made of `second` alone, and to one that reads `len` of the bytes that those are made from.
fn through(second: How, len: u64) -> [u64; 2] {
    shared(Some(second), [file(vec![copy(FIRST + 1, 80)]), file(vec![copy(FIRST, len)])])
}

#[test]
fn bytes_in_between_that_are_made_of_others_read_what_they_are_made_of() {
    let member = || restored(Some(MEMBER), vec![copy(MEMBER, 49)]);
    assert_eq!(through(How::Restored(member()), 50), [COST / 2, COST / 2]);
    let like_only = restored(Some(MEMBER), vec![copy(OLD, 70)]);
    assert_eq!(through(How::Restored(like_only), 89), [1, COST - 1]);
}

#[test]
fn bytes_in_between_that_are_adapted_read_all_but_what_is_literal() {
    let adapted = How::Adapted { source: FIRST, literals: vec![copy(MEMBER, 20)], program: b"program".to_vec() };
    assert_eq!(through(adapted, 80), [COST / 2, COST / 2]);
    let adapted = How::Adapted { source: OLD, literals: vec![copy(MEMBER, 20)], program: b"program".to_vec() };
    assert_eq!(through(adapted, 70), [COST * 2 / 9, COST * 7 / 9]);
}
