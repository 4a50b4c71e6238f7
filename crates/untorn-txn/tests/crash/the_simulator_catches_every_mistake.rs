//! Negative controls: the unchanged library, made to behave as if it had a mistake, must be caught by the tests that it passes without. Each control is
//! one test; beside it stands its twin, the same without the mistake.
//!
//! A barrier whose absence nothing notices is either not needed or not tested.

use std::{
    io::ErrorKind,
    sync::{Arc, Mutex},
};

use untorn_crash::{Must, Oracle, Side, Workload, World};
use untorn_fs::{Fs, LockKind, OpenMode};
use untorn_sim::{Call, HookFs, Method, Sampling, SimFs, Verdict, read};
use untorn_txn::{Cause, Tree, TreeState};

use crate::no_failed_sync_is_tried_again::decided;

/// What happens to a call, with the disk it goes to.
type Hook = Box<dyn FnMut(&Call<'_>, &SimFs) -> Verdict + Send>;

fn pass() -> Hook {
    Box::new(|_, _| Verdict::Pass)
}

fn hooked(fs: &SimFs, hook: Hook) -> Arc<dyn Fs> {
    let (hook, disk) = (Mutex::new(hook), fs.clone());
    Arc::new(HookFs::on_sim(fs, move |call| (hook.lock().unwrap())(call, &disk)))
}

/// Counts the calls of a kind and changes the one with this number.
fn nth(number: u32, kind: fn(&Call<'_>) -> bool, mut change: impl FnMut(&SimFs) -> Verdict + Send + 'static) -> Hook {
    let mut seen = 0;
    Box::new(move |call, fs| {
        seen += u32::from(kind(call));
        if kind(call) && seen == number { change(fs) } else { Verdict::Pass }
    })
}

fn is_sync_all(call: &Call<'_>) -> bool {
    call.method == Method::SyncAll
}

fn is_slot(call: &Call<'_>) -> bool {
    call.path.starts_with(".untorn/slot")
}

fn is_record_write(call: &Call<'_>) -> bool {
    is_slot(call) && call.method == Method::WriteAt
}

fn is_record_sync(call: &Call<'_>) -> bool {
    is_slot(call) && call.method == Method::SyncData
}

/// How often the crash tests cry out, and how many states they looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Verdicts {
    violations: u64,
    states: u64,
}

impl Verdicts {
    /// The mistake is caught, and its twin passes.
    #[track_caller]
    fn assert_caught(self, twin: Self, mistake: &str) {
        println!(
            "{mistake}: {} of {} states are wrong; without the mistake {} of {}",
            self.violations, self.states, twin.violations, twin.states
        );
        assert_eq!(twin.violations, 0, "{mistake}: the twin without the mistake is wrong, too");
        assert!(twin.states > 20);
        assert!(self.violations > 0, "{mistake}: nothing notices");
    }
}

fn sampling() -> Sampling {
    Sampling { exhaustive_max: 6, samples: 64, samples_between: 8, torn: 48, seed: 1 }
}

/// Commits through one hook, crashes everywhere, recovers through another.
fn crash(workload: &Workload, commit: Hook, recovery: fn() -> Hook) -> Verdicts {
    let run = workload.run().unwrap();
    let fs = run.before.fork();
    let answered = answered(workload.perform(hooked(&fs, commit)));
    fs.mark(1);
    judge(&fs, &run.oracle, answered, recovery)
}

/// What an answer claims.
fn answered(answer: untorn_txn::Result<()>) -> Must {
    match answer.map_err(|error| error.state()) {
        Ok(()) | Err(TreeState::New | TreeState::WillComplete) => Must::Be(Side::New),
        Err(TreeState::Unchanged) => Must::Be(Side::Old),
        Err(_) => Must::BeEither,
    }
}

/// Crashes everything that happened on `fs`; the first mark says that the answer was given.
fn judge(fs: &SimFs, oracle: &Oracle, answered: Must, recovery: fn() -> Hook) -> Verdicts {
    let mut verdicts = Verdicts { violations: 0, states: 0 };
    for state in fs.recording().crashes(&sampling()) {
        let must = if state.marks().is_empty() { Must::BeEither } else { answered };
        let fs = state.fs();
        let good = Tree::open_on(hooked(&fs, recovery())).is_ok_and(|tree| oracle.check(&fs, tree, must).is_ok());
        verdicts.states += 1;
        verdicts.violations += u64::from(!good);
    }
    verdicts
}

/// Several files, in place and by name.
fn mixed(disk: &'static str) -> Workload {
    Workload::new(World { disk, ..World::strict() }, &["write-a", "write-x", "move-x-x", "remove-b"])
}

/// In place only: no name in the tree changes, so nothing else makes the directories durable.
fn in_place(disk: &'static str) -> Workload {
    Workload::new(World { disk, ..World::strict() }, &["write-a", "write-x"])
}

#[test]
fn b0_dropped() {
    let run = |commit: Hook| {
        let workload = in_place("pool");
        let mut oracle = workload.run().unwrap().oracle;
        (oracle.old.head, oracle.new.head) = (None, None);
        let fs = workload.world.unmanaged().unwrap();
        let answered = answered(workload.perform(hooked(&fs, commit)));
        fs.mark(1);
        judge(&fs, &oracle, answered, pass)
    };
    let skip = Box::new(
        |call: &Call<'_>, _: &SimFs| {
            if call.method == Method::SyncDir && call.path.is_empty() { Verdict::Skip } else { Verdict::Pass }
        },
    );
    run(skip).assert_caught(run(pass()), "B0 dropped");
}

#[test]
fn b1_dropped() {
    let skip = nth(1, is_sync_all, |_| Verdict::Skip);
    crash(&mixed("plain"), skip, pass).assert_caught(crash(&mixed("plain"), pass(), pass), "B1 dropped");
}

#[test]
fn b2_dropped() {
    let skip = nth(1, is_record_sync, |_| Verdict::Skip);
    crash(&mixed("plain"), skip, pass).assert_caught(crash(&mixed("plain"), pass(), pass), "B2 dropped");
}

#[test]
fn b3_dropped() {
    let skip = nth(2, is_sync_all, |_| Verdict::Skip);
    crash(&mixed("plain"), skip, pass).assert_caught(crash(&mixed("plain"), pass(), pass), "B3 dropped");
}

/// The one flush of the device at B1 and at B3, where files are written out before it.
fn is_flush(call: &Call<'_>) -> bool {
    is_slot(call) && call.method == Method::Sync
}

#[test]
fn b1_written_out_and_not_flushed() {
    let skip = nth(1, is_flush, |_| Verdict::Skip);
    crash(&mixed("ntfs"), skip, pass).assert_caught(crash(&mixed("ntfs"), pass(), pass), "B1 without its flush");
}

#[test]
fn b3_written_out_and_not_flushed() {
    let skip = nth(2, is_flush, |_| Verdict::Skip);
    crash(&mixed("ntfs"), skip, pass).assert_caught(crash(&mixed("ntfs"), pass(), pass), "B3 without its flush");
}

#[test]
fn b3_flushed_and_not_written_out() {
    let is_in_tree = |call: &Call<'_>| call.method == Method::WriteOut && !call.path.starts_with(".untorn/");
    let skip = Box::new(move |call: &Call<'_>, _: &SimFs| if is_in_tree(call) { Verdict::Skip } else { Verdict::Pass });
    crash(&mixed("ntfs"), skip, pass).assert_caught(crash(&mixed("ntfs"), pass(), pass), "B3 without writing out");
}

#[test]
fn b4_dropped() {
    let skip = nth(2, is_record_sync, |_| Verdict::Skip);
    crash(&mixed("plain"), skip, pass).assert_caught(crash(&mixed("plain"), pass(), pass), "B4 dropped");
}

#[test]
fn the_wrong_directory_synced() {
    let wrong = Box::new(|call: &Call<'_>, _: &SimFs| match call.method {
        Method::SyncDir if call.path == "d" => Verdict::Redirect("e".to_owned()),
        _ => Verdict::Pass,
    });
    let workload = Workload::new(World { disk: "nfs", ..World::strict() }, &["move-a-dz"]);
    crash(&workload, wrong, pass).assert_caught(crash(&workload, pass(), pass), "wrong directory synced");
}

/// Skips the call with this number, and makes everything durable at the first call after `until`.
fn postponed(number: u32, kind: fn(&Call<'_>) -> bool, until: fn(&Call<'_>) -> bool, until_number: u32) -> Hook {
    let (mut seen, mut reached) = (0, 0);
    Box::new(move |call, fs| {
        if reached == until_number {
            fs.sync_handle().and_then(|all| all.sync_all()).unwrap();
            reached += 1;
        }
        seen += u32::from(kind(call));
        reached += u32::from(until(call) && reached < until_number);
        if kind(call) && seen == number { Verdict::Skip } else { Verdict::Pass }
    })
}

#[test]
fn cleared_before_b3() {
    let late = postponed(2, is_sync_all, is_record_sync, 2);
    crash(&mixed("plain"), late, pass).assert_caught(crash(&mixed("plain"), pass(), pass), "cleared before B3");
}

#[test]
fn decided_before_b1() {
    let late = postponed(1, is_sync_all, is_record_sync, 1);
    crash(&mixed("plain"), late, pass).assert_caught(crash(&mixed("plain"), pass(), pass), "decided before B1");
}

const SAVED: &[u8] = b"the game has saved something here";

/// A game that plays as soon as it gets the readers' lock, and saves into a file of the tree, durably. The second mark says that it has.
fn game(fs: &SimFs) {
    let game = fs.another_process();
    if let Ok(Some(_lock)) = game.lock(".untorn/readers", LockKind::Shared, false)
        && read(&game, "a").is_ok_and(|bytes| !bytes.starts_with(SAVED))
    {
        let file = game.open("a", OpenMode::Write).unwrap();
        file.write_all_at(SAVED, 0).unwrap();
        file.sync_data().unwrap();
        game.mark(2);
    }
}

#[test]
fn readers_let_in_before_b4() {
    let run = |released: bool| {
        let workload = in_place("nfs");
        let fs = workload.before().unwrap();
        let (mut records, mut free) = (0, false);
        let commit: Hook = Box::new(move |call, fs| {
            if records >= 1 {
                // It tries all the time, as players do.
                game(fs);
            }
            records += u32::from(is_record_write(call));
            let release = released && records == 2 && !free;
            free |= release;
            if release { Verdict::ReleaseLocks } else { Verdict::Pass }
        });
        workload.perform(hooked(&fs, commit)).unwrap();
        game(&fs);
        let mut verdicts = Verdicts { violations: 0, states: 0 };
        for state in fs.recording().crashes(&sampling()).filter(|state| state.marks().contains(&2)) {
            let fs = state.fs();
            let kept = Tree::open_on(Arc::new(fs.clone())).is_ok() && read(&fs, "a").unwrap().starts_with(SAVED);
            verdicts.states += 1;
            verdicts.violations += u64::from(!kept);
        }
        verdicts
    };
    let (mistake, twin) = (run(true), run(false));
    println!("{mistake:?} {twin:?}");
    assert_eq!(twin.violations, 0);
    assert!(twin.states > 0 && mistake.violations > 0);
}

#[test]
fn a_failed_sync_tried_again_and_believed() {
    let fail = |verdict: Verdict| {
        nth(1, is_sync_all, move |fs| {
            if verdict == Verdict::Retry {
                fs.fail_next_sync(ErrorKind::Other);
            }
            verdict.clone()
        })
    };
    let mistake = crash(&mixed("plain"), fail(Verdict::Retry), pass);
    mistake.assert_caught(crash(&mixed("plain"), fail(Verdict::Fail(ErrorKind::Other)), pass), "failed sync tried again");
}

#[test]
fn a_cached_record_trusted_by_recovery() {
    let run = |swallowed: bool| {
        let workload = mixed("plain");
        let run = workload.run().unwrap();
        let fs = run.before.fork();
        // B2 fails, and the process dies of it: the record stands in the page cache only.
        let mut dead = false;
        let commit: Hook = Box::new(move |call, _| match (dead, is_record_sync(call)) {
            (true, _) => Verdict::Refuse(ErrorKind::Other),
            (false, true) => {
                dead = true;
                Verdict::Fail(ErrorKind::Other)
            }
            (false, false) => Verdict::Pass,
        });
        workload.perform(hooked(&fs, commit)).unwrap_err();
        let fs = fs.restart();
        let mut records = 0;
        let recovery: Hook = Box::new(move |call, _| {
            records += u32::from(is_record_write(call));
            if swallowed && records == 1 && (is_record_write(call) || is_record_sync(call)) {
                Verdict::Skip
            } else {
                Verdict::Pass
            }
        });
        let answer = Tree::open_on(hooked(&fs, recovery)).map(drop);
        assert!(answer.is_ok());
        fs.mark(1);
        judge(&fs, &run.oracle, Must::Be(Side::New), pass)
    };
    run(true).assert_caught(run(false), "cached record trusted");
}

#[test]
fn the_stage_deleted_before_b4() {
    let early = nth(2, is_record_write, |fs| {
        for name in ["plan", "redo"] {
            fs.remove_file(&format!(".untorn/tx/2/{name}")).unwrap();
        }
        Verdict::Pass
    });
    crash(&mixed("plain"), early, pass).assert_caught(crash(&mixed("plain"), pass(), pass), "stage deleted before B4");
}

/// Rots one byte of a file of a decided transaction; recovery reads the file whole once, to check it, and that reading is answered with the sound bytes
/// where `checked` is false.
fn rotten(path: &'static str, checked: bool) -> (Result<Tree, Cause>, SimFs, Oracle) {
    let workload =
        Workload::new(World { disk: "nfs", way: untorn_txn::WayChoice::Auto, keep_undo: false }, &["write-a", "large-b"]);
    let run = workload.run().unwrap();
    let fs = decided(&workload);
    let sound = read(&fs, path).unwrap();
    let file = fs.open(path, OpenMode::Write).unwrap();
    file.write_all_at(&[sound[10] ^ 1], 10).unwrap();
    let fs = SimFs::from_image(fs.image());
    let mut answers = u32::from(!checked);
    let recovery: Hook = Box::new(move |call, _| {
        if call.method != Method::ReadAt || call.path != path || answers == 0 || call.offset != 0 {
            return Verdict::Pass;
        }
        answers -= 1;
        Verdict::Answer(sound.clone())
    });
    let tree = Tree::open_on(hooked(&fs, recovery)).map_err(|error| match error.cause() {
        Cause::JournalDamaged { what } => Cause::JournalDamaged { what: what.clone() },
        other => panic!("{other}"),
    });
    (tree, fs, run.oracle)
}

#[test]
fn the_hash_of_the_redo_file_not_checked() {
    let path = ".untorn/tx/2/redo";
    let (tree, fs, oracle) = rotten(path, false);
    assert!(
        tree.is_ok() && oracle.side(&fs, Must::BeEither).is_err(),
        "the rotten bytes are in the tree, and the oracle sees them"
    );
    let (tree, fs, oracle) = rotten(path, true);
    assert!(tree.is_err() && oracle.side(&fs, Must::Be(Side::Old)).is_ok(), "checked, nothing was touched");
}

#[test]
fn the_hash_of_a_staged_file_not_checked() {
    let path = ".untorn/tx/2/s/0000";
    let (tree, fs, oracle) = rotten(path, false);
    assert!(
        tree.is_ok() && oracle.side(&fs, Must::BeEither).is_err(),
        "the rotten bytes are in the tree, and the oracle sees them"
    );
    let (tree, fs, oracle) = rotten(path, true);
    assert!(tree.is_err() && oracle.side(&fs, Must::Be(Side::Old)).is_ok(), "checked, nothing was touched");
}

/// After a B2 that failed, the record that gives the transaction up goes into the third slot. Were there only two, it would go over the one that rules.
#[test]
fn two_slots_instead_of_three() {
    let run = |only_two: bool| {
        let workload = mixed("plain");
        let run = workload.run().unwrap();
        let fs = run.before.fork();
        let ruling = ruling_slot(&fs);
        let (mut syncs, mut opened) = (0, false);
        let commit: Hook = Box::new(move |call, fs| {
            syncs += u32::from(is_record_sync(call));
            if is_record_sync(call) && syncs == 1 {
                return Verdict::Fail(ErrorKind::Other);
            }
            if opened || syncs == 0 || call.method != Method::Open || !is_slot(call) {
                return Verdict::Pass;
            }
            // The third slot holds nothing either way, as if it had never been.
            opened = true;
            let third = fs.open(call.path, OpenMode::Write).unwrap();
            third.write_all_at(&[0x55; 512], 0).unwrap();
            third.sync_data().unwrap();
            if only_two { Verdict::Redirect(ruling.clone()) } else { Verdict::Pass }
        });
        let answered = answered(workload.perform(hooked(&fs, commit)));
        fs.mark(1);
        judge(&fs, &run.oracle, answered, pass)
    };
    run(true).assert_caught(run(false), "two slots");
}

/// The slot that rules.
fn ruling_slot(fs: &SimFs) -> String {
    let seq = |path: &str| {
        let bytes = read(fs, path).unwrap();
        u64::from_le_bytes(bytes[16..24].try_into().unwrap())
    };
    [".untorn/slot.0", ".untorn/slot.1", ".untorn/slot.2"].into_iter().max_by_key(|path| seq(path)).unwrap().to_owned()
}

/// The system fails to write back a staged file; another program asks first and is told. A handle opened before is told, too; a later one is not.
#[test]
fn the_sync_handle_opened_too_late() {
    let run = |late: bool| {
        let commit = nth(1, is_sync_all, move |fs| {
            let other = fs.another_process().sync_handle().unwrap();
            fs.fail_writeback(".untorn/tx/2/redo").unwrap();
            assert!(other.sync_all().is_err());
            if late {
                fs.sync_handle().and_then(|all| all.sync_all()).unwrap();
                return Verdict::Skip;
            }
            Verdict::Pass
        });
        crash(&mixed("plain"), commit, pass)
    };
    run(true).assert_caught(run(false), "sync handle opened too late");
}

/// The disk takes half of a write and says so; taken for whole, the rest is never written.
#[test]
fn a_short_write_taken_for_whole() {
    let run = |believed: bool| {
        let mut done = false;
        let commit: Hook = Box::new(move |call, fs| {
            if done || call.method != Method::WriteAt || call.path != "a" {
                return Verdict::Pass;
            }
            done = true;
            // The change is at 100 to 160.
            if !believed {
                return Verdict::Short(110);
            }
            fs.open("a", OpenMode::Write).unwrap().write_all_at(&call.data[..110], call.offset).unwrap();
            Verdict::Skip
        });
        crash(&mixed("plain"), commit, pass)
    };
    run(true).assert_caught(run(false), "short write taken for whole");
}

/// The table in the documentation names every control, and nothing else.
#[test]
fn the_documentation_lists_every_control() {
    let source = include_str!("the_simulator_catches_every_mistake.rs");
    let documentation = include_str!("../../../../docs/testing.md");
    let after_test = source.split("#[test]\nfn ").skip(1);
    let tests: Vec<&str> = after_test.filter_map(|rest| rest.split_once('(')).map(|(name, _)| name).collect();
    let table = documentation.split("| the unchanged library behaves as if |").nth(1).unwrap().split("\n\n").next().unwrap();
    let rows: Vec<&str> = table.lines().skip(2).filter_map(|row| row.split('`').nth(1)).collect();
    let controls: Vec<&str> = tests.iter().copied().filter(|name| *name != "the_documentation_lists_every_control").collect();
    assert!(controls.len() >= 12);
    assert_eq!(rows.len(), controls.len(), "{rows:?}");
    assert!(controls.iter().all(|name| rows.contains(name)), "{controls:?}");
}
