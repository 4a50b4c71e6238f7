//! The inputs that are tried again in every run of the tests.

use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use untorn_format::Hash;

use super::{Target, ready, rng::Rng, targets};

/// Where the corpora lie.
const DIR: &str = "xtask/corpus";
/// How many changed inputs are tried to find those that are kept.
const CASES: u64 = 4000;
/// How many ways of being refused are kept for each target.
const KEPT_MAX: usize = 10;
/// Longer inputs are not kept: together they stay below 300 KB.
const INPUT_LEN_MAX: usize = 12 << 10;

/// Tries every input of every corpus. Gives what panics, and what is missing: a corpus without target, a target without corpus, a golden input that is not read.
#[must_use]
pub fn replay(root: &Path) -> Vec<String> {
    let mut findings = match ready() {
        Ok(_) => Vec::new(),
        Err(error) => vec![error],
    };
    let targets: BTreeMap<&str, Target> = targets().into_iter().map(|target| (target.name, target)).collect();
    for dir in listed(&root.join(DIR)) {
        if !targets.contains_key(name(&dir).as_str()) {
            findings.push(format!("{}: no target has this name", dir.display()));
        }
    }
    for (name, target) in &targets {
        let inputs = listed(&root.join(DIR).join(name));
        if inputs.is_empty() {
            findings.push(format!("{DIR}/{name} is empty: `cargo xtask fuzz --corpus` fills it"));
        }
        findings.extend(inputs.iter().filter_map(|path| tried(target, path).err()));
    }
    findings
}

fn tried(target: &Target, path: &Path) -> Result<(), String> {
    let input = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    match catch_unwind(AssertUnwindSafe(|| (target.attempt)(&input))) {
        Err(_) => Err(format!("{} panics", path.display())),
        Ok(Err(why)) if name(path).starts_with("golden") => Err(format!("{} is refused: {why}", path.display())),
        Ok(_) => Ok(()),
    }
}

/// Makes all corpora anew, but for what once made something panic.
pub(super) fn make(root: &Path) -> Result<(), String> {
    for (target, golden) in ready()? {
        let dir = root.join(DIR).join(target.name);
        for old in listed(&dir).into_iter().filter(|path| !name(path).starts_with("found")) {
            fs::remove_file(&old).map_err(|error| error.to_string())?;
        }
        for (number, input) in golden.iter().enumerate().filter(|(_, input)| input.len() <= INPUT_LEN_MAX) {
            write(&dir.join(format!("golden-{number}")), input)?;
        }
        for (number, input) in refused(&target, &golden) {
            write(&dir.join(format!("refused-{number}")), &input)?;
        }
    }
    Ok(())
}

/// One input for each way of being refused: the shortest that was found.
fn refused(target: &Target, golden: &[Vec<u8>]) -> Vec<(u64, Vec<u8>)> {
    let mut found: BTreeMap<String, (u64, Vec<u8>)> = BTreeMap::new();
    for number in 0..CASES {
        let input = target.case(golden, &mut Rng::new(number));
        let Err(why) = (target.attempt)(&input) else { continue };
        let is_shorter = found.get(&why).is_none_or(|(_, known)| input.len() < known.len());
        if input.len() <= INPUT_LEN_MAX && is_shorter {
            found.insert(why, (number, input));
        }
    }
    found.into_values().take(KEPT_MAX).collect()
}

/// Keeps an input that made something panic. Says where.
pub(super) fn keep(root: &Path, target: &str, input: &[u8]) -> String {
    let path = root.join(DIR).join(target).join(format!("found-{}", &Hash::of(input).to_string()[..12]));
    match write(&path, input) {
        Ok(()) => format!("its input is kept as {}", path.display()),
        Err(error) => error,
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, bytes)).map_err(|error| format!("{}: {error}", path.display()))
}

fn listed(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
