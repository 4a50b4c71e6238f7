//! Each power cut is followed by another boot: programs that ask the kernel which one this is are told so.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
};

/// Where the kernel says which boot this is.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Stands in for the kernel's answer, in this house only.
pub(super) struct Boots {
    /// What is read in its place; `None` where that cannot be arranged.
    file: Option<PathBuf>,
    count: AtomicU64,
}

impl Boots {
    /// Says aloud where a boot looks like the one before.
    pub(super) fn new(dir: &Path) -> Self {
        let file = dir.join("boot_id");
        let boots = Self { file: Some(file.clone()), count: AtomicU64::new(0) };
        boots.next();
        let mounted = Command::new("mount").args(["-n", "--bind"]).arg(&file).arg(BOOT_ID).status();
        if mounted.is_ok_and(|status| status.success()) {
            return boots;
        }
        println!("skipped: the number of the boot stays the same over power cuts: it cannot be replaced here");
        Self { file: None, ..boots }
    }

    /// The machine boots. (Disks are on one machine here; that another one boots meanwhile does no harm to who reads it once.)
    pub(super) fn next(&self) {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        if let Some(file) = &self.file {
            // In place, and always as long: it is mounted, and somebody may read it just now.
            drop(std::fs::write(file, format!("00000000-0000-4000-8000-{number:012x}\n")));
        }
    }
}
