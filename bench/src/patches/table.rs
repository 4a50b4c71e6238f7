//! The tables, as Markdown.

use super::{Row, process::Cost};
use crate::machine::{Machine, load};
use crate::target::Target;
use crate::units::megabytes;

/// What was measured on, and who was missing.
pub fn head(target: &Target, missing: &[&str], cold: bool) {
    let machine = Machine::describe(std::slice::from_ref(target), load(), cold);
    println!(
        "{}, {} ({} cores), {}; load {:.1} at the beginning, page cache {}.",
        machine.kernel,
        machine.processor,
        machine.cores,
        machine.disks.join(", "),
        machine.load,
        if cold { "dropped before each run" } else { "left alone" }
    );
    if !missing.is_empty() {
        println!("\nNot in `PATH`, so missing: {}.", missing.join(", "));
    }
}

/// One pair.
pub fn print(pair: &str, rows: &[Row]) {
    println!("\n### {pair}\n");
    println!("| | patch, bytes | making: CPU s | s | peak MB | applying: s | + sync s | CPU s | peak MB | MB to disk |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for row in rows {
        println!("| {} | {} | {} |", row.peer, making(row), applying(row));
    }
    for (peer, failure) in rows.iter().filter_map(|row| Some((row.peer, row.failure.as_ref()?))) {
        println!("\n{peer} failed: {failure}");
    }
}

fn making(row: &Row) -> String {
    match (&row.made, row.patch_bytes) {
        (Some(cost), Some(bytes)) => {
            format!("{bytes} | {:.1} | {:.1} | {}", cost.cpu_seconds, cost.seconds, megabytes(cost.peak_bytes))
        }
        _ => "- | - | - | -".to_owned(),
    }
}

/// Medians, but the most memory.
fn applying(row: &Row) -> String {
    if row.applied.is_empty() {
        return "- | - | - | - | -".to_owned();
    }
    let median = |of: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = row.applied.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let peak = row.applied.iter().map(|cost| cost.peak_bytes).max().unwrap_or(0);
    let disk = median(|cost| cost.disk_bytes.map_or(f64::NAN, |bytes| bytes as f64));
    let disk = if disk.is_nan() { "-".to_owned() } else { format!("{:.1}", disk / 1e6) };
    let (seconds, sync, cpu) = (median(|cost| cost.seconds), median(|cost| cost.sync_seconds), median(|cost| cost.cpu_seconds));
    format!("{seconds:.2} | {sync:.2} | {cpu:.2} | {} | {disk}", megabytes(peak))
}
