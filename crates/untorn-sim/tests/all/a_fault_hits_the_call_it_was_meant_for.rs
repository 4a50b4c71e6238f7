//! Faults and hooks: what they stop is stopped, what they pass is untouched.

use std::{
    io::{self, ErrorKind},
    sync::Arc,
};

use untorn_fs::{Fs, LockKind, OpenMode};
use untorn_sim::{Call, Fault, FaultKind, Faults, HookFs, Method, Sampling, SimFs, SimOptions, Snapshot, Verdict, read, write};

fn work(fs: &dyn Fs) -> io::Result<()> {
    let sync = fs.sync_handle()?;
    write(fs, "a", b"0123456789")?;
    read(fs, "a")?;
    fs.create_dir("d", None)?;
    fs.rename("a", "d/b")?;
    fs.sync_dir("d")?;
    sync.sync_all()
}

fn run(fault: Option<Fault>) -> (io::Result<()>, Faults, SimFs) {
    let sim = SimFs::new(SimOptions::strict());
    let faults = Faults::new(fault);
    let result = work(&faults.on_sim(&sim));
    (result, faults, sim)
}

#[test]
fn every_call_can_be_failed_and_is_named() {
    let (result, faults, _) = run(None);
    result.unwrap();
    assert_eq!(faults.calls(), 11);
    for call in 1..=faults.calls() {
        for kind in [ErrorKind::Other, ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::StaleNetworkFileHandle] {
            let (result, faults, _) = run(Some(Fault { call, kind: FaultKind::Error(kind), sticky: false }));
            assert_eq!(result.unwrap_err().kind(), kind, "call {call}");
            assert_eq!((faults.failed().unwrap().number, faults.calls()), (call, call));
        }
    }
    let failed = run(Some(Fault { call: 9, kind: FaultKind::Error(ErrorKind::Other), sticky: false })).1.failed().unwrap();
    assert_eq!((failed.method, failed.path.as_str()), (Method::Rename, "a"));
}

#[test]
fn a_sticky_fault_stays_and_a_single_one_goes() {
    for sticky in [false, true] {
        let faults = Faults::new(Some(Fault { call: 1, kind: FaultKind::Error(ErrorKind::ReadOnlyFilesystem), sticky }));
        let fs = faults.on_sim(&SimFs::new(SimOptions::strict()));
        assert_eq!(fs.create_dir("d", None).unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
        assert_eq!(fs.create_dir("d", None).is_err(), sticky);
    }
}

#[test]
fn a_fault_on_any_file_system_stops_the_call() {
    let sim = SimFs::new(SimOptions::strict());
    let faults = Faults::new(Some(Fault { call: 1, kind: FaultKind::Error(ErrorKind::PermissionDenied), sticky: false }));
    let fs = faults.on(Arc::new(sim.clone()));
    assert_eq!(fs.create_dir("d", None).unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert!(sim.metadata("d").is_err());
}

#[test]
fn short_reads_and_writes_do_half_and_are_made_up_for() {
    let calls = run(None).1.calls();
    let mut shortened = 0;
    for call in 1..=calls {
        let (result, faults, sim) = run(Some(Fault { call, kind: FaultKind::Short, sticky: false }));
        result.unwrap();
        assert_eq!(read(&sim, "d/b").unwrap(), b"0123456789");
        shortened += u32::from(faults.failed().is_some());
    }
    assert_eq!(shortened, 3, "one write, and the two reads that ask for more than a byte");
}

#[test]
fn an_answer_lost_on_the_way_comes_after_the_deed() {
    let (result, _, sim) = run(Some(Fault { call: 9, kind: FaultKind::ErrorAfter(ErrorKind::TimedOut), sticky: false }));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(read(&sim, "d/b").unwrap(), b"0123456789");
}

#[test]
fn a_killed_process_changes_nothing_any_more_and_the_next_one_finds_what_it_left() {
    let sim = SimFs::new(SimOptions::strict());
    write(&sim, "lock", b"").unwrap();
    let faults = Faults::new(Some(Fault { call: 3, kind: FaultKind::Kill, sticky: false }));
    let fs = faults.on_sim(&sim);
    let lock = fs.lock("lock", LockKind::Exclusive, false).unwrap();
    fs.create_dir("before", None).unwrap();
    assert!(fs.create_dir("after", None).is_err() && fs.sync_dir("").is_err());
    let next = sim.restart();
    assert!(next.lock("lock", LockKind::Exclusive, false).unwrap().is_some(), "its locks died with it");
    let held = next.lock("lock", LockKind::Exclusive, false).unwrap();
    drop(lock);
    assert!(next.lock("lock", LockKind::Shared, false).unwrap().is_none() && held.is_some(), "a dead lock releases nothing");
    assert!(sim.create_dir("late", None).is_err(), "the old handle belongs to the dead");
    assert_eq!(Snapshot::of(&next, "lock").unwrap().0.into_keys().collect::<Vec<_>>(), ["before"]);
}

#[test]
fn an_injected_failure_of_a_sync_loses_pages_like_a_real_one() {
    let sim = SimFs::new(SimOptions::strict());
    write(&sim, "a", b"old").unwrap();
    sim.settle();
    let faults = Faults::new(Some(Fault { call: 3, kind: FaultKind::Error(ErrorKind::Other), sticky: false }));
    let fs = faults.on_sim(&sim);
    let file = fs.open("a", OpenMode::Write).unwrap();
    file.write_all_at(b"new", 0).unwrap();
    assert!(file.sync_data().is_err() && file.sync_data().is_ok());
    sim.mark(1);
    let old_is_possible = sim
        .recording()
        .crashes(&Sampling::default())
        .any(|state| !state.marks().is_empty() && read(&state.fs(), "a").unwrap() == b"old");
    assert!(old_is_possible, "the second sync must not have written anything");
}

fn hooked(sim: &SimFs, hook: impl Fn(&Call<'_>) -> Verdict + Send + Sync + 'static) -> HookFs {
    HookFs::on_sim(sim, hook)
}

#[test]
fn a_hook_can_skip_redirect_and_answer() {
    let sim = SimFs::new(SimOptions::strict());
    write(&sim, "one", b"1").unwrap();
    write(&sim, "two", b"2").unwrap();
    let fs = hooked(&sim, |call| match (call.method, call.path) {
        (Method::WriteAt, "one") => Verdict::Redirect("two".into()),
        (Method::RemoveFile, _) => Verdict::Skip,
        (Method::ReadAt, "one") if call.number < 4 => Verdict::Answer(b"?".to_vec()),
        _ => Verdict::Pass,
    });
    let one = fs.open("one", OpenMode::Write).unwrap();
    one.write_all_at(b"x", 0).unwrap();
    fs.remove_file("two").unwrap();
    let mut buf = [0];
    one.read_at(&mut buf, 0).unwrap();
    assert_eq!((read(&sim, "one").unwrap(), read(&sim, "two").unwrap(), buf), (b"1".to_vec(), b"x".to_vec(), *b"1"));
}

#[test]
fn a_skipped_sync_and_a_sync_of_another_directory_settle_nothing_here() {
    for verdict in [Verdict::Skip, Verdict::Redirect("other".into())] {
        let sim = SimFs::new(SimOptions::strict());
        sim.create_dir("other", None).unwrap();
        sim.settle();
        let fs = hooked(&sim, move |call| if call.method == Method::SyncDir { verdict.clone() } else { Verdict::Pass });
        fs.create_dir("d", None).unwrap();
        fs.sync_dir("").unwrap();
        assert!(sim.recording().crashes(&Sampling::default()).any(|state| state.fs().metadata("d").is_err()));
        sim.sync_dir("").unwrap();
        sim.mark(1);
        let after = sim.recording();
        assert!(after.crashes(&Sampling::default()).filter(|s| !s.marks().is_empty()).all(|s| s.fs().metadata("d").is_ok()));
    }
}

#[test]
fn a_retried_sync_is_believed_and_should_not_be() {
    let sim = SimFs::new(SimOptions::strict());
    write(&sim, "a", b"old").unwrap();
    sim.settle();
    let faults = Faults::new(Some(Fault { call: 3, kind: FaultKind::Error(ErrorKind::Other), sticky: false }));
    let retrying =
        HookFs::new(Arc::new(faults.on_sim(&sim)), |call| if call.method.is_sync() { Verdict::Retry } else { Verdict::Pass });
    let file = retrying.open("a", OpenMode::Write).unwrap();
    file.write_all_at(b"new", 0).unwrap();
    file.sync_data().unwrap();
    sim.mark(1);
    assert!(
        sim.recording().crashes(&Sampling::default()).any(|s| !s.marks().is_empty() && read(&s.fs(), "a").unwrap() == b"old")
    );
}

#[test]
fn locks_can_be_released_behind_their_holders_back() {
    let sim = SimFs::new(SimOptions::strict());
    write(&sim, "lock", b"").unwrap();
    let fs = hooked(&sim, |call| if call.method == Method::CreateDir { Verdict::ReleaseLocks } else { Verdict::Pass });
    let held = fs.lock("lock", LockKind::Exclusive, false).unwrap();
    assert!(sim.lock("lock", LockKind::Shared, false).unwrap().is_none() && held.is_some());
    fs.create_dir("d", None).unwrap();
    assert!(sim.lock("lock", LockKind::Shared, false).unwrap().is_some());
}
