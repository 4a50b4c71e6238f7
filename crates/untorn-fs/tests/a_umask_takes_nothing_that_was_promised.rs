//! The umask of the process decides what others may do, not what was asked for.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "written for the other tests, too")]
#[path = "all/util/mod.rs"]
mod util;

use rustix::{fs::Mode, process::umask};
use untorn_fs::{Fs, OpenMode, Permissions};
use util::both;

/// One test alone in its program: the umask belongs to the whole process.
#[test]
fn a_umask_changes_defaults_but_not_the_executable_bit_nor_what_was_said_exactly() {
    both(|fs, _| {
        let usual = umask(Mode::from_raw_mode(0o177));
        let plain = fs.open("plain", OpenMode::CreateNew { executable: false }).unwrap();
        let tool = fs.open("tool", OpenMode::CreateNew { executable: true }).unwrap();
        assert_eq!(plain.metadata().unwrap().permissions.bits(), 0o600);
        assert_eq!(tool.metadata().unwrap().permissions.bits(), 0o700);

        fs.create_dir("dir", Some(Permissions::from_bits(0o755))).unwrap();
        assert_eq!(fs.metadata("dir").unwrap().permissions.bits(), 0o755);

        tool.set_permissions(Permissions::from_bits(0o755)).unwrap();
        if fs.clone_file("tool", "clone").is_ok() {
            assert_eq!(fs.metadata("clone").unwrap().permissions.bits(), 0o755);
        }
        umask(usual);
    });
}
