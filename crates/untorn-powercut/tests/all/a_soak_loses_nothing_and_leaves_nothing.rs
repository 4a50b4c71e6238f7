//! A few seconds of it; it needs no root, but for a disk that is nearly full.

use std::process::Command;

use crate::machine;

#[test]
fn some_seconds_of_it() {
    let Some(untorn) = machine::untorn() else {
        println!("skipped: untorn is not built");
        return;
    };
    let dir = std::env::temp_dir().join(format!("untorn-soak-test-{}", std::process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_untorn-soak"));
    command.args(["--minutes", "0.1", "--files", "100", "--jobs", "1", "--dir"]).arg(&dir).arg("--program").arg(untorn);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.contains("; 0 lost"), "{said}");
    println!("{said}");
    // Its own directory goes, that in which it was to work stays.
    std::fs::remove_dir(dir).unwrap();
}
