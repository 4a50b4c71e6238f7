//! The library at work in a process of its own: operations that no command has, and mistakes that the program does not make.
//!
//! `powercut act TREE NAME [MISTAKE]`

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use untorn_crash::{BoxError, Workload, op};
use untorn_fs::{Fs, OsFs};
use untorn_sim::{Call, HookFs, Method, Verdict};
use untorn_txn::{Switch, SwitchOptions, Tree};

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
    ("no-barriers", || Box::new(|call, _| if call.method.is_sync() { Verdict::Skip } else { Verdict::Pass })),
];

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
            workload.perform(Arc::new(fs))?;
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
