//! The command line of whoever publishes.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

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
    /// Compare zip members, gzip files, PNG pictures and frames of zstd (KTX2 textures) as they are stored, not as what they hold: patches are larger, and players need less time and memory
    #[arg(long)]
    pub(crate) no_recompress: bool,
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

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn inspect 1.1.patch                       the 20 paths that cost most
  untorn inspect 1.1.patch --html why.html --old 1.0/ --new 1.1/     a page with a map of the bytes, inside of archives, too
  untorn inspect 1.0/ 1.1/                       about the same before there is a patch, in the time of reading the builds
  untorn inspect 1.1.patch --by path --limit 0
  untorn inspect 1.1.patch --json | jq '.result.advice'
  untorn inspect game.1.root                     a root, a release or a channel: what it says, and who signed it

Files are compressed together: each has the share of the compressed bytes that it has of the content.")]
pub(crate) struct InspectArgs {
    /// The patch, or - for standard input; or a document; or the old build
    #[arg(value_name = "PATCH|OLD")]
    pub(crate) patch: PathBuf,
    /// The new build, where there is no patch yet: what it would cost is estimated
    #[arg(value_name = "NEW", conflicts_with_all = ["old", "new", "extract"])]
    pub(crate) new_build: Option<PathBuf>,
    /// The build that the patch starts from, to look into archives
    #[arg(long, value_name = "DIR", requires = "new")]
    pub(crate) old: Option<PathBuf>,
    /// The build that the patch leads to
    #[arg(long, value_name = "DIR", requires = "old")]
    pub(crate) new: Option<PathBuf>,
    /// Write a page for a browser to this file: it needs no other file, and no network
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write the document to this file, and its signatures beside it, for `minisign -Vm`
    #[arg(long, value_name = "FILE")]
    pub(crate) extract: Option<PathBuf>,
    /// What to sort by
    #[arg(long, value_name = "ORDER", default_value = "size")]
    pub(crate) by: OrderArg,
    /// How many paths to list; 0 means all
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// How many threads read two builds; 0 means as many as keep the disk busy
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) jobs: usize,
}

/// What paths are sorted by.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum OrderArg {
    /// What they cost, the most first
    Size,
    /// Their names
    Path,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn pack data/ -o 1.0/data.zip                            content of 4 KiB and more begins at multiples of 4 KiB
  untorn pack data/ -o 1.1/data.zip --like 1.0/data.zip        what did not change stays where it was
  untorn pack data/ -o 1.1/data.zip --like 1.0/data.zip --method deflate
  untorn pack data/ -o 1.1/data.pak --like 1.0/data.pak --plain     no zip: files one behind the other, and data.pak.list beside it

What did not change keeps its bytes, also the compressed ones, and its place; what changed stays in its place while it fits; holes are filled. Every program that reads the
directory of a zip archive reads it. Equal directories and equal old archives give equal archives: the time of new members is that of SOURCE_DATE_EPOCH, or 1980.")]
pub(crate) struct PackArgs {
    /// The directory
    pub(crate) dir: PathBuf,
    /// The archive to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// The archive before; one that is broken, encrypted or in parts is no guide, and that is said
    #[arg(long, value_name = "FILE")]
    pub(crate) like: Option<PathBuf>,
    /// Write the files one behind the other, and a list of their places beside the archive (FILE.list)
    #[arg(long)]
    pub(crate) plain: bool,
    /// How new and changed members are stored
    #[arg(long, value_name = "HOW", default_value = "auto", conflicts_with = "plain")]
    pub(crate) method: MethodArg,
    /// Where content begins that is as long itself: at multiples of so many bytes; 1 means anywhere
    #[arg(long, value_name = "BYTES", default_value_t = 4096, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    pub(crate) align: u64,
    /// How many threads read and compress; 0 means one for each core
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) jobs: usize,
}

/// How members are stored.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MethodArg {
    /// Changed ones as before, new ones as most of the old archive; uncompressed where there is none
    Auto,
    /// Uncompressed: the smallest patches
    Store,
    /// Deflated, where that is shorter
    Deflate,
}
