//! Who makes patches, and how they are called.

use std::path::Path;
use std::process::Command as Program;

use super::pair::Pair;
use crate::args::{Args, Selection};

/// What a command is about.
pub struct Command<'c> {
    /// The old build, or the tar of it.
    pub old: &'c Path,
    /// The new one.
    pub new: &'c Path,
    /// The patch.
    pub patch: &'c Path,
    /// Where the result goes; where a peer works in place, a copy of the old build stands there.
    pub result: &'c Path,
}

type Call = fn(&Command<'_>, &Args) -> Program;

/// One tool, in one mode.
#[derive(Clone, Debug)]
pub struct Peer {
    /// For the table.
    pub name: &'static str,
    /// The programs it needs.
    programs: Vec<String>,
    /// Makes a patch; `None` where both trees are needed to update one.
    pub make: Option<Call>,
    /// Applies it.
    pub apply: Call,
    /// Whether it knows single files only.
    pub needs_tars: bool,
    /// Whether it changes the old build.
    pub in_place: bool,
    /// The most bytes (old and new) it is tried with: some take hours, or more memory than there is.
    bytes_max: u64,
}

impl Peer {
    /// Whether its programs can be run.
    pub fn is_there(&self) -> bool {
        self.programs.iter().all(|program| is_program(program))
    }

    /// Whether it is tried with a pair.
    pub fn takes(&self, pair: &Pair, args: &Args) -> bool {
        let is_asked = args.case != Selection::Append || !self.needs_tars;
        is_asked && (args.slow || pair.bytes <= self.bytes_max)
    }
}

/// Whether there is such a program.
pub fn is_program(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

fn program(name: &str, args: &[&str]) -> Program {
    let mut program = Program::new(name);
    program.args(args);
    program
}

/// Untorn, at a level or at its default.
fn untorn_diff(command: &Command<'_>, args: &Args, more: &[&str]) -> Program {
    let mut program = Program::new(&args.untorn);
    program.arg("diff").arg(command.old).arg(command.new).arg("-o").arg(command.patch).args(more);
    program
}

/// Every peer, in the order of the table.
pub fn all(args: &Args) -> Vec<Peer> {
    let peer = |name, programs: &[&str], make: Option<Call>, apply, needs_tars, in_place, bytes_max| Peer {
        name,
        programs: programs.iter().map(|&program| program.to_owned()).collect(),
        make,
        apply,
        needs_tars,
        in_place,
        bytes_max,
    };
    let untorn = [args.untorn.as_str()];
    let (any, some, few) = (u64::MAX, 3 << 30, 300 << 20);
    let hdiff = |name, make| peer(name, &["hdiffz", "hpatchz"], Some(make), hpatchz, false, false, any);
    vec![
        peer("untorn", &untorn, Some(|command, args| untorn_diff(command, args, &[])), untorn_apply, false, true, any),
        peer(
            "untorn -9",
            &untorn,
            Some(|command, args| untorn_diff(command, args, &["--level", "9"])),
            untorn_apply,
            false,
            true,
            some,
        ),
        hdiff("hdiffz -m-6 zstd-21", |command, _| hdiffz(command, &["-m-6", "-SD", "-c-zstd-21-24", "-p-2", "-d"])),
        hdiff("hdiffz -s-64 zstd-9", |command, _| hdiffz(command, &["-s-64", "-SD", "-c-zstd-9-24", "-p-2", "-d"])),
        hdiff("hdiffz -s-4k zstd-9", |command, _| hdiffz(command, &["-s-4k", "-SD", "-c-zstd-9-24", "-p-2", "-d"])),
        peer("zstd -19 --patch-from", &["zstd"], Some(zstd), unzstd, true, false, some),
        peer("xdelta3 -9", &["xdelta3"], Some(xdelta), unxdelta, true, false, some),
        peer("bsdiff", &["bsdiff", "bspatch"], Some(bsdiff), bspatch, true, false, few),
        peer("rsync --inplace", &["rsync"], None, rsync, false, true, any),
    ]
}

fn untorn_apply(command: &Command<'_>, args: &Args) -> Program {
    let mut program = Program::new(&args.untorn);
    program.args(["apply", "--unsigned"]).arg(command.patch).arg(command.result);
    program
}

fn hdiffz(command: &Command<'_>, args: &[&str]) -> Program {
    let mut program = program("hdiffz", args);
    program.arg(command.old).arg(command.new).arg(command.patch);
    program
}

fn hpatchz(command: &Command<'_>, _: &Args) -> Program {
    let mut program = program("hpatchz", &["-f"]);
    program.arg(command.old).arg(command.patch).arg(command.result);
    program
}

fn zstd(command: &Command<'_>, _: &Args) -> Program {
    let mut program = program("zstd", &["-19", "--long=31", "-T2", "-q", "-f"]);
    program.arg(format!("--patch-from={}", command.old.display())).arg(command.new).arg("-o").arg(command.patch);
    program
}

fn unzstd(command: &Command<'_>, _: &Args) -> Program {
    let mut program = program("zstd", &["-d", "--long=31", "-q", "-f"]);
    program.arg(format!("--patch-from={}", command.old.display())).arg(command.patch).arg("-o").arg(command.result);
    program
}

fn xdelta(command: &Command<'_>, _: &Args) -> Program {
    let mut program = program("xdelta3", &["-e", "-9", "-S", "lzma", "-B", "536870912", "-f", "-s"]);
    program.arg(command.old).arg(command.new).arg(command.patch);
    program
}

fn unxdelta(command: &Command<'_>, _: &Args) -> Program {
    let mut program = program("xdelta3", &["-d", "-B", "536870912", "-f", "-s"]);
    program.arg(command.old).arg(command.patch).arg(command.result);
    program
}

fn bsdiff(command: &Command<'_>, _: &Args) -> Program {
    let mut program = program("bsdiff", &[]);
    program.arg(command.old).arg(command.new).arg(command.patch);
    program
}

fn bspatch(command: &Command<'_>, _: &Args) -> Program {
    let mut program = program("bspatch", &[]);
    program.arg(command.old).arg(command.result).arg(command.patch);
    program
}

/// Both trees are on the same disk: it shows what writing costs, not what is sent.
fn rsync(command: &Command<'_>, _: &Args) -> Program {
    let mut program = program("rsync", &["-rltc", "--delete", "--no-whole-file", "--inplace", "--exclude=/.untorn"]);
    program.arg(format!("{}/", command.new.display())).arg(format!("{}/", command.result.display()));
    program
}
