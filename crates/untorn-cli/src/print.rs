//! The only place that prints: results on stdout, errors on stderr.

use std::io::{self, Write};

use anstream::ColorChoice;
use clap::builder::styling::{AnsiColor, Style};
use serde_json::json;

use crate::{args::Global, exit::Exit, outcome::Answer};

/// The version of every JSON document on stdout. Fields may be added without a new one.
pub(crate) const SCHEMA: u32 = 1;

const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Prints what a command came to, and says how the program ends.
pub(crate) fn answer(command: &str, answer: &Answer, global: &Global) -> Exit {
    ColorChoice::from(global.color).write_global();
    let exit = answer.as_ref().map_or_else(|failure| failure.exit, |outcome| outcome.exit);
    let document = match answer {
        Ok(outcome) => json!({ "schema": SCHEMA, "command": command, "exit": exit.code(), "result": outcome.json }),
        Err(failure) => json!({ "schema": SCHEMA, "command": command, "exit": exit.code(), "error": failure.json }),
    };
    let printed = if global.json { out(&format!("{document:#}\n")) } else { people(answer, global) };
    match printed {
        // Whoever read along has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Exit::Io,
        _ => exit,
    }
}

fn people(answer: &Answer, global: &Global) -> io::Result<()> {
    match answer {
        Ok(_) if global.quiet => Ok(()),
        Ok(outcome) => out(&outcome.text),
        Err(failure) => {
            let mut stderr = anstream::stderr().lock();
            writeln!(stderr, "{ERROR}error:{ERROR:#} {}", failure.message)?;
            failure.details.iter().try_for_each(|line| writeln!(stderr, "{line}"))
        }
    }
}

/// Prints a part of a long result as soon as it is known.
pub(crate) fn live(text: &str, global: &Global) {
    if !global.json && !global.quiet {
        // The result itself tells whether anybody reads along.
        drop(out(text));
    }
}

fn out(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
