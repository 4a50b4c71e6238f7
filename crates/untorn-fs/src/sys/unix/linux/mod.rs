//! What only Linux has.

mod file_system;

use std::{
    fs, io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    fs::{Advice, AtFlags, FallocateFlags, Mode, OFlags, RenameFlags, ResolveFlags, Stat, Statx, StatxAttributes, StatxFlags},
    io::{Errno, retry_on_intr},
};

use super::{
    error::unsupported_if,
    rights::Attributes,
    stat::{self, Found},
};
use crate::{Capabilities, Permissions, SyncAll, outside_tree, path::RelativePath};
use file_system::{FileSystem, KernelVersion};

/// For a directory that only serves as a starting point.
pub(super) const SEARCH: OFlags = OFlags::PATH;

/// A rename elsewhere can make the kernel give up a resolution; it asks to be called again.
const ATTEMPTS_MAX: usize = 128;

/// Whether the kernel resolves paths the way we need it: it may be too old, or a sandbox may forbid the call.
pub(super) fn kernel_resolves(root: &OwnedFd) -> bool {
    rustix::fs::openat2(root, ".", SEARCH | OFlags::CLOEXEC, Mode::empty(), resolve_flags()).is_ok()
}

pub(super) fn open_beneath(root: impl AsFd, path: RelativePath<'_>, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    let path = if path.as_str().is_empty() { "." } else { path.as_str() };
    let attempt = || retry_on_intr(|| rustix::fs::openat2(&root, path, flags, mode, resolve_flags()));
    let mut attempts = std::iter::repeat_with(attempt).take(ATTEMPTS_MAX);
    attempts.find(|opened| !matches!(opened, Err(Errno::AGAIN))).unwrap_or(Err(Errno::AGAIN)).map_err(resolving)
}

pub(super) fn stat_beneath(root: &OwnedFd, path: RelativePath<'_>) -> io::Result<Stat> {
    Ok(rustix::fs::fstat(&resolve(root, path)?)?)
}

/// A handle of whatever stands there, which only serves to ask.
fn resolve(root: impl AsFd, path: RelativePath<'_>) -> io::Result<OwnedFd> {
    open_beneath(root, path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// What a name in a directory is, as resolving it from there would find it.
pub(super) fn look_at(dir: BorrowedFd<'_>, name: &str) -> io::Result<Found> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    let told = retry_on_intr(|| rustix::fs::statx(dir, name, flags, StatxFlags::BASIC_STATS))?;
    refuse_mount(mount_root(&told), dir, name)?;
    let mode = u32::from(told.stx_mode);
    Ok(Found {
        kind: stat::kind_of(mode),
        len: told.stx_size,
        permissions: Permissions::from_bits(mode & 0o7777),
        links: told.stx_nlink.into(),
        device: rustix::fs::makedev(told.stx_dev_major, told.stx_dev_minor),
        inode: told.stx_ino,
        changed: (told.stx_ctime.tv_sec.into(), told.stx_ctime.tv_nsec.into()),
        written: (told.stx_mtime.tv_sec.into(), told.stx_mtime.tv_nsec.into()),
    })
}

/// Whether another file system begins there; `None` where the kernel does not say (before 5.8).
fn mount_root(told: &Statx) -> Option<bool> {
    let says = told.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT);
    says.then(|| told.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Where the kernel did not tell whether it is one, opening the name does.
fn refuse_mount(told: Option<bool>, dir: BorrowedFd<'_>, name: &str) -> io::Result<()> {
    match told {
        Some(true) => Err(outside_tree()),
        Some(false) => Ok(()),
        None => resolve(dir, RelativePath::new(name)?).map(drop),
    }
}

/// What the kernel says to a symlink or a mount point on the way.
fn resolving(errno: Errno) -> io::Error {
    if matches!(errno, Errno::LOOP | Errno::XDEV) { outside_tree() } else { errno.into() }
}

fn resolve_flags() -> ResolveFlags {
    ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV
}

/// A clone is made of two open files.
pub(super) const CLONES_BY_NAME: bool = false;

pub(super) fn clone_as(_source: &fs::File, _dir: BorrowedFd<'_>, _name: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn clone_bytes(source: &fs::File, target: &fs::File) -> io::Result<()> {
    // What the ioctl says differs between file systems that do not have it.
    let cannot = [Errno::NOTTY, Errno::INVAL, Errno::XDEV];
    retry_on_intr(|| rustix::fs::ioctl_ficlone(target, source)).map_err(|errno| unsupported_if(errno, &cannot))
}

/// The caller has excluded the other meaning of EINVAL, a directory exchanged with something inside it.
pub(super) fn exchange(a_dir: BorrowedFd<'_>, a: &str, b_dir: BorrowedFd<'_>, b: &str) -> io::Result<()> {
    retry_on_intr(|| rustix::fs::renameat_with(a_dir, a, b_dir, b, RenameFlags::EXCHANGE))
        .map_err(|errno| unsupported_if(errno, &[Errno::INVAL]))
}

/// The call itself, never the C library's emulation, which writes zeros.
pub(super) fn allocate(file: &fs::File, offset: u64, len: u64) -> io::Result<()> {
    retry_on_intr(|| rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, offset, len))
        .map_err(|errno| unsupported_if(errno, &[]))
}

/// The kernel takes "not needed" as: begin to write what is dirty, without waiting, and forget what is clean. What was just written is
/// dirty, and so stays cached.
pub(super) fn write_back_soon(file: &fs::File, offset: u64, len: u64) {
    // A hint; what goes wrong while writing is told to the next sync.
    rustix::fs::fadvise(file, offset, std::num::NonZeroU64::new(len), Advice::DontNeed).ok();
}

/// A hint; what goes wrong while reading is told to whoever reads.
pub(super) fn read_soon(file: &fs::File, offset: u64, len: u64) {
    rustix::fs::fadvise(file, offset, std::num::NonZeroU64::new(len), Advice::WillNeed).ok();
}

/// A sync flushes the device, always.
pub(super) fn write_out(file: &fs::File) -> io::Result<()> {
    file.sync_all()
}

pub(super) fn sync_handle(root: &OwnedFd) -> io::Result<Box<dyn SyncAll>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(Box::new(SyncFs(retry_on_intr(|| rustix::fs::openat(root, ".", flags, Mode::empty()))?)))
}

/// An open file description of its own: the kernel notes in it which errors it has been told.
struct SyncFs(OwnedFd);

impl SyncAll for SyncFs {
    fn sync_all(&self) -> io::Result<()> {
        Ok(retry_on_intr(|| rustix::fs::syncfs(&self.0))?)
    }
}

pub(super) fn capabilities(root: &OwnedFd) -> io::Result<Capabilities> {
    Ok(file_system_of(root)?.capabilities(KernelVersion::running()))
}

pub(super) fn stable_inodes(root: &OwnedFd) -> io::Result<bool> {
    Ok(file_system_of(root)?.stable_inodes())
}

pub(super) fn tells_holes(root: &OwnedFd) -> io::Result<bool> {
    Ok(file_system_of(root)?.tells_holes())
}

/// Where the next bytes of a file begin that are not in a hole; `None` where there are none. What cannot be asked counts as data.
pub(super) fn data_after(file: &fs::File, offset: u64) -> Option<u64> {
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(offset)) {
        Err(Errno::NXIO) => None,
        found => Some(found.unwrap_or(offset)),
    }
}

pub(super) fn has_subvolumes(root: &OwnedFd) -> io::Result<bool> {
    Ok(file_system_of(root)?.has_subvolumes())
}

/// None where the kernel is too old to tell, or the file system has no such attributes.
pub(super) fn attributes(dir: BorrowedFd<'_>, name: &str) -> Attributes {
    let Ok(found) = retry_on_intr(|| rustix::fs::statx(dir, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty())) else {
        return Attributes::default();
    };
    Attributes {
        immutable: found.stx_attributes.contains(StatxAttributes::IMMUTABLE),
        append_only: found.stx_attributes.contains(StatxAttributes::APPEND),
    }
}

/// Whether this process may do what only owners may.
pub(super) fn acts_as_owner() -> bool {
    let effective = rustix::thread::capabilities(None).map(|sets| sets.effective);
    effective.is_ok_and(|effective| effective.contains(rustix::thread::CapabilitySet::FOWNER))
}

fn file_system_of(root: &OwnedFd) -> io::Result<FileSystem> {
    let stat = retry_on_intr(|| rustix::fs::fstatfs(root.as_fd()))?;
    Ok(FileSystem::from_magic(stat.f_type as u64 & 0xffff_ffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_is_refused_where_the_kernel_does_not_tell_of_it() {
        let root = rustix::fs::open("/", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        if !kernel_resolves(&root) || rustix::fs::stat("/proc/self").is_err() {
            eprintln!("skipped: no openat2, or no mount at /proc");
            return;
        }
        assert!(crate::is_outside_tree(&refuse_mount(None, root.as_fd(), "proc").unwrap_err()));
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let dir = fs::File::open(dir.path()).unwrap();
        refuse_mount(None, dir.as_fd(), "file").unwrap();
    }
}
