//! A long campaign of crash tests: `cargo xtask explore --minutes N [--seed S]`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people at a terminal")]

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use untorn_crash::{BoxError, Count, Round, cpu_time};

/// How often it says how far it is.
const REPORT_EVERY: Duration = Duration::from_secs(10);

const USAGE: &str = include_str!("explore.txt");

fn main() -> ExitCode {
    if std::env::args().skip(1).any(|word| word == "--help" || word == "-h") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let answer = arguments().and_then(|(minutes, seed)| campaign(minutes, seed));
    answer.unwrap_or_else(|error| {
        eprintln!("{error}\n{USAGE}");
        ExitCode::FAILURE
    })
}

/// How long, and the seed of the first round.
fn arguments() -> Result<(Duration, u64), BoxError> {
    let (mut length, mut seed) = (None, 1);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or("a value is missing")?;
        match word.as_str() {
            "--minutes" => length = Some(Duration::try_from_secs_f64(value.parse::<f64>()? * 60.0)?),
            "--seed" => seed = value.parse()?,
            _ => return Err(format!("what is {word:?}?").into()),
        }
    }
    Ok((length.ok_or("for how many minutes?")?, seed))
}

/// Plays rounds until the time is over, one at least, or until a promise is broken.
fn campaign(length: Duration, seed: u64) -> Result<ExitCode, BoxError> {
    let (start, mut reported) = (Instant::now(), Instant::now());
    let (mut count, mut rounds) = (Count::default(), 0_u64);
    for seed in seed.. {
        let Some(round) = Round::of(seed)? else { continue };
        match round.play() {
            Ok(some) => count.add(some),
            Err(error) => {
                println!("{round}\n{error}\n  the whole round again with --minutes 0 --seed {seed}");
                return Ok(ExitCode::FAILURE);
            }
        }
        rounds += 1;
        let is_over = start.elapsed() >= length;
        if is_over || reported.elapsed() >= REPORT_EVERY {
            reported = Instant::now();
            println!("{}", report(rounds, &count, seed));
        }
        if is_over {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn report(rounds: u64, count: &Count, seed: u64) -> String {
    let Count { states, old, new, nested, faults } = *count;
    let seconds = cpu_time().as_secs_f64();
    format!(
        "{rounds} rounds to seed {seed}: {states} states ({old} old, {new} new, {nested} in recovery, {faults} with a fault) in {seconds:.0} s of one core, {:.0} a second",
        states as f64 / seconds
    )
}
