//! Every call of a transaction fails or its process is killed; the program is started again on what the page cache holds, makes another transaction, and only then
//! the power fails: nothing that failed before may come back.

use std::sync::Arc;

use untorn_crash::{Depth, Workload, World, fault};
use untorn_sim::{Fault, Faults, SimFs};
use untorn_txn::Tree;

use crate::{
    no_failed_sync_is_tried_again::decided,
    support::{Tally, crash_next},
};

/// Makes every call of `act` fail in turn, then makes another transaction.
fn each_call(before: &SimFs, act: &dyn Fn(Arc<dyn untorn_fs::Fs>), kinds: &[&str], next: &Workload, tally: &mut Tally) {
    let faults = Faults::new(None);
    act(Arc::new(faults.on_sim(&before.fork())));
    for call in 1..=faults.calls() {
        for kind in kinds {
            let fs = before.fork();
            act(Arc::new(Faults::new(Some(Fault { call, ..fault(kind, false).unwrap() })).on_sim(&fs)));
            let fs = fs.restart();
            match Tree::open_on(Arc::new(fs.clone())) {
                Ok(tree) => drop(tree),
                Err(error) => panic!("{next} after {kind} at call {call}: {error}"),
            }
            let result = crash_next(&fs, next, &Depth::of(1, 2, 2));
            tally.add(result.map_err(|what| format!("{what}\n  after {kind} at call {call} of the one before").into()));
        }
    }
}

fn on(disk: &'static str, states_min: u64) {
    let mut tally = Tally::new();
    let world = World { disk, ..World::strict() };
    let next = Workload::new(world, &["replace-b", "write-n"]);
    let workload = Workload::new(world, &["write-a", "move-x-x"]);
    let commit = |fs| drop(workload.perform(fs));
    each_call(&workload.before().unwrap(), &commit, &["eio", "kill"], &next, &mut tally);
    let open = |fs| drop(Tree::open_on(fs));
    each_call(&decided(&workload), &open, &["eio", "kill"], &next, &mut tally);
    tally.finish(&format!("the transaction after a failure, {disk}"), states_min);
}

#[test]
fn with_one_sync_of_everything() {
    on("strict", 35_000);
}

#[test]
fn with_a_sync_for_each_file() {
    on("nfs", 40_000);
}

#[test]
fn without_links() {
    on("barepool", 44_000);
}
