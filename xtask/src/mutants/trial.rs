//! One mutant against the tests that come to it.

use std::{
    fmt, fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use crate::interrupt;

use super::{
    listed::Mutant,
    suite::{Suite, Test},
};

/// What became of a mutant.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// This test turned red, or took too long.
    Caught(String),
    /// No test minds.
    Missed,
    /// No test comes to it.
    Unreached,
    /// It does not compile.
    NotBuilt,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caught(by) => write!(f, "caught by {by}"),
            Self::Missed => f.write_str("missed"),
            Self::Unreached => f.write_str("unreached"),
            Self::NotBuilt => f.write_str("not built"),
        }
    }
}

/// Tests this quick are run together.
const QUICK: Duration = Duration::from_millis(400);

/// How often it is looked whether a test takes too long.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Runs the tests that come to it, until one fails.
pub(super) fn outcome(mutant: &Mutant, suite: &Suite, place: &Path) -> Outcome {
    let reaching: Vec<&Test> = suite.tests.iter().filter(|test| test.reached.contains(&mutant.number)).collect();
    if reaching.is_empty() {
        return Outcome::Unreached;
    }
    let number = mutant.number.to_string();
    for together in groups(&reaching) {
        let names: Vec<&str> = together.iter().map(|test| test.name.as_str()).collect();
        let time: Duration = together.iter().map(|test| test.time).sum();
        let run =
            Run { program: &together[0].program, names: &names, dir: &suite.dir, place, time: time * 4 + Duration::from_secs(8) };
        if !passes(&run, &[("UNTORN_MUTANT", &number)]) {
            return Outcome::Caught(if names.len() == 1 { names[0].to_owned() } else { format!("{} quick ones", names.len()) });
        }
    }
    Outcome::Missed
}

/// The quick ones of each program together, then the others one by one.
fn groups<'a>(tests: &[&'a Test]) -> Vec<Vec<&'a Test>> {
    let (quick, slow): (Vec<&Test>, Vec<&Test>) = tests.iter().partition(|test| test.time < QUICK);
    let mut groups: Vec<Vec<&Test>> = Vec::new();
    for test in quick {
        match groups.iter_mut().find(|group| group[0].program == test.program) {
            Some(group) => group.push(test),
            None => groups.push(vec![test]),
        }
    }
    groups.extend(slow.into_iter().map(|test| vec![test]));
    groups
}

/// Some tests of one program.
pub(super) struct Run<'a> {
    pub program: &'a Path,
    pub names: &'a [&'a str],
    pub dir: &'a Path,
    /// Where they may have temporary files.
    pub place: &'a Path,
    /// After this they are killed, with all that they started.
    pub time: Duration,
}

/// Whether all of them pass, in time.
pub(super) fn passes(run: &Run<'_>, variables: &[(&str, &str)]) -> bool {
    let Ok(temporary) = tempdir(run.place) else { return false };
    let passed = attempt(run, variables, &temporary);
    drop(fs::remove_dir_all(&temporary));
    passed
}

fn tempdir(place: &Path) -> std::io::Result<std::path::PathBuf> {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = place.join(format!("tmp-{}-{number}", std::process::id()));
    fs::create_dir_all(&path).map(|()| path)
}

fn attempt(run: &Run<'_>, variables: &[(&str, &str)], temporary: &Path) -> bool {
    let mut command = Command::new(run.program);
    command
        .args(["--exact", "--test-threads", "1"])
        .args(run.names)
        .envs(variables.iter().copied())
        .env("TMPDIR", temporary)
        .current_dir(run.dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    // With what it starts it can be ended as one.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let Ok(mut child) = command.spawn() else { return false };
    let (said, heard) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        // Reads on to the end, so that nobody waits for a full pipe.
        std::thread::spawn(move || BufReader::new(output).lines().map_while(Result::ok).for_each(|line| drop(said.send(line))));
    }
    let (started, mut has_failed) = (Instant::now(), false);
    while !has_failed {
        match heard.recv_timeout(LOOK_EVERY) {
            Ok(line) => has_failed = line.ends_with("FAILED") || line.ends_with("failed"),
            Err(mpsc::RecvTimeoutError::Timeout) => has_failed = interrupt::happened() || started.elapsed() > run.time,
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    if has_failed {
        drop(Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status());
    }
    child.wait().is_ok_and(|status| status.success()) && !has_failed
}
