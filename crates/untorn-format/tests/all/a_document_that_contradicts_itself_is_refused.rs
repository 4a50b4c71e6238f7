//! Values whose bytes are whole, but which no correct writer makes: each check of the decoders, one case at least.

use crate::samples::path;
use untorn_format::{
    DecodeError, Hash,
    journal::{After, Before, Blob, MAX_PLAN_LEN, Plan, Range, Record, SlotState, Source, Step, Target, Undo, UndoEntry},
};

const STEPS: &str = "order of the steps";
const RANGES: &str = "ranges of a file";
const REDO: &str = "offset of a range in the redo or undo file";

fn plan_refused(field: &'static str, change: impl FnOnce(&mut Plan)) {
    let mut plan = crate::samples::plan();
    change(&mut plan);
    assert_eq!(Plan::decode(&plan.encode()), Err(DecodeError::Field(field)));
}

fn plan_of(steps: Vec<Step>) -> Result<Plan, DecodeError> {
    Plan::decode(&Plan { steps, ..crate::samples::plan() }.encode())
}

#[test]
fn any_two_steps_in_the_wrong_order() {
    let steps = crate::samples::plan().steps;
    for later in 1..steps.len() {
        for earlier in 0..later {
            let pair = |first: usize, second: usize| plan_of(vec![steps[first].clone(), steps[second].clone()]);
            assert!(pair(earlier, later).is_ok(), "{earlier} {later}");
            assert_eq!(pair(later, earlier), Err(DecodeError::Field(STEPS)), "{earlier} {later}");
        }
    }
}

#[test]
fn any_step_twice() {
    for step in crate::samples::plan().steps {
        assert_eq!(plan_of(vec![step.clone(), step]), Err(DecodeError::Field(STEPS)));
    }
}

#[test]
fn one_path_twice_within_a_kind_though_the_steps_differ() {
    let put = |object| Step::Put { path: path("a"), object };
    let link = |target: &str| Step::Symlink { path: path("a"), target: target.to_owned() };
    let make = |permissions| Step::MakeDir { path: path("a"), permissions };
    let set = |executable| Step::SetExecutable { target: Target::Path(path("a")), executable };
    for steps in [vec![put(0), put(1)], vec![link("b"), link("c")], vec![make(0), make(0o755)], vec![set(false), set(true)]] {
        assert_eq!(plan_of(steps), Err(DecodeError::Field(STEPS)));
    }
}

#[test]
fn objects_that_do_not_exist_or_are_used_twice() {
    for object in [3, 4, u32::MAX] {
        assert!(matches!(plan_of(vec![Step::Put { path: path("a"), object }]), Err(DecodeError::Field("object that is put"))));
        let patch = Step::Patch { target: Target::Object(object), create: false, executable: false, len: 1, ranges: vec![] };
        assert_eq!(plan_of(vec![patch]), Err(DecodeError::Field("object that is patched")));
        let set = Step::SetExecutable { target: Target::Object(object), executable: true };
        assert_eq!(plan_of(vec![set]), Err(DecodeError::Field("object number")));
    }
    let put = |at: &str| Step::Put { path: path(at), object: 1 };
    assert_eq!(plan_of(vec![put("a"), put("b")]), Err(DecodeError::Field("object that is put")));
}

#[test]
fn a_patch_of_a_staged_file_whose_hash_recovery_would_miss() {
    let patch = Step::Patch { target: Target::Object(0), create: false, executable: false, len: 9, ranges: vec![] };
    assert_eq!(plan_of(vec![patch]), Err(DecodeError::Field("object that is patched")));
}

#[test]
fn a_file_created_at_no_path_or_made_executable_without_being_created() {
    let patch = |target, create, executable| plan_of(vec![Step::Patch { target, create, executable, len: 9, ranges: vec![] }]);
    assert_eq!(patch(Target::Object(1), true, false), Err(DecodeError::Field("create")));
    assert_eq!(patch(Target::Path(path("a")), false, true), Err(DecodeError::Field("executable")));
}

fn patch(len: u64, ranges: &[(u64, u64, u64)]) -> Result<Plan, DecodeError> {
    let ranges = ranges.iter().map(|&(at, len, redo_at)| Range { at, len, redo_at }).collect();
    plan_of(vec![Step::Patch { target: Target::Path(path("a")), create: false, executable: false, len, ranges }])
}

#[test]
fn ranges_that_overlap_fall_or_are_empty() {
    assert!(patch(10, &[(0, 4, 0), (4, 6, 0)]).is_ok());
    for ranges in
        [&[(4, 2, 0), (0, 2, 0)][..], &[(0, 4, 0), (3, 2, 0)], &[(0, 4, 0), (0, 4, 0)], &[(0, 0, 0)], &[(0, 4, 0), (4, 0, 4)]]
    {
        assert_eq!(patch(10, ranges), Err(DecodeError::Field(RANGES)), "{ranges:?}");
    }
}

#[test]
fn ranges_outside_of_their_file_or_of_the_redo_file_at_every_size_of_number() {
    for edge in [0, 10, 100, 1 << 31, 1 << 32, 1 << 63, u64::MAX - 1, u64::MAX] {
        assert_eq!(patch(edge, &[(edge, 1, 0)]), Err(DecodeError::Field(RANGES)), "{edge}");
        let fits = edge.checked_sub(1).map(|at| patch(edge, &[(at, 1, 0)]));
        assert!(fits.is_none_or(|fits| fits.is_ok()), "{edge}");
        assert!(patch(u64::MAX, &[(edge, u64::MAX, 0)]).is_err(), "{edge}");
    }
    for redo_at in [100, 1 << 31, 1 << 32, 1 << 63, u64::MAX] {
        assert_eq!(patch(10, &[(0, 1, redo_at)]), Err(DecodeError::Field(REDO)), "{redo_at}");
    }
    assert!(patch(10, &[(0, 1, 99)]).is_ok());
    assert_eq!(patch(u64::MAX, &[(0, 101, 0)]), Err(DecodeError::Field(REDO)));
    plan_refused(REDO, |plan| plan.redo.len = 99);
}

#[test]
fn f5_a_symlink_or_permissions_no_system_has() {
    let link = |target: &str| plan_of(vec![Step::Symlink { path: path("a/b"), target: target.to_owned() }]);
    for target in ["", "a\0b", &"x/".repeat(2048)] {
        assert_eq!(link(target), Err(DecodeError::Field("target of a symlink")), "{target}");
    }
    // One that stood in the old tree may move, wherever it points: nothing ever follows it.
    assert!(link("/etc/passwd").is_ok());
    let make = |permissions| plan_of(vec![Step::MakeDir { path: path("a"), permissions }]);
    assert!(make(0o7777).is_ok());
    assert_eq!(make(0o10000), Err(DecodeError::Field("permissions of a directory")));
}

#[test]
fn a_path_out_of_the_tree() {
    let bytes = crate::samples::plan().encode();
    let at = bytes.windows(9).position(|window| window == b"old/a.txt").unwrap();
    for forged in [b"../../etc", b"/etc/pass", b".untorn/x", b"C:/window", b"old/a.tx\xff", b"old//.txt"] {
        let mut bytes = bytes.clone();
        bytes[at..at + 9].copy_from_slice(forged);
        assert!(matches!(Plan::decode(&crate::samples::reseal(bytes)), Err(DecodeError::Path(_))), "{forged:?}");
    }
}

#[test]
fn a_record_whose_plan_does_not_fit_its_state() {
    let with =
        |state, plan_len, plan_hash| Record::decode(&Record { state, plan_len, plan_hash, ..crate::samples::record() }.encode());
    let hash = Hash::of(b"plan");
    let refused = Err(DecodeError::Field("plan of a record"));
    for state in [SlotState::Idle, SlotState::Committed, SlotState::Aborted] {
        assert_eq!(with(state, 0, hash), refused);
        assert_eq!(with(state, 1, Hash::NONE), refused);
        assert_eq!(with(state, MAX_PLAN_LEN + 1, hash), refused);
        assert_eq!(with(state, u64::MAX, hash), refused);
        assert_eq!(with(state, 0, Hash::NONE).is_ok(), state != SlotState::Committed);
        assert_eq!(with(state, MAX_PLAN_LEN, hash).is_ok(), state != SlotState::Idle);
    }
}

fn undo_of(before: Before, after: After) -> Result<Undo, DecodeError> {
    Undo::decode(&Undo { entries: vec![UndoEntry { path: path("a"), before, after }], ..crate::samples::undo() }.encode())
}

fn old_file(source: Source, len: u64, ranges: &[(u64, u64, u64)]) -> Result<Undo, DecodeError> {
    let ranges = ranges.iter().map(|&(at, len, redo_at)| Range { at, len, redo_at }).collect();
    undo_of(Before::File { source, len, executable: false, ranges }, After::Absent)
}

#[test]
fn an_undo_document_out_of_order_or_out_of_bounds() {
    let mut entries = crate::samples::undo().entries;
    entries.swap(0, 1);
    let undo = |entries| Undo::decode(&Undo { entries, ..crate::samples::undo() }.encode());
    assert_eq!(undo(entries.clone()), Err(DecodeError::Field("order of the entries")));
    assert_eq!(undo(vec![entries[0].clone(), entries[0].clone()]), Err(DecodeError::Field("order of the entries")));
    for number in [1, u32::MAX] {
        assert_eq!(old_file(Source::Kept(number), 1, &[]), Err(DecodeError::Field("number of a kept file")));
    }
    assert!(old_file(Source::Kept(0), 64, &[(0, 64, 0)]).is_ok());
    assert_eq!(old_file(Source::Kept(0), 63, &[(0, 64, 0)]), Err(DecodeError::Field(RANGES)));
    assert_eq!(old_file(Source::Kept(0), 64, &[(0, 64, 1)]), Err(DecodeError::Field(REDO)));
    assert_eq!(undo_of(Before::Dir { permissions: 1 << 31 }, After::Dir), Err(DecodeError::Field("permissions of a directory")));
}

#[test]
fn written_pieces_that_overlap_or_lie_outside() {
    let written = |pieces: &[(u64, u64)]| {
        undo_of(Before::Absent, After::File { len: 10, executable: false, written: pieces.to_vec(), hash: Hash::NONE })
    };
    assert!(written(&[(0, 5), (5, 5)]).is_ok());
    for pieces in [&[(0, 11)][..], &[(10, 1)], &[(0, 5), (4, 1)], &[(0, 0)], &[(u64::MAX, 2)], &[(5, 1), (0, 1)]] {
        assert_eq!(written(pieces), Err(DecodeError::Field(RANGES)), "{pieces:?}");
    }
}

#[test]
fn what_a_symlink_of_a_tree_cannot_have_said() {
    for target in ["", "a\0b", &"x".repeat(4096)] {
        let said = || target.to_owned();
        let refused = Err(DecodeError::Field("target of a symlink"));
        assert_eq!(undo_of(Before::Symlink { target: said() }, After::Absent), refused);
        assert_eq!(undo_of(Before::Absent, After::Symlink { target: said() }), refused);
    }
    assert!(undo_of(Before::Symlink { target: "/anywhere/../at all".to_owned() }, After::Absent).is_ok());
}

#[test]
fn a_blob_that_is_larger_than_any_disk_is_only_a_number() {
    let redo = Blob { len: u64::MAX, hash: Hash::NONE };
    assert!(Plan::decode(&Plan { redo, ..crate::samples::plan() }.encode()).is_ok());
}
