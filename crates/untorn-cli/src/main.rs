//! The command line of untorn: parses arguments, calls the library, prints what it says.

mod args;
mod command;
mod documents;
mod exit;
mod failure;
mod keys;
mod outcome;
mod player_args;
mod print;
mod progress;
mod serve;
mod signing;
mod stop;
mod store_time;
mod studio_args;
mod text;
mod updates;

use std::{
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
};

use clap::Parser;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let exit = panic::catch_unwind(AssertUnwindSafe(|| command::run(&cli))).unwrap_or(exit::Exit::Bug);
    exit.into()
}
