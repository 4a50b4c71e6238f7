//! What the permissions of a directory do not tell: flags that forbid changes to everybody.

#![cfg(target_os = "linux")]

use std::{fs::File, io::ErrorKind, path::Path};

use rustix::fs::IFlags;
use untorn_fs::{Fs, OpenMode, OsFs, Right};

/// Whether the system lets us set it: that takes a file system that has flags, and root.
fn set_flags(path: &Path, flags: IFlags) -> bool {
    rustix::fs::ioctl_setflags(File::open(path).unwrap(), flags).is_ok()
}

#[test]
fn nothing_changes_in_an_immutable_directory_nor_an_immutable_file() {
    let dir = tempfile::tempdir().unwrap();
    let fs = OsFs::open(dir.path()).unwrap();
    for sub in ["immutable", "growing", "plain"] {
        fs.create_dir(sub, None).unwrap();
        drop(fs.open(&format!("{sub}/old"), OpenMode::CreateNew { executable: false }).unwrap());
    }
    let at = |path: &str| dir.path().join(path);
    if !set_flags(&at("plain/old"), IFlags::IMMUTABLE) {
        eprintln!("skipped: flags cannot be set here");
        return;
    }
    assert!(set_flags(&at("immutable"), IFlags::IMMUTABLE) && set_flags(&at("growing"), IFlags::APPEND));
    let told = ["immutable/old", "immutable/new", "growing/old", "growing/new", "plain/old", "plain/new"]
        .map(|path| fs.may(Right::Name, path).map_err(|error| error.kind()));
    let mode = fs.may(Right::Permissions, "plain/old").map_err(|error| error.kind());
    let done = (fs.remove_file("growing/old").is_err(), fs.create_dir("growing/new", None).is_ok());
    for path in ["immutable", "growing", "plain/old"] {
        assert!(set_flags(&at(path), IFlags::empty()));
    }
    let no = Err(ErrorKind::PermissionDenied);
    assert_eq!(told, [no, no, no, Ok(()), no, Ok(())]);
    assert_eq!(mode, no);
    assert_eq!(done, (true, true));
}
