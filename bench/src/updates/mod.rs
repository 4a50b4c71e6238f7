//! Updates over a network: how many bytes, and how long, over a line that is so far away and so fast. Every peer is a program from `PATH`, and goes over the same line to a server as its
//! users run it; all bytes on it are counted, both ways, heads and all.
//!
//! The line neither loses anything nor starts slowly. A connection takes one way there and back to open.

mod peer;
mod relay;
mod server;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::args::Args;
use crate::cache;
use crate::patches::pair::{self, Pair};
use crate::patches::process::{self, Cost};
use crate::patches::table;
use crate::target::Target;
use peer::{Peer, Place};
use relay::{Line, Relay};
use server::Server;

/// What one peer took for one pair.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Which pair.
    pub pair: String,
    /// Which peer.
    pub peer: &'static str,
    /// Over the line, to the player and from him, in the first round.
    pub bytes: Option<(u64, u64)>,
    /// One a round.
    pub updates: Vec<Cost>,
    /// How long the line alone takes for these bytes, once there and back among it.
    pub line_seconds: f64,
    /// What went wrong, if something did.
    pub failure: Option<String>,
}

/// Compares all peers on all pairs, prints tables, and gives their rows.
pub fn run(args: &Args) -> anyhow::Result<Vec<Row>> {
    let target = Target::directory(&args.dir)?;
    let pairs = pair::asked(args)?;
    anyhow::ensure!(!pairs.is_empty(), "no pairs: name them with --pair OLD NEW, or a folder of them with --corpora");
    let (present, missing): (Vec<_>, Vec<_>) = peer::all(args).into_iter().partition(Peer::is_there);
    table::head(&target, &missing.iter().map(|peer| peer.name).collect::<Vec<_>>(), !args.warm && cache::drop_page_cache());
    println!("\nThe line: {} ms there and back, {} Mbit/s each way.", args.latency, args.mbit);
    let mut rows = Vec::new();
    for pair in &pairs {
        let from = rows.len();
        for peer in &present {
            eprintln!("{}: {}", pair.name, peer.name);
            rows.push(measured(pair, peer, &target, args));
        }
        print(&pair.name, &rows[from..]);
    }
    Ok(rows)
}

fn measured(pair: &Pair, peer: &Peer, target: &Target, args: &Args) -> Row {
    let mut row =
        Row { pair: pair.name.clone(), peer: peer.name, bytes: None, updates: Vec::new(), line_seconds: 0.0, failure: None };
    if let Err(error) = fill(&mut row, pair, peer, target, args) {
        row.failure = Some(format!("{error:#}"));
    }
    row
}

fn fill(row: &mut Row, pair: &Pair, peer: &Peer, target: &Target, args: &Args) -> anyhow::Result<()> {
    let work = tempfile::tempdir_in(std::path::absolute(&args.dir)?)?;
    let (www, client) = (work.path().join("www"), work.path().join("client"));
    std::fs::create_dir(&www)?;
    std::fs::create_dir(&client)?;
    let server = if peer.is_rsync {
        Server::rsync(&std::path::absolute(&pair.new)?, work.path())?
    } else {
        Server::nginx(&www, work.path())?
    };
    let line = Line { latency: Duration::from_millis(args.latency), rate: args.mbit * 125_000.0 };
    let relay = Relay::start(server.addr, line)?;
    let place = Place { pair, www: &www, client: &client, base: relay.addr.to_string(), args };
    (peer.prepare)(&place)?;
    for round in 0..args.runs {
        cache::settle(&args.dir, target.device.as_ref())?;
        if !args.warm {
            cache::drop_page_cache();
        }
        relay.take();
        let cost = process::run((peer.update)(&place, round), target, &client)?;
        let bytes = relay.take();
        check(peer, &place, round)?;
        row.updates.push(cost);
        if row.bytes.is_none() {
            row.bytes = Some(bytes);
            row.line_seconds = bytes.0 as f64 / line.rate + line.latency.as_secs_f64();
        }
    }
    Ok(())
}

/// What came is what should have come; then it makes room for the next one.
fn check(peer: &Peer, place: &Place<'_>, round: u32) -> anyhow::Result<()> {
    let result = place.result(round);
    if peer.makes_tar {
        let expected = pair::tar(&place.pair.new, place.client, "expected.tar")?;
        pair::compare(&expected, &result)?;
        return remove(&result);
    }
    pair::compare(&place.pair.new, &result)?;
    remove(&result)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    if path.is_dir() { Ok(std::fs::remove_dir_all(path)?) } else { Ok(std::fs::remove_file(path)?) }
}

fn print(pair: &str, rows: &[Row]) {
    println!("\n### {pair}\n");
    println!("| | bytes down | bytes up | s | of these the line's | times the line | + sync s | CPU s |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for row in rows.iter().filter(|row| !row.updates.is_empty()) {
        let median = |of: fn(&Cost) -> f64| {
            let mut values: Vec<f64> = row.updates.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let ((down, up), seconds) = (row.bytes.unwrap_or_default(), median(|cost| cost.seconds));
        println!(
            "| {} | {down} | {up} | {seconds:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
            row.peer,
            row.line_seconds,
            seconds / row.line_seconds,
            median(|cost| cost.sync_seconds),
            median(|cost| cost.cpu_seconds),
        );
    }
    for (peer, failure) in rows.iter().filter_map(|row| Some((row.peer, row.failure.as_ref()?))) {
        println!("\n{peer} failed: {failure}");
    }
}
