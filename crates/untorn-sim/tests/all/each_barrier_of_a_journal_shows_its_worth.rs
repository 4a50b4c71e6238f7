//! A small redo journal, right and with each of its barriers left out: the right one survives every crash, also during recovery; each
//! wrong one is caught.

use std::{
    io::{self, ErrorKind},
    sync::Arc,
    time::Instant,
};

use untorn_fs::{Fs, OpenMode};
use untorn_sim::{Call, HookFs, Image, Method, Sampling, SimFs, SimOptions, Snapshot, Verdict, read, write};

const COMMITTED: u32 = 1;
const FILES: [&str; 3] = ["data/a", "data/b", "data/c"];
const FILE_LEN: usize = 1024;

/// Overwrites all three files with `byte`: journal, barrier, commit record, barrier, apply, barrier, clear.
fn update(fs: &dyn Fs, byte: u8) -> io::Result<()> {
    let journal = fs.open(".state/journal", OpenMode::CreateNew { executable: false })?;
    journal.write_all_at(&[byte; FILE_LEN], 0)?;
    journal.sync_data()?;
    fs.sync_dir(".state")?;
    let record = fs.open(".state/record", OpenMode::Write)?;
    record.write_all_at(&record_of(byte), 0)?;
    record.sync_data()?;
    recover(fs)
}

/// What is committed is applied (again); what is not is forgotten.
fn recover(fs: &dyn Fs) -> io::Result<()> {
    let record = fs.open(".state/record", OpenMode::Write)?;
    let mut head = [0; 512];
    record.read_exact_at(&mut head, 0)?;
    if head == record_of(head[0]) && head[0] != 0 {
        apply(fs, &read(fs, ".state/journal")?)?;
        record.write_all_at(&[0; 512], 0)?;
        record.sync_data()?;
    }
    match fs.remove_file(".state/journal") {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => fs.sync_dir(".state"),
    }
}

fn apply(fs: &dyn Fs, bytes: &[u8]) -> io::Result<()> {
    for path in FILES {
        let file = fs.open(path, OpenMode::Write)?;
        file.write_all_at(bytes, 0)?;
        file.sync_data()?;
    }
    Ok(())
}

/// A sector that no accident makes.
fn record_of(byte: u8) -> [u8; 512] {
    let mut record = [byte ^ 0x5a; 512];
    record[0] = byte;
    record
}

fn disk(options: SimOptions) -> SimFs {
    let fs = SimFs::new(options);
    fs.create_dir("data", None).unwrap();
    fs.create_dir(".state", None).unwrap();
    for path in FILES {
        write(&fs, path, &[b'o'; FILE_LEN]).unwrap();
    }
    for n in 0..12 {
        write(&fs, &format!("data/other{n}"), &[n; 300]).unwrap();
    }
    write(&fs, ".state/record", &[0; 512]).unwrap();
    fs.settle();
    fs
}

/// The two trees that a crash may leave.
struct Trees {
    old: Image,
    new: Image,
}

impl Trees {
    fn of(options: SimOptions) -> Self {
        let (old, new) = (disk(options.clone()), disk(options));
        FILES.iter().for_each(|path| write(&new, path, &[b'n'; FILE_LEN]).unwrap());
        Self { old: old.image(), new: new.image() }
    }

    /// How many states there were, and in how many the tree was torn, or old after success.
    fn explore(&self, before: &SimFs, hook: &Arc<Hook>, depth: u32) -> (u64, u64) {
        let (mut states, mut bad) = (0, 0);
        let sampling = Sampling { exhaustive_max: 8, samples: 32, torn: 32, ..Sampling::default() };
        for state in before.recording().crashes(&sampling) {
            let fs = state.fs();
            let recovered = recover(&hooked(&fs, hook));
            let is_new = fs.same_tree(&self.new, ".state");
            let may_be_old = !state.marks().contains(&COMMITTED);
            states += 1;
            bad += u64::from(recovered.is_err() || !(is_new || may_be_old && fs.same_tree(&self.old, ".state")));
            if depth > 0 {
                let (more, more_bad) = self.explore(&fs, hook, depth - 1);
                (states, bad) = (states + more, bad + more_bad);
            }
        }
        (states, bad)
    }
}

type Hook = dyn Fn(&Call<'_>) -> Verdict + Send + Sync;

fn hooked(fs: &SimFs, hook: &Arc<Hook>) -> HookFs {
    let hook = hook.clone();
    HookFs::on_sim(fs, move |call| hook(call))
}

/// An update, and all crashes during it, with crashes during the recovery from each.
fn run(options: SimOptions, hook: impl Fn(&Call<'_>) -> Verdict + Send + Sync + 'static) -> (u64, u64) {
    let fs = disk(options.clone());
    let hook: Arc<Hook> = Arc::new(hook);
    update(&hooked(&fs, &hook), b'n').unwrap();
    fs.mark(COMMITTED);
    Trees::of(options).explore(&fs, &hook, 1)
}

#[test]
fn with_all_of_them_every_crash_is_survived() {
    for options in [SimOptions::strict(), SimOptions::ext4_like(), SimOptions::btrfs_like(), SimOptions::ntfs_like()] {
        let started = Instant::now();
        let (states, torn) = run(options, |_| Verdict::Pass);
        assert_eq!(torn, 0, "of {states}");
        assert!(states > 1000, "{states}");
        println!("{states} states, {:.0} a second", states as f64 / started.elapsed().as_secs_f64());
    }
}

/// A barrier, and which calls make it.
type LeftOut = (&'static str, fn(&Call<'_>) -> bool);

#[test]
fn without_any_one_of_them_some_crash_is_not() {
    let skipped: [LeftOut; 5] = [
        ("journal", |call| call.method == Method::SyncData && call.path == ".state/journal"),
        ("name of the journal", |call| call.method == Method::SyncDir && call.path == ".state"),
        ("record", |call| call.method == Method::SyncData && call.path == ".state/record"),
        ("data", |call| call.method == Method::SyncData && call.path.starts_with("data/")),
        ("one file", |call| call.method == Method::SyncData && call.path == "data/b"),
    ];
    for (name, skip) in skipped {
        let (states, torn) = run(SimOptions::strict(), move |call| if skip(call) { Verdict::Skip } else { Verdict::Pass });
        assert!(torn > 0, "nobody missed the barrier of the {name} in {states} states");
    }
}

#[test]
fn a_failed_sync_that_is_retried_is_caught() {
    let fs = disk(SimOptions::strict());
    let failed = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let fails_once = HookFs::on_sim(&fs, move |call| {
        let first =
            call.method == Method::SyncData && call.path == "data/b" && !failed.swap(true, std::sync::atomic::Ordering::Relaxed);
        if first { Verdict::Fail(ErrorKind::Other) } else { Verdict::Pass }
    });
    let retries = HookFs::new(Arc::new(fails_once), |call| if call.method.is_sync() { Verdict::Retry } else { Verdict::Pass });
    update(&retries, b'n').unwrap();
    fs.mark(COMMITTED);
    let pass: Arc<Hook> = Arc::new(|_: &Call<'_>| Verdict::Pass);
    assert!(Trees::of(SimOptions::strict()).explore(&fs, &pass, 0).1 > 0);
}

#[test]
fn the_two_ways_to_look_at_a_tree_agree() {
    let fs = disk(SimOptions::strict());
    let old = fs.image();
    update(&fs, b'n').unwrap();
    for state in fs.recording().crashes(&Sampling::default()) {
        let by_calls = Snapshot::of(&state.fs(), ".state").unwrap();
        assert_eq!(by_calls, Snapshot::of_image(state.image(), ".state"));
        let same = by_calls == Snapshot::of_image(&old, ".state");
        assert_eq!(same, state.image().same_tree(&old, ".state"), "{}", state.id());
        assert_eq!(same, by_calls.difference(&Snapshot::of_image(&old, ".state")).is_empty());
    }
}
