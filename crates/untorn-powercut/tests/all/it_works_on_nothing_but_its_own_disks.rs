//! No option names a device or a directory to work on, and what is not understood ends it before anything is mounted.

use std::process::Command;

fn refused(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_untorn-powercut")).args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_device_is_no_file_system() {
    assert!(refused(&["/dev/loop0"]).contains("what is \"/dev/loop0\"?"));
    assert!(refused(&["--file-system", "/dev/loop0"]).contains("there is no file system"));
    assert!(refused(&["--minutes", "1"]).contains("which untorn?"));
}
