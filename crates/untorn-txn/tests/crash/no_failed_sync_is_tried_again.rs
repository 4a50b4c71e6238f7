//! A sync that failed has lost what it covered, and a second one would succeed without writing it: so there is no second one, and nothing that would need one.

use std::sync::{Arc, Mutex};

use untorn_crash::{Workload, World};
use untorn_sim::{HookFs, Method, SimFs, Verdict};
use untorn_txn::{Error, Tree, TreeState};

/// A call that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    method: Method,
    path: String,
}

/// Runs `act`, failing the sync number `fails` (from 1; 0 fails none); says what was called, up to that sync and after it.
fn watch<T>(fs: &SimFs, fails: usize, act: impl FnOnce(Arc<HookFs>) -> T) -> (T, Vec<Seen>, Vec<Seen>) {
    let calls = Arc::new(Mutex::new((Vec::new(), Vec::new(), 0)));
    let log = calls.clone();
    let hooked = HookFs::on_sim(fs, move |call| {
        let mut log = log.lock().unwrap();
        log.2 += usize::from(call.method.is_sync());
        let seen = Seen { method: call.method, path: call.path.to_owned() };
        let (fails_now, after) = (call.method.is_sync() && log.2 == fails, fails != 0 && log.1.is_empty() && log.2 < fails);
        if fails == 0 || after || fails_now && log.1.is_empty() {
            log.0.push(seen);
        } else {
            log.1.push(seen);
        }
        if fails_now { Verdict::Fail(std::io::ErrorKind::Other) } else { Verdict::Pass }
    });
    let answer = act(Arc::new(hooked));
    let (before, after, _) = calls.lock().unwrap().clone();
    (answer, before, after)
}

fn syncs(calls: &[Seen]) -> impl Iterator<Item = &Seen> {
    calls.iter().filter(|call| call.method.is_sync())
}

fn is_slot(call: &Seen) -> bool {
    call.path.starts_with(".untorn/slot")
}

/// What may follow the failure of one sync: at most the one record that gives the transaction up, and no other write or change of names.
fn assert_nothing_relies_on_it(workload: &Workload, before: &[Seen], after: &[Seen], error: &Error) {
    let failed = before.last().unwrap();
    assert!(syncs(after).all(|sync| sync != failed), "{workload}: {failed:?} was tried again: {after:?}");
    let changes = |call: &&Seen| {
        matches!(call.method, Method::WriteAt | Method::SetLen | Method::Rename | Method::HardLink | Method::CreateDir)
    };
    let records = after.iter().filter(changes).count();
    assert!(after.iter().filter(changes).all(is_slot) && records <= 1, "{workload}: after {failed:?}: {after:?}");
    let at_decision = is_slot(failed);
    assert_eq!(records, usize::from(at_decision && error.state() == TreeState::Unchanged), "{workload}: {error}: {after:?}");
}

#[test]
fn not_in_a_commit() {
    let mut failed = 0;
    for disk in ["strict", "nfs", "barepool"] {
        for ops in [&["write-a", "remove-b", "head-2"][..], &["replace-x", "move-a-dz"], &["rmtree-d", "link-s"]] {
            let workload = Workload::new(World { disk, keep_undo: true, ..World::strict() }, ops);
            let before = workload.before().unwrap();
            let (_, all, _) = watch(&before.fork(), 0, |fs| workload.perform(fs).unwrap());
            let count = syncs(&all).count();
            assert!(count >= 4, "{workload}: the four barriers take at least a sync each: {all:?}");
            for fails in 1..=count {
                let (answer, before, after) = watch(&before.fork(), fails, |fs| workload.perform(fs));
                let error = answer.expect_err("a barrier that fails is an error");
                assert_nothing_relies_on_it(&workload, &before, &after, &error);
                failed += 1;
            }
        }
    }
    println!("{failed} syncs failed");
    assert!(failed > 60);
}

#[test]
fn not_in_a_recovery() {
    let mut failed = 0;
    for disk in ["strict", "nfs"] {
        let workload = Workload::new(World { disk, ..World::strict() }, &["write-a", "move-x-x"]);
        let decided = decided(&workload);
        let (tree, all, _) = watch(&decided.fork(), 0, |fs| Tree::open_on(fs));
        drop(tree.unwrap());
        for fails in 1..=syncs(&all).count() {
            let (answer, before, after) = watch(&decided.fork(), fails, |fs| Tree::open_on(fs).map(drop));
            let error = answer.unwrap_err();
            let last = before.last().unwrap();
            assert!(syncs(&after).all(|sync| sync != last), "{last:?} was tried again: {after:?}");
            assert!(after.iter().all(|call| call.method != Method::WriteAt), "{after:?}");
            assert_ne!(error.state(), TreeState::Unchanged, "{error}");
            failed += 1;
        }
    }
    assert!(failed >= 6, "the record, B3 and B4, twice");
}

/// A disk on which the transaction was decided and not applied: its process was killed right after B2.
pub(crate) fn decided(workload: &Workload) -> SimFs {
    let fs = workload.before().unwrap();
    let killed = Mutex::new(false);
    let hooked = HookFs::on_sim(&fs, move |call| {
        let mut killed = killed.lock().unwrap();
        if *killed {
            return Verdict::Refuse(std::io::ErrorKind::Other);
        }
        // The first sync of a slot in a commit is B2.
        *killed = call.method == Method::SyncData && call.path.starts_with(".untorn/slot");
        Verdict::Pass
    });
    workload.perform(Arc::new(hooked)).unwrap_err();
    SimFs::from_image(fs.image())
}
