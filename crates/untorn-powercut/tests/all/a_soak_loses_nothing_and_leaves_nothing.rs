//! A few seconds of it; it needs no root, but for a disk that is nearly full.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::machine;

fn soak(name: &str, program: &Path, minutes: &str) -> (Output, PathBuf) {
    let dir = std::env::temp_dir().join(format!("untorn-soak-test-{name}-{}", std::process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_untorn-soak"));
    command.args(["--minutes", minutes, "--files", "100", "--jobs", "1", "--dir"]).arg(&dir).arg("--program").arg(program);
    (command.output().unwrap(), dir)
}

#[test]
fn some_seconds_of_it() {
    let Some(untorn) = machine::untorn() else {
        println!("skipped: untorn is not built");
        return;
    };
    let (output, dir) = soak("whole", &untorn, "0.1");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.contains("; 0 lost"), "{said}");
    println!("{said}");
    // Its own directory goes, that in which it was to work stays.
    fs::remove_dir(dir).unwrap();
}

/// Something that is untorn but for `apply`, which is rsync: right when nobody kills it.
#[test]
fn who_tears_a_tree_is_found_and_the_tree_is_kept() {
    let (Some(untorn), true) = (machine::untorn(), Command::new("rsync").arg("--version").output().is_ok()) else {
        println!("skipped: untorn is not built, or there is no rsync");
        return;
    };
    let program = std::env::temp_dir().join(format!("untorn-soak-test-torn-{}.sh", std::process::id()));
    let script = format!(
        "#!/bin/sh\ncase $1,$2 in apply,there) from=new;; apply,back) from=old;; *) exec {} \"$@\";; esac\n\
         exec rsync -a --checksum --delete --exclude .untorn $from/ $3/\n",
        untorn.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let (output, dir) = soak("torn", &program, "1");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.contains("LOST: ") && said.contains(", kept in "), "{output:?}");
    let kept = fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
    assert!(kept.join("tree").is_dir());
    fs::remove_dir_all(dir).unwrap();
    fs::remove_file(program).unwrap();
}
