//! What the tests share: builds, a patch, a store, and compilers.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use untorn_format::release::PublicKey;
use untorn_keys::{SecretKey, first_root, sign};
use untorn_publish::{DirBackend, PublishOptions, Signer, publish};
use untorn_trust::Document;

/// Two builds, a patch, a signed store, a root, and a tree that is the old build.
pub(crate) struct Game {
    work: tempfile::TempDir,
}

struct Key(SecretKey);

impl Signer for Key {
    fn keys(&self) -> Vec<PublicKey> {
        vec![self.0.public()]
    }
    fn sign(&self, document: &[u8], comment: &str) -> Result<String, String> {
        self.0.sign_bytes(document, comment).map_err(|error| error.to_string())
    }
}

impl Game {
    pub(crate) fn new() -> Self {
        let game = Self { work: tempfile::tempdir().unwrap() };
        for (dir, version) in [("old", "version 1"), ("new", "version 2"), ("game", "version 1")] {
            fs::create_dir_all(game.path(dir).join("data")).unwrap();
            fs::write(game.path(dir).join("readme.txt"), version).unwrap();
            fs::write(game.path(dir).join("data/level.map"), vec![7; 50_000]).unwrap();
        }
        untorn::diff(&game.path("old"), &game.path("new"), &game.path("patch"), &untorn::DiffOptions::default()).unwrap();
        game
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    /// A store with the new build; `game.root` is whom to believe.
    pub(crate) fn publish(&self) {
        let key = Key(SecretKey::generate(None).unwrap());
        let root = sign(&Document::Root(first_root("game", key.0.public())), &[&key.0]).unwrap();
        fs::write(self.path("game.root"), root.encode()).unwrap();
        let mut options = PublishOptions::default();
        options.pointer.roots = vec![root];
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        options.pointer.now = now.as_secs();
        publish(&self.path("new"), &DirBackend::open(&self.path("store"), true).unwrap(), "stable", &key, &options).unwrap();
    }
}

/// The crate's own directory.
pub(crate) fn own(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Where cargo has put the libraries: beside this program.
pub(crate) fn libraries() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().to_owned()
}

/// Whether a program is at hand; says so when it is not.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new(program).arg(if program == "go" { "version" } else { "--version" }).output().is_ok();
    if !found {
        eprintln!("SKIPPED: there is no {program}");
    }
    found
}

/// Whether this system links as the flags below say.
pub(crate) const IS_LINUX: bool = cfg!(target_os = "linux");

pub(crate) fn run<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, args: impl IntoIterator<Item = S>) -> Output {
    let output = Command::new(program).args(args).env("LD_LIBRARY_PATH", libraries()).output().unwrap();
    assert!(output.status.success(), "{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr));
    output
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// How a program is linked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Link {
    Shared,
    Static,
}

/// The C or C++ program in `source`, compiled; nothing, said aloud, where that cannot be done. On Windows it was compiled before: see `.ci/windows`.
pub(crate) fn program(game: &Game, source: &str, link: Link) -> Option<PathBuf> {
    if cfg!(windows) {
        return compiled_before(source, link);
    }
    let compiler = if source.ends_with("cpp") { "g++" } else { "gcc" };
    if !IS_LINUX || !has(compiler) {
        eprintln!("SKIPPED: needs {compiler}, and the libraries that Linux links with");
        return None;
    }
    Some(compile(game, source, compiler, link))
}

fn compiled_before(source: &str, link: Link) -> Option<PathBuf> {
    let Some(dir) = std::env::var_os("UNTORN_C_PROGRAMS") else {
        eprintln!("SKIPPED: no programs of C are in UNTORN_C_PROGRAMS");
        return None;
    };
    let name = source.rsplit('/').next().unwrap_or(source);
    Some(Path::new(&dir).join(format!("{name}.{}.exe", if let Link::Static = link { "static" } else { "shared" })))
}

/// Compiles a program with all warnings as errors.
fn compile(game: &Game, source: &str, compiler: &str, link: Link) -> PathBuf {
    let is_cpp = source.ends_with("cpp");
    let standard = if is_cpp { "-std=c++17" } else { "-std=c11" };
    let program = game.path(if is_cpp { "program++" } else { "program" });
    let mut args: Vec<std::ffi::OsString> =
        vec![standard.into(), "-Wall".into(), "-Wextra".into(), "-Werror".into(), "-g".into()];
    args.extend([
        "-pedantic".into(),
        "-I".into(),
        own("include").into(),
        own(source).into(),
        "-o".into(),
        program.clone().into(),
    ]);
    match link {
        Link::Shared => args.extend(["-L".into(), libraries().into(), "-luntorn_ffi".into()]),
        Link::Static => args.push(libraries().join("libuntorn_ffi.a").into()),
    }
    args.extend(["-lpthread", "-ldl", "-lm"].map(Into::into));
    run(compiler, args);
    program
}

/// The program under valgrind, where there is one: without a leak, and without a wrong access. (What the standard library keeps for each thread is found by a pointer into its
/// middle: "possibly lost", and never lost.)
pub(crate) fn checked(program: &Path, args: &[PathBuf]) -> Output {
    if !has("valgrind") {
        return run(program, args);
    }
    let options = [
        "--quiet",
        "--leak-check=full",
        "--show-leak-kinds=definite,indirect",
        "--errors-for-leak-kinds=definite,indirect",
        "--error-exitcode=99",
    ];
    let all: Vec<PathBuf> = options.iter().map(PathBuf::from).chain([program.to_owned()]).chain(args.iter().cloned()).collect();
    run("valgrind", all)
}
