//! The library at work in a process of its own: operations that no command has, and mistakes that the program does not make.
//!
//! `powercut act TREE NAME [MISTAKE]`

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use untorn_crash::{BoxError, Workload, op};
use untorn_fs::{Fs, OpenMode, OsFs};
use untorn_sim::{Call, HookFs, Method, Verdict};
use untorn_txn::{Switch, SwitchOptions, Tree};

use super::{look, workload};

/// What happens to a call, with the disk it goes to.
type Hook = Box<dyn FnMut(&Call<'_>, &OsFs) -> Verdict + Send>;

/// A mistake, by name.
type Mistake = (&'static str, fn() -> Hook);

/// The unchanged library behaves as if ... The first is the twin without a mistake.
pub(super) const MISTAKES: &[Mistake] = &[
    ("none", || Box::new(|_, _| Verdict::Pass)),
    ("b1-dropped", || nth(1, is_sync_all, |_| Verdict::Skip)),
    ("b2-dropped", || nth(1, is_record_sync, |_| Verdict::Skip)),
    ("b3-dropped", || nth(2, is_sync_all, |_| Verdict::Skip)),
    ("b4-dropped", || nth(2, is_record_sync, |_| Verdict::Skip)),
    ("a-directory-synced-for-b1", || nth(1, is_sync_all, only_a_directory)),
    ("a-directory-synced-for-b3", || nth(2, is_sync_all, only_a_directory)),
    ("decided-before-b1", || postponed(1)),
    ("cleared-before-b3", || postponed(2)),
    ("stage-deleted-before-b4", || {
        nth(2, is_record_write, |fs| {
            for folder in fs.read_dir(".untorn/tx").unwrap_or_default().into_iter().filter_map(|entry| entry.name.ok()) {
                for name in ["plan", "redo"] {
                    drop(fs.remove_file(&format!(".untorn/tx/{folder}/{name}")));
                }
            }
            // Somebody runs `sync` just now: without that, ext4 and XFS happen to put the record on the disk first.
            drop(fs.sync_handle().and_then(|handle| handle.sync_all()));
            Verdict::Pass
        })
    }),
    ("changed-before-the-decision", || {
        nth(1, is_sync_all, |fs| {
            drop(fs.remove_file("b"));
            Verdict::Pass
        })
    }),
    ("decided-before-the-plan", || written_late("/plan")),
    ("decided-before-the-redo-file", || written_late("/redo")),
    ("cleared-before-it-is-applied", cleared_early),
    ("a-failed-decision-not-taken-back", nothing_taken_back),
    ("b0-dropped", || Box::new(|call, _| if call.method == Method::SyncDir { Verdict::Skip } else { Verdict::Pass })),
    ("the-ruling-record-overwritten", ruling_overwritten),
    ("a-short-write-taken-for-whole", half_written),
    ("a-failed-sync-tried-again", || Box::new(|call, _| if call.method.is_sync() { Verdict::Retry } else { Verdict::Pass })),
    ("a-failed-sync-passed-over", || Box::new(passed_over)),
    ("no-barriers", || Box::new(|call, _| if call.method.is_sync() { Verdict::Skip } else { Verdict::Pass })),
];

/// The transaction that is made with mistakes: several files, in place and by name.
pub(super) const TRANSACTION: &str = "commit/strict/auto/drop/write-a+write-x+move-x-x+remove-b";

/// Makes the tree that [`TRANSACTION`] starts from in an empty directory, and says how the mistakes are called.
///
/// # Errors
/// Those of the disk.
pub(super) fn prepare(words: &[String]) -> Result<(), String> {
    let [dir] = words else { return Err("mistakes DIR".into()) };
    look::make(Path::new(dir), &workload::start()?).map_err(|error| format!("{dir}: {error}"))?;
    println!("{TRANSACTION}");
    MISTAKES.iter().for_each(|(name, _)| println!("{name}"));
    Ok(())
}

/// Does it.
///
/// # Errors
/// Those of the library.
pub(super) fn main(words: &[String]) -> Result<(), String> {
    let (tree, name, mistake) = match words {
        [tree, name] => (tree, name, None),
        [tree, name, mistake] => (tree, name, Some(mistake.as_str())),
        _ => return Err("act TREE NAME [MISTAKE]".into()),
    };
    perform(Path::new(tree), name, mistake).map_err(|error| format!("{name}: {error}"))
}

fn perform(dir: &Path, name: &str, mistake: Option<&str>) -> Result<(), BoxError> {
    if name == "switch/back" {
        Switch::back(dir, &SwitchOptions::default())?;
        return Ok(());
    }
    if let Some(ops) = name.strip_prefix("switch/") {
        return switch(dir, ops);
    }
    let workload: Workload = name.parse()?;
    match mistake {
        None => workload.perform_in(&mut Tree::open(dir)?)?,
        Some(mistake) => {
            let (_, hook) = MISTAKES.iter().find(|(other, _)| *other == mistake).ok_or("no such mistake")?;
            // It is there for the hook, too, which goes past itself.
            let (disk, hook) = (OsFs::open(dir)?, Mutex::new(hook()));
            let inner: Arc<dyn Fs> = Arc::new(OsFs::open(dir)?);
            let fs = HookFs::new(inner, move |call| (hook.lock().unwrap_or_else(PoisonError::into_inner))(call, &disk));
            // For whoever holds what it says against the tree.
            workload.perform(Arc::new(fs)).map_err(|error| format!("{:?}: {error}", error.state()))?;
        }
    }
    Ok(())
}

fn switch(dir: &Path, ops: &str) -> Result<(), BoxError> {
    let mut options = SwitchOptions::default();
    options.keep_previous = true;
    let mut switch = Switch::begin(dir, options)?;
    let mut tx = switch.transaction()?;
    for name in ops.split('+') {
        op(name).ok_or("no such operation")?.perform(&mut tx)?;
    }
    tx.commit()?;
    switch.commit()?;
    Ok(())
}

/// Counts the calls of a kind and changes the one with this number.
fn nth(number: u32, kind: fn(&Call<'_>) -> bool, change: fn(&OsFs) -> Verdict) -> Hook {
    let mut seen = 0;
    Box::new(move |call, fs| {
        seen += u32::from(kind(call));
        if kind(call) && seen == number { change(fs) } else { Verdict::Pass }
    })
}

/// Skips the sync of everything with this number, and does it behind the sync of the record that should have come after.
fn postponed(number: u32) -> Hook {
    let (mut all, mut records, mut is_owed) = (0, 0, false);
    Box::new(move |call, fs| {
        if is_owed && records == number && !is_record_sync(call) {
            is_owed = false;
            drop(fs.sync_handle().and_then(|handle| handle.sync_all()));
        }
        records += u32::from(is_record_sync(call));
        all += u32::from(is_sync_all(call));
        let is_it = is_sync_all(call) && all == number;
        is_owed |= is_it;
        if is_it { Verdict::Skip } else { Verdict::Pass }
    })
}

/// What is written to this file of the stage is written when the decision is durable.
fn written_late(name: &'static str) -> Hook {
    let (mut late, mut records) = (Vec::new(), 0);
    Box::new(move |call, fs| {
        let is_it = records == 0 && call.method == Method::WriteAt && call.path.ends_with(name);
        if is_it {
            late.push((call.path.to_owned(), call.data.to_vec(), call.offset));
        } else if records == 1 && !is_record_sync(call) {
            for (path, bytes, offset) in late.drain(..) {
                drop(fs.open(&path, OpenMode::Write).and_then(|file| file.write_all_at(&bytes, offset)));
            }
        }
        records += u32::from(is_record_sync(call));
        if is_it { Verdict::Skip } else { Verdict::Pass }
    })
}

/// The record that decides is gone again when the first step is taken.
fn cleared_early() -> Hook {
    let mut before = None;
    Box::new(move |call, fs| {
        if is_record_write(call) && before.is_none() {
            before = Some((call.path.to_owned(), untorn_sim::read(fs, call.path).unwrap_or_default()));
        }
        let is_step = matches!(call.method, Method::WriteAt | Method::Rename | Method::RemoveFile);
        if is_step
            && !call.path.starts_with(".untorn/slot")
            && (!call.path.starts_with(".untorn") || call.method == Method::Rename)
            && let Some((path, bytes)) = before.as_mut().map(std::mem::take)
            && !path.is_empty()
        {
            drop(fs.open(&path, OpenMode::Write).and_then(|file| file.write_all_at(&bytes, 0).and_then(|()| file.sync_data())));
        }
        Verdict::Pass
    })
}

/// A record that follows the one that decides, without a sync of the tree between them, takes it back: it is left out.
fn nothing_taken_back() -> Hook {
    let (mut records, mut syncs, mut is_left_out) = (0, 0, false);
    Box::new(move |call, _| {
        syncs += u32::from(is_sync_all(call));
        records += u32::from(is_record_write(call));
        is_left_out |= records == 2 && syncs < 2;
        if is_left_out && (is_record_write(call) || is_record_sync(call)) { Verdict::Skip } else { Verdict::Pass }
    })
}

/// Each record goes over the one that rules.
fn ruling_overwritten() -> Hook {
    let mut ruling = String::new();
    Box::new(move |call, fs| {
        if is_record_write(call) {
            let seq = |path: &String| untorn_sim::read(fs, path).map_or(0, |bytes| number_at(&bytes, SEQ));
            ruling = (0..3).map(|slot| format!(".untorn/slot.{slot}")).max_by_key(seq).unwrap_or_default();
        }
        let is_it = !ruling.is_empty() && (is_record_write(call) || is_record_sync(call));
        if is_it { Verdict::Redirect(ruling.clone()) } else { Verdict::Pass }
    })
}

/// Where the number of a record stands in it.
const SEQ: std::ops::Range<usize> = 16..24;

fn number_at(bytes: &[u8], at: std::ops::Range<usize>) -> u64 {
    bytes.get(at).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// Of the first write to a file of the tree only the beginning is done.
fn half_written() -> Hook {
    let mut is_done = false;
    Box::new(move |call, fs| {
        if is_done || call.method != Method::WriteAt || call.path.starts_with(".untorn") {
            return Verdict::Pass;
        }
        is_done = true;
        // What is new in it ends behind that.
        let half = &call.data[..call.data.len().min(110)];
        drop(fs.open(call.path, OpenMode::Write).and_then(|file| file.write_all_at(half, call.offset)));
        Verdict::Skip
    })
}

/// Syncs, and does not ask what came of it.
fn passed_over(call: &Call<'_>, fs: &OsFs) -> Verdict {
    match call.method {
        Method::SyncAll => drop(fs.sync_handle().and_then(|all| all.sync_all())),
        Method::SyncDir => drop(fs.sync_dir(call.path)),
        Method::SyncData | Method::Sync => drop(fs.open(call.path, OpenMode::Write).and_then(|file| file.sync())),
        _ => return Verdict::Pass,
    }
    Verdict::Skip
}

/// "Syncing a directory syncs what is in it."
fn only_a_directory(fs: &OsFs) -> Verdict {
    drop(fs.sync_dir(".untorn"));
    Verdict::Skip
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
