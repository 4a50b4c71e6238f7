//! An attacker who swaps a directory for a symlink as fast as the kernel can gains nothing: each operation happens in the tree,
//! or is refused.
#![cfg(target_os = "linux")]

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use untorn_fs::{Fs, OpenMode, OsFs, is_outside_tree};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn operations_by_handle_stay_inside() {
    race(false);
}

#[test]
fn operations_by_handle_stay_inside_when_walking_stepwise() {
    race(true);
}

/// The control: the race is real, because the usual "look, then act by path" loses it.
#[test]
fn operations_by_path_do_escape() {
    let arena = Arena::new();
    let deadline = Instant::now() + 30 * SECOND;
    arena.while_swapping(|tree| {
        let mut n = 0_u64;
        while arena.is_untouched() && Instant::now() < deadline {
            n += 1;
            if fs::symlink_metadata(tree.join("d")).unwrap().is_dir() {
                fs::write(tree.join("d").join(n.to_string()), "x").unwrap();
            }
        }
    });
    assert!(!arena.is_untouched(), "the swapping was too slow to show anything");
}

fn race(stepwise: bool) {
    let arena = Arena::new();
    let fs = OsFs::open(&arena.tree()).unwrap();
    let fs = if stepwise { fs.resolving_stepwise() } else { fs };
    let mut tally = Tally::default();
    arena.while_swapping(|_| {
        let start = Instant::now();
        while start.elapsed() < SECOND || (!tally.shows_a_race() && start.elapsed() < 30 * SECOND) {
            one_round(&fs, &mut tally);
        }
    });
    assert!(arena.is_untouched(), "escaped");
    assert!(tally.shows_a_race(), "no race took place: {tally:?}");
}

#[derive(Debug, Default)]
struct Tally {
    done: u64,
    refused: u64,
}

impl Tally {
    fn shows_a_race(&self) -> bool {
        self.done > 100 && self.refused > 100
    }

    /// Besides the refusal only the consequences of earlier refusals may be seen.
    fn count<T>(&mut self, operation: &str, result: io::Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                self.done += 1;
                return Some(value);
            }
            Err(e) if is_outside_tree(&e) => self.refused += 1,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) => {}
            Err(e) => panic!("{operation}: {e:?}"),
        }
        None
    }
}

fn one_round(fs: &OsFs, tally: &mut Tally) {
    if let Some(file) = tally.count("create", fs.open("d/new", OpenMode::CreateNew { executable: true })) {
        file.write_all_at(b"inside", 0).unwrap();
    }
    if let Some(file) = tally.count("write", fs.open("d/canary", OpenMode::Write)) {
        let mut bytes = [0; 6];
        file.read_exact_at(&mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"inside");
        file.write_all_at(b"inside", 0).unwrap();
    }
    if let Some(metadata) = tally.count("look", fs.metadata("d/canary")) {
        assert_eq!(metadata.len, 6);
    }
    tally.count("rename", fs.rename("d/new", "d/newer"));
    tally.count("link", fs.hard_link("d/newer", "d/newest"));
    tally.count("move out", fs.rename("d/newest", "top"));
    tally.count("move in", fs.rename("top", "d/newest"));
    tally.count("remove", fs.remove_file("d/newest"));
    tally.count("remove", fs.remove_file("d/newer"));
    tally.count("remove", fs.remove_file("d/victim"));
    tally.count("create", fs.open("d/victim", OpenMode::CreateNew { executable: false }));
    tally.count("make a directory", fs.create_dir("d/sub", Some(untorn_fs::Permissions::from_bits(0o700))));
    tally.count("remove a directory", fs.remove_dir("d/sub"));
    tally.count("make a symlink", fs.symlink("x", "d/link"));
    tally.count("remove a symlink", fs.remove_file("d/link"));
    if let Some(names) = tally.count("list", fs.read_dir("d")) {
        assert!(!names.iter().any(|entry| entry.name.as_deref() == Ok("secret")));
    }
}

/// A tree with a directory `d`, and something outside that a symlink, too, calls `d` half of the time.
struct Arena {
    dir: tempfile::TempDir,
}

impl Arena {
    fn new() -> Self {
        let arena = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir_all(arena.tree().join("d")).unwrap();
        fs::create_dir(arena.outside()).unwrap();
        fs::write(arena.tree().join("d/canary"), "inside").unwrap();
        for name in ["canary", "victim", "secret"] {
            fs::write(arena.outside().join(name), "outside, and to stay so").unwrap();
        }
        symlink(arena.outside(), arena.tree().join("l")).unwrap();
        arena
    }

    fn tree(&self) -> std::path::PathBuf {
        self.dir.path().join("tree")
    }

    fn outside(&self) -> std::path::PathBuf {
        self.dir.path().join("outside")
    }

    fn while_swapping(&self, act: impl FnOnce(&Path)) {
        let (d, l, stop) = (self.tree().join("d"), self.tree().join("l"), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    renameat_with(CWD, &d, CWD, &l, RenameFlags::EXCHANGE).unwrap();
                }
            });
            // Stops the swapping also when `act` panics.
            let _stop = StopOnDrop(&stop);
            act(&self.tree());
        });
    }

    fn is_untouched(&self) -> bool {
        let content = |name| fs::read(self.outside().join(name)).unwrap();
        ["canary", "victim", "secret"].iter().all(|name| content(name) == b"outside, and to stay so")
            && fs::read_dir(self.outside()).unwrap().count() == 3
    }
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
