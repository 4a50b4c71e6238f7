//! The laboratory for updaters of anybody: `untorn-torture`.

mod args;
mod boot;
mod campaign;
mod cuts;
mod judge;
mod kills;
mod line;
mod place;
mod recipe;
mod table;
mod tally;
mod trees;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use self::{
    args::{Args, USAGE},
    campaign::Campaign,
    recipe::Recipe,
    table::Log,
    trees::Trees,
};
use super::{disk, file_system::FILE_SYSTEMS, house};

/// The program: outside of the house, and in each of the processes within.
pub(crate) fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let answer = match words.first().map(String::as_str) {
        Some("disk") => disk::main(&words[1..]).map(|()| ExitCode::SUCCESS),
        Some("inside") => inside(&words[1..]),
        _ => outside(&words),
    };
    answer.unwrap_or_else(|why| {
        eprintln!("torture: {why}");
        ExitCode::FAILURE
    })
}

fn outside(words: &[String]) -> Result<ExitCode, String> {
    if words.is_empty() || words.iter().any(|word| word == "--help" || word == "-h") {
        print!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    let args = Args::read(words)?;
    args.recipes()?;
    if args.list {
        list();
        return Ok(ExitCode::SUCCESS);
    }
    match house::lacks() {
        Some(why) => Err(format!("cannot work here: {why}. Nothing was tried.")),
        None => house::run("untorn-torture", words),
    }
}

fn list() {
    println!("file systems:");
    for fs in FILE_SYSTEMS {
        println!("  {:<26} {}", fs.name, fs.lacks().unwrap_or_else(|| "can be tried here".into()));
    }
    println!("recipes:");
    for recipe in Recipe::all() {
        println!("  {:<26} {}", recipe.name, recipe.about);
    }
}

fn inside(words: &[String]) -> Result<ExitCode, String> {
    house::end_with_standard_input();
    let (dir, words) = words.split_first().ok_or("a directory is missing")?;
    let (dir, args) = (PathBuf::from(dir), Args::read(words)?);
    let trees = Trees::new(&dir, args.start.as_deref(), args.end.as_deref())?;
    let (recipes, skipped) = at_hand(args.recipes()?, &args);
    skipped.iter().for_each(|why| println!("skipped: {why}"));
    let lacks = args.file_systems.iter().filter_map(|fs| fs.lacks().map(|why| format!("{}: {why}", fs.name)));
    lacks.for_each(|why| println!("skipped: {why}"));
    let log = args.log.as_deref().map(|path| Log::new(path, args.seed));
    let outcome = Campaign { args: &args, dir: &dir, trees: &trees, recipes, log }.play();
    print!("{}", table::text(&outcome));
    let is_played = outcome.failures.is_empty() && !outcome.rows.is_empty();
    let is_good = !args.must_hold || outcome.rows.iter().all(|row| row.tally.keeps_all());
    Ok(if is_played && is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Those whose programs are there, and why the others are not tried.
fn at_hand(recipes: Vec<Recipe>, args: &Args) -> (Vec<Recipe>, Vec<String>) {
    let (mut there, mut skipped) = (Vec::new(), Vec::new());
    for recipe in recipes {
        match recipe.lacks(&args.with) {
            Some(why) => skipped.push(format!("{}: {why}", recipe.name)),
            None => there.push(recipe),
        }
    }
    (there, skipped)
}

/// A directory, made.
fn made(dir: &Path) -> Result<PathBuf, String> {
    std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    Ok(dir.to_owned())
}
