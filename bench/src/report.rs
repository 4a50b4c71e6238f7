//! The figures as Markdown for people and as JSON for programs.

use std::path::Path;

use anyhow::Context;

use crate::machine::Machine;
use crate::runner::Results;
use crate::series::{Entry, Series};
use crate::units::{duration, megabytes};

const HEADER: &str = "\
| contender | median time | min to max | times untorn | MB to disk | flushes | peak extra disk MB | peak memory MB |
| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |";

/// Prints Markdown to standard output.
pub fn print(results: &Results) {
    println!("{}\n", machine(&results.machine));
    for series in &results.series {
        println!("{}", table(series));
    }
}

/// Writes every sample to `path`.
pub fn write_json(results: &impl serde::Serialize, path: &Path) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(results)?;
    std::fs::write(path, json).with_context(|| format!("cannot write {}", path.display()))
}

fn machine(machine: &Machine) -> String {
    let cache =
        if machine.cold { "page cache dropped before each run" } else { "page cache NOT dropped (warm; dropping needs root)" };
    format!(
        "{}, {} cores of {}, {:.0} GB memory; {}; {cache}; load {:.1} at the start.",
        machine.kernel,
        machine.cores,
        machine.processor,
        machine.memory_bytes as f64 / 1e9,
        machine.disks.join(", "),
        machine.load,
    )
}

fn table(series: &Series) -> String {
    let runs = series.entries.iter().map(|entry| entry.samples.len()).max().unwrap_or(0);
    let mut lines = vec![format!("### {}\n\n{}, medians of {runs} runs in turns.\n\n{HEADER}", series.title, series.file_system)];
    lines.extend(series.entries.iter().filter(|entry| !entry.samples.is_empty()).map(|entry| row(series, entry)));
    lines.push(String::new());
    lines.extend(series.entries.iter().map(|entry| format!("- {}: {}.", entry.contender, entry.about)));
    lines.extend(series.entries.iter().filter_map(missing));
    lines.push(String::new());
    lines.join("\n")
}

fn row(series: &Series, entry: &Entry) -> String {
    let bytes = |figure: Option<f64>| figure.map_or("-".into(), |bytes| megabytes(bytes as u64));
    let cells = [
        entry.contender.to_string(),
        entry.median(|sample| Some(sample.seconds)).map_or("-".into(), duration),
        entry.seconds_range().map_or("-".into(), |(min, max)| format!("{} to {}", duration(min), duration(max))),
        series.times_untorn(entry).map_or("-".into(), |times| format!("{times:.2}")),
        bytes(entry.median(|sample| Some(sample.written_bytes? as f64))),
        entry.median(|sample| Some(sample.flushes? as f64)).map_or("-".into(), |flushes| format!("{flushes}")),
        bytes(entry.median(|sample| Some(sample.peak_extra_disk_bytes as f64))),
        bytes(entry.median(|sample| Some(sample.peak_memory_bytes as f64))),
    ];
    format!("| {} |", cells.join(" | "))
}

fn missing(entry: &Entry) -> Option<String> {
    let reason = entry.missing.as_ref()?;
    Some(format!("- **Missing: {}** ({}).", entry.contender, reason.lines().next().unwrap_or("no reason given")))
}
