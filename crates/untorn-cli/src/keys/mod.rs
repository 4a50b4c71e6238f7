//! Keys on the command line.

mod args;
mod password;
mod read;

pub(crate) use args::{ExchangeArgs, KeyAction, KeyCommand, NewArgs, ReleaseArgs, ShowArgs, SignArgs, SplitArgs};
pub(crate) use password::Password;
pub(crate) use read::{read_keys, read_public};
