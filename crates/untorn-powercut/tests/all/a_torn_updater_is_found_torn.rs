//! `cp` over a tree is found torn, untorn is not; one that hangs is killed and counted. Needs root, and says so.

use std::{
    path::PathBuf,
    process::{Command, Output},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::machine;

struct Torture {
    output: Output,
    /// The only row.
    row: Value,
}

fn torture(name: &str, words: &[&str]) -> Option<Torture> {
    if let Some(why) = machine::lacks() {
        println!("skipped: {why}");
        return None;
    }
    let log: PathBuf = std::env::temp_dir().join(format!("untorn-torture-test-{name}-{}", std::process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_untorn-torture"));
    command
        .args(["--file-system", "ext4-ordered", "--recordings", "1", "--jobs", "1", "--must-hold", "--log"])
        .arg(&log)
        .args(words);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("cannot work here") || String::from_utf8_lossy(&output.stdout).contains("skipped: ext4-ordered") {
        println!("skipped: {said}");
        return None;
    }
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::remove_file(log).unwrap();
    Some(Torture { row: serde_json::from_str(text.lines().next().unwrap()).unwrap(), output })
}

#[test]
fn cp_is() {
    let words = ["--states", "60", "--", "sh", "-c", "cp -a {new}/. {tree}/ && cd {tree} && xargs -d '\\n' -a {gone} rm -rf --"];
    let Some(Torture { output, row }) = torture("cp", &words) else { return };
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(row["damaged"].as_u64().unwrap() > 0 && row["early"].as_u64().unwrap() > 0, "{row}");
    assert!(row["states"].as_u64().unwrap() > 40 && row["hung"] == 0, "{row}");
}

#[test]
fn untorn_is_not() {
    let Some(untorn) = machine::untorn() else {
        println!("skipped: untorn is not built");
        return;
    };
    let with = format!("untorn={}", untorn.display());
    let Some(Torture { output, row }) = torture("untorn", &["--states", "60", "--with", &with, "--recipe", "untorn"]) else {
        return;
    };
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let number = |key: &str| row[key].as_u64().unwrap();
    assert!(number("old") > 0 && number("new") > 0, "{row}");
    assert_eq!(number("mixed") + number("damaged"), number("recovered"), "{row}");
    assert_eq!(number("lost") + number("stuck") + number("early") + number("leftovers") + number("hung"), 0, "{row}");
    assert!(number("flushes") > 0 && number("written") > 100_000, "{row}");
}

/// Its recovery waits for ever, and so does what that started.
#[test]
fn who_does_not_end_is_ended_and_counted() {
    let began = Instant::now();
    let update = "cp -a {new}/. {tree}/; rm -rf {tree}/gone";
    let words = ["--states", "3", "--limit", "1", "--recover", "sleep 1000 & sleep 1000", "--", "sh", "-c", update];
    let Some(Torture { row, .. }) = torture("hangs", &words) else { return };
    let number = |key: &str| row[key].as_u64().unwrap();
    assert_eq!(number("states") + number("unmountable"), 3, "{row}");
    assert!(number("states") > 0 && number("hung") >= number("states"), "{row}");
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn what_does_not_update_without_a_power_cut_is_said_so() {
    let Some(Torture { output, row }) = torture("nothing", &["--", "true"]) else { return };
    assert_eq!(output.status.code(), Some(1));
    assert!(row["failure"].as_str().unwrap().contains("without a power cut it leaves a tree that is Old"), "{row}");
}
