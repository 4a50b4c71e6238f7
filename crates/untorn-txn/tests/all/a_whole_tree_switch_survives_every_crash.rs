//! Power cuts at every effect of a switch, of going back, and of the recovery: seen from the directory that holds the tree.

use std::{collections::BTreeSet, sync::Arc};

use untorn_fs::Fs;
use untorn_sim::{CrashState, HookFs, Method, Sampling, SimFs, SimOptions, Snapshot, Verdict, write};
use untorn_txn::{Switch, SwitchOptions, SwitchRecovery, Tree};

const DONE: u32 = 1;

/// What a machine with only ordinary calls needs: links instead of clones, one sync a file.
fn kinds_of_file_system() -> [SimOptions; 3] {
    let poor = SimOptions { reflink: false, sync_all: false, ..SimOptions::strict() };
    [SimOptions::strict(), SimOptions { reflink: false, ..SimOptions::strict() }, poor]
}

fn keeping(keep: bool) -> SwitchOptions {
    let mut options = SwitchOptions::default();
    options.keep_previous = keep;
    options
}

/// `game` with a few files, beside something that is not ours.
fn disk(options: SimOptions) -> SimFs {
    let fs = SimFs::new(options);
    fs.create_dir("game", None).unwrap();
    fs.create_dir("game/data", None).unwrap();
    write(&fs, "game/a", &[b'a'; 1500]).unwrap();
    write(&fs, "game/data/b", b"old b").unwrap();
    write(&fs, "game/gone", b"bye").unwrap();
    write(&fs, "game/same", b"same").unwrap();
    fs.symlink("data/b", "game/link").unwrap();
    write(&fs, "other", b"not ours").unwrap();
    drop(Tree::open_on(Arc::new(fs.subtree("game").unwrap())).unwrap());
    fs.settle();
    fs
}

fn change(switch: &mut Switch) {
    let mut tx = switch.transaction().unwrap();
    tx.write_at("a", 700, b"NEW").unwrap();
    tx.replace("data/b", &mut "new b, longer".as_bytes()).unwrap();
    tx.rename("same", "data/moved").unwrap();
    tx.set_executable("data/moved", true).unwrap();
    tx.remove("gone").unwrap();
    tx.write_at("new/file", 0, b"fresh").unwrap();
    tx.set_head(Some(b"version 2".to_vec()));
    tx.commit().unwrap();
}

fn switch(fs: Arc<dyn Fs>, keep: bool) {
    let mut switch = Switch::begin_on(fs, "game", keeping(keep)).unwrap();
    change(&mut switch);
    let report = switch.commit().unwrap();
    assert!(!report.leftovers && report.previous_kept == keep, "{report:?}");
}

fn tree(fs: &SimFs) -> Snapshot {
    Snapshot::of(&fs.subtree("game").unwrap(), ".untorn").unwrap()
}

fn names(fs: &SimFs, dir: &str) -> BTreeSet<String> {
    fs.read_dir(dir).unwrap().into_iter().map(|entry| entry.name.unwrap()).collect()
}

/// The two trees a crash may leave.
struct Oracle {
    old: Snapshot,
    new: Snapshot,
    /// Whether the tree that is not in place is kept: when the old one stands, and when the new one does.
    kept: [bool; 2],
}

impl Oracle {
    fn check(&self, state: &CrashState) -> SimFs {
        let fs = state.fs();
        // Before anything is recovered: whoever just opens the directory sees one of the two.
        self.stands(&fs, state, "before recovery");
        Switch::recover_on(Arc::new(fs.clone()), "game").unwrap_or_else(|error| panic!("{:?}: {error}", state.id()));
        self.is_clean(&fs, state);
        let (events, image) = (fs.event_count(), fs.image());
        let again = Switch::recover_on(Arc::new(fs.clone()), "game").unwrap();
        assert_eq!(again, SwitchRecovery::Clean, "{:?}", state.id());
        assert!(fs.event_count() == events && fs.same_tree(&image, ""), "{:?}: the second recovery did something", state.id());
        fs
    }

    fn stands(&self, fs: &SimFs, state: &CrashState, when: &str) -> usize {
        let tree = tree(fs);
        let is_done = state.marks().contains(&DONE);
        match (tree == self.old, tree == self.new) {
            (true, _) if !is_done => 0,
            (_, true) => 1,
            _ => panic!("{:?} {when}, done: {is_done}: {:?}", state.id(), tree.difference(&self.new)),
        }
    }

    fn is_clean(&self, fs: &SimFs, state: &CrashState) {
        let at = self.stands(fs, state, "after recovery");
        assert_eq!(names(fs, ""), ["game".to_owned(), "other".to_owned()].into(), "{:?}", state.id());
        let switch = fs.metadata("game/.untorn/switch").is_ok();
        assert_eq!(switch, self.kept[at], "{:?}", state.id());
        if switch {
            let left: Vec<String> = names(fs, "game/.untorn/switch").into_iter().collect();
            assert_eq!(left, ["listing", "previous"], "{:?}", state.id());
            let previous = Snapshot::of(&fs.subtree("game/.untorn/switch/previous").unwrap(), ".untorn").unwrap();
            let other = if at == 0 { &self.new } else { &self.old };
            assert_eq!(previous.difference(other), Vec::<String>::new(), "{:?}", state.id());
            assert!(fs.metadata("game/.untorn/switch/previous/.untorn/switch").is_err(), "{:?}", state.id());
        }
    }
}

fn sampling() -> Sampling {
    Sampling { exhaustive_max: 10, samples: 192, samples_between: 12, torn: 8, seed: 3 }
}

#[test]
fn a_crash_at_any_effect_leaves_the_old_or_the_new_tree_and_after_recovery_nothing_else() {
    for options in kinds_of_file_system() {
        for keep in [false, true] {
            let fs = disk(options.clone());
            let old = tree(&fs);
            switch(Arc::new(fs.clone()), keep);
            fs.mark(DONE);
            let oracle = Oracle { old, new: tree(&fs), kept: [false, keep] };
            assert_ne!(oracle.old, oracle.new);
            let mut seen = [0; 2];
            for state in fs.recording().crashes(&sampling()) {
                let after = oracle.check(&state);
                seen[usize::from(tree(&after) == oracle.new)] += 1;
            }
            assert!(seen[0] > 100 && seen[1] > 10, "{seen:?}");
        }
    }
}

#[test]
fn a_crash_while_going_back_leaves_either_tree_in_place_and_the_other_kept() {
    for options in kinds_of_file_system() {
        let fs = disk(options);
        switch(Arc::new(fs.clone()), true);
        fs.settle();
        let old = tree(&fs);
        Switch::back_on(Arc::new(fs.clone()), "game", &keeping(true)).unwrap();
        fs.mark(DONE);
        let oracle = Oracle { old, new: tree(&fs), kept: [true, true] };
        assert_ne!(oracle.old, oracle.new);
        for state in fs.recording().crashes(&sampling()) {
            oracle.check(&state);
        }
    }
}

#[test]
fn a_crash_in_recovery_changes_nothing_about_the_outcome() {
    for keep in [false, true] {
        let fs = disk(SimOptions { reflink: false, ..SimOptions::strict() });
        let old = tree(&fs);
        switch(Arc::new(fs.clone()), keep);
        let oracle = Oracle { old, new: tree(&fs), kept: [false, keep] };
        let few = Sampling { exhaustive_max: 6, samples: 12, samples_between: 2, torn: 0, seed: 5 };
        for (at, state) in fs.recording().crashes(&few).enumerate() {
            if at % 7 != 0 {
                continue;
            }
            let first = state.fs();
            Switch::recover_on(Arc::new(first.clone()), "game").unwrap();
            for nested in first.recording().crashes(&few) {
                oracle.check(&nested);
            }
        }
    }
}

#[test]
fn a_switch_given_up_leaves_the_old_tree_and_nothing_else_at_any_crash() {
    let fs = disk(SimOptions::strict());
    let old = tree(&fs);
    let mut given_up = Switch::begin_on(Arc::new(fs.clone()), "game", keeping(true)).unwrap();
    change(&mut given_up);
    drop(given_up);
    assert_eq!(names(&fs, ""), ["game".to_owned(), "other".to_owned()].into());
    let oracle = Oracle { new: Snapshot::default(), old, kept: [false, false] };
    for state in fs.recording().crashes(&sampling()) {
        oracle.check(&state);
    }
}

/// Negative control: without the sync that makes the new tree durable, the exchange may come before its bytes.
#[test]
fn without_its_first_barrier_a_switch_is_torn() {
    assert!(torn_states(Method::SyncAll) > 0, "the simulator did not notice that B1 is missing");
}

/// Negative control: without the sync of the directory that holds both (and those that follow, which cover it), success is reported for a tree that a crash
/// takes away.
#[test]
fn without_its_second_barrier_a_switch_that_returned_may_be_lost() {
    assert!(torn_states(Method::SyncDir) > 0, "the simulator did not notice that B2 is missing");
}

/// How many crash states break the promise when syncs by this method do nothing.
fn torn_states(skipped: Method) -> usize {
    let fs = disk(SimOptions::strict());
    let old = tree(&fs);
    let hooked = HookFs::on_sim(&fs, move |call| if call.method == skipped { Verdict::Skip } else { Verdict::Pass });
    switch(Arc::new(hooked), true);
    fs.mark(DONE);
    let new = tree(&fs);
    let broken = |state: &CrashState| {
        let fs = state.fs();
        let tree = tree(&fs);
        tree != new && (tree != old || state.marks().contains(&DONE))
    };
    fs.recording().crashes(&sampling()).filter(broken).count()
}
