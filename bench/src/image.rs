//! File systems of our own: an image file, a loop device, a mount.
//!
//! Nothing may be left behind, whatever kills us. The mount lives in a mount namespace of this process, the loop device is told to
//! vanish with its mount, and the image file has no name any more once it is mounted: when the process dies, the kernel cleans up.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use tempfile::TempDir;

use crate::interrupt;

const INSIDE: &str = "UNTORN_BENCH_PRIVATE_MOUNTS";
const BLOCK_LEN: usize = 4 << 20;

/// The file systems that can be made.
pub const KINDS: [&str; 3] = ["ext4", "xfs", "btrfs"];

/// A mounted image.
#[derive(Debug)]
pub struct Image {
    mount_point: TempDir,
}

/// Starts this program again in a mount namespace of its own, once.
pub fn enter_private_mounts() -> anyhow::Result<()> {
    if std::env::var_os(INSIDE).is_some() {
        return Ok(());
    }
    let program = std::env::current_exe()?;
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "--"]).arg(program).args(std::env::args_os().skip(1)).env(INSIDE, "1");
    Err(command.exec()).context("cannot start `unshare` (package util-linux; --images needs root)")
}

impl Image {
    /// Makes and mounts a file system of type `kind` with `len` bytes, its image file in `dir`.
    pub fn create(kind: &str, len: u64, dir: &Path) -> anyhow::Result<Self> {
        let file = tempfile::Builder::new().prefix("untorn-bench-image-").tempfile_in(dir)?;
        write_zeros(file.as_file(), len).context("not enough space for the image")?;
        make_file_system(kind, file.path())?;
        let mount_point = tempfile::Builder::new().prefix("untorn-bench-mount-").tempdir_in(dir)?;
        let device = LoopDevice::attach(file.path())?;
        // Without discard: blocks given back must not become holes in the image, which would cost the next contender.
        call(Command::new("mount").args(["-t", kind, "-o", "nodiscard"]).arg(&device.path).arg(mount_point.path()))?;
        Ok(Self { mount_point })
    }

    /// Where it is mounted.
    pub fn mount_point(&self) -> &Path {
        self.mount_point.path()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // Not through `interrupt`, which refuses to start anything after Ctrl-C. If this fails, the kernel unmounts when we end.
        Command::new("umount").arg(self.mount_point.path()).status().ok();
    }
}

/// An attached loop device; dropping it tells the kernel to detach it as soon as nothing uses it, that is, with the unmounting.
struct LoopDevice {
    path: String,
}

impl LoopDevice {
    fn attach(file: &Path) -> anyhow::Result<Self> {
        let path = call(Command::new("losetup").args(["--find", "--show", "--direct-io=on"]).arg(file))?;
        Ok(Self { path: path.trim().into() })
    }
}

impl Drop for LoopDevice {
    fn drop(&mut self) {
        Command::new("losetup").args(["--detach", &self.path]).status().ok();
    }
}

/// Written in full, so that no contender pays for blocks that the image gets only when they are first written.
fn write_zeros(mut file: &File, len: u64) -> anyhow::Result<()> {
    let zeros = vec![0; BLOCK_LEN];
    for _ in 0..len.div_ceil(BLOCK_LEN as u64) {
        interrupt::check()?;
        file.write_all(&zeros)?;
    }
    Ok(file.sync_all()?)
}

fn make_file_system(kind: &str, file: &Path) -> anyhow::Result<()> {
    let options: &[&str] = match kind {
        // Tables written now, not by the kernel during the first runs.
        "ext4" => &["-q", "-F", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0"],
        "xfs" => &["-q", "-f", "-K", "-m", "reflink=1"],
        _ => &["-q", "-f", "-K"],
    };
    call(Command::new(format!("mkfs.{kind}")).args(options).arg(file)).map(drop)
}

fn call(command: &mut Command) -> anyhow::Result<String> {
    let (status, out, error) = interrupt::run(command)?;
    anyhow::ensure!(status.success(), "{}: {}", command.get_program().display(), error.trim());
    Ok(out)
}
