//! No option names a device or a directory to work on, and what is not understood, or cannot be done, ends it before anything is mounted.

use std::{os::unix::process::CommandExt, process::Command};

fn refused_by(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_device_is_no_file_system() {
    let refused = |args: &[&str]| refused_by(env!("CARGO_BIN_EXE_untorn-powercut"), args);
    assert!(refused(&["/dev/loop0"]).contains("what is \"/dev/loop0\"?"));
    assert!(refused(&["--file-system", "/dev/loop0"]).contains("there is no file system"));
    assert!(refused(&["--minutes", "1"]).contains("which untorn?"));
    let refused = |args: &[&str]| refused_by(env!("CARGO_BIN_EXE_untorn-torture"), args);
    assert!(refused(&["/dev/loop0"]).contains("what is \"/dev/loop0\"?"));
    assert!(refused(&["--file-system", "/dev/loop0", "--", "true"]).contains("there is no file system"));
    assert!(refused(&["--seed", "1"]).contains("which updater?"));
    assert!(refused(&["--recipe", "no-such-updater"]).contains("no recipe and no file"));
}

/// As nobody: what it needs is said, and that nothing was tried.
#[test]
fn without_root_it_says_so() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_untorn-torture"));
    command.args(["--", "true"]);
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let output = match command.output() {
        Ok(output) => output,
        Err(why) => return println!("skipped: nobody may not run it: {why}"),
    };
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot work here: it needs root, to mount. Nothing was tried."), "{said}");
}

#[test]
fn help_needs_nothing_and_shows_examples() {
    for (program, example) in [
        (env!("CARGO_BIN_EXE_untorn-torture"), "cargo xtask torture -- rsync -a --delete {new}/ {tree}/"),
        (env!("CARGO_BIN_EXE_untorn-powercut"), "cargo xtask powercut --media --minutes 0"),
        (env!("CARGO_BIN_EXE_untorn-soak"), "cargo xtask soak --minutes 10 --seed 1"),
    ] {
        let output = Command::new(program).arg("--help").output().unwrap();
        assert!(output.status.success(), "{program}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(example), "{program}");
    }
}
