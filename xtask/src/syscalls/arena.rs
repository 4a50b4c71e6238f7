//! A tree, what is done to it, and what it must be before and after.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use untorn_strace::Injection;

use crate::interrupt;

/// What is done to the tree.
pub(super) struct Task {
    pub(super) name: &'static str,
    /// What brings the tree into the state before.
    before: &'static [&'static [&'static str]],
    /// The command that is interfered with.
    pub(super) args: &'static [&'static str],
    /// Whether the tree is the old build before, or the new one; afterwards it is the other.
    starts_old: bool,
    /// Whether a transaction is decided already when it begins: then only the new tree is right.
    is_decided: bool,
}

const APPLY: &[&str] = &["apply", "patch", "tree", "--unsigned", "--json", "--jobs", "1"];
const WHOLE: &[&str] = &["apply", "patch", "tree", "--unsigned", "--json", "--jobs", "1", "--way", "put"];
const ROLLBACK: &[&str] = &["rollback", "tree", "--json"];
pub(super) const RECOVER: &[&str] = &["recover", "tree", "--json"];

/// All of them.
pub(super) const TASKS: &[Task] = &[
    Task { name: "apply", before: &[], args: APPLY, starts_old: true, is_decided: false },
    Task { name: "apply, whole files", before: &[RECOVER], args: WHOLE, starts_old: true, is_decided: false },
    Task { name: "rollback", before: &[APPLY], args: ROLLBACK, starts_old: false, is_decided: false },
    Task { name: "recover, decided", before: &[], args: RECOVER, starts_old: true, is_decided: true },
];

/// Paths with what stands there.
pub(super) type Content = BTreeMap<PathBuf, (bool, Vec<u8>)>;

/// A directory with an old and a new build, a patch, and a tree to work on.
pub(super) struct Arena {
    pub(super) task: &'static Task,
    pub(super) program: PathBuf,
    dir: PathBuf,
    old: Content,
    new: Content,
    /// Which of its calls an update is killed at to be decided and no more; found once.
    decided_at: Cell<usize>,
}

/// Which build the tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Before,
    After,
    Neither,
}

impl Arena {
    pub(super) fn new(program: &Path, task: &'static Task) -> Result<Self, String> {
        let dir = std::env::temp_dir().join(format!("untorn-syscalls-{}", std::process::id()));
        let made = make(&dir).and_then(|()| Ok((content(&dir.join("old"))?, content(&dir.join("new"))?)));
        let (old, new) = made.map_err(|error| format!("{}: {error}", dir.display()))?;
        let arena = Self { task, program: program.to_owned(), dir, old, new, decided_at: Cell::new(1) };
        arena.expect_success(&["diff", "old", "new", "-o", "patch", "--json"])?;
        arena.prepare()?;
        Ok(arena)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    fn before(&self) -> &Content {
        if self.task.starts_old { &self.old } else { &self.new }
    }

    fn after(&self) -> &Content {
        if self.task.starts_old { &self.new } else { &self.old }
    }

    /// Makes the tree as it is before the task, for the first time.
    fn prepare(&self) -> Result<(), String> {
        fs::create_dir(self.dir.join("tree")).map_err(|error| format!("the tree: {error}"))?;
        self.reset()
    }

    /// Cuts the task off right behind its decision, where it would next write; where the task is a recovery, an update.
    pub(super) fn decide(&self) -> Result<(), String> {
        let decides = if self.task.is_decided { APPLY } else { self.task.args };
        for number in self.decided_at.get()..500 {
            let injection = Injection { call: "pwrite64".into(), number, what: "signal=KILL".into(), sticky: false };
            self.restart()?;
            untorn_strace::inject(&self.program, decides, &self.dir, &injection)?;
            let status = self.untorn(&["status", "tree", "--json"])?;
            let document: Value = serde_json::from_slice(&status.stdout).unwrap_or_default();
            if document["result"]["condition"] == "pending" {
                self.decided_at.set(number);
                return Ok(());
            }
        }
        Err("no call cuts an update off behind its decision".into())
    }

    /// The tree as it was before the task; state directory included.
    pub(super) fn reset(&self) -> Result<(), String> {
        if self.task.is_decided { self.decide() } else { self.restart() }
    }

    fn restart(&self) -> Result<(), String> {
        if interrupt::happened() {
            return Err("interrupted; nothing of it is left".into());
        }
        let tree = self.dir.join("tree");
        fs::remove_dir_all(&tree).map_err(|error| format!("the tree: {error}"))?;
        copy(&self.dir.join("old"), &tree).map_err(|error| format!("the tree: {error}"))?;
        self.task.before.iter().try_for_each(|args| self.expect_success(args))
    }

    pub(super) fn untorn(&self, args: &[&str]) -> Result<Output, String> {
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(&self.dir).stdin(Stdio::null());
        command.output().map_err(|error| format!("cannot start untorn: {error}"))
    }

    fn expect_success(&self, args: &[&str]) -> Result<(), String> {
        let output = self.untorn(args)?;
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("untorn {args:?}: {}", String::from_utf8_lossy(&output.stdout)))
        }
    }

    /// Which build the tree is now.
    pub(super) fn which(&self) -> Result<Which, String> {
        let found = content(&self.dir.join("tree")).map_err(|error| format!("the tree: {error}"))?;
        Ok(match found {
            found if found == *self.before() => Which::Before,
            found if found == *self.after() => Which::After,
            _ => Which::Neither,
        })
    }

    /// Whether only the tree afterwards is right, whatever happens.
    pub(super) fn is_decided(&self) -> bool {
        self.task.is_decided
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.dir));
    }
}

/// Every kind of change: ranges in place, a file that grows, one that shrinks, a whole small file, new ones, a move, a removal, directories, a bit, a symlink.
fn make(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let bytes = |len: usize, seed: u64| {
        (0..len as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ seed) >> 32).to_le_bytes()[0]).collect::<Vec<u8>>()
    };
    let pak = bytes(200_000, 1);
    let edited = [&pak[..70_000], b"edited", &pak[70_006..]].concat();
    let old: &[(&str, &[u8])] = &[
        ("data/pak", &pak),
        ("grows", &bytes(100_000, 2)),
        ("shrinks", &bytes(90_000, 3)),
        ("text", b"old text"),
        ("moves", &bytes(30_000, 4)),
        ("gone/x", b"x"),
        ("tool", b"#!/bin/sh\n"),
    ];
    let grown = [bytes(100_000, 2), bytes(20_000, 5)].concat();
    let new: &[(&str, &[u8])] = &[
        ("data/pak", &edited),
        ("grows", &grown),
        ("shrinks", &bytes(80_000, 3)),
        ("text", b"new text, longer"),
        ("moved/here", &bytes(30_000, 4)),
        ("fresh/large", &bytes(150_000, 6)),
        ("tool", b"#!/bin/sh\n"),
    ];
    for (build, files) in [("old", old), ("new", new)] {
        for (path, bytes) in files {
            let path = dir.join(build).join(path);
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(path, bytes)?;
        }
    }
    std::os::unix::fs::symlink("text", dir.join("new/link"))?;
    fs::set_permissions(dir.join("new/tool"), fs::Permissions::from_mode(0o755))
}

/// A copy of a build.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// What a directory holds, without untorn's state in it.
pub(super) fn content(dir: &Path) -> io::Result<Content> {
    let mut content = Content::new();
    collect(dir, Path::new(""), &mut content)?;
    Ok(content)
}

fn collect(dir: &Path, below: &Path, content: &mut Content) -> io::Result<()> {
    for entry in fs::read_dir(dir.join(below))? {
        let entry = entry?;
        let (path, kind) = (below.join(entry.file_name()), entry.file_type()?);
        if path == Path::new(".untorn") {
            continue;
        }
        let (executable, bytes) = if kind.is_dir() {
            collect(dir, &path, content)?;
            (false, b"a directory".to_vec())
        } else if kind.is_symlink() {
            (false, fs::read_link(entry.path())?.into_os_string().into_encoded_bytes())
        } else {
            (entry.metadata()?.permissions().mode() & 0o111 != 0, fs::read(entry.path())?)
        };
        content.insert(path, (executable, bytes));
    }
    Ok(())
}
