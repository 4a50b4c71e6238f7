//! Exit codes. Stable: scripts and launchers rely on them.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok = 0,
    Other = 1,
    Usage = 2,
    NothingToDo = 3,
    Damage = 10,
    Refused = 20,
    Rollback = 21,
    WrongBase = 22,
    Busy = 30,
    NoSpace = 31,
    Io = 32,
    Network = 40,
    OldAgain = 50,
    Bug = 70,
    Stopped = 130,
}

impl Exit {
    /// Every code and what it means.
    pub(crate) const ALL: [(Self, &str); 15] = [
        (Self::Ok, "done"),
        (Self::Other, "an error that has no code of its own; the message says more"),
        (Self::Usage, "the command line was not understood"),
        (Self::NothingToDo, "nothing to do (only with --exit-code)"),
        (Self::Damage, "verify found damage, or demo a torn tree"),
        (Self::Refused, "a signature is missing or wrong, whoever signed may not, or what is signed breaks the rules"),
        (Self::Rollback, "what is offered is older than it may be"),
        (Self::WrongBase, "the tree is not the build the patch starts from"),
        (Self::Busy, "another updater, or a program that uses the tree, holds it"),
        (Self::NoSpace, "not enough space"),
        (Self::Io, "the system refused to read or write"),
        (Self::Network, "something could not be fetched, or was not what it should be"),
        (Self::OldAgain, "the disk failed at the last moment; the tree is the old one, intact"),
        (Self::Bug, "an error in untorn itself; please report it"),
        (Self::Stopped, "stopped by a signal (Ctrl-C) before anything was decided; nothing was changed"),
    ];

    /// The one with this code: the library knows some of them.
    pub(crate) fn of(code: u8) -> Self {
        Self::ALL.iter().find(|(exit, _)| exit.code() == code).map_or(Self::Other, |(exit, _)| *exit)
    }

    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// The table, one code a line.
pub(crate) fn table() -> String {
    Exit::ALL.iter().map(|(exit, meaning)| format!("  {:>3}  {meaning}\n", exit.code())).collect()
}
