//! The command line.

use std::{ffi::OsString, path::PathBuf, sync::LazyLock};

use clap::{Args, Parser, Subcommand, ValueEnum};
use untorn::Hash;

use crate::keys::{KeyCommand, ReleaseArgs, SignArgs};
pub(crate) use crate::player_args::{InstallArgs, UpdateArgs};
use crate::progress::Watcher;
use crate::studio_args::{ChannelArgs, GcArgs, PromoteArgs, PublishArgs, StoreArgs};
pub(crate) use crate::studio_args::{InspectArgs, MethodArg, OrderArg, PackArgs};

/// Updates a directory of files so that it is never half done.
///
/// Killed or cut off at any instant, and opened again, the directory is exactly the old build or exactly the new one.
#[derive(Debug, Parser)]
#[command(name = "untorn", version, long_version = LONG_VERSION.as_str(), max_term_width = 100, after_long_help = exits())]
#[command(before_long_help = "Examples:
  untorn demo                            see it being killed, and come back whole
  untorn diff 1.0/ 1.1/ -o 1.1.patch     make a patch (with --key: a signed one)
  untorn apply 1.1.patch game/           update: all of it, or nothing (--unsigned if nobody signed)")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What no command is answered with.
pub(crate) const BRIEF: &str = "untorn updates a directory of files so that it is never half done.

  untorn demo                            see it being killed, and come back whole
  untorn diff 1.0/ 1.1/ -o 1.1.patch     make a patch (with --key: a signed one)
  untorn apply 1.1.patch game/           update: all of it, or nothing (--unsigned if nobody signed)
  untorn verify game/                    is every byte as it should be?
  untorn rollback game/                  back to the build before

untorn --help lists all commands, untorn COMMAND --help explains one.
";

static LONG_VERSION: LazyLock<String> = LazyLock::new(|| {
    let (version, patch, schema) = (env!("CARGO_PKG_VERSION"), untorn::PATCH_FORMAT, crate::print::SCHEMA);
    format!("{version}\npatch format {patch}\nJSON schema {schema}")
});

fn exits() -> String {
    format!("Exit codes:\n{}\nEvery error has a code: `untorn explain CODE` says more.", crate::exit::table())
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// Print the result as one JSON document
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,
    /// Print nothing but errors
    #[arg(short, long, global = true, help_heading = "Output")]
    pub(crate) quiet: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub(crate) color: Color,
    /// How to show progress, on stderr
    #[arg(long, global = true, value_name = "HOW", default_value = "auto", help_heading = "Output")]
    pub(crate) progress: ProgressMode,
    /// Who is told about progress in place of a terminal
    #[arg(skip)]
    pub(crate) watcher: Watcher,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// How to show progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    /// A bar, when stderr is a terminal
    Auto,
    /// Lines of JSON
    Json,
    /// Not at all
    None,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a patch from one build to another
    Diff(DiffArgs),
    /// Join two patches into one, without the builds
    Merge(MergeArgs),
    /// Bring a tree from one build to another, in one step
    Apply(ApplyArgs),
    /// Say what each path costs in a patch, why, and what would make it smaller; or what a signed document says
    Inspect(InspectArgs),
    /// Pack a directory into an archive of which the next update writes what changed
    Pack(PackArgs),
    /// Make and change the keys that releases are signed with
    Key(KeyCommand),
    /// Add a signature to a document, or to a signed patch
    Sign(SignArgs),
    /// Make one file what a delta or an index of another tool says: xdelta3, zsync, casync
    Import(ImportArgs),
    /// Write to any places of any files, all or none
    Write(WriteArgs),
    /// Say what state a tree is in, without changing it
    Status(TreeArgs),
    /// Complete or discard what a killed updater left
    Recover(RecoverArgs),
    /// Check every byte of a tree
    Verify(VerifyArgs),
    /// Make a damaged tree whole again, with no more bytes than are damaged
    Repair(RepairArgs),
    /// Bring a tree to the release that its channel offers
    Update(Box<UpdateArgs>),
    /// Install a product from a store of releases, and follow it from then on
    Install(Box<InstallArgs>),
    /// Go back to the tree before the last update
    Rollback(RollbackArgs),
    /// Run a program on a tree that cannot change meanwhile
    Run(RunArgs),
    /// Answer other programs: a launcher, an engine's editor
    Serve(ServeArgs),
    /// Write the manifest of a build: what it consists of
    #[command(alias = "scan")]
    Manifest(ManifestArgs),
    /// Send a build to a store, and point players to it
    Publish(Box<PublishArgs>),
    /// Point a channel to what another one has
    Promote(Box<PromoteArgs>),
    /// Point a channel back to a release from before
    Channel(ChannelArgs),
    /// Remove from a store what no channel reaches any more
    Gc(GcArgs),
    /// Check everything in a store that players may be sent to
    Store(StoreArgs),
    /// Update a game, be killed again and again, and show that nothing tears
    Demo(DemoArgs),
    /// Explain an error code or an exit code
    Explain(ExplainArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Write the pages of the manual, for `man`
    Manual(ManualArgs),
}

/// A tree.
#[derive(Args, Debug)]
#[command(before_long_help = "Example:
  untorn status game/ --json")]
pub(crate) struct TreeArgs {
    /// The directory
    pub(crate) tree: PathBuf,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn diff 1.0/ 1.1/ -o 1.1.patch
  untorn diff 1.0/ 1.1/ -o 1.1.patch --level 3     faster, larger
  untorn diff 1.0/ 1.1/ -o 1.1.patch --level 9     slower, smaller
  untorn diff 1.0/ 1.1/ -o 1.1.patch --key game.key --root game.1.root --build 2     signed
  untorn diff 1.0/ 1.1/ -o 1.1.patch --both=1.0.patch     and the way back

Both directories are only read. What is not signed, players apply only with --unsigned.")]
pub(crate) struct DiffArgs {
    /// The build to start from
    pub(crate) old: PathBuf,
    /// The build to lead to
    pub(crate) new: PathBuf,
    /// The patch to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Also write the patch that leads back, from NEW to OLD; without a name to that of the other one with .reverse behind it
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) both: Option<Option<PathBuf>>,
    #[command(flatten)]
    pub(crate) sign: ReleaseArgs,
    /// With --both and keys: the number of the old build, to which the patch back leads
    #[arg(long, value_name = "N", requires_all = ["both", "keys"], help_heading = "Signing")]
    pub(crate) old_build: Option<u64>,
    /// With --both and keys: what people call the old build
    #[arg(long, value_name = "TEXT", default_value = "", requires_all = ["both", "keys"], help_heading = "Signing")]
    pub(crate) old_label: String,
    /// How much to try to make the patch small: 1 (fast) to 9 (small)
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(i32).range(1..=9))]
    pub(crate) level: i32,
    /// Search all old files for new bytes, not only those that change, as levels from 5 on do anyway
    #[arg(long)]
    pub(crate) search_everything: bool,
    /// Compare zip members, gzip files, PNG pictures and frames of zstd (KTX2 textures) as they are stored, not as what they hold: patches are larger, and applying takes less time and memory
    #[arg(long)]
    pub(crate) no_recompress: bool,
    /// How much memory compressing may take, in MiB; one thread works in any case
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    pub(crate) memory: u64,
    /// How many threads read and compress; 0 means as many as keep disk and cores busy
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) jobs: usize,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn merge 1.1.patch 1.2.patch -o 1.0-to-1.2.patch
  untorn merge 1.1.patch 1.2.patch -o 1.0-to-1.2.patch --key game.key --root game.1.root --build 3     signed

Neither build is needed. The joined patch is applied like any other, but only to a tree that says which build it is, and not with --low-disk. A signature of either patch does not
speak for it: sign it, or apply it with --unsigned.")]
pub(crate) struct MergeArgs {
    /// The patch that is applied first
    pub(crate) first: PathBuf,
    /// The patch that starts from the build to which the first one leads
    pub(crate) second: PathBuf,
    /// The patch to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// To sign it where the second patch is not signed: the manifest of the new build, as `untorn manifest` writes it
    #[arg(long, value_name = "FILE", requires = "keys", help_heading = "Signing")]
    pub(crate) manifest: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sign: ReleaseArgs,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn apply 1.1.patch game/ --trust game.1.root     the first time: say whom to trust
  untorn apply 1.2.patch game/                         from then on the tree knows
  untorn apply 1.2.patch game/ --dry-run               check everything, say what would be written
  untorn apply own.patch game/ --unsigned              a patch you made yourself, and did not sign
  curl -s https://example.org/1.2.patch | untorn apply - game/

A patch for another build changes nothing: every file that differs is listed. Nor does one that was not signed by whom the tree trusts.")]
pub(crate) struct ApplyArgs {
    /// The patch, or - for standard input
    pub(crate) patch: PathBuf,
    /// The directory to update
    pub(crate) tree: PathBuf,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    /// Check everything and say what would be written, but change nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Keep nothing to go back with
    #[arg(long)]
    pub(crate) no_undo: bool,
    /// Leave files that somebody modified as they are and name them, instead of refusing the patch
    #[arg(long)]
    pub(crate) keep_modified: bool,
    /// How changed files shall be changed
    #[arg(long, value_name = "WAY", default_value = "auto")]
    pub(crate) way: WayArg,
    /// How sure to be that the tree is the build the patch starts from
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(crate) verify: BaseArg,
    /// Update in steps that take little space each; no way back past the first one
    ///
    /// Each step is safe by itself, and after a crash or an error the same command goes on with the next one. Until the last step is done the tree is neither the old nor the new build,
    /// and nothing may use it. With --dry-run it tells how many steps there are and how much space they need. The patch must be a file.
    #[arg(long, conflicts_with_all = ["keep_modified", "way"])]
    pub(crate) low_disk: bool,
    /// How many MiB a step of --low-disk may write, and so about how much space it takes
    #[arg(long, value_name = "MIB", default_value_t = 64, requires = "low_disk", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) step: u64,
    /// Programs may have files open without having been started by `untorn run`: write nothing in place
    #[arg(long)]
    pub(crate) unlocked_readers: bool,
    /// Wait for another updater, or the running program, to end
    #[arg(long)]
    pub(crate) wait: bool,
    /// Exit with 3 when the tree is up to date already
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// How much memory reading the patch may take, in MiB; a patch that takes more is refused
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    pub(crate) memory: u64,
    /// How many threads work; 0 means one for each core, and more for reading
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) jobs: usize,
}

/// Whose patches are applied.
#[derive(Args, Debug)]
pub(crate) struct TrustArgs {
    /// The root to trust, where the tree does not know one yet
    #[arg(long, value_name = "FILE", conflicts_with_all = ["trust_on_first_use", "unsigned"], help_heading = "Trust")]
    pub(crate) trust: Option<PathBuf>,
    /// Trust whoever signed this patch, where the tree does not know anybody yet; prints the fingerprint
    #[arg(long, conflicts_with = "unsigned", help_heading = "Trust")]
    pub(crate) trust_on_first_use: bool,
    /// Apply the patch whoever made it: signatures are not looked at
    #[arg(long, help_heading = "Trust")]
    pub(crate) unsigned: bool,
    /// Apply a signed patch also when its release is older than what is installed; never below the least build that may be installed
    #[arg(long, help_heading = "Trust")]
    pub(crate) allow_downgrade: bool,
}

/// How changed files shall be changed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum WayArg {
    /// The cheapest safe way for each file
    Auto,
    /// A whole new file, renamed in
    Put,
    /// In place wherever that is safe
    Patch,
    /// A clone that shares what does not change, renamed in
    Clone,
}

/// How sure to be about the tree.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum BaseArg {
    /// As changed, but the first time, when nothing says what is installed, the whole tree is read once
    Auto,
    /// Everything the patch replaces, removes, moves or copies from
    #[value(alias = "quick")]
    Changed,
    /// Every byte of the build, before anything is changed
    Full,
}

#[derive(Args, Debug)]
#[command(before_long_help = r#"Examples:
  untorn write game/ updates.jsonl
  game-editor --export | untorn write game/ - --need-end

Each line is one update: {"file": "maps/1.map", "at": 4096, "data": "text"}
or, for bytes, {"file": "maps/1.map", "at": 4096, "data_base64": "AP8="}.
Later lines win. One line that is wrong or cut off refuses them all."#)]
pub(crate) struct WriteArgs {
    /// The directory
    pub(crate) tree: PathBuf,
    /// The updates, one JSON object a line, or - for standard input
    pub(crate) updates: PathBuf,
    /// Refuse the updates unless they end with the line {"end": true}
    #[arg(long)]
    pub(crate) need_end: bool,
    /// Keep what is needed to go back
    #[arg(long)]
    pub(crate) undo: bool,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn import world.xdelta game/ data/world.pak                     a delta in VCDIFF, of xdelta3
  untorn import world.pak.zsync game/ data/world.pak --from https://example.org/world.pak
  untorn import world.caibx game/ data/world.pak --from store.castr --seed old.caibx

The file is as before or as described, whatever happens meanwhile. What comes out is checked by the sums that the description holds; these protect from damage, not
from malice. Files of an installed build are refused.")]
pub(crate) struct ImportArgs {
    /// The delta (VCDIFF), block list (.zsync) or chunk index (.caibx)
    pub(crate) description: PathBuf,
    /// The directory
    pub(crate) tree: PathBuf,
    /// The file, below the directory
    pub(crate) path: String,
    /// Where bytes come from that the old file does not have: the new file, or the store of chunks; a path or an address
    #[arg(long, value_name = "FILE|DIR|URL")]
    pub(crate) from: Option<String>,
    /// A chunk index of the file as it is: finds chunks that moved
    #[arg(long, value_name = "CAIBX")]
    pub(crate) seed: Option<PathBuf>,
    /// Refuse any other old file: its BLAKE3 hash, as b3sum prints it
    #[arg(long, value_name = "HASH")]
    pub(crate) old_hash: Option<Hash>,
    /// Refuse anything else that comes out; needed (or --old-hash) for deltas without checksums, as xdelta3 -n makes them
    #[arg(long, value_name = "HASH")]
    pub(crate) new_hash: Option<Hash>,
    /// Make and check everything and say what would be written, but change nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Keep nothing to go back with
    #[arg(long)]
    pub(crate) no_undo: bool,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Example:
  untorn recover game/

Every command that changes or runs a tree recovers it first; this one does only that.")]
pub(crate) struct RecoverArgs {
    /// The directory
    pub(crate) tree: PathBuf,
    /// Exit with 3 when there was nothing to do
    #[arg(long)]
    pub(crate) exit_code: bool,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn verify game/                        against what is installed
  untorn verify game/ --against 1.1/         against a build
  untorn verify game/ --against 1.1.manifest --index 1.1.index
  untorn verify game/ --quick                only what was touched since the last time

Exits with 10 when something is missing or damaged. What stands beside the build, such as saves, is listed but is no damage.")]
pub(crate) struct VerifyArgs {
    /// The directory
    pub(crate) tree: PathBuf,
    /// What it should be: a directory, or a manifest that `untorn manifest` wrote
    #[arg(long, value_name = "DIR|MANIFEST")]
    pub(crate) against: Option<PathBuf>,
    /// An index that `untorn manifest` wrote: tells which parts of files are damaged
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Option<PathBuf>,
    /// Skip files that were found intact before and that nobody has touched since, as far as their times tell
    #[arg(long)]
    pub(crate) quick: bool,
    /// How many threads read; 0 means as many as keep the disk busy
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) jobs: usize,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn repair game/ --from 1.1/                           to the build that is installed
  untorn repair game/ --from 1.1/ --dry-run                 say what is damaged, and how much it would take
  untorn repair game/ --from 1.0/ --against 1.0.manifest    to another build
  untorn repair game/ --from https://updates.example.org/game
  untorn repair game/                                       from where its releases come from

From a store of releases only damaged chunks are fetched, and of these only what the tree does not hold in another place. Only blocks that differ are written, in one step. What stands beside the build, such as saves, is not touched. A journal that cannot be
understood is begun anew: this is what to do when every other command fails because of it.")]
pub(crate) struct RepairArgs {
    /// The directory
    pub(crate) tree: PathBuf,
    /// A directory that holds the build, or at least all that is damaged; or a store of releases, a directory or an address
    /// [default: where the tree gets its releases from]
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) from: Option<PathBuf>,
    /// The channel of the store to look in, if the tree does not know its release [default: the one it follows, or stable]
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<String>,
    /// What the tree should be, if not what is installed: a directory, or a manifest that `untorn manifest` wrote
    #[arg(long, value_name = "DIR|MANIFEST")]
    pub(crate) against: Option<PathBuf>,
    /// Say what would be done, but change nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Wait for another updater, and for programs that use the tree, to end
    #[arg(long)]
    pub(crate) wait: bool,
    /// How many threads read; 0 means one for each core
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) jobs: usize,
    /// Exit with 3 when nothing was damaged
    #[arg(long)]
    pub(crate) exit_code: bool,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn rollback game/
  untorn rollback game/ --dry-run   check everything, say what would be written
  untorn rollback game/ --force     also over files that somebody changed since

Rolling back can itself be rolled back.")]
pub(crate) struct RollbackArgs {
    /// The directory
    pub(crate) tree: PathBuf,
    /// Also over files that were changed since
    #[arg(long)]
    pub(crate) force: bool,
    /// Check everything and say what would be written, but change nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Keep nothing to undo the roll-back with
    #[arg(long)]
    pub(crate) no_undo: bool,
    /// Where releases come from, if nothing was kept to go back with: addresses, or directories
    #[arg(long, value_name = "URL|DIR")]
    pub(crate) from: Vec<String>,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn run game/ -- game/bin/game --fullscreen

Completes or discards what a killed updater left, then runs the program; no update touches the tree until it has ended. Exits as the program does.")]
pub(crate) struct RunArgs {
    /// The directory
    pub(crate) tree: PathBuf,
    /// The program and its arguments
    #[arg(required = true, last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Args, Debug)]
#[command(before_long_help = r#"Examples:
  untorn serve --stdio       JSON-RPC 2.0, a message a line, until standard input ends
  untorn serve --schema      what can be asked, as an OpenRPC document

A message: {"jsonrpc": "2.0", "id": 1, "method": "update", "params": {"tree": "game", "plan": true}}"#)]
pub(crate) struct ServeArgs {
    /// Answer what comes from standard input on standard output
    #[arg(long, required_unless_present = "schema")]
    pub(crate) stdio: bool,
    /// Print what can be asked
    #[arg(long, conflicts_with = "stdio")]
    pub(crate) schema: bool,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn manifest 1.1/                       check the names, print what the build is called
  untorn manifest 1.1/ -o 1.1.manifest       for `untorn verify --against`
  untorn manifest 1.1/ -o 1.1.manifest --index 1.1.index

The build is read once, also where both are made. With the index, `untorn verify` says which parts of a file are damaged.")]
pub(crate) struct ManifestArgs {
    /// The build
    pub(crate) dir: PathBuf,
    /// The manifest to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The index to write: which chunks the files consist of
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Option<PathBuf>,
    /// How many threads read; 0 means as many as keep the disk busy
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) jobs: usize,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn demo                            with two small builds made for it
  untorn demo 1.0/ 1.1/ --kills 30       with yours, of which only copies are changed

Makes a patch, applies it, is killed at random instants, recovers, and checks every byte each time.")]
pub(crate) struct DemoArgs {
    /// The build to start from
    #[arg(requires = "new")]
    pub(crate) old: Option<PathBuf>,
    /// The build to lead to
    pub(crate) new: Option<PathBuf>,
    /// How often to be killed
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) kills: u32,
    /// Where the random instants begin; the same seed gives the same ones
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Where to work, in a new directory that is removed in the end [default: the system's place for temporary files]
    #[arg(long, value_name = "DIR")]
    pub(crate) work_in: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn explain UNT-BASE
  untorn explain 22
  untorn explain exit-codes")]
pub(crate) struct ExplainArgs {
    /// An error code such as UNT-BASE, an exit code such as 22, `codes` or `exit-codes`
    pub(crate) code: String,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Example:
  untorn completions bash > ~/.local/share/bash-completion/completions/untorn")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Example:
  untorn manual ~/.local/share/man/man1")]
pub(crate) struct ManualArgs {
    /// Where to write them; one page for each command
    pub(crate) dir: PathBuf,
}
