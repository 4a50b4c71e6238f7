//! What cargo knows.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Standard output of `cargo` with `arguments` in `root`. rustc, which it asks about the target, would take what stands at standard input for a program.
pub(crate) fn output(root: &Path, arguments: &[&str]) -> Result<String, String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program).args(arguments).current_dir(root).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot start cargo: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("cargo {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// `cargo` with `arguments` in `root`, for the user to watch.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(program).args(arguments).current_dir(root).status();
    match status.map_err(|error| format!("cannot start cargo: {error}"))? {
        status if status.success() => Ok(()),
        status => Err(format!("cargo {}: {status}", arguments.join(" "))),
    }
}

/// Builds the program `name` of `package`, and says where it is.
pub(crate) fn program(root: &Path, package: &str, name: &str) -> Result<PathBuf, String> {
    built(root, "Cargo.toml", package, name, &[])
}

/// The same, as it is released.
pub(crate) fn released(root: &Path, package: &str, name: &str) -> Result<PathBuf, String> {
    built(root, "Cargo.toml", package, name, &["--release"])
}

/// The same in the workspace of `manifest`.
pub(crate) fn program_of(root: &Path, manifest: &str, package: &str, name: &str) -> Result<PathBuf, String> {
    built(root, manifest, package, name, &[])
}

fn built(root: &Path, manifest: &str, package: &str, name: &str, more: &[&str]) -> Result<PathBuf, String> {
    let build =
        ["build", "--locked", "--manifest-path", manifest, "--package", package, "--bin", name, "--message-format", "json"];
    let messages = output(root, &[&build, more].concat())?;
    let values = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut found = values.filter_map(|value| value["executable"].as_str().map(PathBuf::from));
    found.next_back().ok_or_else(|| format!("cargo built no {name}"))
}

/// Runs a laboratory of `untorn-powercut` with the arguments behind the chore; builds the program that is to be tried, unless they name one.
pub(crate) fn laboratory(root: &Path, name: &str) -> Result<(), String> {
    let mut words: Vec<String> = std::env::args().skip(2).collect();
    if !words.iter().any(|word| word == "--program") {
        words.extend(["--program".to_owned(), program(root, "untorn-cli", "untorn")?.to_string_lossy().into_owned()]);
    }
    let program = ["run", "--quiet", "--locked", "--package", "untorn-powercut", "--bin", name, "--"];
    run(root, &program.into_iter().map(str::to_owned).chain(words).collect::<Vec<_>>())
}

/// `cargo metadata` with `options`.
pub(crate) fn metadata(root: &Path, options: &[&str]) -> Result<Value, String> {
    let arguments: Vec<&str> = ["metadata", "--format-version", "1", "--locked"].iter().chain(options).copied().collect();
    serde_json::from_str(&output(root, &arguments)?).map_err(|error| format!("cargo metadata: {error}"))
}
