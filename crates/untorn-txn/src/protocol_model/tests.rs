//! The protocol keeps its promises in everything that can happen; with a mistake it does not; and it is the one that the code follows.
#![cfg(test)]

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Instant,
};

use stateright::{Checker, HasDiscoveries, Model, Path};
use untorn_format::journal::{RECORD_LEN, Record, SlotState};
use untorn_fs::Fs;
use untorn_sim::{Call, HookFs, Method, SimFs, SimOptions, Verdict};

use super::{
    Action, Limits, Protocol,
    mistake::{MISTAKES, Mistake},
    script::{self, Step},
    state::{Rec, Says, State},
};
use crate::{error::Result, tree::Tree};

/// Looks at everything that can happen, until a promise is broken.
fn check(mistake: Option<Mistake>, limits: Limits) -> impl Checker<Protocol> {
    let checker = Protocol::new(mistake, limits).checker().threads(2);
    let checker = if mistake.is_some() { checker.finish_when(HasDiscoveries::AnyFailures) } else { checker };
    checker.spawn_bfs().join()
}

/// The promises that are broken, each with what happened.
fn broken(checker: &impl Checker<Protocol>) -> Vec<(&'static str, String)> {
    let mut found: Vec<_> = checker.discoveries().into_iter().filter(|(name, _)| !is_example(name)).collect();
    found.sort_unstable_by_key(|(name, _)| *name);
    found.into_iter().map(|(name, path)| (name, told(path))).collect()
}

fn is_example(name: &str) -> bool {
    name == "a transaction succeeds"
}

/// What happened, step by step.
fn told(path: Path<State, Action>) -> String {
    let tell = |(state, action): (State, Option<Action>)| match action {
        Some(Action::Step(who) | Action::Fail(who) | Action::Commit(who) | Action::Kill(who)) => {
            format!("{:?}: {:?}\n", action, state.updaters[usize::from(who)].script.last())
        }
        Some(Action::Start(_)) => {
            let folders = state.folders.map(|folder| (folder.is_there.now, folder.plan.now, folder.redo.now, folder.staged.now));
            let slots = state.slots.map(|slot| slot.now);
            format!("{action:?}: {slots:?} {folders:?} {:?} {:?}\n", state.in_place.now, state.replaced.now)
        }
        Some(action) => format!("{action:?}\n"),
        None => format!("{:?}\n", state.broken),
    };
    path.into_vec().into_iter().map(tell).collect()
}

/// Nothing breaks a promise; not in fewer states than there used to be. How often recovery decided to lay out, clean, go forward, doubt, refuse.
#[track_caller]
fn holds(name: &str, limits: Limits, states_min: usize) -> [u64; 5] {
    let began = Instant::now();
    let checker = check(None, limits);
    let verdicts = std::array::from_fn(|at| checker.model().verdicts[at].load(Ordering::Relaxed));
    let (states, seconds) = (checker.unique_state_count(), began.elapsed().as_secs_f64());
    println!("{name}: {states} states in {seconds:.1} s; verdicts {verdicts:?}");
    let broken = broken(&checker);
    assert!(broken.is_empty(), "{name}: not true that {}:\n{}", broken[0].0, broken[0].1);
    assert!(limits.wishes == 0 || checker.discoveries().keys().any(|name| is_example(name)), "{name}: nothing ever succeeds");
    assert!(states >= states_min, "{name}: only {states} states, there used to be {states_min}");
    verdicts
}

#[test]
fn power_cuts_in_commit_and_in_recovery() {
    let [_, clean, forward, doubtful, refused] =
        holds("two power cuts", Limits { cuts: 2, starts: 4, wishes: 2, ..Limits::SMALL }, 25_000);
    assert!(clean > 0 && forward > 0 && doubtful > 0 && refused == 0);
}

#[test]
fn syncs_that_fail_and_processes_that_are_killed() {
    holds("a fault, a kill, two power cuts", Limits { cuts: 2, starts: 4, ..Limits::FAULT }, 60_000);
    holds("a fault, then the next transaction", Limits::NEXT, 100_000);
}

#[test]
fn two_faults_where_a_sector_is_old_or_new() {
    holds("two faults, two power cuts", Limits { faults: 2, cuts: 2, starts: 4, tears_records: false, ..Limits::FAULT }, 80_000);
}

#[test]
fn a_first_opening() {
    let [init, ..] = holds("under care", Limits { cuts: 2, kills: 0, starts: 4, is_new: true, ..Limits::FAULT }, 50_000);
    assert!(init > 0);
}

#[test]
fn rot() {
    let [_, _, _, doubtful, _] = holds("rot, a kill, a power cut", Limits { starts: 4, ..Limits::ROT }, 50_000);
    assert!(doubtful > 0);
}

#[test]
fn a_game_that_saves() {
    holds("a game, two power cuts", Limits { cuts: 2, starts: 4, ..Limits::GAME }, 10_000);
}

/// Each is found, and nothing is found without it.
#[test]
fn every_mistake_is_found() {
    let mut tried: Vec<Limits> = Vec::new();
    let mut missed = Vec::new();
    for (mistake, name, limits) in MISTAKES {
        if !tried.contains(limits) {
            holds(&format!("without {name}"), *limits, 0);
            tried.push(*limits);
        }
        let checker = check(Some(*mistake), *limits);
        let found = broken(&checker);
        println!("{name}: {:?} after {} states", found.first().map(|(promise, _)| promise), checker.unique_state_count());
        if found.is_empty() {
            missed.push(*name);
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn the_documentation_lists_every_mistake() {
    let documentation = include_str!("../../../../docs/testing.md");
    let table = documentation.split("| the unchanged library behaves as if |").nth(1).unwrap().split("\n\n").next().unwrap();
    let missing: Vec<&str> = MISTAKES.iter().map(|(_, name, _)| *name).filter(|name| !table.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Steps that can be seen from outside, in a row of one kind only once.
fn visible(steps: &[Step]) -> Vec<Step> {
    let hidden =
        [Step::Look, Step::Opened, Step::Decide, Step::Recheck, Step::LetReadersIn, Step::Succeeded, Step::RemoveFolders];
    let mut seen: Vec<Step> = steps.iter().copied().filter(|step| !hidden.contains(step)).collect();
    seen.retain(|step| !matches!(step, Step::Complete(_) | Step::RemovePlan(_) | Step::RemoveFolder(_)));
    seen.iter_mut().for_each(|step| {
        if let Step::LayOut { .. } = step {
            *step = Step::LayOut { at: 0, seq: 0 };
        }
    });
    seen.dedup();
    seen
}

/// The step that a call belongs to.
fn step_of(call: &Call<'_>, last: Option<Step>) -> Option<Step> {
    let is_slot = call.path.starts_with(".untorn/slot");
    let is_staged = call.path.starts_with(".untorn/tx/");
    let name = call.path.rsplit('/').next().unwrap_or_default();
    match call.method {
        Method::WriteAt if is_slot && call.data.len() == RECORD_LEN => Some(Step::Write(says(call.data))),
        Method::WriteAt if is_slot => Some(Step::LayOut { at: 0, seq: 0 }),
        Method::SyncData if is_slot && matches!(last, Some(Step::Write(_) | Step::LayOut { .. })) => Some(Step::SyncRecord),
        Method::SyncData if is_slot => Some(Step::SyncSlots),
        Method::SyncAll => Some(Step::SyncAll),
        Method::SyncDir if call.path == ".untorn/tx" => Some(Step::SyncFolders),
        Method::SyncDir if is_staged => Some(Step::SyncFolder(1)),
        Method::SyncDir => Some(Step::SyncNames),
        Method::Lock if call.path.ends_with("readers") => Some(Step::KeepReadersOut),
        Method::WriteAt if is_staged && name == "plan" => Some(Step::StagePlan),
        Method::WriteAt if is_staged => Some(Step::Stage),
        Method::CreateDir if is_staged && matches!(last, None | Some(Step::KeepReadersOut)) => Some(Step::Begin),
        Method::CreateDir if is_staged && last != Some(Step::Begin) => Some(Step::LeaveSomething),
        Method::WriteAt if !call.path.starts_with(".untorn") => Some(Step::WriteRanges),
        Method::Rename if is_staged && !call.to.starts_with(".untorn") => Some(Step::Put),
        _ => None,
    }
}

fn says(bytes: &[u8]) -> Says {
    match Record::decode(bytes).unwrap().state {
        SlotState::Idle => Says::Idle,
        SlotState::Committed => Says::Committed,
        SlotState::Aborted => Says::Aborted,
    }
}

/// What `act` does to `fs`, in steps; the process dies where `dies` says so, and the sync number `fails` fails.
fn steps(fs: &SimFs, dies: fn(&[Step]) -> bool, act: impl Fn(Arc<dyn Fs>) -> Result<()>) -> Vec<Step> {
    let seen: Arc<Mutex<Vec<Step>>> = Arc::default();
    let log = seen.clone();
    let hooked = HookFs::on_sim(fs, move |call| {
        let mut log = log.lock().unwrap();
        if dies(&log) {
            return Verdict::Refuse(std::io::ErrorKind::Other);
        }
        let last = log.last().copied();
        if let Some(step) = step_of(call, last)
            && last != Some(step)
        {
            log.push(step);
        }
        Verdict::Pass
    });
    drop(act(Arc::new(hooked)));
    seen.lock().unwrap().clone()
}

fn commit(fs: Arc<dyn Fs>) -> Result<()> {
    let mut tree = Tree::open_on(fs)?;
    let mut tx = tree.begin()?;
    tx.write_at("in-place", 0, b"new")?;
    tx.replace("replaced", &mut vec![1; 300_000].as_slice())?;
    tx.commit()?;
    Ok(())
}

fn open(fs: Arc<dyn Fs>) -> Result<()> {
    Tree::open_on(fs).map(drop)
}

/// A tree with a file to change in place, and one to replace.
fn unmanaged() -> SimFs {
    let fs = SimFs::new(SimOptions { atomic_rename: true, sync_all: true, ..SimOptions::strict() });
    untorn_sim::write(&fs, "in-place", b"old, and long enough").unwrap();
    untorn_sim::write(&fs, "replaced", &[0; 400_000]).unwrap();
    fs
}

fn managed() -> SimFs {
    let fs = unmanaged();
    open(Arc::new(fs.clone())).unwrap();
    fs
}

/// The order of the steps in the model is that of the calls that the code makes.
#[test]
fn the_code_takes_the_same_steps() {
    let never = |_: &[Step]| false;
    assert_eq!(steps(&unmanaged(), never, open), visible(&script::init(None)), "first opening");
    let committed = steps(&managed(), never, commit);
    assert_eq!(committed, visible(&script::commit(1, None)), "commit");
    for mistake in
        [Mistake::B1Dropped, Mistake::B3Dropped, Mistake::B4Dropped, Mistake::ClearedBeforeB3, Mistake::DecidedBeforeB1]
    {
        assert_ne!(committed, visible(&script::commit(1, Some(mistake))), "{mistake:?}");
    }
    let record = Rec { seq: 6, says: Says::Committed, txid: 1, wish: 1 };
    let decided = managed();
    steps(&decided, |seen| seen.last() == Some(&Step::Put), commit);
    assert_eq!(steps(&decided.restart(), never, open), visible(&script::forward(record, false, None)), "decided");
    // A record of which nobody knows whether it was written.
    let doubtful = managed();
    steps(&doubtful, |seen| seen.last() == Some(&Step::SyncAll), commit);
    let slot = doubtful.open(".untorn/slot.2", untorn_fs::OpenMode::Write).unwrap();
    slot.write_all_at(&[0x55; RECORD_LEN], 0).unwrap();
    let in_doubt = [vec![Step::SyncNames], script::forward(record, true, None)].concat();
    assert_eq!(steps(&doubtful.restart(), never, open), visible(&in_doubt), "in doubt");
    // The journal is cleared, and nobody knows whether durably: the stage is there.
    let cleared = managed();
    steps(&cleared, |seen| seen.iter().filter(|step| **step == Step::SyncRecord).count() == 2, commit);
    assert_eq!(steps(&cleared.restart(), never, open), visible(&script::clean(&[], true, true, None)), "cleared");
}
