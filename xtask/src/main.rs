//! `cargo xtask` lists the chores, `cargo xtask <chore>` does one.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people at a terminal")]

use std::process::ExitCode;

use xtask::{CHORES, Chore, Understood, repository};

fn main() -> ExitCode {
    let wanted = match std::env::args().nth(1) {
        None => return list(),
        Some(word) if matches!(word.as_str(), "--help" | "-h" | "help") => return list(),
        Some(word) => word,
    };
    match CHORES.iter().find(|chore| chore.name == wanted) {
        Some(chore) => answer(chore, &std::env::args().skip(2).collect::<Vec<_>>()),
        None => {
            eprintln!("there is no chore {wanted:?}; `cargo xtask` lists them");
            ExitCode::FAILURE
        }
    }
}

fn list() -> ExitCode {
    println!("cargo xtask <chore> [options]; `cargo xtask <chore> --help` tells them, with examples\n");
    for chore in CHORES {
        println!("  {:<12} {}", chore.name, chore.about);
    }
    ExitCode::SUCCESS
}

/// Tells what can be typed, refuses what cannot, or does it.
fn answer(chore: &Chore, words: &[String]) -> ExitCode {
    match chore.understands(words) {
        Understood::Help => {
            print!("{}", chore.usage);
            ExitCode::SUCCESS
        }
        Understood::Wrong(why) => {
            eprintln!("{}: {why}\n{}", chore.name, chore.usage);
            ExitCode::FAILURE
        }
        Understood::Right => perform(chore),
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
