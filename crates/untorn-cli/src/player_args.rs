//! The command line of those who follow releases.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How releases are fetched and taken.
#[derive(Args, Debug)]
pub(crate) struct FollowArgs {
    /// Follow this channel; by default the one that is followed, or `stable`
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<String>,
    /// For which platform; by default that of the tree, or of this machine
    #[arg(long, value_name = "NAME")]
    pub(crate) platform: Option<String>,
    /// Say what it takes, but change nothing
    #[arg(short = 'n', long, alias = "dry-run", group = "extent")]
    pub(crate) plan: bool,
    /// Fetch everything, but do not change the tree: it may be in use
    #[arg(long, group = "extent")]
    pub(crate) stage_only: bool,
    /// Only change the tree, with what --stage-only has fetched; no network is needed
    #[arg(long, group = "extent")]
    pub(crate) commit: bool,
    /// Leave files that fit as they are where somebody changed them (`*`, `?`, `**`)
    #[arg(long, value_name = "PATTERN", help_heading = "Files that somebody changed")]
    pub(crate) keep: Vec<String>,
    /// Change nothing at all where somebody changed files that fit
    #[arg(long, value_name = "PATTERN", help_heading = "Files that somebody changed")]
    pub(crate) refuse: Vec<String>,
    /// Replace files that fit, also those that belong to no build
    #[arg(long, value_name = "PATTERN", help_heading = "Files that somebody changed")]
    pub(crate) replace: Vec<String>,
    /// What to do when nobody has vouched for the channel for too long
    #[arg(long, value_name = "HOW", default_value = "warn")]
    pub(crate) expiry: ExpiryArg,
    /// Also a release that is not rolled out to this tree yet, or that was rolled back here
    #[arg(long)]
    pub(crate) regardless: bool,
    /// Never use patches
    #[arg(long)]
    pub(crate) no_patches: bool,
    /// Apply patches in steps that take little space each; no way back past the first one
    ///
    /// As `untorn apply --low-disk`: until the last step is done the tree is neither the old nor the new build, and nothing may use it. After a crash or an error the same command goes on.
    #[arg(long, conflicts_with_all = ["plan", "stage_only", "commit"])]
    pub(crate) low_disk: bool,
    /// How many MiB a step of --low-disk may write, and so about how much space it takes
    #[arg(long, value_name = "MIB", default_value_t = 64, requires = "low_disk", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) step: u64,
    /// Keep nothing to go back with
    #[arg(long)]
    pub(crate) no_undo: bool,
    /// Wait for another updater, and, once everything is ready, for the running program, to end
    #[arg(long)]
    pub(crate) wait: bool,
    /// Exit with 3 when there was nothing to do
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// How many questions may be under way at once
    #[arg(long, value_name = "N", default_value_t = 6, help_heading = "Network")]
    pub(crate) connections: usize,
    /// Fetch no faster, in KiB a second
    #[arg(long, value_name = "KIB", help_heading = "Network")]
    pub(crate) rate_limit: Option<u64>,
    /// Do not fetch whole files for the sake of a part, where a server gives out nothing else
    #[arg(long, help_heading = "Network")]
    pub(crate) no_whole: bool,
    /// Give up when nothing has come for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 180, help_heading = "Network")]
    pub(crate) patience: u64,
    /// Believe servers with these certificates, a PEM file, instead of those the system believes
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) ca: Option<PathBuf>,
    /// How many threads read; 0 means as many as keep the disk busy
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) jobs: usize,
}

/// What to do when the word of a channel is old.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ExpiryArg {
    /// Say so
    Warn,
    /// Refuse
    Enforce,
    /// Do not look
    Off,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn update game/                       from where it came, the way that takes the fewest bytes
  untorn update game/ --plan                say what it would take
  untorn update game/ --stage-only          fetch everything while the game runs,
  untorn update game/ --commit              and change the tree later, without a network
  untorn update game/ --keep '*.cfg'        files that the player changed stay

What has come is not fetched again, whatever happens in between. Files that belong to no build are never touched.")]
pub(crate) struct UpdateArgs {
    /// The directory
    pub(crate) tree: PathBuf,
    /// Where releases come from: an address, or a directory; may be given several times, for mirrors
    #[arg(long, value_name = "URL|DIR")]
    pub(crate) from: Vec<String>,
    /// The root to believe, where the tree follows no releases yet
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn install https://example.org/game game/ --trust game.root
  untorn install /media/stick/store game/ --trust game.root --channel beta

The root came with something you trust. From then on, `untorn update game/` is all it takes.")]
pub(crate) struct InstallArgs {
    /// Where releases come from: an address, or a directory
    #[arg(value_name = "URL|DIR")]
    pub(crate) from: String,
    /// The directory; it need not exist
    pub(crate) tree: PathBuf,
    /// The root to believe
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: PathBuf,
    /// Further mirrors
    #[arg(long, value_name = "URL|DIR")]
    pub(crate) mirror: Vec<String>,
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
}
