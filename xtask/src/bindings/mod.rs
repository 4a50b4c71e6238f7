//! What callers in other languages include is generated from the two files that say what the interface is: `types.rs` and `exports.rs` of `untorn-ffi`.
//!
//! They use a small part of Rust, and reading that takes a page; a generator for all of Rust brings some thirty crates, and none makes C and C# alike. What cannot be
//! read is an error, not left out.

mod c;
mod csharp;
mod read;

use std::path::Path;

const TYPES: &str = "crates/untorn-ffi/src/boundary/types.rs";
const EXPORTS: &str = "crates/untorn-ffi/src/boundary/exports.rs";

type Make = fn(&read::Interface) -> String;

/// What is generated, and where it lies.
const OUTPUTS: [(&str, Make); 2] =
    [("crates/untorn-ffi/include/untorn.h", c::header), ("crates/untorn-ffi/examples/csharp/Native.cs", csharp::native)];

/// Writes them anew.
#[must_use]
pub fn write(root: &Path) -> Vec<String> {
    each(root, |path, text| std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display())))
}

/// Compares them with what lies there.
#[must_use]
pub fn check(root: &Path) -> Vec<String> {
    each(root, |path, text| match std::fs::read_to_string(path) {
        Ok(found) if found.replace('\r', "") == text => Ok(()),
        _ => Err(format!("{}: is not what the interface says; run `cargo xtask bindings`", path.display())),
    })
}

fn each(root: &Path, act: impl Fn(&Path, &str) -> Result<(), String>) -> Vec<String> {
    let source = |path: &str| std::fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"));
    let interface = source(TYPES).and_then(|types| read::interface(&types, &source(EXPORTS)?));
    match interface {
        Ok(interface) => OUTPUTS.iter().filter_map(|(path, make)| act(&root.join(path), &make(&interface)).err()).collect(),
        Err(error) => vec![error],
    }
}

/// `ApplyOptions` as C writes it: `apply_options`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// `remove_dir` as C# writes it: `RemoveDir`.
fn camel(name: &str) -> String {
    let word = |word: &str| word.get(..1).unwrap_or_default().to_uppercase() + &word.get(1..).unwrap_or_default().to_lowercase();
    name.split('_').map(word).collect()
}
