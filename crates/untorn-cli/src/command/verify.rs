//! `untorn verify`.

use untorn::{Difference, ScanOptions, VerifyOptions, VerifyReport, answers, read_manifest, verify, verify_against};

use crate::{
    args::{Global, VerifyArgs},
    exit::Exit,
    outcome::{Answer, Outcome, value},
    progress,
    text::{count, path, short, size},
};

pub(super) fn run(args: &VerifyArgs, global: &Global) -> Answer {
    let report = compare(args, global)?;
    let outcome = Outcome::new(text(args, &report), value(&answers::verify(&report)));
    Ok(if report.is_intact() { outcome } else { outcome.with_exit(Exit::Damage) })
}

fn compare(args: &VerifyArgs, global: &Global) -> Result<VerifyReport, untorn::Error> {
    let observer = progress::observer(global);
    let mut options = VerifyOptions::default();
    (options.jobs, options.observer) = (args.jobs, observer.clone());
    (options.quick, options.index) = (args.quick, args.index.clone());
    let Some(against) = &args.against else { return verify(&args.tree, &options) };
    let mut scan = ScanOptions::default();
    (scan.jobs, scan.observer) = (args.jobs, observer);
    verify_against(&args.tree, &read_manifest(against, &scan)?, &options)
}

fn text(args: &VerifyArgs, report: &VerifyReport) -> String {
    let (tree, build) = (path(&args.tree), short(report.build));
    let whole = format!("{}, {}", count(report.paths, "path"), size(report.bytes));
    let verdict = if report.is_intact() {
        format!("{tree} is build {build}: {whole}, every byte as it should be\n")
    } else {
        format!("{tree} should be build {build} ({whole}), but {} missing or damaged:\n", count(report.damage.len(), "path"))
    };
    let skipped = match report.skipped {
        0 if args.quick => "no file was skipped: all were read\n".to_owned(),
        0 => String::new(),
        files => format!(
            "{} ({}) not read: found intact before, and not touched since\n",
            count(files, "file"),
            size(report.skipped_bytes)
        ),
    };
    let extra = if report.extra.is_empty() { "" } else { "beside the build:\n" };
    format!("{verdict}{}{extra}{}{skipped}", damage(report), lines(&report.extra))
}

/// What is damaged, and which bytes of it.
fn damage(report: &VerifyReport) -> String {
    let mut text = String::new();
    for difference in &report.damage {
        text += &format!("  {difference}\n");
        let ranges = report.ranges.iter().find(|ranges| ranges.path == difference.path).map_or(&[][..], |found| &found.ranges);
        for range in ranges.iter().take(RANGES_SHOWN) {
            text += &format!("    bytes {} to {} ({})\n", range.start, range.end - 1, size(range.end - range.start));
        }
        if ranges.len() > RANGES_SHOWN {
            text += &format!("    and {} more\n", count(ranges.len() - RANGES_SHOWN, "range"));
        }
    }
    text
}

/// How many ranges of one file are shown to people.
const RANGES_SHOWN: usize = 10;

fn lines(differences: &[Difference]) -> String {
    differences.iter().map(|difference| format!("  {difference}\n")).collect()
}
