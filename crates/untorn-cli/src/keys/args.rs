//! What commands that have to do with keys take.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Keys to sign with.
#[derive(Args, Clone, Debug)]
pub(crate) struct KeyFiles {
    /// A secret key to sign with, as `untorn key new` or minisign made it; several, where several must sign
    #[arg(long = "key", value_name = "FILE", required = true, help_heading = "Keys")]
    pub(crate) keys: Vec<PathBuf>,
    /// Read the password from standard input; else it is taken from UNTORN_KEY_PASSWORD, or asked for on a terminal
    #[arg(long, help_heading = "Keys")]
    pub(crate) password_stdin: bool,
}

/// What a patch says of the release it leads to, where it is signed.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReleaseArgs {
    /// Sign the patch with this secret key; several, where several must sign
    #[arg(long = "key", value_name = "FILE", requires_all = ["roots", "build"], help_heading = "Signing")]
    pub(crate) keys: Vec<PathBuf>,
    /// Read the password from standard input; else it is taken from UNTORN_KEY_PASSWORD, or asked for on a terminal
    #[arg(long, requires = "keys", help_heading = "Signing")]
    pub(crate) password_stdin: bool,
    /// The root that players trust; all of them, from the oldest that players have, where keys were changed
    #[arg(long = "root", value_name = "FILE", requires = "keys", help_heading = "Signing")]
    pub(crate) roots: Vec<PathBuf>,
    /// The number of the new build: higher than that of any before
    #[arg(long, value_name = "N", requires = "keys", help_heading = "Signing")]
    pub(crate) build: Option<u64>,
    /// The platform it is for
    #[arg(long, value_name = "NAME", default_value = "any", help_heading = "Signing")]
    pub(crate) platform: String,
    /// What people call the new build
    #[arg(long, value_name = "TEXT", default_value = "", help_heading = "Signing")]
    pub(crate) label: String,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn sign game.2.root --key root-2.key     one more signature for a root
  untorn sign 1.1.patch --key release-2.key    or for the release before a patch
  minisign -Sm release -s release.key          does the same for a document of its own

A document that stands alone gets its signatures beside it, in FILE.minisig.")]
pub(crate) struct SignArgs {
    /// The document, or the signed patch
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) keys: KeyFiles,
}

/// Keys: those of minisign, in its own files.
#[derive(Args, Debug)]
pub(crate) struct KeyCommand {
    #[command(subcommand)]
    pub(crate) action: KeyAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyAction {
    /// Begin: one key that may sign everything, and the root that players trust
    New(NewArgs),
    /// Give each role keys of its own; players need not do anything
    Split(SplitArgs),
    /// Put a new key in the place of one that was not stolen
    Rotate(ExchangeArgs),
    /// Take a stolen key out, and end everything the thief may have signed ahead
    Revoke(ExchangeArgs),
    /// Show the keys of a root, or the public half of a key
    Show(ShowArgs),
}

#[derive(Args, Debug)]
#[command(before_long_help = "Example:
  untorn key new keys/ --product game

Writes keys/game.key (secret), keys/game.pub and keys/game.1.root. Players trust the root: ship it with the game.")]
pub(crate) struct NewArgs {
    /// Where to write them
    pub(crate) dir: PathBuf,
    /// The product: lower-case letters, digits, `.`, `-` and `_`
    #[arg(long, value_name = "NAME")]
    pub(crate) product: String,
    /// Do not encrypt the secret key: for machines that keep secrets by other means
    #[arg(long)]
    pub(crate) no_password: bool,
    /// Read the password from standard input; else it is taken from UNTORN_KEY_PASSWORD, or asked for on a terminal
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Example:
  untorn key split --root keys/game.1.root --key keys/game.key

Makes three keys for roots, of which two must sign, one for releases and one for channels, and the next root. Or names keys that others made:
  untorn key split --root game.1.root --key game.key --root-key a.pub --root-key b.pub --root-threshold 2 --release-key c.pub --channel-key d.pub")]
pub(crate) struct SplitArgs {
    /// The root that players trust; all of them, from the first, where there are several
    #[arg(long = "root", value_name = "FILE", required = true)]
    pub(crate) roots: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) keys: KeyFiles,
    /// A public key for roots, instead of three new ones
    #[arg(long = "root-key", value_name = "PUB")]
    pub(crate) root_keys: Vec<PathBuf>,
    /// How many of the keys for roots must sign [default: 2, or 1 where there is one]
    #[arg(long, value_name = "N")]
    pub(crate) root_threshold: Option<u32>,
    /// A public key for releases, instead of a new one
    #[arg(long = "release-key", value_name = "PUB")]
    pub(crate) release_keys: Vec<PathBuf>,
    /// A public key for channels, instead of a new one
    #[arg(long = "channel-key", value_name = "PUB")]
    pub(crate) channel_keys: Vec<PathBuf>,
    /// Do not encrypt new secret keys
    #[arg(long)]
    pub(crate) no_password: bool,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn key rotate --root game.2.root --key root-1.key --key root-2.key --old channel.pub --new channel-2.pub
  untorn key revoke --root game.2.root --key root-1.key --key root-2.key --old channel.pub --new channel-2.pub
  untorn key revoke --root game.2.root --key root-1.key --key root-2.key --old release.pub --new release-2.pub --min-build 1043

Writes the next root beside the last one. The runbooks in SECURITY.md say what else to do.")]
pub(crate) struct ExchangeArgs {
    /// The root that players trust; all of them, from the first, where there are several
    #[arg(long = "root", value_name = "FILE", required = true)]
    pub(crate) roots: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) keys: KeyFiles,
    /// The public key that goes
    #[arg(long, value_name = "PUB")]
    pub(crate) old: PathBuf,
    /// The public key that comes in its place
    #[arg(long, value_name = "PUB")]
    pub(crate) new: Option<PathBuf>,
    /// The least build that may be installed from now on; it never falls
    #[arg(long, value_name = "BUILD")]
    pub(crate) min_build: Option<u64>,
}

#[derive(Args, Debug)]
#[command(before_long_help = "Examples:
  untorn key show game.2.root
  untorn key show release.pub")]
pub(crate) struct ShowArgs {
    /// A root, a public key, or a secret key that is not encrypted
    pub(crate) file: PathBuf,
}
