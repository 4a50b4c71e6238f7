//! A sync that failed has lost what it covered, and a second one would succeed without writing it: so there is no second one, and nothing that would need one.

use std::sync::{Arc, Mutex};

use untorn_crash::{Boot, Depth, FORGETFUL, Must, Side, Workload, World, explore_faults, fault};
use untorn_sim::{HookFs, Method, Sampling, SimFs, Verdict};
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

/// What is assumed of file systems, and no more: names whose sync failed are written later, or the file system stops working, as those with a journal do. One
/// that forgets them and goes on shows what it does not hold; then recovery in the same boot has nothing left to do that it could see.
#[test]
fn names_that_are_forgotten_and_still_shown_deceive_a_recovery_in_the_same_boot() {
    let on = |disk| Workload::new(World { disk, ..World::strict() }, &["replace-x", "move-a-dz"]);
    let depth = Depth::of(2, 4, 0);
    explore_faults(&on("strict"), &[fault("eio", false).unwrap()], &depth).unwrap();
    let found = explore_faults(&on(FORGETFUL), &[fault("eio", false).unwrap()], &depth).unwrap_err().to_string();
    assert!(found.contains("but the tree differs") || found.contains("cannot be opened"), "{found}");
}

/// Not so when the machine was started again before: what is shown then is what is there.
#[test]
fn forgotten_names_are_survived_when_the_machine_starts_anew() {
    let workload = Workload::new(World { disk: FORGETFUL, ..World::strict() }, &["replace-x", "move-a-dz"]);
    let run = workload.run().unwrap();
    let (_, all, _) = watch(&run.before.fork(), 0, |fs| workload.perform(fs).unwrap());
    let mut states = 0;
    for fails in 1..=syncs(&all).count() {
        let fs = run.before.fork();
        let (answer, ..) = watch(&fs, fails, |fs| workload.perform(fs));
        let must = match answer.unwrap_err().state() {
            TreeState::Unchanged => Must::Be(Side::Old),
            TreeState::WillComplete => Must::Be(Side::New),
            _ => Must::BeEither,
        };
        // Before the answer either will do; what is asked here is what holds after it.
        fs.mark(1);
        for state in fs.recording().crashes(&Sampling::default()).filter(|state| state.marks().contains(&1)) {
            let found = Boot::open(&state.fs(), None, &run.oracle, must, false);
            found.unwrap_or_else(|what| panic!("sync {fails} failed, {}: {what}", state.id()));
            states += 1;
        }
    }
    println!("{states} states after a failed sync on a forgetful disk");
    assert!(states > 100);
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
