//! Two builds.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::args::{Args, Selection};

/// An old build and a new one.
#[derive(Clone, Debug)]
pub struct Pair {
    /// For the table.
    pub name: String,
    /// A directory.
    pub old: PathBuf,
    /// Another.
    pub new: PathBuf,
    /// The length of all files of both.
    pub bytes: u64,
}

impl Pair {
    fn new(name: String, old: PathBuf, new: PathBuf) -> anyhow::Result<Self> {
        // A copy of a link would lead nowhere.
        let real = |path: PathBuf| path.canonicalize().with_context(|| path.display().to_string());
        let (old, new) = (real(old)?, real(new)?);
        let bytes = bytes_in(&old)? + bytes_in(&new)?;
        Ok(Self { name, old, new, bytes })
    }

    /// Both as tars, names sorted, without anything but names, bytes and the executable bit.
    pub fn tars(&self, work: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
        Ok((tar(&self.old, work, "old.tar")?, tar(&self.new, work, "new.tar")?))
    }
}

/// A tree as a tar in `work`, unless it is there already.
pub fn tar(from: &Path, work: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let to = work.join(name);
    if !to.exists() {
        let mut tar = Command::new("tar");
        tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "-cf"]).arg(&to);
        done(tar.arg("-C").arg(from).arg("."))?;
    }
    Ok(to)
}

/// The pairs that were asked for.
pub fn asked(args: &Args) -> anyhow::Result<Vec<Pair>> {
    if args.case == Selection::Append {
        return grown(args);
    }
    let mut pairs = Vec::new();
    for old_and_new in args.pair.chunks_exact(2) {
        let (old, new) = (old_and_new[0].clone(), old_and_new[1].clone());
        pairs.push(Pair::new(format!("{} to {}", old.display(), new.display()), old, new)?);
    }
    if let (true, Some(corpora)) = (pairs.is_empty(), &args.corpora) {
        let mut found: Vec<PathBuf> = fs::read_dir(corpora)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
        found.sort();
        for dir in found.into_iter().filter(|dir| dir.join("old").is_dir() && dir.join("new").is_dir()) {
            let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            pairs.push(Pair::new(name, dir.join("old"), dir.join("new"))?);
        }
    }
    Ok(pairs)
}

/// A large file that grows by 20 MB, and one that gets 7 bytes at its start. Made once in the working directory.
fn grown(args: &Args) -> anyhow::Result<Vec<Pair>> {
    const APPENDED: u64 = 20_000_000;
    let dir = args.dir.join("untorn-bench-grown");
    let [old, appended, inserted] = ["old", "appended", "inserted"].map(|name| dir.join(name));
    if !inserted.join("pak").exists() {
        for dir in [&old, &appended, &inserted] {
            fs::create_dir_all(dir)?;
        }
        noise(&old.join("pak"), 1, args.pak_bytes)?;
        fs::copy(old.join("pak"), appended.join("pak"))?;
        noise(&appended.join("pak"), 2, APPENDED)?;
        let mut to = File::create(inserted.join("pak.part"))?;
        to.write_all(b"7 bytes")?;
        std::io::copy(&mut File::open(old.join("pak"))?, &mut to)?;
        fs::rename(inserted.join("pak.part"), inserted.join("pak"))?;
    }
    Ok(vec![
        Pair::new("append 20 MB".into(), old.clone(), appended)?,
        Pair::new("insert 7 bytes at the start".into(), old, inserted)?,
    ])
}

/// Adds bytes that nobody can compress.
fn noise(path: &Path, seed: u64, len: u64) -> anyhow::Result<()> {
    let mut file = File::options().create(true).truncate(false).write(true).open(path)?;
    file.seek(SeekFrom::End(0))?;
    let (mut state, mut left) = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, len);
    let mut piece = vec![0; 1 << 20];
    while left > 0 {
        for word in piece.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        let now = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        file.write_all(&piece[..now])?;
        left -= now as u64;
    }
    Ok(())
}

/// A copy of a file or a tree.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    done(Command::new("cp").args(["-r", "--no-target-directory", "--reflink=never", "--sparse=always"]).arg(from).arg(to))
}

/// Whether two files, or trees, are the same, but for what untorn keeps in its own directory.
pub fn compare(expected: &Path, found: &Path) -> anyhow::Result<()> {
    done(Command::new("diff").args(["-rq", "--no-dereference", "--exclude=.untorn"]).arg(expected).arg(found))
}

/// Runs a program that must succeed.
pub fn done(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let said = [output.stdout, output.stderr].concat();
    anyhow::ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&said).lines().take(3).collect::<String>()
    );
    Ok(())
}

fn bytes_in(dir: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let (entry, meta) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
        sum += if meta.is_dir() { bytes_in(&entry)? } else { meta.len() };
    }
    Ok(sum)
}
