//! Past the commit point there is no way back, so every refusal that can be known is known before.

use std::{io::ErrorKind, sync::Arc};

use untorn_fs::{Fs, OpenMode, Permissions};
use untorn_sim::{HookFs, Method, SimFs, SimOptions, Verdict, write};
use untorn_txn::{Result, Transaction, Tree, TreeState, WayChoice};

/// A tree with a directory that nobody may change.
fn tree_on(fs: &SimFs) {
    write(fs, "a", b"old").unwrap();
    fs.create_dir("closed", None).unwrap();
    write(fs, "closed/x", b"old").unwrap();
    fs.symlink("x", "closed/l").unwrap();
    fs.create_dir("closed/empty", None).unwrap();
    fs.create_dir("read-only", Some(Permissions::from_bits(0o555))).unwrap();
    drop(Tree::open_on(Arc::new(fs.clone())).unwrap());
}

/// What a transaction answers on a machine where `closed` may not be changed: asked, and done.
fn on_closed(way: WayChoice, act: impl Fn(&mut Transaction<'_>) -> Result<()>) -> Result<()> {
    let fs = SimFs::new(SimOptions::strict());
    tree_on(&fs);
    let is_name = |method| {
        matches!(
            method,
            Method::May | Method::CreateDir | Method::Symlink | Method::HardLink | Method::Rename | Method::RemoveFile
        )
    };
    let hook = HookFs::on_sim(&fs, move |call| {
        let creates = call.method == Method::Open && call.path == "closed/n";
        let removes = call.method == Method::RemoveDir;
        let closed = call.path.starts_with("closed/") || (call.to.starts_with("closed/") && call.method != Method::Symlink);
        if closed && (is_name(call.method) || creates || removes) {
            Verdict::Refuse(ErrorKind::PermissionDenied)
        } else {
            Verdict::Pass
        }
    });
    let before = fs.image();
    let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
    let mut options = untorn_txn::Options::default();
    options.way = way;
    let mut tx = tree.begin_with(options).unwrap();
    act(&mut tx).unwrap();
    let answer = tx.commit().map(drop);
    drop(tree);
    if answer.is_err() {
        assert!(fs.image().same_tree(&before, ".untorn"));
    }
    answer
}

#[test]
fn a_directory_in_which_names_may_not_be_made_or_removed() {
    // What happened: an update of a directory of somebody else's was decided, and then could neither be completed nor given up.
    // Why: whether names may be made was found out by making them.
    // What would have been lost: nothing, but the tree stayed a mixture until somebody changed the permissions.
    type Act = fn(&mut Transaction<'_>) -> Result<()>;
    let acts: [(&str, Act); 9] = [
        ("closed/x", |tx| tx.replace("closed/x", &mut [7; 100_000].as_slice())),
        ("closed/n", |tx| tx.write_at("closed/n", 0, b"small")),
        ("closed/x", |tx| tx.remove("closed/x")),
        ("closed/x", |tx| tx.rename("closed/x", "y")),
        ("closed/y", |tx| tx.rename("a", "closed/y")),
        ("closed/dir", |tx| tx.create_dir("closed/dir")),
        ("closed/empty", |tx| tx.remove_dir("closed/empty")),
        ("closed/s", |tx| tx.symlink("x", "closed/s")),
        ("closed/l", |tx| tx.remove("closed/l")),
    ];
    for (path, act) in acts {
        let error = on_closed(WayChoice::Auto, act).unwrap_err();
        assert_eq!((error.path(), error.state()), (Some(path), TreeState::Unchanged), "{error}");
    }
}

#[test]
fn a_file_there_may_still_be_changed_where_it_stands() {
    on_closed(WayChoice::Patch, |tx| tx.write_at("closed/x", 0, b"new")).unwrap();
    // The bit is set by who may set it.
    assert_eq!(on_closed(WayChoice::Auto, |tx| tx.set_executable("closed/x", true)).unwrap_err().path(), Some("closed/x"));
}

#[test]
fn a_directory_that_stays_closed_at_its_new_place() {
    let fs = SimFs::new(SimOptions::strict());
    tree_on(&fs);
    let mut tree = Tree::open_on(Arc::new(fs.clone())).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.rename("read-only", "moved").unwrap();
    tx.commit().unwrap();
    let mut tx = tree.begin().unwrap();
    tx.rename("moved", "again").unwrap();
    tx.write_at("again/x", 0, b"new").unwrap();
    let error = tx.commit().unwrap_err();
    assert_eq!((error.path(), error.state()), (Some("again"), TreeState::Unchanged), "{error}");
    assert!(fs.metadata("moved").is_ok() && fs.metadata("again").is_err());
    assert!(!fs.read_dir(".untorn/tx").unwrap().iter().any(|entry| entry.name.as_deref() != Ok("1")));
}

#[test]
fn a_symlink_on_a_system_that_has_none() {
    let fs = SimFs::new(SimOptions::strict());
    tree_on(&fs);
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::Symlink => Verdict::Refuse(ErrorKind::Unsupported),
        _ => Verdict::Pass,
    });
    let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.remove("a").unwrap();
    tx.symlink("x", "closed/s").unwrap();
    let error = tx.commit().unwrap_err();
    assert_eq!((error.path(), error.state()), (Some("closed/s"), TreeState::Unchanged), "{error}");
    assert!(fs.metadata("a").is_ok() && tree.begin().is_ok());
}

#[test]
fn a_symlink_that_says_more_than_the_system_can_hold() {
    let fs = SimFs::new(SimOptions::strict());
    tree_on(&fs);
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::Symlink if call.to.len() > 100 => Verdict::Refuse(ErrorKind::InvalidFilename),
        _ => Verdict::Pass,
    });
    let mut tree = Tree::open_on(Arc::new(hook)).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.symlink("a", "short").unwrap();
    tx.symlink(&["name"; 30].join("/"), "long").unwrap();
    tx.symlink("a", "other").unwrap();
    let error = tx.commit().unwrap_err();
    assert_eq!((error.path(), error.state()), (Some("long"), TreeState::Unchanged), "{error}");
}

#[test]
fn on_the_disk_a_directory_without_the_right_to_write_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let fs = untorn_fs::OsFs::open(dir.path()).unwrap();
    fs.create_dir("closed", Some(Permissions::from_bits(0o555))).unwrap();
    if fs.open("closed/probe", OpenMode::CreateNew { executable: false }).is_ok() {
        eprintln!("skipped: whoever runs this may write everywhere");
        return;
    }
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut tx = tree.begin().unwrap();
    tx.write_at("closed/x", 0, b"new").unwrap();
    let error = tx.commit().unwrap_err();
    assert_eq!((error.path(), error.state()), (Some("closed/x"), TreeState::Unchanged), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_runs_is_not_written_into() {
    let dir = tempfile::tempdir().unwrap();
    let tool = dir.path().join("tool");
    std::fs::copy("/bin/sleep", &tool).unwrap();
    let before = std::fs::read(&tool).unwrap();
    // Another test may just be starting a program, which has our handle until it is loaded.
    let run = || std::process::Command::new(&tool).arg("60").spawn();
    let mut running =
        (0..100).find_map(|_| run().map_err(|_| std::thread::sleep(std::time::Duration::from_millis(20))).ok()).unwrap();
    let mut tree = Tree::open(dir.path()).unwrap();
    let mut options = untorn_txn::Options::default();
    options.way = WayChoice::Patch;
    let mut tx = tree.begin_with(options).unwrap();
    tx.write_at("tool", 5000, b"new").unwrap();
    let answer = tx.commit();
    running.kill().unwrap();
    running.wait().unwrap();
    let error = answer.unwrap_err();
    assert_eq!((error.state(), error.path()), (TreeState::Unchanged, Some("tool")), "{error}");
    assert!(std::fs::read(&tool).unwrap() == before);
}
