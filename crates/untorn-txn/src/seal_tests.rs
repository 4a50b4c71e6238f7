//! How much is set aside before the decision, to the byte and to the file.

use untorn_format::{
    TreePath,
    journal::{Range, Target},
};
use untorn_sim::{SimFs, SimOptions, write};

use super::*;
use crate::{
    extents::Extents,
    view::{Base, FileNode},
};

fn path(path: &str) -> TreePath {
    TreePath::new(path).unwrap()
}

fn blob(len: u64) -> Blob {
    Blob { len, hash: Hash::NONE }
}

fn plan(objects: Vec<Object>, steps: Vec<Step>) -> Plan {
    let (from, to, undo, redo) = (Hash::NONE, Hash::NONE, UndoKept::Nothing, blob(0));
    Plan { tree_id: [1; 16], txid: 1, from, to, new_head: false, undo, redo, objects, steps }
}

fn put() -> Step {
    Step::Put { path: path("put"), object: 0 }
}

fn patch(create: bool, len: u64, ranges: &[(u64, u64)]) -> Step {
    let ranges = ranges.iter().map(|&(at, len)| Range { at, len, redo_at: 0 }).collect();
    Step::Patch { target: Target::Path(path("patched")), create, executable: false, len, ranges }
}

fn symlink() -> Step {
    Step::Symlink { path: path("link"), target: "put".into() }
}

fn make_dir() -> Step {
    Step::MakeDir { path: path("dir"), permissions: 0 }
}

fn set_aside(plan: &Plan, options: SimOptions) -> u64 {
    ballast(plan, &View::default(), SimFs::new(options).capabilities())
}

/// What each step takes, and where overwriting takes blocks of its own, with two records, beyond that.
#[test]
fn space_is_set_aside_for_every_name_and_every_block_that_apply_will_need() {
    let steps = [
        (make_dir(), 4096, 0),
        (put(), 512, 0),
        (symlink(), 512, 0),
        (patch(true, 0, &[]), 4096, 0),
        (patch(true, 5000, &[(0, 5000)]), 8192 + 4096, 0),
        (patch(false, 9000, &[(0, 10), (4096, 4904)]), 0, 4096 + 8192),
        (Step::RemoveFile { path: path("gone") }, 0, 0),
        (Step::SetExecutable { target: Target::Path(path("tool")), executable: true }, 0, 0),
    ];
    let all = plan(vec![Object::File(blob(7))], steps.iter().map(|(step, ..)| step.clone()).collect());
    for (step, named, overwritten) in &steps {
        let plan = plan(vec![Object::File(blob(7))], vec![step.clone()]);
        assert_eq!(set_aside(&plan, SimOptions::strict()), *named, "{step:?}");
        assert_eq!(set_aside(&plan, SimOptions::btrfs_like()), 2 * 4096 + named + overwritten, "{step:?}");
    }
    let named: u64 = steps.iter().map(|(_, named, _)| named).sum();
    assert_eq!(set_aside(&all, SimOptions::strict()), named);
    assert_eq!(set_aside(&plan(Vec::new(), Vec::new()), SimOptions::strict()), 0);
}

#[test]
fn space_is_set_aside_for_copies_only_where_staged_files_are_copied() {
    let objects = vec![
        Object::File(blob(1)),
        Object::Clone { len: 4097, hash: Hash::NONE, written: Vec::new() },
        Object::Link { len: 4096 },
        Object::File(blob(0)),
    ];
    let plan = plan(objects, Vec::new());
    let linked = SimOptions { atomic_rename: false, ..SimOptions::strict() };
    assert_eq!(set_aside(&plan, SimOptions::strict()), 0);
    assert_eq!(set_aside(&plan, linked.clone()), 0);
    assert_eq!(set_aside(&plan, SimOptions { hard_links: false, ..linked }), 4096 + 8192 + 4096);
}

#[test]
fn space_is_set_aside_for_what_files_grow_by_and_no_more_than_is_written() {
    for (len, written, wanted) in [(9000, 100, 100), (1100, 5000, 100), (1000, 5000, 0), (500, 300, 0)] {
        let fs = SimFs::new(SimOptions::strict());
        write(&fs, "grows", &[1; 1000]).unwrap();
        let (at, meta) = (path("grows"), fs.metadata("grows").unwrap());
        let mut extents = Extents::default();
        extents.insert(0, written, 0);
        let file = FileNode { base: Base::Tree { path: at.clone(), meta }, base_len: 1000, len, extents, ..FileNode::empty() };
        let mut view = View::default();
        view.set(&fs, &at, Node::File(file)).unwrap();
        assert_eq!(ballast(&plan(Vec::new(), Vec::new()), &view, fs.capabilities()), wanted, "{len}, {written}");
    }
}

/// A disk on which so many more files can be made.
fn with_files(files: u64, options: SimOptions) -> SimFs {
    let used = u64::MAX - SimFs::new(SimOptions { names_max: Some(u64::MAX), ..options.clone() }).space().unwrap().files.unwrap();
    let fs = SimFs::new(SimOptions { names_max: Some(used + files), ..options });
    assert_eq!(fs.space().unwrap().files, Some(files));
    fs
}

#[test]
fn a_disk_that_has_too_few_files_left_is_found_out() {
    let linked = || SimOptions { atomic_rename: false, ..SimOptions::strict() };
    let made = [make_dir(), symlink(), patch(true, 1, &[(0, 1)])];
    for steps in [made[..1].to_vec(), made[1..2].to_vec(), made[2..].to_vec(), made.to_vec()] {
        let needed = steps.len() as u64;
        let plan = plan(Vec::new(), steps);
        // The ballast and the passing name are files, too.
        assert!(require_files(&with_files(needed + 2, SimOptions::strict()), &plan).is_ok(), "{plan:?}");
        let error = require_files(&with_files(needed + 1, SimOptions::strict()), &plan).unwrap_err();
        assert!(matches!(error.cause(), Cause::NoSpace { missing: None }), "{error}");
    }
    // A staged file that is renamed to its place is no new file; its second name is one.
    let put = plan(vec![Object::File(blob(1))], vec![put()]);
    assert!(require_files(&with_files(0, SimOptions::strict()), &put).is_ok());
    assert!(require_files(&with_files(2, linked()), &put).is_err());
    assert!(require_files(&with_files(3, linked()), &put).is_ok());
    // What makes no file needs none, whatever is left.
    let patched = plan(Vec::new(), vec![patch(false, 1, &[(0, 1)]), Step::RemoveFile { path: path("gone") }]);
    for files in 0..3 {
        assert!(require_files(&with_files(files, linked()), &patched).is_ok());
    }
}

#[test]
fn what_is_written_in_place_is_the_sum_of_all_ranges() {
    let steps = vec![put(), patch(false, 9000, &[(0, 10), (4096, 4904)]), patch(true, 7, &[(0, 7)])];
    assert_eq!(bytes_in_place(&plan(vec![Object::File(blob(1))], steps)), 10 + 4904 + 7);
}
