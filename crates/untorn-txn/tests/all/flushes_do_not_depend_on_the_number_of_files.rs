//! However many files a transaction changes, the device is told to flush as often as for one: by `syncfs` where there is that, and where files can be written out first, by
//! one sync of one file.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use untorn_fs::{Fs, OsFs};
use untorn_sim::{Call, HookFs, Method, SimFs, SimOptions, Verdict, write};
use untorn_txn::{Options, Tree, WayChoice};

/// How often a transaction that changes `count` files flushes.
fn flushes(options: SimOptions, way: WayChoice, count: usize) -> u64 {
    let disk = SimFs::new(options);
    (0..count).for_each(|number| write(&disk, &format!("old-{number}"), b"old").unwrap());
    counted(|hook| HookFs::on_sim(&disk, hook), way, count)
}

/// The same, on a file system in which `old-0` and so on are there.
fn counted(on: impl FnOnce(Box<dyn Fn(&Call<'_>) -> Verdict + Send + Sync>) -> HookFs, way: WayChoice, count: usize) -> u64 {
    let counted = Arc::new(AtomicU64::new(0));
    let seen = counted.clone();
    let is_flush = |method: Method| method.is_sync() && !matches!(method, Method::WriteOut | Method::WriteOutDir);
    let fs = on(Box::new(move |call| {
        seen.fetch_add(u64::from(is_flush(call.method)), Ordering::Relaxed);
        Verdict::Pass
    }));
    let mut tree = Tree::open_on(Arc::new(fs)).unwrap();
    let mut options = Options::default();
    options.way = way;
    let mut tx = tree.begin_with(options).unwrap();
    for number in 0..count {
        tx.write_at(&format!("old-{number}"), 1, b"NEW").unwrap();
        tx.write_at(&format!("new/{number}"), 0, b"new").unwrap();
    }
    counted.store(0, Ordering::Relaxed);
    tx.commit().unwrap();
    counted.load(Ordering::Relaxed)
}

#[test]
fn on_file_systems_that_sync_everything_or_write_out() {
    for options in [SimOptions::ext4_like(), SimOptions::btrfs_like(), SimOptions::ntfs_like()] {
        for way in [WayChoice::Auto, WayChoice::Put] {
            let (few, many) = (flushes(options.clone(), way, 1), flushes(options.clone(), way, 200));
            assert_eq!((few, many), (4, 4), "{way:?}: B1 to B4");
        }
    }
    assert!(flushes(SimOptions::nfs_like(), WayChoice::Put, 200) > 200, "the twin: there each file is synced by itself");
}

/// The same on the system itself: 10,000 files in place, 1,000 put.
#[test]
fn on_the_system_that_runs_the_tests() {
    for (way, count) in [(WayChoice::Auto, 5000), (WayChoice::Put, 500)] {
        let [few, many] = [1, count].map(|count| {
            let game = tempfile::tempdir().unwrap();
            (0..count).for_each(|number| std::fs::write(game.path().join(format!("old-{number}")), b"old").unwrap());
            let fs = OsFs::open(game.path()).unwrap();
            if !fs.capabilities().sync_all && !fs.capabilities().write_out {
                return None;
            }
            let started = Instant::now();
            let flushes = counted(|hook| HookFs::new(Arc::new(fs), hook), way, count);
            eprintln!("{way:?}, {} files: {flushes} flushes, {:.2} s", 2 * count, started.elapsed().as_secs_f64());
            Some(flushes)
        });
        match (few, many) {
            (Some(few), Some(many)) => assert_eq!((few, many), (4, 4), "{way:?}: B1 to B4"),
            _ => eprintln!("skipped: this file system can only sync files one by one"),
        }
    }
}
