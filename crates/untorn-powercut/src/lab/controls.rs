//! Negative controls: the library with mistakes, which the oracle must notice.

use std::process::ExitCode;

use super::{campaign::Campaign, workload::Workshop};

/// On so many file systems each mistake must be caught: some forgive some of them.
const FILE_SYSTEMS_MIN: usize = 2;

/// Plays each mistake on each file system, and its twin without one.
pub(super) fn play(mut campaign: Campaign<'_>) -> ExitCode {
    campaign.workloads.retain(|name| name.starts_with("mistake/"));
    if campaign.workloads.is_empty() {
        campaign.workloads = Workshop::controls();
    }
    campaign.file_systems.retain(|fs| fs.is_atomic);
    let wanted = FILE_SYSTEMS_MIN.min(campaign.file_systems.len());
    let outcome = campaign.play();
    let mut is_good = outcome.failures.is_empty() && outcome.findings.is_empty();
    println!("after how many states each was caught:");
    for name in &campaign.workloads {
        let of = |fs: &&str| outcome.broken.get(&(name.clone(), *fs)).copied().unwrap_or_default();
        let cells: Vec<(&str, (u64, u64))> = campaign.file_systems.iter().map(|fs| (fs.name, of(&fs.name))).collect();
        let caught = cells.iter().filter(|(_, (_, broken))| *broken > 0).count();
        let is_right = if name.ends_with("/none") { caught == 0 } else { caught >= wanted };
        is_good &= is_right;
        let text = |(states, broken): (u64, u64)| if broken > 0 { states.to_string() } else { format!("not in {states}") };
        let texts: Vec<String> = cells.iter().map(|(fs, counts)| format!("{fs} {}", text(*counts))).collect();
        println!("{} {:<36} {}", if is_right { "right" } else { "WRONG" }, name, texts.join("  "));
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
