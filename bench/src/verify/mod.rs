//! Reading a tree and comparing it with what it should be, beside `b3sum --check`, which knows the same hash: same tree, same number of threads, same state of the page cache.
//!
//! b3sum gets a list of sums; untorn a manifest, and it looks at kinds, executable bits and files that are there besides, too. b3sum maps files into memory and hashes one after the other, on
//! all threads if it is long; without mapping it reads with one thread.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde::Serialize;

use crate::args::Args;
use crate::cache;
use crate::patches::pair;
use crate::patches::process::{self, Cost};
use crate::patches::table;
use crate::target::Target;
use crate::units::megabytes;

/// What one program took for one tree with so many threads.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Which tree.
    pub tree: String,
    /// Which program.
    pub peer: &'static str,
    /// How many threads.
    pub threads: usize,
    /// Bytes of all files.
    pub bytes: u64,
    /// One a round.
    pub costs: Vec<Cost>,
}

/// How a tree is verified.
struct Peer {
    name: &'static str,
    command: fn(&Place<'_>, usize) -> Command,
}

struct Place<'p> {
    tree: &'p Path,
    manifest: PathBuf,
    sums: PathBuf,
    args: &'p Args,
}

const PEERS: [Peer; 3] = [
    Peer {
        name: "untorn verify",
        command: |place, threads| {
            let mut command = Command::new(&place.args.untorn);
            command.arg("verify").arg(place.tree).arg("--against").arg(&place.manifest);
            command.arg("--jobs").arg(threads.to_string());
            command
        },
    },
    Peer { name: "b3sum", command: |place, threads| b3sum(place, threads, &[]) },
    Peer { name: "b3sum --no-mmap", command: |place, threads| b3sum(place, threads, &["--no-mmap"]) },
];

fn b3sum(place: &Place<'_>, threads: usize, more: &[&str]) -> Command {
    let mut command = Command::new("b3sum");
    command.current_dir(place.tree).args(["--check", "--quiet", "--num-threads", &threads.to_string()]).args(more);
    command.arg(&place.sums);
    command
}

/// Measures the new build of every pair, prints tables, and gives their rows.
pub fn run(args: &Args) -> anyhow::Result<Vec<Row>> {
    let target = Target::directory(&args.dir)?;
    let pairs = pair::asked(args)?;
    anyhow::ensure!(
        !pairs.is_empty(),
        "no trees: name them with --pair OLD NEW (the new one counts), or a folder of pairs with --corpora"
    );
    let has_b3sum = Command::new("b3sum").arg("--version").output().is_ok_and(|output| output.status.success());
    let missing: &[&str] = if has_b3sum { &[] } else { &["b3sum"] };
    table::head(&target, missing, !args.warm && cache::drop_page_cache());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut rows = Vec::new();
    for pair in &pairs {
        let from = rows.len();
        let work = tempfile::tempdir_in(&args.dir)?;
        let tree = std::path::absolute(&pair.new)?;
        let place = Place { tree: &tree, manifest: work.path().join("manifest"), sums: work.path().join("sums"), args };
        let bytes = prepare(&place)?;
        for threads in if cores > 1 { vec![1, cores] } else { vec![1] } {
            for peer in PEERS.iter().filter(|peer| has_b3sum || !peer.name.starts_with("b3sum")) {
                rows.push(Row { tree: pair.name.clone(), peer: peer.name, threads, bytes, costs: Vec::new() });
            }
        }
        // In turns, so that what else the machine does hits all alike.
        for _ in 0..args.runs {
            for row in &mut rows[from..] {
                let peer = PEERS.iter().find(|peer| peer.name == row.peer).context("no such program")?;
                cache::settle(&args.dir, target.device.as_ref())?;
                if !args.warm {
                    cache::drop_page_cache();
                }
                let cost = process::run((peer.command)(&place, row.threads), &target, work.path());
                row.costs.push(cost.with_context(|| format!("{}: {}", pair.name, peer.name))?);
            }
        }
        print(&pair.name, &rows[from..]);
    }
    Ok(rows)
}

/// Makes what they compare with. Gives the bytes of all files.
fn prepare(place: &Place<'_>) -> anyhow::Result<u64> {
    let made = Command::new(&place.args.untorn).arg("manifest").arg(place.tree).arg("-o").arg(&place.manifest).output();
    let made = made.with_context(|| format!("cannot run {}", place.args.untorn))?;
    anyhow::ensure!(made.status.success(), "untorn manifest: {}", String::from_utf8_lossy(&made.stderr));
    let mut files = Vec::new();
    let bytes = list(place.tree, place.tree, &mut files)?;
    // Of as many files as there are, in as many calls as it takes.
    let mut sums = Vec::new();
    for files in files.chunks(500) {
        let Ok(output) = Command::new("b3sum").current_dir(place.tree).args(files).output() else { return Ok(bytes) };
        anyhow::ensure!(output.status.success(), "b3sum: {}", String::from_utf8_lossy(&output.stderr));
        sums.extend(output.stdout);
    }
    std::fs::write(&place.sums, sums)?;
    Ok(bytes)
}

fn list(root: &Path, dir: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            bytes += list(root, &entry.path(), files)?;
        } else if entry.file_type()?.is_file() {
            bytes += entry.metadata()?.len();
            files.push(entry.path().strip_prefix(root)?.to_owned());
        }
    }
    Ok(bytes)
}

fn print(tree: &str, rows: &[Row]) {
    println!("\n### {tree}, {} MB\n", rows.first().map_or(0, |row| row.bytes / 1_000_000));
    println!("| | threads | s | MB/s | of b3sum | CPU s | peak MB |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for row in rows {
        let speed = |row: &Row| row.bytes as f64 / 1e6 / median(row, |cost| cost.seconds);
        let rival = rows.iter().filter(|other| other.threads == row.threads && other.peer.starts_with("b3sum")).map(speed);
        let best = rival.fold(f64::NAN, f64::max);
        let share = if best.is_nan() { "-".to_owned() } else { format!("{:.0} %", 100.0 * speed(row) / best) };
        let peak = row.costs.iter().map(|cost| cost.peak_bytes).max().unwrap_or(0);
        let (seconds, cpu) = (median(row, |cost| cost.seconds), median(row, |cost| cost.cpu_seconds));
        println!(
            "| {} | {} | {seconds:.3} | {:.0} | {share} | {cpu:.2} | {} |",
            row.peer,
            row.threads,
            speed(row),
            megabytes(peak)
        );
    }
}

fn median(row: &Row, of: fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<f64> = row.costs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
