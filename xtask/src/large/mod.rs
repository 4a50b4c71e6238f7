//! `cargo xtask large`: patches between trees of 200,000 files, and of one sparse file of 100 GiB, made and applied by the program.
//!
//! What both take is printed: seconds, memory, bytes of patch and of disk. The trees stand below `target/large` while it runs.
#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::{arguments, cargo, fuzz::rng::Rng, watch::watched};

/// What may be typed behind the chore.
pub(crate) const OPTIONS: &[&str] = &["--files N", "--sparse N"];

/// The chore; the findings are what went wrong.
pub(crate) fn run(root: &Path) -> Vec<String> {
    let words: Vec<String> = std::env::args().collect();
    let number = |name, usual| arguments::number(&words, name, usual, &(1..=1 << 20));
    let sizes = number("--files", 200_000).and_then(|files| Ok((files, number("--sparse", 100)? << 30)));
    sizes.and_then(|(files, sparse_len)| try_both(root, files, sparse_len)).err().into_iter().collect()
}

fn try_both(root: &Path, files: u64, sparse_len: u64) -> Result<(), String> {
    let program = cargo::released(root, "untorn-cli", "untorn")?;
    let place = Place(root.join("target/large"));
    place.renew().map_err(failed)?;
    println!("{files} files:");
    for (tree, is_new) in [("old", false), ("new", true)] {
        many(&place.0.join(tree), files, is_new).map_err(failed)?;
    }
    compare(&program, &place.0)?;
    place.renew().map_err(failed)?;
    println!("a sparse file of {} GiB:", sparse_len >> 30);
    for (tree, is_new) in [("old", false), ("new", true)] {
        sparse(&place.0.join(tree), sparse_len, is_new).map_err(failed)?;
    }
    compare(&program, &place.0)
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn failed(error: io::Error) -> String {
    format!("target/large: {error}")
}

/// A directory that goes with it.
struct Place(PathBuf);

impl Place {
    fn renew(&self) -> io::Result<()> {
        self.remove()?;
        fs::create_dir_all(&self.0)
    }

    fn remove(&self) -> io::Result<()> {
        if self.0.exists() { fs::remove_dir_all(&self.0) } else { Ok(()) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.remove());
    }
}

/// Files of some hundred bytes, a thousand in each directory. In the new tree one in a hundred is changed, one in a thousand gone, one in a thousand moved.
fn many(tree: &Path, files: u64, is_new: bool) -> io::Result<()> {
    for number in 0..files {
        let dir = tree.join(format!("d{:03}", number / 1000));
        if number % 1000 == 0 {
            fs::create_dir_all(&dir)?;
        }
        let (mut name, mut bytes) = (format!("f{number:06}"), noise(number, 100 + usize::try_from(number % 400).unwrap_or(0)));
        match number % 1000 {
            _ if !is_new => {}
            7 => continue,
            13 => name = format!("moved-{number:06}"),
            at if at % 100 == 50 => bytes.extend(noise(number + files, 40)),
            _ => {}
        }
        fs::write(dir.join(name), bytes)?;
    }
    Ok(())
}

/// A hole with islands of noise; the new one has another island, and one that changed.
fn sparse(tree: &Path, len: u64, is_new: bool) -> io::Result<()> {
    fs::create_dir_all(tree)?;
    let mut file = File::create(tree.join("sparse"))?;
    file.set_len(len)?;
    for island in 0..64 {
        file.seek(SeekFrom::Start(len / 64 * island + 12_345))?;
        file.write_all(&noise(if is_new && island == 40 { 1000 } else { island }, 100_000))?;
    }
    if is_new {
        file.seek(SeekFrom::Start(len / 128))?;
        file.write_all(&noise(2000, 50_000))?;
    }
    Ok(())
}

fn noise(seed: u64, len: usize) -> Vec<u8> {
    Rng::new(seed).bytes(len)
}

/// Makes the patch, applies it to the old tree in place, and has the result verified; whether that stayed sparse shows in the bytes of disk.
fn compare(program: &Path, place: &Path) -> Result<(), String> {
    let before = disk(&place.join("old")).map_err(failed)?;
    step("diff", Command::new(program).current_dir(place).args(["diff", "old", "new", "-o", "patch", "--quiet"]))?;
    let len = fs::metadata(place.join("patch")).map_err(failed)?.len();
    step("apply", Command::new(program).current_dir(place).args(["apply", "patch", "old", "--unsigned", "--quiet"]))?;
    step("verify", Command::new(program).current_dir(place).args(["verify", "old", "--against", "new", "--quiet"]))?;
    let after = disk(&place.join("old")).map_err(failed)?;
    println!("  patch {len} bytes; on disk {} KiB before, {} KiB afterwards", before >> 10, after >> 10);
    Ok(())
}

/// Runs one command to its end, and says what it took.
fn step(name: &str, command: &mut Command) -> Result<(), String> {
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).spawn().map_err(|error| format!("cannot start untorn {name}: {error}"))?;
    let peak = watched(&mut child).map_err(failed)?;
    let status = child.wait().map_err(failed)?;
    println!("  {name:<7} {:.1} s, {} MiB of memory", start.elapsed().as_secs_f64(), peak.div_ceil(1 << 20));
    if status.success() { Ok(()) } else { Err(format!("untorn {name}: {status}")) }
}

/// What a tree takes of the disk, in bytes.
#[cfg(unix)]
fn disk(tree: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut sum = 0;
    for entry in fs::read_dir(tree)? {
        let (path, meta) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
        sum += meta.blocks() * 512 + if meta.is_dir() { disk(&path)? } else { 0 };
    }
    Ok(sum)
}

/// What a tree takes of the disk is not looked at here.
#[cfg(not(unix))]
fn disk(_: &Path) -> io::Result<u64> {
    Ok(0)
}
