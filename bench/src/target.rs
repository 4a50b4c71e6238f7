//! Where a comparison is run.

use std::path::{Path, PathBuf};

use crate::device::{Device, Mount};
use crate::image::Image;

/// A directory on a file system.
#[derive(Debug)]
pub struct Target {
    /// The type of the file system, as in `ext4`.
    pub kind: String,
    /// Where trees are made.
    pub dir: PathBuf,
    /// What holds it; `None` where bytes and flushes cannot be counted.
    pub device: Option<Device>,
    /// Keeps the image mounted, where it is one.
    _image: Option<Image>,
}

impl Target {
    /// The file system that holds `dir`.
    pub fn directory(dir: &Path) -> anyhow::Result<Self> {
        Self::new(dir.to_path_buf(), None)
    }

    /// A fresh file system of its own.
    pub fn image(image: Image) -> anyhow::Result<Self> {
        Self::new(image.mount_point().to_path_buf(), Some(image))
    }

    /// The type, and what a reader of the figures must know about it.
    pub fn label(&self) -> String {
        let image = if self._image.is_some() { " image" } else { "" };
        let journal = if self.has_no_journal() { " without a journal" } else { "" };
        format!("{}{image}{journal}", self.kind)
    }

    /// An ext4 made without a journal flushes less than those that people have; the kernel lists the journals it runs.
    fn has_no_journal(&self) -> bool {
        let Some(device) = &self.device else { return false };
        let Ok(journals) = std::fs::read_dir("/proc/fs/jbd2") else { return false };
        let prefix = format!("{}-", device.name);
        self.kind == "ext4" && !journals.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
    }

    fn new(dir: PathBuf, image: Option<Image>) -> anyhow::Result<Self> {
        let mount = Mount::of(&dir)?;
        Ok(Self { device: Device::of(&mount), kind: mount.kind, dir, _image: image })
    }
}
