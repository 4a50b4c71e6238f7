//! Every call of a switch fails in turn, or is the last one before the process dies.

use std::{fs, io, path::Path, sync::Arc};

use untorn_fs::{Fs, OsFs};
use untorn_sim::{Fault, FaultKind, Faults, Sampling, SimFs, SimOptions, Snapshot, write};
use untorn_txn::{Error, Switch, SwitchOptions, SwitchRecovery, SwitchReport, Tree, TreeState};

/// From one call that is tried on the real file system to the next.
const STEP: u64 = 7;

fn disk() -> SimFs {
    let fs = SimFs::new(SimOptions { reflink: false, ..SimOptions::strict() });
    fs.create_dir("game", None).unwrap();
    fs.create_dir("game/data", None).unwrap();
    write(&fs, "game/a", b"old a").unwrap();
    write(&fs, "game/data/b", b"old b").unwrap();
    write(&fs, "game/save", b"level 1").unwrap();
    drop(Tree::open_on(Arc::new(fs.subtree("game").unwrap())).unwrap());
    fs.settle();
    fs
}

fn switch(parent: Arc<dyn Fs>, keep: bool) -> Result<SwitchReport, Failed> {
    let mut options = SwitchOptions::default();
    options.keep_previous = keep;
    let mut switch = Switch::begin_on(parent.clone(), "game", options)?;
    // What an error says here is about the clone: the tree itself is unchanged.
    change(&mut switch).map_err(|_| Failed::InClone)?;
    // Somebody saves meanwhile.
    let saved = write(&*parent, "game/save", b"level 2!");
    drop(saved);
    Ok(switch.commit()?)
}

fn change(switch: &mut Switch) -> Result<(), Error> {
    let mut tx = switch.transaction()?;
    tx.write_at("a", 0, b"NEW")?;
    tx.rename("data", "moved")?;
    tx.commit().map(drop)
}

/// Where a switch failed.
#[derive(Debug)]
enum Failed {
    InClone,
    Itself(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Itself(error)
    }
}

impl Failed {
    fn leaves(&self) -> TreeState {
        match self {
            Self::InClone => TreeState::Unchanged,
            Self::Itself(error) => error.state(),
        }
    }
}

fn tree(fs: &dyn Fs) -> Snapshot {
    let mut whole = Snapshot::of(fs, "").unwrap();
    whole.0.retain(|path, _| path.starts_with("game/") && !path.starts_with("game/.untorn") && path != "game/save");
    whole
}

fn is_new(fs: &dyn Fs) -> bool {
    let a = untorn_sim::read(fs, "game/a").unwrap();
    assert!(a == b"NEW a" || a == b"old a");
    let moved = fs.metadata("game/moved/b").is_ok();
    assert_eq!(moved, fs.metadata("game/data").is_err());
    assert_eq!(moved, a == b"NEW a", "torn");
    moved
}

fn assert_tidy(fs: &dyn Fs, keep: bool) {
    let beside: Vec<_> = fs.read_dir("").unwrap().into_iter().map(|entry| entry.name.unwrap()).collect();
    assert_eq!(beside, ["game"]);
    assert_eq!(fs.metadata("game/.untorn/switch").is_ok(), keep && is_new(fs));
}

/// How many calls a whole switch makes.
fn calls(keep: bool) -> u64 {
    let count = Faults::new(None);
    switch(Arc::new(count.on_sim(&disk())), keep).unwrap();
    count.calls()
}

#[test]
fn an_error_at_any_call_leaves_the_tree_that_it_says() {
    let kinds = [
        FaultKind::Error(io::ErrorKind::Other),
        FaultKind::Error(io::ErrorKind::StorageFull),
        FaultKind::ErrorAfter(io::ErrorKind::Other),
    ];
    let mut outcomes = [0; 3];
    for keep in [false, true] {
        for call in 1..=calls(keep) {
            for kind in kinds {
                let (fs, faults) = (disk(), Faults::new(Some(Fault { call, kind, sticky: false })));
                let result = switch(Arc::new(faults.on_sim(&fs)), keep);
                let what = format!("call {call} {kind:?} {:?}: {:?}", faults.failed(), result.as_ref().err());
                outcomes[match result.map_or_else(|failed| failed.leaves(), |_| TreeState::New) {
                    TreeState::New => {
                        assert!(is_new(&fs), "{what}");
                        0
                    }
                    TreeState::Unchanged => {
                        assert!(!is_new(&fs), "{what}");
                        1
                    }
                    state => {
                        assert!(matches!(state, TreeState::InDoubt | TreeState::NotUnderstood), "{what}");
                        2
                    }
                }] += 1;
                Switch::recover_on(Arc::new(fs.clone()), "game").unwrap();
                assert_tidy(&fs, keep);
            }
        }
    }
    assert!(outcomes[0] > 20 && outcomes[1] > 100 && outcomes[2] > 0, "{outcomes:?}");
}

#[test]
fn what_recovery_finds_after_a_kill_stays_also_after_a_power_cut() {
    for keep in [false, true] {
        for call in 1..=calls(keep) {
            let (fs, kill) = (disk(), Faults::new(Some(Fault { call, kind: FaultKind::Kill, sticky: true })));
            let returned = switch(Arc::new(kill.on_sim(&fs)), keep).is_ok();
            let fs = fs.restart();
            Switch::recover_on(Arc::new(fs.clone()), "game").unwrap();
            let found = tree(&fs);
            assert!(is_new(&fs) || !returned, "call {call}");
            assert_tidy(&fs, keep);
            fs.mark(1);
            let few = Sampling { exhaustive_max: 6, samples: 16, samples_between: 1, torn: 0, seed: call };
            for state in fs.recording().crashes(&few).filter(|state| state.marks() == [1]) {
                let after = state.fs();
                assert_eq!(tree(&after), found, "call {call}, {:?}", state.id());
                assert!(Switch::recover_on(Arc::new(after.clone()), "game").is_ok(), "call {call}, {:?}", state.id());
                assert_tidy(&after, keep);
            }
        }
    }
}

#[test]
fn on_the_real_file_system_a_kill_at_any_call_is_tidied_up_when_the_tree_is_opened() {
    let temporary = tempfile::tempdir().unwrap();
    if !OsFs::open(temporary.path()).unwrap().capabilities().exchange {
        eprintln!("skipped: temporary files lie on a file system that cannot exchange two names");
        return;
    }
    let mut recoveries = [0; 3];
    let (mut call, mut done) = (0, false);
    while !done {
        // Real syncs take their time; the simulated file system has tried every call.
        call += STEP;
        let above = tempfile::tempdir().unwrap();
        let dir = above.path().join("game");
        fs::create_dir_all(dir.join("data")).unwrap();
        for (path, content) in [("a", "old a"), ("data/b", "old b"), ("save", "level 1")] {
            fs::write(dir.join(path), content).unwrap();
        }
        let parent = Arc::new(OsFs::open(above.path()).unwrap());
        let kill = Faults::new(Some(Fault { call, kind: FaultKind::Kill, sticky: true }));
        done = switch(Arc::new(kill.on(parent.clone())), false).is_ok() && kill.failed().is_none();
        recoveries[opened(&dir)] += 1;
        is_new(&*parent);
        assert_tidy(&*parent, false);
    }
    assert!(recoveries.iter().all(|&count| count > 1), "{recoveries:?}");
}

/// Opens the tree, and says what it found.
fn opened(dir: &Path) -> usize {
    match Tree::open(dir).unwrap().switch_recovery() {
        SwitchRecovery::Clean => 0,
        SwitchRecovery::Discarded => 1,
        SwitchRecovery::Completed => 2,
        other => unreachable!("{other:?}"),
    }
}
