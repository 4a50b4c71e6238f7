//! untorn beside its rivals: the same change, on the same file system, side by side in one run.
//!
//! # What it guarantees
//! - Every contender runs in a process of its own, on a fresh tree, flushed, with the page cache dropped where root allows it,
//!   in turns (A B A B), and its result is compared with the expected tree byte by byte after every run.
//! - Bytes and flushes are the device's own counters, taken around the run. What a contender leaves unwritten when it returns is
//!   flushed afterwards and its bytes are charged to it; its time and its flushes are those until it returned.
//!
//! # Limitations
//! - On a device that other programs use, their writes are counted too. `--images` (root) measures on file systems of its own, on
//!   loop devices, where the counts belong to the contender alone; the seconds there include the cost of the loop device.
//! - What one sync becomes on the device depends on the file system and on the device (forced unit access or a second flush): flushes
//!   compare contenders within one table.
//! - Peak extra disk is sampled every half millisecond from the file system's own accounts; what lasts less than about four
//!   milliseconds does not count.
//! - Linux only.
//!
//! ```text
//! cargo run --release --manifest-path bench/Cargo.toml -- all --dir /somewhere/on/a/disk --runs 5 --json bench.json
//! cargo run --release --manifest-path bench/Cargo.toml -- patches --dir /somewhere/on/a/disk --pair old/ new/ --untorn target/release/untorn
//! cargo run --release --manifest-path bench/Cargo.toml -- updates --dir /somewhere/on/a/disk --pair old/ new/ --untorn target/release/untorn
//! cargo run --release --manifest-path bench/Cargo.toml -- verify --dir /somewhere/on/a/disk --pair old/ new/ --untorn target/release/untorn
//! ```

mod args;
mod cache;
mod case;
mod child;
mod contenders;
mod content;
mod device;
mod files;
mod image;
mod interrupt;
mod machine;
mod measure;
mod patches;
mod report;
mod runner;
mod sample;
mod series;
mod target;
mod task;
mod units;
mod untorn;
mod updates;
mod usage;
mod verify;
mod workload;

use std::process::ExitCode;

use args::Args;
use clap::Parser;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    if let Some(task) = task::Task::from_environment()? {
        return child::perform(&task);
    }
    let args = Args::parse();
    if args.images {
        image::enter_private_mounts()?;
    }
    interrupt::install()?;
    if matches!(args.case, args::Selection::Patches | args::Selection::Append) {
        let rows = patches::run(&args)?;
        return args.json.as_ref().map_or(Ok(()), |path| report::write_json(&rows, path));
    }
    if args.case == args::Selection::Updates {
        let rows = updates::run(&args)?;
        return args.json.as_ref().map_or(Ok(()), |path| report::write_json(&rows, path));
    }
    if args.case == args::Selection::Verify {
        let rows = verify::run(&args)?;
        return args.json.as_ref().map_or(Ok(()), |path| report::write_json(&rows, path));
    }
    let cases = case::cases(args.case, &args);
    let results = runner::run(&cases, &args)?;
    report::print(&results);
    if let Some(path) = &args.json {
        report::write_json(&results, path)?;
    }
    Ok(())
}
