//! `untorn run`.

use std::{
    io::{Write, stderr},
    path::Path,
    process::Command,
};

use untorn::ReadGuard;

use crate::{args::RunArgs, failure::Failure, outcome::Answer};

/// Returns only when the program cannot be started, or, where a process cannot become another program, when that has ended.
pub(super) fn run(args: &RunArgs) -> Answer {
    let guard = ReadGuard::acquire(&args.tree)?;
    // Where nobody reads them, the program starts all the same.
    drop(stderr().write_all(super::recover::warnings(guard.warnings()).as_bytes()));
    let (program, rest) = args.command.split_first().ok_or_else(|| {
        let nothing = std::io::ErrorKind::InvalidInput.into();
        Failure::io("start", Path::new(""), nothing)
    })?;
    let mut command = Command::new(program);
    command.args(rest);
    become_or_wait(command, &guard, Path::new(program))
}

/// This process becomes the program, and takes the lock along: signals, the exit code and the terminal are the program's own, and the tree is held exactly as long as it,
/// or anything it started, lives.
#[cfg(unix)]
fn become_or_wait(mut command: Command, guard: &ReadGuard, program: &Path) -> Answer {
    use std::os::unix::process::CommandExt;
    guard.hand_on()?;
    Err(Failure::io("start", program, command.exec()))
}

/// The program's exit code becomes that of this process, which holds the lock meanwhile.
#[cfg(not(unix))]
fn become_or_wait(mut command: Command, _guard: &ReadGuard, program: &Path) -> Answer {
    let status = command.status().map_err(|source| Failure::io("start", program, source))?;
    std::process::exit(status.code().unwrap_or(1))
}
