//! The command line of whoever publishes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Keys to sign with.
#[derive(Args, Clone, Debug)]
pub(crate) struct KeyArgs {
    /// The secret key to sign with, as `untorn key new` or minisign made it; several, where several must sign. Without this, the text of the key is taken
    /// from the environment: UNTORN_KEY
    #[arg(long = "key", value_name = "FILE", help_heading = "Keys")]
    pub(crate) keys: Vec<PathBuf>,
    /// Read the password of the key from standard input; else it is taken from UNTORN_KEY_PASSWORD, or asked for on a terminal
    #[arg(long, help_heading = "Keys")]
    pub(crate) password_stdin: bool,
    /// The root document to believe: needed for the first release of a store, and after keys were changed
    #[arg(long = "root", value_name = "FILE", help_heading = "Keys")]
    pub(crate) roots: Vec<PathBuf>,
}

/// What a channel says to players.
#[derive(Args, Clone, Debug)]
pub(crate) struct PointerArgs {
    /// For how many days the word of the channel is good; 0 means for ever
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    pub(crate) valid_days: u64,
    /// How many players of 1,000 get it now; the others stay with what they have
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub(crate) rollout_permille: u16,
    /// The least build that players may have from now on; it never falls
    #[arg(long, value_name = "BUILD")]
    pub(crate) floor: Option<u64>,
    /// Check everything and say what would be done, but change nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn publish 1.0/ store/ --key game.key --root game.1.root     the first release, to a directory
  untorn publish 1.1/ store/ --key game.key --patch-from 3         with patches from the last three builds
  untorn publish 1.1/ s3://bucket/game --key game.key --dry-run    say what would be sent
  untorn publish 1.1/ store/ --unsigned-out sign/                  leave the release to be signed elsewhere:
  untorn sign sign/release --key release.key                         on the machine that holds the key
  untorn publish sign/ store/ --resume --key channel.key           and go on

Sends only what the store does not have. Players see nothing of it before all of it is there; killed at any instant, the same command goes on.")]
pub(crate) struct PublishArgs {
    /// The build: a directory, which is only read
    pub(crate) build: PathBuf,
    /// The store: a directory, or s3://, gs://, az:// with a bucket
    pub(crate) store: String,
    /// The channel that players follow
    #[arg(long, value_name = "NAME", default_value = "stable")]
    pub(crate) channel: String,
    /// For which platform the build is
    #[arg(long, value_name = "NAME", default_value = "any")]
    pub(crate) platform: String,
    /// Of which product it is: a safeguard against the wrong store
    #[arg(long, value_name = "NAME")]
    pub(crate) product: Option<String>,
    /// What people call it
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Option<String>,
    /// Its number, higher than all before; if nothing is said, the next one
    #[arg(long = "build", value_name = "N")]
    pub(crate) number: Option<u64>,
    /// Make patches from the last N builds of the channel
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) patch_from: usize,
    /// Make no bridge: players who have the build before, and no patch, then fetch whole chunks
    #[arg(long)]
    pub(crate) no_bridge: bool,
    /// A directory that holds a build from before: what is in it need not be fetched from the store to make patches
    #[arg(long, value_name = "DIR")]
    pub(crate) old: Vec<PathBuf>,
    /// Where to put old builds together
    #[arg(long, value_name = "DIR")]
    pub(crate) work_dir: Option<PathBuf>,
    /// Send everything, but leave the release document in this directory to be signed
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub(crate) unsigned_out: Option<PathBuf>,
    /// Go on with what --unsigned-out left in the directory BUILD, now that it is signed
    #[arg(long)]
    pub(crate) resume: bool,
    /// How hard to compress chunks: 1 (fast) to 22 (small)
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(i32).range(1..=22))]
    pub(crate) level: i32,
    /// How much to try to make patches small: 1 (fast) to 9 (small)
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(i32).range(1..=9))]
    pub(crate) patch_level: i32,
    /// How many threads work; 0 means one for each core
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) jobs: usize,
    /// Exit with 3 when the channel has that very build already
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) pointer: PointerArgs,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Example:
  untorn promote store/ --from beta --to stable --key game.key

Nothing is sent but the pointer: players of the one channel get what those of the other have.")]
pub(crate) struct PromoteArgs {
    /// The store
    pub(crate) store: String,
    /// The channel that has it
    #[arg(long, value_name = "NAME")]
    pub(crate) from: String,
    /// The channel that shall have it
    #[arg(long, value_name = "NAME")]
    pub(crate) to: String,
    /// Only for this platform
    #[arg(long, value_name = "NAME")]
    pub(crate) platform: Option<String>,
    #[command(flatten)]
    pub(crate) pointer: PointerArgs,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn channel rollback store/ --key game.key
  untorn channel refresh store/ --key game.key --valid-days 30")]
pub(crate) struct ChannelArgs {
    #[command(subcommand)]
    pub(crate) command: ChannelCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ChannelCommand {
    /// Point a channel back to a release from before
    Rollback(ChannelRollbackArgs),
    /// Let a channel say the same once more: for more players, for longer, or signed by new keys
    Refresh(ChannelRefreshArgs),
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn channel rollback store/ --key game.key                    to the release before
  untorn channel rollback store/ --key game.key --to-build 41

Players get a newer channel document that names the older build: their trees go back with the next update.")]
pub(crate) struct ChannelRollbackArgs {
    /// The store
    pub(crate) store: String,
    /// The channel
    #[arg(long, value_name = "NAME", default_value = "stable")]
    pub(crate) channel: String,
    /// To this build, which the channel had before
    #[arg(long, value_name = "BUILD")]
    pub(crate) to_build: Option<u64>,
    /// Only for this platform
    #[arg(long, value_name = "NAME")]
    pub(crate) platform: Option<String>,
    #[command(flatten)]
    pub(crate) pointer: PointerArgs,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn channel refresh store/ --key game.key --valid-days 30             before the word of the channel gets old
  untorn channel refresh store/ --key game.key --rollout-permille 500      half of the players, after the first tenth
  untorn channel refresh store/ --key new.key --root game.2.root           after keys were changed")]
pub(crate) struct ChannelRefreshArgs {
    /// The store
    pub(crate) store: String,
    /// The channel
    #[arg(long, value_name = "NAME", default_value = "stable")]
    pub(crate) channel: String,
    #[command(flatten)]
    pub(crate) pointer: PointerArgs,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn gc store/                       say what would be removed
  untorn gc store/ --yes                 remove it
  untorn gc store/ --yes --keep 20       but keep what the last 20 documents of each channel named

Keeps everything that the channels reach. Keeps out of the way of whoever publishes, and keeps them out, by marks in the store.")]
pub(crate) struct GcArgs {
    /// The store
    pub(crate) store: String,
    /// How many documents of each channel count, the current one included
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) keep: u64,
    /// Remove it; without this, only say what would be removed
    #[arg(long)]
    pub(crate) yes: bool,
    /// Remove the marks of killed publications and clean-ups, too: make sure that none runs
    #[arg(long, requires = "yes")]
    pub(crate) forget: bool,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Example:
  untorn store check store/ --root game.1.root")]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Read everything that players may be sent to, and say what is wrong
    Check(StoreCheckArgs),
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn store check store/
  untorn store check s3://bucket/game --root game.1.root    believe this root, not the store's own

Exits with 10 when something is wrong.")]
pub(crate) struct StoreCheckArgs {
    /// The store
    pub(crate) store: String,
    /// The root document to believe
    #[arg(long = "root", value_name = "FILE")]
    pub(crate) roots: Vec<PathBuf>,
}
