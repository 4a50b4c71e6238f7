//! `untorn diff`.

use serde_json::json;
use untorn::{DiffOptions, Search};

use crate::{
    args::{DiffArgs, Global},
    outcome::{Answer, Outcome},
    progress,
    text::{count, path, seconds, short, size},
};

pub(super) fn run(args: &DiffArgs, global: &Global) -> Answer {
    let mut options = DiffOptions::default();
    (options.level, options.jobs, options.observer) = (args.level, args.jobs, progress::observer(global));
    options.memory_len = args.memory.saturating_mul(1 << 20);
    if args.search_everything {
        options.search = Search::Everything;
    }
    let report = untorn::diff(&args.old, &args.new, &args.output, &options)?;
    drop(options);
    let patch = &report.patch;
    let text = format!(
        "{}: {} from build {} to {} ({}), in {}\n  {} changed, {} only moved; {} stay in place, {} copied from old files, {} compressed to {}\n",
        path(&args.output),
        size(patch.patch_len),
        short(report.from),
        short(report.to),
        size(report.new_len),
        seconds(report.elapsed),
        count(patch.changes, "path"),
        count(patch.moved, "file"),
        size(patch.kept_len),
        size(patch.copied_len),
        size(patch.literal_len),
        size(patch.frames_len),
    );
    Ok(Outcome::new(
        text,
        json!({
            "patch": path(&args.output),
            "patch_bytes": patch.patch_len,
            "from": report.from.to_string(),
            "to": report.to.to_string(),
            "old_bytes": report.old_len,
            "new_bytes": report.new_len,
            "changes": patch.changes,
            "moved": patch.moved,
            "kept_bytes": patch.kept_len,
            "copied_bytes": patch.copied_len,
            "literal_bytes": patch.literal_len,
            "seconds": report.elapsed.as_secs_f64(),
        }),
    ))
}
