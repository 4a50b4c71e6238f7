//! What cannot be named is at least seen.
#![cfg(target_os = "linux")]

use std::{ffi::OsStr, fs, io, os::unix::ffi::OsStrExt, os::unix::fs::symlink};

use crate::util::{both, kind, list, put};
use untorn_fs::Fs;

#[test]
fn a_name_not_in_utf_8_is_listed_escaped_beside_the_others() {
    both(|fs, root| {
        put(fs, "plain\\ä", b"");
        fs::write(root.join(OsStr::from_bytes(b"bad\xff\\")), "").unwrap();
        assert_eq!(list(fs, ""), [Ok("plain\\ä".to_owned()), Err(r"bad\xff\\".to_owned())]);
        let listed = fs.read_dir_metadata("").unwrap();
        let (_, bad) = listed.into_iter().find(|(entry, _)| entry.name.is_err()).unwrap();
        assert_eq!(kind(bad), io::ErrorKind::InvalidInput);
    });
}

#[test]
fn a_target_not_in_utf_8_is_invalid_data() {
    both(|fs, root| {
        symlink(OsStr::from_bytes(b"\xff"), root.join("link")).unwrap();
        assert_eq!(kind(fs.read_link("link")), io::ErrorKind::InvalidData);
    });
}
