//! The tests of a package, built with all mutants in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{
    listed::Mutant,
    rewrite::{Rewritten, rewrite},
};

/// Is put at the end of `lib.rs`.
const CHOSEN: &str = include_str!("chosen.rs.txt");

/// After so many builds there is something wrong with the rewriting.
const BUILDS_MAX: usize = 12;

/// What was built.
pub(super) struct Built {
    /// The programs of tests.
    pub programs: Vec<PathBuf>,
    /// Where they are run.
    pub dir: PathBuf,
    /// The mutants that do not compile.
    pub not_built: Vec<u32>,
}

/// Builds the tests in `tree`, a copy of `root`, which is made; leaves out mutants until it compiles.
pub(super) fn build(root: &Path, tree: &Path, package: &str, mutants: &[Mutant]) -> Result<Built, String> {
    copy(root, tree)?;
    let mut left_out = BTreeSet::new();
    for _ in 0..BUILDS_MAX {
        let written = write(root, tree, package, mutants, &left_out)?;
        let (programs, errors) = compile(tree, package)?;
        if errors.is_empty() {
            left_out.extend(mutants.iter().map(|mutant| mutant.number).filter(|number| !is_in(&written, *number)));
            println!("mutants: {} of them do not compile", left_out.len());
            let dir = tree.join("crates").join(package);
            return Ok(Built { programs, dir, not_built: left_out.into_iter().collect() });
        }
        let before = left_out.len();
        left_out.extend(errors.iter().filter_map(|error| error.mutant(&written)));
        println!("mutants: {} more do not compile", left_out.len() - before);
        if left_out.len() == before {
            return Err(format!("does not compile, by no mutant: {}", errors[0].text));
        }
    }
    Err("the mutants do not compile".to_owned())
}

fn is_in(written: &BTreeMap<String, Rewritten>, number: u32) -> bool {
    written.values().any(|file| file.places.iter().any(|(placed, _)| *placed == number))
}

/// Copies what git knows; what has not changed keeps its time, so that it is not built again.
fn copy(root: &Path, tree: &Path) -> Result<(), String> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output();
    let listed = listed.map_err(|error| format!("cannot start git: {error}"))?.stdout;
    for name in String::from_utf8_lossy(&listed).split_terminator('\0') {
        // What is deleted and not committed yet.
        let Ok(bytes) = fs::read(root.join(name)) else { continue };
        put(&tree.join(name), &bytes)?;
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, bytes)).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes the sources with their mutants.
fn write(
    root: &Path,
    tree: &Path,
    package: &str,
    mutants: &[Mutant],
    left_out: &BTreeSet<u32>,
) -> Result<BTreeMap<String, Rewritten>, String> {
    let mut files: BTreeMap<String, Vec<&Mutant>> = BTreeMap::new();
    files.insert(format!("crates/{package}/src/lib.rs"), Vec::new());
    for mutant in mutants.iter().filter(|mutant| !left_out.contains(&mutant.number)) {
        files.entry(mutant.file.clone()).or_default().push(mutant);
    }
    let mut all = BTreeMap::new();
    for (file, mutants) in files {
        let source = fs::read_to_string(root.join(&file)).map_err(|error| format!("{file}: {error}"))?;
        let mut rewritten = rewrite(&source, &mutants).map_err(|error| format!("{file}: {error}"))?;
        if file.ends_with("src/lib.rs") {
            rewritten.text.push_str(CHOSEN);
        }
        put(&tree.join(&file), rewritten.text.as_bytes())?;
        all.insert(file, rewritten);
    }
    Ok(all)
}

/// An error of the compiler.
struct Fault {
    text: String,
    /// Where it is: file and offset; what it begins with first.
    places: Vec<(String, usize)>,
}

impl Fault {
    /// Whose fault it is: the innermost mutant around one of its places.
    fn mutant(&self, written: &BTreeMap<String, Rewritten>) -> Option<u32> {
        self.places.iter().find_map(|(file, at)| {
            let places = written.get(file)?.places.iter().filter(|(_, place)| place.contains(at));
            places.min_by_key(|(_, place)| place.len()).map(|(number, _)| *number)
        })
    }
}

/// The programs of tests, or what is wrong.
fn compile(tree: &Path, package: &str) -> Result<(Vec<PathBuf>, Vec<Fault>), String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program)
        .args(["test", "--no-run", "--locked", "--package", package, "--message-format", "json"])
        // Other builds must not put programs in the place of these.
        .env("CARGO_TARGET_DIR", tree.with_file_name("build"))
        .current_dir(tree)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let faults: Vec<Fault> = messages.iter().filter_map(|message| fault(&message["message"])).collect();
    if faults.is_empty() && !output.status.success() {
        return Err("cargo test --no-run failed, and the compiler says nothing".to_owned());
    }
    let programs = messages.iter().filter(|message| message["profile"]["test"] == true);
    Ok((programs.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).collect(), faults))
}

fn fault(message: &Value) -> Option<Fault> {
    let spans = message["spans"].as_array().filter(|spans| message["level"] == "error" && !spans.is_empty())?;
    let place = |span: &Value| {
        let at = span["byte_start"].as_u64().and_then(|at| usize::try_from(at).ok())?;
        Some((span["file_name"].as_str()?.to_owned(), at))
    };
    let (first, rest): (Vec<&Value>, Vec<&Value>) = spans.iter().partition(|span| span["is_primary"] == true);
    let places = first.into_iter().chain(rest).filter_map(place).collect();
    Some(Fault { text: message["rendered"].as_str().unwrap_or_default().to_owned(), places })
}
