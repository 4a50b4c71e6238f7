//! Progress while a tree is changed, and the report afterwards: the numbers are those of what was done.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use untorn_sim::{HookFs, SimFs, SimOptions, Verdict, write};
use untorn_txn::{Barrier, Observer, Options, Phase, Tree, Way, WayChoice, Why};

#[derive(Default)]
struct Heard(Mutex<Vec<(u64, u64)>>);

impl Observer for Heard {
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        if phase == Phase::Apply {
            self.0.lock().unwrap().push((done, total));
        }
    }
}

/// 150 new directories, then 150 files in place: 300 steps.
#[test]
fn whoever_watches_hears_now_and_then_how_many_steps_of_all_are_done() {
    let fs = SimFs::new(SimOptions::strict());
    (0..150).for_each(|number| write(&fs, &format!("old-{number}"), b"old").unwrap());
    let heard = Arc::new(Heard::default());
    let mut options = Options::default();
    options.observer = Some(heard.clone());
    options.way = WayChoice::Patch;
    let mut tree = Tree::open_on(Arc::new(fs)).unwrap();
    let mut tx = tree.begin_with(options).unwrap();
    for number in 0..150 {
        tx.create_dir(&format!("new-{number}")).unwrap();
        tx.write_at(&format!("old-{number}"), 0, b"new").unwrap();
    }
    tx.commit().unwrap();
    assert_eq!(*heard.0.lock().unwrap(), [0, 64, 128, 192, 256, 300].map(|done| (done, 300)));
}

#[test]
fn the_report_counts_every_sync_of_every_barrier() {
    let able = |sync_all, write_out| SimOptions { sync_all, write_out, ..SimOptions::strict() };
    for options in [able(true, false), able(false, false), able(false, true)] {
        let fs = SimFs::new(options.clone());
        write(&fs, "a", b"old").unwrap();
        drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
        let flushes = Arc::new(AtomicU64::new(0));
        let count = flushes.clone();
        let hook = HookFs::on_sim(&fs, move |call| {
            use untorn_sim::Method::{WriteOut, WriteOutDir};
            // What is only written out waits for the flush that follows.
            count.fetch_add(u64::from(call.method.is_sync() && !matches!(call.method, WriteOut | WriteOutDir)), Relaxed);
            Verdict::Pass
        });
        let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
        let before = flushes.load(Relaxed);
        let mut tx = tree.begin().unwrap();
        tx.write_at("a", 0, b"new").unwrap();
        tx.write_at("deep/er", 0, b"new").unwrap();
        let report = tx.commit().unwrap();
        let names: Vec<String> = report.barriers.iter().map(|(barrier, _)| barrier.to_string()).collect();
        assert_eq!(names, ["B1", "B2", "B3", "B4"]);
        assert!(report.barriers.iter().all(|(barrier, _)| *barrier != Barrier::B0));
        let counted: u64 = report.barriers.iter().map(|(_, syncs)| syncs).sum();
        assert_eq!(counted, flushes.load(Relaxed) - before, "{options:?}: {:?}", report.barriers);
    }
}

#[test]
fn each_way_and_each_reason_has_words_of_its_own() {
    let ways = [Way::Put, Way::Patch, Way::Clone, Way::Metadata].map(|way| way.to_string());
    assert_eq!(ways, ["put", "patch", "clone", "metadata"]);
    let reasons = [Why::Cheapest, Why::Asked, Why::HardLinked, Why::UnlockedReaders, Why::NoInPlace, Why::Whole, Why::NoContent];
    let mut words: Vec<String> = reasons.iter().map(Why::to_string).collect();
    assert!(words.iter().all(|words| words.contains(' ')), "{words:?}");
    words.sort();
    words.dedup();
    assert_eq!(words.len(), reasons.len());
}
