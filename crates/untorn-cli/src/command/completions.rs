//! `untorn completions`.

use clap::CommandFactory;
use serde_json::json;

use crate::{
    args::{Cli, CompletionsArgs},
    outcome::{Answer, Outcome},
};

pub(super) fn run(args: &CompletionsArgs) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "untorn", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let json = json!({ "shell": args.shell.to_string(), "script": script });
    Ok(Outcome::new(script, json))
}
