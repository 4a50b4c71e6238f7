//! Between the first look at a file and the decision others change it, in ways that are easily overlooked: the update is refused, by the name of the file, and what they did stays.

use std::sync::Arc;

use untorn_fs::Fs;
use untorn_sim::{HookFs, Method, SimFs, SimOptions, Verdict, read, write};
use untorn_txn::{Cause, Options, Transaction, Tree, TreeState, WayChoice};

type Wish = fn(&mut Transaction<'_>) -> untorn_txn::Result<()>;

/// A tree with `a`; others act when all is staged, right before the last look.
fn meddled(way: WayChoice, wish: Wish, act: fn(&SimFs)) -> (SimFs, untorn_txn::Result<()>) {
    let fs = SimFs::new(SimOptions::strict());
    write(&fs, "a", &[1; 9000]).unwrap();
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
    let disk = fs.another_process();
    let hook = HookFs::on_sim(&fs, move |call| {
        if call.method == Method::Lock && call.path == ".untorn/readers" {
            act(&disk);
        }
        Verdict::Pass
    });
    let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
    let mut options = Options::default();
    options.way = way;
    let mut tx = tree.begin_with(options).unwrap();
    wish(&mut tx).unwrap();
    let answer = tx.commit().map(drop);
    drop(tree);
    (fs, answer)
}

fn write_to_a(tx: &mut Transaction<'_>) -> untorn_txn::Result<()> {
    tx.write_at("a", 5000, b"new")
}

#[track_caller]
fn refused(way: WayChoice, wish: Wish, act: fn(&SimFs), path: &str) -> SimFs {
    let (fs, answer) = meddled(way, wish, act);
    let error = answer.unwrap_err();
    assert!(matches!(error.cause(), Cause::ChangedMeanwhile), "{way:?}: {error}");
    assert_eq!((error.path(), error.state()), (Some(path), TreeState::Unchanged), "{way:?}: {error}");
    fs
}

#[test]
fn undisturbed_it_goes_through() {
    for way in [WayChoice::Patch, WayChoice::Put] {
        let (fs, answer) = meddled(way, write_to_a, |_| {});
        answer.unwrap();
        assert_eq!(read(&fs, "a").unwrap()[5000..5003], *b"new");
    }
}

#[test]
fn a_file_put_where_a_new_one_is_to_come_stays() {
    for way in [WayChoice::Patch, WayChoice::Put] {
        let fs = refused(way, |tx| tx.write_at("fresh", 0, b"new"), |fs| write(fs, "fresh", b"theirs").unwrap(), "fresh");
        assert_eq!(read(&fs, "fresh").unwrap(), b"theirs");
    }
}

#[test]
fn a_file_that_is_gone_or_another_is_changed_meanwhile_and_no_error_of_the_system() {
    for way in [WayChoice::Patch, WayChoice::Put] {
        let fs = refused(way, write_to_a, |fs| fs.remove_file("a").unwrap(), "a");
        assert!(fs.metadata("a").is_err());
        let replaced: fn(&SimFs) = |fs| {
            fs.remove_file("a").unwrap();
            fs.create_dir("a", None).unwrap();
        };
        assert!(refused(way, write_to_a, replaced, "a").metadata("a").unwrap().is_dir());
        let linked: fn(&SimFs) = |fs| {
            fs.remove_file("a").unwrap();
            fs.symlink("elsewhere", "a").unwrap();
        };
        assert_eq!(refused(way, write_to_a, linked, "a").read_link("a").unwrap(), "elsewhere");
    }
}

/// Written in place, the file would change under its other name as well.
#[test]
fn a_file_that_got_another_name_is_not_changed_under_both() {
    let fs = refused(WayChoice::Patch, write_to_a, |fs| fs.hard_link("a", "copy").unwrap(), "a");
    assert_eq!(read(&fs, "copy").unwrap(), [1; 9000]);
}

/// A program that runs can be replaced, for its old file goes on under no name; only in place it cannot be written.
#[test]
#[cfg(unix)]
fn a_program_that_runs_is_replaced_whole_and_not_written_to() {
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    let tool = dir.path().join("tool");
    std::fs::copy("/bin/sleep", &tool).unwrap();
    let mut running = loop {
        // Another test that starts a program just now has our file open until then.
        match Command::new(&tool).arg("60").stdin(Stdio::null()).spawn() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            other => break other.unwrap(),
        }
    };
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut update = |way| {
        let mut options = Options::default();
        options.way = way;
        let mut tx = tree.begin_with(options).unwrap();
        tx.write_at("tool", 0, b"new").unwrap();
        tx.commit().map(drop)
    };
    let (in_place, whole) = (update(WayChoice::Patch), update(WayChoice::Put));
    running.kill().unwrap();
    running.wait().unwrap();
    if cfg!(target_os = "linux") {
        assert_eq!(in_place.unwrap_err().state(), TreeState::Unchanged);
    }
    whole.unwrap();
    assert_eq!(std::fs::read(&tool).unwrap()[..3], *b"new");
}
