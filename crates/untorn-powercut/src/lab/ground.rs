//! Where trees stand: a disk, and the file system on it.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use super::{
    child::{self, Ended, Silence},
    disk::client::Disk,
    file_system::FileSystem,
};

/// How often a busy file system is unmounted.
const BUSY_TRIES: usize = 100;
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// A disk with a place to mount it; both are gone when this is dropped.
pub(super) struct Ground {
    /// The loop device, where it is kept: the kernel detaches it when this is closed.
    device: Option<(PathBuf, File)>,
    pub(super) disk: Disk,
    pub(super) file_system: &'static FileSystem,
    /// What the programs run here say.
    log: PathBuf,
    mountpoint: PathBuf,
    is_mounted: bool,
}

/// Why a file system is not mounted.
pub(super) enum NotMounted {
    /// It refuses.
    Refused(String),
    Hung,
}

impl Ground {
    /// In the empty directory `dir`.
    pub(super) fn new(file_system: &'static FileSystem, dir: &Path) -> Result<Self, String> {
        let (served, mountpoint) = (dir.join("served"), dir.join("mounted"));
        for dir in [&served, &mountpoint] {
            std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        }
        let disk = Disk::new(&served, file_system.len)?;
        Ok(Self { device: None, disk, file_system, log: dir.join("log"), mountpoint, is_mounted: false })
    }

    /// The root of the file system.
    pub(super) fn root(&self) -> &Path {
        &self.mountpoint
    }

    /// The tree on it.
    pub(super) fn tree(&self) -> PathBuf {
        self.mountpoint.join("tree")
    }

    pub(super) fn is_mounted(&self) -> bool {
        self.is_mounted
    }

    /// Mounts it: the file system recovers.
    pub(super) fn mount(&mut self) -> Result<(), NotMounted> {
        let fs = self.file_system;
        if let Some([program, args @ ..]) = fs.fsck {
            let mut command = Command::new(program);
            command.args(args).arg(self.disk.file());
            self.run(&mut command).map_err(NotMounted::from)?;
        }
        let mut command = Command::new("mount");
        command.args(["-n", "-t", fs.kind, "-o"]);
        if let Some(device) = self.device.as_ref().map(|(device, _)| device.clone()) {
            // The disk changed beneath what the kernel remembers of it.
            self.run(Command::new("blockdev").arg("--flushbufs").arg(&device)).map_err(NotMounted::from)?;
            command.arg(fs.options).arg(device);
        } else {
            command.arg(format!("loop,{}", fs.options)).arg(self.disk.file());
        }
        command.arg(&self.mountpoint);
        let ended = self.run(&mut command).map_err(NotMounted::from)?;
        self.is_mounted = ended.code == Some(0);
        if self.is_mounted { Ok(()) } else { Err(NotMounted::Refused(ended.said)) }
    }

    /// Keeps the loop device from one mount to the next, since a disk has the same number after most boots, and some programs know a directory by it. To
    /// be called while it is mounted.
    ///
    /// # Errors
    /// It is not mounted, or its device cannot be opened.
    pub(super) fn keep_device(&mut self) -> Result<(), String> {
        let mounts = std::fs::read_to_string("/proc/self/mounts").map_err(|error| format!("mounts: {error}"))?;
        let of = |line: &str| Some((line.split(' ').next()?.to_owned(), line.split(' ').nth(1)?.to_owned()));
        let mounted = mounts.lines().filter_map(of).find(|(_, at)| Path::new(at) == self.mountpoint);
        let (device, _) = mounted.ok_or("it is not mounted")?;
        let file = File::open(&device).map_err(|error| format!("{device}: {error}"))?;
        self.device = Some((device.into(), file));
        Ok(())
    }

    /// Unmounts it; the kernel detaches the loop device.
    ///
    /// # Errors
    /// It stays busy, or hangs.
    pub(super) fn unmount(&mut self) -> Result<(), String> {
        // A program that another thread starts has our open files until it is loaded.
        for _ in 0..BUSY_TRIES {
            let ended = self.run(Command::new("umount").arg("-n").arg(self.mountpoint.clone()))?;
            if ended.code == Some(0) {
                self.is_mounted = false;
                return Ok(());
            }
            thread::sleep(BUSY_PAUSE);
        }
        Err("umount: it stays busy".into())
    }

    /// Runs a program that may use the file system. One that hangs takes the disk away, so that it ends.
    pub(super) fn run(&mut self, command: &mut Command) -> Result<Ended, String> {
        child::run(command, &self.log).map_err(|silence| {
            if matches!(silence, Silence::Hung) {
                self.disk.kill();
            }
            let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
            format!("{} {}: {silence}", command.get_program().to_string_lossy(), words.join(" "))
        })
    }
}

impl Drop for Ground {
    /// On the way out of an error, whoever still uses it gets errors.
    fn drop(&mut self) {
        if self.is_mounted && self.unmount().is_err() {
            self.disk.kill();
            drop(Command::new("umount").args(["-n", "-l"]).arg(&self.mountpoint).status());
        }
    }
}

impl From<String> for NotMounted {
    fn from(_: String) -> Self {
        Self::Hung
    }
}

impl From<NotMounted> for String {
    fn from(why: NotMounted) -> Self {
        match why {
            NotMounted::Refused(said) => format!("mount: {}", said.trim()),
            NotMounted::Hung => "mount hangs".into(),
        }
    }
}
