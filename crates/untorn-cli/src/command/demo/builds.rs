//! Two builds of a small game, different in every way builds can be.

use std::{fs, io, path::Path};

use super::rng::Rng;
use crate::failure::Failure;

/// Length of the large file, in bytes.
const PAK_LEN: usize = 64 << 20;
/// How many places of it change, and how many bytes at each.
const PAK_EDITS: u64 = 200;
const PAK_EDIT_LEN: usize = 4096;
/// How many small files there are.
const FILES: u64 = 300;

/// Writes both builds.
pub(super) fn write(old: &Path, new: &Path, rng: &mut Rng) -> Result<(), Failure> {
    let made = write_old(old, &mut rng.clone()).and_then(|()| write_new(new, rng));
    made.map_err(|source| Failure::io("write the builds beside", old, source))
}

fn write_old(dir: &Path, rng: &mut Rng) -> io::Result<()> {
    write_common(dir, rng)?;
    file(dir, "maps/intro/part1.map", &rng.bytes(9_000))?;
    file(dir, "maps/intro/part2.map", &rng.bytes(7_000))?;
    file(dir, "readme.txt", b"Version 1.0\n")?;
    link(dir, "maps/first.map", "map-000.map")?;
    fs::create_dir_all(dir.join("replays"))
}

/// The same files, and then what a year of work does to them.
fn write_new(dir: &Path, rng: &mut Rng) -> io::Result<()> {
    write_common(dir, rng)?;
    let pak = fs::OpenOptions::new().write(true).open(dir.join("data/world.pak"))?;
    for _ in 0..PAK_EDITS {
        let at = rng.below((PAK_LEN - PAK_EDIT_LEN) as u64);
        write_at(&pak, at, &rng.bytes(PAK_EDIT_LEN))?;
    }
    for number in 0..FILES {
        match number % 9 {
            0 => file(dir, &name(number), &bytes_of(number, rng))?,
            1 if number % 2 == 0 => fs::remove_file(dir.join(name(number)))?,
            2 if number % 4 == 2 => fs::rename(dir.join(name(number)), dir.join(format!("maps/moved-{number:03}.map")))?,
            3 if number % 5 == 0 => file(dir, &format!("maps/added-{number:03}.map"), &bytes_of(number, rng))?,
            _ => {}
        }
    }
    let game = rng.bytes(900_000);
    program(dir, "bin/game", &game)?;
    file(dir, "maps/intro", b"the directory became a file\n")?;
    file(dir, "readme.txt", b"Version 1.1, with more of everything\n")?;
    link(dir, "maps/first.map", "map-003.map")?;
    fs::create_dir_all(dir.join("screenshots"))
}

/// What both builds start from.
fn write_common(dir: &Path, rng: &mut Rng) -> io::Result<()> {
    for dir in [dir.join("data"), dir.join("maps"), dir.join("bin")] {
        fs::create_dir_all(dir)?;
    }
    file(dir, "data/world.pak", &rng.bytes(PAK_LEN))?;
    program(dir, "bin/game", &rng.bytes(900_000))?;
    for number in 0..FILES {
        file(dir, &name(number), &bytes_of(number, rng))?;
    }
    Ok(())
}

fn name(number: u64) -> String {
    format!("maps/map-{number:03}.map")
}

fn bytes_of(number: u64, rng: &mut Rng) -> Vec<u8> {
    rng.bytes(usize::try_from(500 + number * 131 % 40_000).unwrap_or(500))
}

fn file(dir: &Path, path: &str, bytes: &[u8]) -> io::Result<()> {
    let path = dir.join(path);
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, bytes)
}

#[cfg(unix)]
fn program(dir: &Path, path: &str, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file(dir, path, bytes)?;
    fs::set_permissions(dir.join(path), fs::Permissions::from_mode(0o755))
}

#[cfg(unix)]
fn link(dir: &Path, path: &str, target: &str) -> io::Result<()> {
    std::os::unix::fs::symlink(target, dir.join(path))
}

#[cfg(unix)]
fn write_at(file: &fs::File, at: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(not(unix))]
fn program(dir: &Path, path: &str, bytes: &[u8]) -> io::Result<()> {
    file(dir, path, bytes)
}

/// Where making symlinks needs special rights, there is none.
#[cfg(not(unix))]
fn link(_: &Path, _: &str, _: &str) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn write_at(mut file: &fs::File, at: u64, bytes: &[u8]) -> io::Result<()> {
    use io::{Seek, Write};
    file.seek(io::SeekFrom::Start(at))?;
    file.write_all(bytes)
}
