//! What `cargo-mutants` lists.

use std::{ops::Range, path::Path, process::Command};

use serde_json::Value;

/// A mistake that could be made.
#[derive(Clone, Debug)]
pub(super) struct Mutant {
    /// What chooses it, from 1.
    pub number: u32,
    /// Its name for people.
    pub name: String,
    /// The source it is in, from the root of the repository.
    pub file: String,
    pub kind: Kind,
    /// What is changed.
    pub at: Range<usize>,
    /// What is put in its place.
    pub by: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The whole body of a function gives way to one result.
    Result,
    /// An operator between two operands is another.
    Operator,
    /// An operator before its operand goes.
    Prefix,
    /// An arm of a `match` goes.
    Arm,
    /// The guard of an arm is another.
    Guard,
    /// A field of a struct expression is that of its base.
    Field,
}

impl Mutant {
    /// The name of its source, without `.rs`; of a `mod.rs` its folder.
    pub(super) fn stem(&self) -> String {
        let path = self.file.trim_end_matches("/mod.rs").trim_end_matches(".rs");
        path.rsplit('/').next().unwrap_or_default().to_owned()
    }
}

/// All mutants of `package`.
pub(super) fn mutants(root: &Path, package: &str) -> Result<Vec<Mutant>, String> {
    let program = std::env::var_os("CARGO_MUTANTS").unwrap_or_else(|| "cargo-mutants".into());
    let output = Command::new(&program)
        .args(["mutants", "--list", "--json", "--package", package])
        .current_dir(root)
        .output()
        .map_err(|error| {
            format!(
                "cannot start {}: {error}; `cargo install cargo-mutants --version 27.1.0`, or say where it is in CARGO_MUTANTS",
                program.display()
            )
        })?;
    let list: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo-mutants --list: {error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let values = list.as_array().ok_or("cargo-mutants --list: not a list")?;
    (1..).zip(values).map(|(number, value)| mutant(root, number, value)).collect()
}

fn mutant(root: &Path, number: u32, value: &Value) -> Result<Mutant, String> {
    let text = |key: &str| value[key].as_str().map(str::to_owned).ok_or_else(|| format!("cargo-mutants --list: no {key}"));
    let file = text("file")?;
    let source = std::fs::read_to_string(root.join(&file)).map_err(|error| format!("{file}: {error}"))?;
    let kind = match text("genre")?.as_str() {
        "FnValue" => Kind::Result,
        "BinaryOperator" => Kind::Operator,
        "UnaryOperator" => Kind::Prefix,
        "MatchArm" => Kind::Arm,
        "MatchArmGuard" => Kind::Guard,
        "StructField" => Kind::Field,
        other => return Err(format!("cargo-mutants knows mutants of a new kind: {other}")),
    };
    let edge = |key: &str| offset(&source, &value["span"][key]).ok_or_else(|| format!("cargo-mutants --list: no {key}"));
    Ok(Mutant { number, name: text("name")?, kind, at: edge("start")?..edge("end")?, by: text("replacement")?, file })
}

/// Where a line and a column, both from 1, are in the text.
fn offset(source: &str, edge: &Value) -> Option<usize> {
    let (line, column) = (usize::try_from(edge["line"].as_u64()?).ok()?, usize::try_from(edge["column"].as_u64()?).ok()?);
    let start: usize = source.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = source.get(start..)?;
    Some(start + rest.char_indices().nth(column.checked_sub(1)?).map_or(rest.len(), |(at, _)| at))
}
