//! `cargo xtask dist`: what is handed out, in `target/dist`: an archive for Linux (static), one for Windows, a Debian package, and their checksums.
//!
//! The same revision gives the same bytes, wherever it lies: no path, no time but that of the commit, no order but that of names. `--again` builds it a second
//! time, from a clone, and compares.
#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

mod build;
mod linux;
mod package;
mod stage;
mod third_party;
mod tool;
mod windows;

use std::{
    fs,
    path::{Path, PathBuf},
};

use build::Build;
use tool::{Tool, io};

/// Makes everything; the findings are why something could not be made.
pub(crate) fn run(root: &Path) -> Vec<String> {
    let is_again = std::env::args().skip(2).any(|word| word == "--again");
    let made = make(root, root).and_then(|dist| if is_again { compare(root, &dist) } else { Ok(()) });
    made.err().into_iter().collect()
}

/// Makes it from the sources in `source`, below the build folder of `root`, and says where.
fn make(root: &Path, source: &Path) -> Result<PathBuf, String> {
    let build = Build::new(source)?;
    let dist = if root == source { root.join("target/dist") } else { root.join("target/dist-again") };
    // Nothing of an older build is handed out by mistake.
    drop(fs::remove_dir_all(&dist));
    fs::create_dir_all(&dist).map_err(|error| io("make", &dist, &error))?;
    let linux = linux::archive(&build, &dist)?;
    report(&linux.archive)?;
    match package::debian(&build, &linux, &dist)? {
        Some(package) => report(&package)?,
        None => println!("dist: SKIPPED: the Debian package: no dpkg-deb here"),
    }
    match windows::archive(&build, &linux, &dist)? {
        Ok(archive) => report(&archive)?,
        Err(why) => println!("dist: SKIPPED: Windows: {why}"),
    }
    checksums(&dist)?;
    Ok(dist)
}

fn report(file: &Path) -> Result<(), String> {
    let len = fs::metadata(file).map_err(|error| io("look at", file, &error))?.len();
    println!("dist: {} ({:.1} MiB)", file.display(), len as f64 / f64::from(1 << 20));
    Ok(())
}

/// The names of the files in `dir`, in order.
fn names(dir: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(dir).map_err(|error| io("list", dir, &error))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

fn checksums(dist: &Path) -> Result<(), String> {
    let sums = Tool::new("sha256sum").args(names(dist)?).within(dist).output()?;
    let file = dist.join("SHA256SUMS");
    fs::write(&file, sums).map_err(|error| io("write", &file, &error))
}

/// Whether a clone of this revision, elsewhere, gives the same.
fn compare(root: &Path, dist: &Path) -> Result<(), String> {
    let clone = root.join("target/dist-clone");
    drop(fs::remove_dir_all(&clone));
    Tool::new("git").args(["clone", "--quiet", "--no-hardlinks"]).args([root, &clone]).run()?;
    let again = make(root, &clone)?;
    let different: Vec<String> =
        names(dist)?.into_iter().filter(|name| fs::read(dist.join(name)).ok() != fs::read(again.join(name)).ok()).collect();
    if different.is_empty() {
        println!("dist: built again from a clone: the same bytes");
        Ok(())
    } else {
        Err(format!("{}: another build of the same revision gives other bytes", different.join(", ")))
    }
}
