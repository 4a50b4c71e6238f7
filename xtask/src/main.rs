//! `cargo xtask` lists the chores, `cargo xtask <chore>` does one.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people at a terminal")]

use std::process::ExitCode;

use xtask::{CHORES, Chore, repository};

fn main() -> ExitCode {
    let Some(wanted) = std::env::args().nth(1) else {
        list();
        return ExitCode::SUCCESS;
    };
    match CHORES.iter().find(|chore| chore.name == wanted) {
        Some(chore) => perform(chore),
        None => {
            eprintln!("there is no chore {wanted:?}; `cargo xtask` lists them");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    println!("cargo xtask <chore>\n");
    for chore in CHORES {
        println!("  {:<12} {}", chore.name, chore.about);
    }
}

fn perform(chore: &Chore) -> ExitCode {
    let findings = (chore.run)(&repository());
    for finding in &findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => println!("{}: nothing found", chore.name),
        count => eprintln!("{}: {count} to mend", chore.name),
    }
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
