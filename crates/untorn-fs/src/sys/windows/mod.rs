//! Windows: a held root, and every name opened from the handle of its directory, never through a link.
//!
//! What has no match here: there are no executable bits (none are seen, none are set); symlinks are seen, read and removed, but not made, because
//! players have no right to; a directory is flushed through its own handle where the file system does that.

mod file;
mod file_system;
mod holders;
mod names;
mod nt;
mod resolve;
mod stat;
mod status;

use std::{
    fs, io,
    os::windows::{
        fs::OpenOptionsExt,
        io::{AsHandle, OwnedHandle},
    },
    path::Path,
};

use windows_sys::{
    Wdk::Storage::FileSystem::{FileFsAttributeInformation, FileFsDeviceInformation, FileFsFullSizeInformation},
    Win32::Storage::FileSystem::FILE_FLAG_BACKUP_SEMANTICS,
};

use crate::{Capabilities, Space, SyncAll};
use file_system::FileSystem;
use nt::{DeviceKind, FileSystemName, VolumeSize};

/// The held directory.
#[derive(Debug)]
pub(crate) struct Root {
    dir: OwnedHandle,
    file_system: FileSystem,
}

impl Root {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let opened = open_root(path, resolve::LIST | resolve::CHANGE).or_else(|error| match error.kind() {
            // A tree that may only be read can be looked at.
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => open_root(path, resolve::LIST),
            _ => Err(error),
        })?;
        if !opened.metadata()?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let dir = OwnedHandle::from(opened);
        let file_system = file_system_of(&dir)?;
        Ok(Self { dir, file_system })
    }

    /// It is the only way.
    pub(crate) fn resolve_stepwise(&mut self) {}

    pub(crate) fn capabilities(&self) -> io::Result<Capabilities> {
        Ok(self.file_system.capabilities())
    }

    pub(crate) fn space(&self) -> io::Result<Space> {
        let found: VolumeSize = nt::query_volume(self.dir.as_handle(), FileFsFullSizeInformation)?;
        let unit = u64::from(found.sectors_per_unit) * u64::from(found.bytes_per_sector);
        let bytes = |units: i64| u64::try_from(units).unwrap_or(0).saturating_mul(unit);
        Ok(Space { available: bytes(found.caller_available_units), total: bytes(found.total_units), files: None })
    }

    pub(crate) fn sync_handle(&self) -> io::Result<Box<dyn SyncAll>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn file_system_of(dir: &OwnedHandle) -> io::Result<FileSystem> {
    let device: DeviceKind = nt::query_volume(dir.as_handle(), FileFsDeviceInformation)?;
    if device.is_remote() {
        return Ok(FileSystem::Other);
    }
    let name: FileSystemName = nt::query_volume(dir.as_handle(), FileFsAttributeInformation)?;
    let len = usize::try_from(name.name_len / 2).map_or(name.name.len(), |len| len.min(name.name.len()));
    Ok(FileSystem::from_name(&name.name[..len]))
}

/// The standard library shares everything and takes long paths.
fn open_root(path: &Path, access: u32) -> io::Result<fs::File> {
    fs::OpenOptions::new().access_mode(access | resolve::SYNCHRONIZE).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path)
}
