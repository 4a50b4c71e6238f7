//! Power cuts and failed syncs while a transaction is staged: the next one for the same purpose goes on with what was durable, and ends with exactly the same tree.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use untorn_format::Hash;
use untorn_fs::{Fs, OpenMode};
use untorn_sim::{HookFs, Sampling, SimFs, SimOptions, Snapshot, Verdict, read, write};
use untorn_txn::{Error, Options, Purpose, Recovery, Status, TakenUp, Transaction, Tree};

const NOTE_LEN: u64 = 24 << 10;
const DONE: u32 = 1;

/// Every disk that differs in what a stage does on it.
fn kinds_of_file_system() -> [SimOptions; 6] {
    let able = |sync_all, hard_links, reflink| SimOptions { sync_all, hard_links, reflink, ..SimOptions::strict() };
    [
        able(true, true, false),
        able(true, true, true),
        able(false, true, false),
        able(false, false, false),
        SimOptions::ext4_like(),
        SimOptions::ntfs_like(),
    ]
}

fn bytes(seed: u8, len: usize) -> Vec<u8> {
    (0..len).map(|at| seed.wrapping_add((at % 251) as u8).wrapping_mul(31)).collect()
}

fn disk(options: SimOptions) -> SimFs {
    let fs = SimFs::new(options);
    write(&fs, "ranges", &bytes(1, 60_000)).unwrap();
    write(&fs, "small", &bytes(2, 5000)).unwrap();
    write(&fs, "whole", &bytes(3, 70_000)).unwrap();
    write(&fs, "moves", &bytes(4, 300)).unwrap();
    write(&fs, "save", b"the player's own").unwrap();
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    fs.settle();
    SimFs::from_image(fs.image())
}

/// What one file becomes: its bytes, and the ranges that are written where not all of it is.
type Wanted = (Vec<u8>, Option<Vec<(usize, usize)>>);

fn wanted() -> BTreeMap<&'static str, Wanted> {
    let mut ranges = bytes(1, 60_000);
    let written = vec![(100, 9_000), (20_000, 39_000), (50_000, 58_000)];
    for &(from, to) in &written {
        ranges[from..to].copy_from_slice(&bytes(9, to - from));
    }
    BTreeMap::from([
        ("new/large", (bytes(5, 100_000), None)),
        ("new/small", (bytes(6, 30_000), None)),
        ("ranges", (ranges, Some(written))),
        ("small", (bytes(7, 4000), None)),
        ("whole", (bytes(8, 80_000), None)),
    ])
}

fn purpose(key: &[u8]) -> Purpose {
    let total = wanted().values().map(|(bytes, ranges)| made_len(bytes.len(), ranges.as_ref())).sum();
    Purpose { key: Hash::of(key), to: Hash::of(b"to"), total }
}

fn made_len(len: usize, ranges: Option<&Vec<(usize, usize)>>) -> u64 {
    ranges.map_or(len, |ranges| ranges.iter().map(|(from, to)| to - from).sum()) as u64
}

/// Stages everything, as one who makes files from front to back. Gives how many bytes were taken up.
fn stage(tx: &mut Transaction<'_>, key: &[u8]) -> Result<u64, Error> {
    tx.resume(purpose(key))?;
    tx.rename("moves", "moved")?;
    let (mut taken_up, mut done) = (0, 0);
    for (path, (content, ranges)) in wanted() {
        let taken = tx.take_up(path)?;
        if let Some(taken) = &taken {
            check(tx, path, &content, ranges.as_deref(), taken);
            taken_up += taken.bytes;
        }
        stage_file(tx, path, &content, ranges.as_deref(), taken.as_ref(), done)?;
        tx.set_executable(path, false)?;
        done += made_len(content.len(), ranges.as_ref());
        tx.made(path, None, done)?;
    }
    Ok(taken_up)
}

fn stage_file(
    tx: &mut Transaction<'_>,
    path: &str,
    content: &[u8],
    ranges: Option<&[(usize, usize)]>,
    taken: Option<&TakenUp>,
    done: u64,
) -> Result<(), Error> {
    let made = taken.map_or(0, |taken| taken.made as usize);
    match (ranges, taken) {
        (_, Some(taken)) if taken.is_whole => Ok(()),
        (None, Some(taken)) => tx.go_on(path, taken, taken.made, &mut &content[made..]),
        (None, None) => tx.replace(path, &mut &*content),
        (Some(ranges), _) => ranges.iter().filter(|(from, _)| *from >= made).try_for_each(|&(from, to)| {
            tx.write_at(path, from as u64, &content[from..to])?;
            tx.made(path, Some(to as u64), done)
        }),
    }
}

/// What was taken up is what it should be.
fn check(tx: &mut Transaction<'_>, path: &str, content: &[u8], ranges: Option<&[(usize, usize)]>, taken: &TakenUp) {
    let made = taken.made as usize;
    let whole = [(0, made)];
    for &(from, to) in ranges.unwrap_or(&whole).iter().filter(|(_, to)| *to <= made) {
        let mut found = vec![0; to - from];
        tx.read(path, &mut found, from as u64).unwrap();
        assert!(found == content[from..to], "{path}: {from} to {to}");
    }
    if let Some(hasher) = &taken.hasher {
        assert_eq!(hasher.finish(), Hash::of(&content[..made]), "{path}");
    }
}

fn options() -> Options {
    let mut options = Options::default();
    (options.progress_len, options.keep_undo) = (NOTE_LEN, true);
    options
}

/// The whole transaction.
fn perform(fs: Arc<dyn Fs>) -> Result<u64, Error> {
    let mut tree = Tree::open_on(fs)?;
    let mut tx = tree.begin_with(options())?;
    let taken_up = stage(&mut tx, b"patch")?;
    tx.commit()?;
    Ok(taken_up)
}

fn tree(fs: &SimFs) -> Snapshot {
    Snapshot::of(fs, ".untorn").unwrap()
}

/// Runs it undisturbed.
fn trees(options: SimOptions) -> (SimFs, Snapshot, Snapshot) {
    let fs = disk(options);
    let old = tree(&fs);
    perform(Arc::new(fs.clone())).unwrap();
    fs.mark(DONE);
    for (path, (content, _)) in wanted() {
        assert!(read(&fs, path).unwrap() == content, "{path}");
    }
    let new = tree(&fs);
    (fs, old, new)
}

fn sampling() -> Sampling {
    Sampling { exhaustive_max: 3, samples: 8, samples_between: 2, torn: 2, seed: 5 }
}

#[test]
fn after_a_power_cut_anywhere_the_next_run_ends_with_the_new_tree() {
    for options in kinds_of_file_system().into_iter().skip(1).step_by(2) {
        let (fs, old, new) = trees(options.clone());
        let (mut states, mut continued, mut second) = (0, 0, 0);
        for state in fs.recording().crashes(&sampling()) {
            let fs = state.fs();
            drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
            let found = tree(&fs);
            assert!(found == new || (found == old && state.marks().is_empty()), "{}: {:?}", state.id(), found.difference(&new));
            states += 1;
            if found == new {
                continue;
            }
            let fs = SimFs::from_image(fs.image());
            let taken_up = perform(Arc::new(fs.clone())).unwrap_or_else(|error| panic!("{}: {error}", state.id()));
            assert_eq!(tree(&fs).difference(&new), Vec::<String>::new(), "{}", state.id());
            assert!(fs.metadata(".untorn/interrupted").is_err(), "{}", state.id());
            continued += usize::from(taken_up > 0);
            if taken_up > 0 && continued % 40 == 0 {
                second += crash_again(&fs, &old, &new, &state.id().to_string());
            }
        }
        assert!(states > 200 && continued > 50 && second > 20, "{options:?}: {states} {continued} {second}");
    }
}

/// The run that took up is cut off in turn.
fn crash_again(fs: &SimFs, old: &Snapshot, new: &Snapshot, id: &str) -> usize {
    let few = Sampling { exhaustive_max: 2, samples: 2, samples_between: 0, torn: 2, seed: 7 };
    let mut count = 0;
    for state in fs.recording().crashes(&few) {
        let fs = state.fs();
        drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
        assert!([old, new].contains(&&tree(&fs)), "{id} then {}", state.id());
        if tree(&fs) == *old {
            perform(Arc::new(fs.clone())).unwrap();
            assert_eq!(tree(&fs).difference(new), Vec::<String>::new(), "{id} then {}", state.id());
        }
        count += 1;
    }
    count
}

/// What a failed sync covered may never reach the medium, though it can be read, and later syncs succeed: none of it may be taken up.
#[test]
fn what_a_failed_sync_has_lost_is_not_taken_up() {
    for options in kinds_of_file_system() {
        let mut lost = 0;
        for number in 0.. {
            let fs = disk(options.clone());
            let count = Arc::new(AtomicUsize::new(0));
            let is_done = perform(fails_at_sync(&fs, number, count.clone())).is_ok();
            if count.load(Relaxed) <= number {
                break;
            }
            lost += 1;
            // The same machine: what was lost is in its page cache.
            let fs = fs.restart();
            if !is_done && perform(Arc::new(fs.clone())).is_err() {
                continue;
            }
            let new = tree(&fs);
            let end = fs.event_count();
            let none = Sampling { exhaustive_max: 4, samples: 8, samples_between: 0, torn: 2, seed: 9 };
            for state in fs.recording().crashes_after(end, &none) {
                let fs = state.fs();
                drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
                assert_eq!(tree(&fs).difference(&new), Vec::<String>::new(), "{options:?}: sync {number}, then {}", state.id());
                for (path, (content, _)) in wanted() {
                    assert!(read(&fs, path).unwrap() == content, "{path}");
                }
            }
        }
        assert!(lost > 10, "{lost}");
    }
}

/// The file system whose sync of that number fails.
fn fails_at_sync(fs: &SimFs, number: usize, count: Arc<AtomicUsize>) -> Arc<dyn Fs> {
    Arc::new(HookFs::on_sim(fs, move |call| {
        let is_it = call.method.is_sync() && count.fetch_add(1, Relaxed) == number;
        if is_it { Verdict::Fail(io::ErrorKind::Other) } else { Verdict::Pass }
    }))
}

/// Stages, and dies before the commit.
fn interrupted() -> SimFs {
    let fs = disk(kinds_of_file_system()[0].clone());
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut tx = tree.begin_with(options()).unwrap();
    stage(&mut tx, b"patch").unwrap();
    tx.set_aside();
    drop(tree);
    fs
}

#[test]
fn all_of_a_stage_that_was_set_aside_is_taken_up() {
    let fs = interrupted();
    let status = Status::on(&fs).unwrap().interrupted.unwrap();
    assert_eq!((status.done, status.total), (purpose(b"").total, purpose(b"").total));
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    assert_eq!(tree.interrupted(), Some(status));
    let mut tx = tree.begin_with(options()).unwrap();
    let all: u64 = wanted().values().map(|(bytes, ranges)| made_len(bytes.len(), ranges.as_ref())).sum();
    assert_eq!(stage(&mut tx, b"patch").unwrap(), all);
    tx.commit().unwrap();
    assert_eq!(Status::on(&fs).unwrap().interrupted, None);
}

#[test]
fn a_killed_stage_is_set_aside_by_the_next_opening() {
    let fs = disk(kinds_of_file_system()[0].clone());
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut tx = tree.begin_with(options()).unwrap();
    stage(&mut tx, b"patch").unwrap();
    let fs = fs.restart();
    std::mem::forget(tx);
    let before = Status::on(&fs).unwrap();
    assert!(before.interrupted.is_some_and(|interrupted| interrupted.done > 0 && interrupted.done <= interrupted.total));
    let tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    assert!(matches!(tree.recovery(), Recovery::SetAside { .. }), "{:?}", tree.recovery());
    assert_eq!(tree.interrupted(), before.interrupted);
}

#[test]
fn another_purpose_takes_up_nothing_and_a_commit_leaves_nothing() {
    let fs = interrupted();
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut tx = tree.begin_with(options()).unwrap();
    assert_eq!(stage(&mut tx, b"another patch").unwrap(), 0);
    drop(tx);
    let fs = interrupted();
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.write_at("save", 0, b"x").unwrap();
    tx.commit().unwrap();
    assert!(fs.metadata(".untorn/interrupted").is_err());
    let fs = interrupted();
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    assert!(tree.discard_interrupted() && !tree.discard_interrupted());
    assert!(fs.metadata(".untorn/interrupted").is_err());
}

#[test]
fn what_has_rotted_or_was_touched_is_staged_anew() {
    let files = |fs: &SimFs| {
        let mut files = vec!["progress".to_owned(), "redo".to_owned()];
        let staged = fs.read_dir(".untorn/interrupted/s").unwrap();
        files.extend(staged.into_iter().map(|entry| format!("s/{}", entry.name.unwrap())));
        files
    };
    let (_, _, new) = trees(kinds_of_file_system()[0].clone());
    for file in files(&interrupted()) {
        for harm in ["flip", "cut", "lengthen", "remove"] {
            let fs = interrupted();
            let path = format!(".untorn/interrupted/{file}");
            let len = fs.metadata(&path).unwrap().len;
            let open = || fs.open(&path, OpenMode::Write).unwrap();
            match harm {
                "flip" => {
                    let mut byte = [0];
                    open().read_exact_at(&mut byte, len / 2).unwrap();
                    open().write_all_at(&[byte[0] ^ 8], len / 2).unwrap();
                }
                "cut" => open().set_len(len - 1).unwrap(),
                "lengthen" => open().set_len(len + 5).unwrap(),
                _ => fs.remove_file(&path).unwrap(),
            }
            perform(Arc::new(fs.clone())).unwrap_or_else(|error| panic!("{file} {harm}: {error}"));
            assert_eq!(tree(&fs).difference(&new), Vec::<String>::new(), "{file} {harm}");
        }
    }
    // A file that ranges are written over, touched by somebody who left its bytes alone.
    let fs = interrupted();
    fs.open("ranges", OpenMode::Write).unwrap().write_all_at(&bytes(1, 60_000), 0).unwrap();
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut tx = tree.begin_with(options()).unwrap();
    tx.resume(purpose(b"patch")).unwrap();
    assert!(tx.take_up("ranges").unwrap().is_none() && tx.take_up("new/large").unwrap().is_some());
}
