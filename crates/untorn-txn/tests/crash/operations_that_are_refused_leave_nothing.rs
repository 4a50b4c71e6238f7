//! What the documentation of `Transaction` says must be refused is refused, and leaves the old tree and nothing else.

use std::sync::Arc;

use untorn_crash::{Must, Oracle, Side, Workload, World};
use untorn_txn::{Tree, TreeState, WayChoice};

use crate::support::{WAYS, quick_ops, tree_before};

#[test]
fn all_pairs_that_do_not_make_sense_are_refused() {
    let (before, mut refused) = (tree_before(), 0);
    for way in WAYS {
        for one in quick_ops().filter(|op| !op.starts_with("case-")) {
            for two in quick_ops() {
                let workload = Workload::new(World { way, ..World::strict() }, &[one, two]);
                if workload.expected(&before).is_none() {
                    refuse(&workload);
                    refused += 1;
                }
            }
        }
    }
    println!("{refused} workloads refused");
    assert!(refused >= 1_000);
}

#[track_caller]
fn refuse(workload: &Workload) {
    let fs = workload.before().unwrap();
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let old = untorn_crash::Allowed::now(&fs, &tree).unwrap();
    let error = workload.perform_in(&mut tree).map(|()| panic!("{workload}: done, but should be refused")).unwrap_err();
    assert_eq!(error.state(), TreeState::Unchanged, "{workload}: {error}");
    let oracle = Oracle { old: old.clone(), new: old };
    oracle.check(&fs, tree, Must::Be(Side::Old)).unwrap_or_else(|what| panic!("{workload}: {what}"));
}

#[test]
fn after_a_refusal_the_same_handle_goes_on() {
    let fs = World::strict().managed().unwrap();
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let world = World { way: WayChoice::Put, ..World::strict() };
    assert!(Workload::new(world, &["replace-b", "write-d"]).perform_in(&mut tree).is_err());
    Workload::new(world, &["replace-b"]).perform_in(&mut tree).unwrap();
}
