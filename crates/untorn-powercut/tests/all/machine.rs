//! What this machine has.

use std::{fs, path::PathBuf};

/// The program that is tried, if that was built.
pub(crate) fn untorn() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_untorn-powercut")).with_file_name("untorn");
    path.exists().then_some(path)
}

/// Why nothing can be mounted here; `None` when it can, as far as can be seen.
pub(crate) fn lacks() -> Option<&'static str> {
    let can_mount =
        rustix::process::geteuid().is_root() && fs::exists("/dev/fuse").unwrap() && fs::exists("/dev/loop-control").unwrap();
    (!can_mount).then_some("it needs root, FUSE and loop devices")
}
