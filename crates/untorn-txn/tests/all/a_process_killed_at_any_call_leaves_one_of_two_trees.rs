//! A real process, ended by the system at each of its calls to the file system, on the real file system: `SIGKILL`, and on Windows `TerminateProcess`. Whoever opens the tree next
//! completes or discards what it was about.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use untorn_fs::OsFs;
use untorn_sim::{HookFs, Verdict};
use untorn_txn::{Options, Tree, WayChoice};

const TEST: &str = "a_process_killed_at_any_call_leaves_one_of_two_trees::a_process_that_waits_at_a_call";

/// In steps of a prime, so that a run costs little; each run takes other calls, and all of them are taken after some runs with other first ones.
const STRIDE: u64 = 7;

fn old_tree(dir: &Path) {
    for (path, bytes) in [("a", "old a"), ("b", "old b"), ("d/x", "old x"), ("gone", "bye"), ("Case", "c")] {
        fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
        fs::write(dir.join(path), bytes).unwrap();
    }
}

fn change(tree: &mut Tree) -> untorn_txn::Result<()> {
    let mut options = Options::default();
    options.way = WayChoice::Auto;
    options.jobs = 1;
    let mut tx = tree.begin_with(options)?;
    tx.write_at("a", 4, b"NEW")?;
    tx.replace("b", &mut vec![b'b'; 200_000].as_slice())?;
    tx.create_dir_all("e")?;
    tx.rename("d/x", "e/y")?;
    tx.remove("gone")?;
    tx.write_at("new/file", 0, b"new")?;
    tx.rename("Case", "case")?;
    tx.commit().map(drop)
}

fn files(dir: &Path, below: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if path == ".untorn" {
            continue;
        } else if entry.file_type().unwrap().is_dir() {
            files(dir, &path, found);
        } else {
            found.insert(path, fs::read(entry.path()).unwrap());
        }
    }
}

fn tree_of(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    files(dir, "", &mut found);
    found
}

fn managed() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    old_tree(dir.path());
    drop(Tree::open(dir.path()).unwrap());
    dir
}

/// Runs the change in another process, and ends that before its call `number`; false when it came to its end before.
fn killed_at(dir: &Path, number: u64) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", TEST])
        .envs([("UNTORN_KILL_DIR", dir.as_os_str()), ("UNTORN_KILL_AT", number.to_string().as_ref())])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let waits = lines.any(|line| line.ends_with("waiting"));
    child.kill().unwrap();
    child.wait().unwrap();
    waits
}

#[test]
#[ignore = "a program for the test below"]
fn a_process_that_waits_at_a_call() {
    let (Some(dir), Some(at)) = (std::env::var_os("UNTORN_KILL_DIR"), std::env::var("UNTORN_KILL_AT").ok()) else { return };
    let at: u64 = at.parse().unwrap();
    let fs = HookFs::new(Arc::new(OsFs::open(Path::new(&dir)).unwrap()), move |call| {
        if call.number == at {
            println!("waiting");
            io::stdout().flush().unwrap();
            // Until somebody ends it; should nobody do that, it ends.
            std::thread::sleep(std::time::Duration::from_secs(60));
            std::process::abort();
        }
        Verdict::Pass
    });
    change(&mut Tree::open_on(Arc::new(fs)).unwrap()).unwrap();
}

#[test]
fn whatever_was_under_way() {
    let (old, new) = (managed(), managed());
    change(&mut Tree::open(new.path()).unwrap()).unwrap();
    let (old, new) = (tree_of(old.path()), tree_of(new.path()));
    assert_ne!(old, new);
    let (mut seen_old, mut seen_new) = (0, 0);
    for number in (u64::from(std::process::id()) % STRIDE + 1..).step_by(STRIDE as usize) {
        let dir = managed();
        let was_killed = killed_at(dir.path(), number);
        let recovered = Tree::open(dir.path()).unwrap_or_else(|error| panic!("killed at call {number}: {error}"));
        let found = tree_of(dir.path());
        assert!(found == old || found == new, "killed at call {number}: {:?}", found.keys());
        drop(recovered);
        assert_eq!(fs::read_dir(dir.path().join(".untorn/tx")).map_or(0, Iterator::count), 0, "killed at call {number}");
        (seen_old, seen_new) = (seen_old + u32::from(found == old), seen_new + u32::from(found == new));
        if !was_killed {
            assert_eq!(found, new);
            break;
        }
    }
    assert!(seen_old > 3 && seen_new > 3, "{seen_old} and {seen_new}: the test needs both");
}
