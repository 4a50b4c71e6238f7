//! A repair makes no other build of the tree, so it may leave the way back that the last update kept. Without that, whoever repaired one byte could not go back any more.

use std::sync::Arc;

use untorn_crash::World;
use untorn_sim::{Sampling, SimFs, Snapshot, read};
use untorn_txn::{Cause, Tree};

fn snapshot(fs: &SimFs) -> Snapshot {
    Snapshot::of(fs, ".untorn").unwrap()
}

/// A tree whose last transaction can be undone.
fn updated(world: World) -> SimFs {
    let fs = world.managed().unwrap();
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut options = world.options();
    options.keep_undo = true;
    let mut tx = tree.begin_with(options).unwrap();
    tx.write_at("a", 1, b"updated").unwrap();
    tx.remove("b").unwrap();
    tx.commit().unwrap();
    drop(tree);
    SimFs::from_image(fs.image())
}

fn repair(fs: &SimFs, world: World) {
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut options = world.options();
    options.leave_undo = true;
    let mut tx = tree.begin_with(options).unwrap();
    tx.write_at("mended", 0, b"mended").unwrap();
    tx.commit().unwrap();
}

fn on(disk: &'static str) {
    let world = World { disk, ..World::strict() };
    let old = snapshot(&world.managed().unwrap());
    let fs = updated(world);
    let new = snapshot(&fs);
    repair(&fs, world);
    let (mut states, mut with) = (0, 0);
    for state in fs.recording().crashes(&Sampling::default()) {
        states += 1;
        let crashed = state.fs();
        let mut tree = Tree::open_on(Arc::new(crashed.clone())).unwrap();
        let is_mended = read(&crashed, "mended").is_ok();
        with += u64::from(is_mended);
        assert!(is_mended || snapshot(&crashed) == new, "{disk}, {}", state.id());
        assert!(tree.can_roll_back(), "{disk}, {}", state.id());
        tree.rollback(world.options(), false).unwrap();
        if is_mended {
            let mut tx = tree.begin().unwrap();
            tx.remove("mended").unwrap();
            tx.commit().unwrap();
        }
        assert!(snapshot(&crashed) == old, "{disk}, {}", state.id());
        assert!(!tree.can_roll_back());
    }
    println!("a way back that is left, {disk}: {states} states, {with} with what was mended");
    assert!(states > 250 && with > 0 && with < states, "{disk}: {states} states, {with}");
}

#[test]
fn with_one_sync_of_everything() {
    on("strict");
}

#[test]
fn with_a_sync_for_each_file() {
    on("nfs");
}

#[test]
fn without_links() {
    on("fat");
}

#[test]
fn what_it_changed_of_the_same_files_is_not_lost() {
    let fs = updated(World::strict());
    let mut tree = Tree::open_on(Arc::new(fs)).unwrap();
    let mut options = World::strict().options();
    options.leave_undo = true;
    let mut tx = tree.begin_with(options).unwrap();
    tx.write_at("a", 0, b"another change").unwrap();
    tx.commit().unwrap();
    assert!(tree.can_roll_back());
    let error = tree.rollback(World::strict().options(), false).unwrap_err();
    assert!(matches!(error.cause(), Cause::ChangedSince), "{error}");
}

#[test]
fn any_other_transaction_replaces_it() {
    let fs = updated(World::strict());
    let mut tree = Tree::open_on(Arc::new(fs)).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.write_at("mended", 0, b"x").unwrap();
    tx.commit().unwrap();
    assert!(!tree.can_roll_back());
}
