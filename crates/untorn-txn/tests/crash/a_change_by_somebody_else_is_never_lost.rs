//! A program without any lock writes to files of the tree while a transaction is being prepared: its bytes survive, in the tree that the transaction makes or in the old one
//! with the error that says so. (What it writes while the tree is being changed is its own business: that is what the readers' lock is for.)

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use untorn_crash::{OPS, Workload, World};
use untorn_fs::{Fs, OpenMode};
use untorn_sim::{Faults, HookFs, Method, SimFs, Snapshot, Verdict, read, write};
use untorn_txn::{Cause, TreeState};

use crate::support::{WAYS, is_void, tree_before};

const THEIRS: &[u8] = b"somebody else's";

/// Does the workload; right before call number `at`, unless the readers are already kept out, somebody does `change`. Says whether they did.
fn meddled(workload: &Workload, fs: &SimFs, at: u64, change: fn(&SimFs)) -> (untorn_txn::Result<()>, bool) {
    let (locked, done, disk) = (AtomicBool::new(false), Arc::new(AtomicBool::new(false)), fs.another_process());
    let told = done.clone();
    let hooked = HookFs::on_sim(fs, move |call| {
        let locks = call.method == Method::Lock && call.path == ".untorn/readers";
        if locks || locked.load(Ordering::Relaxed) {
            locked.store(true, Ordering::Relaxed);
        } else if call.number == at {
            change(&disk);
            told.store(true, Ordering::Relaxed);
        }
        Verdict::Pass
    });
    let answer = workload.perform(Arc::new(hooked));
    (answer, done.load(Ordering::Relaxed))
}

fn calls(workload: &Workload) -> u64 {
    let faults = Faults::new(None);
    workload.perform(Arc::new(faults.on_sim(&workload.before().unwrap()))).unwrap();
    faults.calls()
}

/// Overwrites bytes of a file that the workloads change elsewhere; at the end, so that no block is spared.
fn writes_to_a(fs: &SimFs) {
    for path in ["a", "c", "d/z", "b"] {
        if fs.metadata(path).is_ok_and(|meta| meta.len == 700) {
            fs.open(path, OpenMode::Write).unwrap().write_all_at(THEIRS, 400).unwrap();
        }
    }
}

#[test]
fn bytes_in_a_changed_or_moved_file() {
    let (mut kept, mut refused) = (0, 0);
    for ops in [
        &["write-a"][..],
        &["move-a-c"],
        &["exec-a"],
        &["write-a", "exec-a"],
        &["grow-a"],
        &["move-a-dz"],
        &["swap-a-b"],
        &["write-a", "move-a-c"],
    ] {
        for way in WAYS {
            for keep_undo in [false, true] {
                let workload = Workload::new(World { way, keep_undo, disk: "strict" }, ops);
                for at in 1..=calls(&workload) {
                    let fs = workload.before().unwrap();
                    let (answer, wrote) = meddled(&workload, &fs, at, writes_to_a);
                    if !wrote {
                        continue;
                    }
                    let found = ["a", "b", "c", "d/z"]
                        .iter()
                        .any(|path| read(&fs, path).is_ok_and(|bytes| bytes.get(400..400 + THEIRS.len()) == Some(THEIRS)));
                    assert!(found, "{workload}, written before call {at}: {:?}", answer.map_err(|error| error.to_string()));
                    match answer {
                        Ok(()) => kept += 1,
                        Err(error) => {
                            assert!(matches!(error.cause(), Cause::ChangedMeanwhile), "{workload}, call {at}: {error}");
                            assert_eq!(error.state(), TreeState::Unchanged);
                            refused += 1;
                        }
                    }
                }
            }
        }
    }
    println!("written to while it was prepared: {kept} times carried along, {refused} times refused");
    assert!(kept > 300 && refused > 300);
}

/// Puts a file of its own into a directory that the workloads remove or move.
fn adds_a_file(fs: &SimFs) {
    for dir in ["d", "f", "e"] {
        if fs.metadata(dir).is_ok_and(|meta| meta.is_dir()) {
            write(fs, &format!("{dir}/mod"), THEIRS).unwrap();
        }
    }
}

#[test]
fn files_in_a_directory_that_goes() {
    let (mut done, mut refused) = (0, 0);
    for ops in [&["rmtree-d"][..], &["move-d-f"], &["swap-d-e"], &["rmdir-e"], &["rmtree-d", "write-d"], &["rmtree-d", "link-d"]]
    {
        let workload = Workload::new(World::strict(), ops);
        for at in 1..=calls(&workload) {
            let fs = workload.before().unwrap();
            let (answer, wrote) = meddled(&workload, &fs, at, adds_a_file);
            if !wrote {
                continue;
            }
            let mods = |snapshot: &Snapshot| snapshot.0.keys().filter(|path| path.ends_with("/mod")).count();
            let found = mods(&Snapshot::of_image(&fs.image(), ".untorn"));
            let answer = answer.map_err(|error| (error.state(), error.to_string()));
            // What the transaction saw, it was told to remove.
            let told = matches!(answer, Ok(())) && ops[0].starts_with("rmtree") && found == 1;
            assert!(found == 2 || told, "{workload}, added before call {at}: {answer:?}");
            match answer {
                Ok(()) => done += 1,
                Err((state, _)) => {
                    assert_eq!(state, TreeState::Unchanged, "{workload}, added before call {at}");
                    refused += 1;
                }
            }
        }
    }
    println!("added to while it was prepared: {done} times done, {refused} times refused");
    assert!(done > 50 && refused > 5);
}

/// The file that nobody names is never touched, whatever is done beside it.
#[test]
fn files_nobody_names_keep_their_identity() {
    let before = tree_before();
    for (op, _) in OPS {
        let workload = Workload::new(World::strict(), &[op]);
        if is_void(&workload, &before) {
            continue;
        }
        let fs = workload.before().unwrap();
        let old = fs.metadata("save").unwrap();
        workload.perform(Arc::new(fs.clone())).unwrap();
        assert_eq!(fs.metadata("save").unwrap(), old, "{workload}");
    }
}
