//! `untorn manual`.

use std::{io, path::Path};

use clap::{Command, CommandFactory};
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};
use serde_json::json;

use crate::{
    args::{Cli, ManualArgs},
    failure::Failure,
    outcome::{Answer, Outcome},
    text::path,
};

pub(super) fn run(args: &ManualArgs) -> Answer {
    std::fs::create_dir_all(&args.dir).map_err(|source| Failure::io("make", &args.dir, source))?;
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let pages = write(&command, &args.dir).map_err(|source| Failure::io("write the manual into", &args.dir, source))?;
    let dir = path(&args.dir);
    Ok(Outcome::new(format!("{pages} pages in {dir}; to read one: man {dir}/untorn.1\n"), json!({ "pages": pages })))
}

/// Writes the pages of a command and of those below it, and counts them.
fn write(command: &Command, dir: &Path) -> io::Result<u64> {
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render(&mut page)?;
    examples(command).to_writer(&mut page)?;
    std::fs::write(dir.join(man.get_filename()), page)?;
    let below = command.get_subcommands().filter(|below| !below.is_hide_set());
    below.map(|below| write(below, dir)).try_fold(1, |pages, more| Ok(pages + more?))
}

/// What stands above the help: lines as they are to be typed.
fn examples(command: &Command) -> Roff {
    let mut section = Roff::new();
    if let Some(text) = command.get_before_long_help() {
        section.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in text.to_string().lines().skip(1) {
            section.text([roman(line)]);
        }
        section.control("fi", []);
    }
    section
}
