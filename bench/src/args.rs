//! What the user asks for.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Measures untorn beside its rivals. Prints Markdown.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// Which comparison to run.
    pub case: Selection,

    /// Work in this directory; the file system that holds it is the one measured.
    #[arg(long, default_value = ".")]
    pub dir: PathBuf,

    /// Rounds; in each, every contender runs once.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,

    /// Also write every sample to this file.
    #[arg(long)]
    pub json: Option<PathBuf>,

    /// Measure on fresh ext4, XFS and Btrfs images inside `--dir` instead of on its own file system. Needs root.
    #[arg(long)]
    pub images: bool,

    /// Leave the page cache alone; then every run starts warm.
    #[arg(long)]
    pub warm: bool,

    /// Files in `small-files`.
    #[arg(long, default_value_t = 10_000)]
    pub small_files: u64,

    /// How far away the server of `updates` is: milliseconds there and back.
    #[arg(long, default_value_t = 20)]
    pub latency: u64,

    /// How fast the line to it is, in Mbit/s.
    #[arg(long, default_value_t = 100.0)]
    pub mbit: f64,

    /// An old build and a new one, for `patches`, `updates` and `verify`; may be given more than once.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    pub pair: Vec<PathBuf>,

    /// For `patches`: a folder of pairs, each with `old` and `new` in it, where none is named.
    #[arg(long, env = "UNTORN_CORPORA")]
    pub corpora: Option<PathBuf>,

    /// For `patches`: the program `untorn`, built for release.
    #[arg(long, default_value = "untorn")]
    pub untorn: String,

    /// For `patches`: also what takes very long, or more memory than most machines have.
    #[arg(long)]
    pub slow: bool,

    /// Bytes of the file in `pak` and `append`.
    #[arg(long, default_value_t = 4 << 30)]
    pub pak_bytes: u64,

    /// Bytes changed in place by the transaction of `recover`, in a file of four times that.
    #[arg(long, default_value_t = 1 << 30)]
    pub recover_bytes: u64,
}

/// The comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Selection {
    /// Every one of them.
    All,
    /// Many files of 4 KiB, rewritten durably.
    SmallFiles,
    /// 500 files of 4 KiB, against the crates for atomic multi-file commits.
    #[value(name = "small-500")]
    Small500,
    /// 4 files of 64 MiB, replaced.
    #[value(name = "big-4x64")]
    Big,
    /// 40 edits, 20 MB in all, in one file of 4 GiB.
    Pak,
    /// Opening a clean tree.
    Open,
    /// Recovery of an in-place transaction cut after its commit point.
    Recover,
    /// Device flushes by number of files.
    Flushes,
    /// Patches between builds, beside the tools in `PATH`: size, making, applying. Not among `all`.
    Patches,
    /// Updates over a network between builds, beside the tools in `PATH`: bytes, and time over a line. Not among `all`.
    Updates,
    /// Verifying a tree, the new one of each pair, beside b3sum with as many threads. Not among `all`.
    Verify,
    /// Patches of a file of 4 GiB that grows by 20 MB, and of one that gets 7 bytes at its start. Not among `all`.
    Append,
    /// One file of 10 GiB replaced: more than fits into the memory it may take. Not among `all`.
    Large,
}
