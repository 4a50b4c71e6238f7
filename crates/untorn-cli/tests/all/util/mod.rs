//! What the tests of the command line share.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

pub(crate) use untorn_testhost::noise;

pub(crate) mod memory;

/// Two builds, the patch between them, and a tree that is the old one.
pub(crate) struct Game {
    work: tempfile::TempDir,
}

impl Game {
    pub(crate) fn new() -> Self {
        let game = Self { work: tempfile::tempdir().unwrap() };
        let long: Vec<u8> = (0..200_000_u32).map(|at| (at.wrapping_mul(at) % 251) as u8).collect();
        for dir in ["old", "game"] {
            game.write(&format!("{dir}/data/world.pak"), &long);
            game.write(&format!("{dir}/readme.txt"), b"version 1");
            game.write(&format!("{dir}/gone.txt"), b"gone");
            game.write(&format!("{dir}/maps/a.map"), b"map a, long enough to be found again wherever it moves");
            game.write(&format!("{dir}/same.txt"), b"the same");
        }
        let mut edited = long;
        edited[100_000..100_010].copy_from_slice(b"0123456789");
        game.write("new/data/world.pak", &edited);
        game.write("new/readme.txt", b"version 1.1");
        game.write("new/maps/b.map", b"map a, long enough to be found again wherever it moves");
        game.write("new/added/deep/file", b"fresh");
        game.write("new/same.txt", b"the same");
        let diff = game.untorn(["diff", "old", "new", "-o", "patch"]);
        assert!(diff.status.success(), "{}", text(&diff.stderr));
        game
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.bare_command(args);
        // Most tests are not about who made a patch.
        let is_apply = command.get_args().next() == Some(OsStr::new("apply"));
        if is_apply && !command.get_args().any(|arg| arg.as_encoded_bytes().starts_with(b"--trust")) {
            command.arg("--unsigned");
        }
        command
    }

    /// Nothing is added to what is given.
    pub(crate) fn bare_command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_untorn"));
        command.args(args).current_dir(self.work.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn untorn<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        memory::run(&mut self.command(args))
    }

    /// Runs it with `--json` and checks what every document has.
    pub(crate) fn json<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> (i32, Value) {
        let output = self.command(args).arg("--json").output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {} {}", text(&output.stdout), text(&output.stderr));
        });
        let exit = output.status.code().unwrap();
        assert_eq!(document["schema"], 1);
        assert_eq!(document["exit"], exit);
        assert!(document["command"].is_string());
        assert_ne!(document.get("result").is_some(), document.get("error").is_some());
        (exit, document)
    }

    /// Everything in a directory but untorn's own state.
    pub(crate) fn content(&self, dir: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let root = self.path(dir);
        collect(&root, &root, &mut found);
        found
    }
}

fn collect(root: &Path, dir: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_name() == ".untorn" {
            continue;
        }
        let name = entry.path().strip_prefix(root).unwrap().to_owned();
        if entry.file_type().unwrap().is_dir() {
            found.insert(name, b"a directory".to_vec());
            collect(root, &entry.path(), found);
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

/// A key without a password, and a root that believes it, as files; gives their names.
pub(crate) fn keys(game: &Game) -> (String, String) {
    let (key, text) = untorn_keys::SecretKey::generate_with_text(None).unwrap();
    let root = untorn_trust::Document::Root(untorn_keys::first_root("game", key.public()));
    game.write("game.key", text.as_bytes());
    game.write("game.root", &untorn_keys::sign(&root, &[&key]).unwrap().encode());
    ("game.key".into(), "game.root".into())
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs it and gives what it printed, if it ended with `exit`.
pub(crate) fn out(output: &Output, exit: i32) -> String {
    assert_eq!(output.status.code(), Some(exit), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

pub(crate) fn err(output: &Output, exit: i32) -> String {
    assert_eq!(output.status.code(), Some(exit), "{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(text(&output.stdout), "", "errors belong on stderr");
    text(&output.stderr)
}
