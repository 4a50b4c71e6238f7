//! `untorn gc`.

use serde_json::json;
use untorn_publish::{CollectOptions, collect, open_store};

use crate::{
    outcome::{Answer, Outcome},
    studio_args::GcArgs,
    text::{count, size},
};

/// How many objects are listed for people.
const LISTED_MAX: usize = 20;

pub(super) fn run(args: &GcArgs) -> Answer {
    let store = open_store(&args.store, false).map_err(untorn_publish::Error::from)?;
    let mut options = CollectOptions::default();
    (options.keep, options.dry_run, options.forget) = (args.keep, !args.yes, args.forget);
    let report = collect(store.as_ref(), &options)?;
    let removed_len: u64 = report.removed.iter().map(|listed| listed.len).sum();
    let verb = if args.yes { "removed" } else { "would remove (--yes does it)" };
    let mut text = format!(
        "{verb}: {}, {}; {} with {} stay, for {}\n",
        count(report.removed.len(), "object"),
        size(removed_len),
        count(usize::try_from(report.kept_objects).unwrap_or(usize::MAX), "object"),
        size(report.kept_len),
        count(report.releases.len(), "release"),
    );
    for listed in report.removed.iter().take(LISTED_MAX) {
        text.push_str(&format!("  {} ({})\n", listed.name, size(listed.len)));
    }
    if report.removed.len() > LISTED_MAX {
        text.push_str(&format!("  ... and {} more\n", report.removed.len() - LISTED_MAX));
    }
    if !report.foreign.is_empty() {
        text.push_str(&format!("  {} of somebody else stay, too\n", count(report.foreign.len(), "object")));
    }
    let removed: Vec<_> = report.removed.iter().map(|listed| json!({ "name": listed.name, "bytes": listed.len })).collect();
    let json = json!({
        "outcome": if args.yes { "removed" } else { "dry-run" },
        "removed": removed,
        "removed_bytes": removed_len,
        "kept_objects": report.kept_objects,
        "kept_bytes": report.kept_len,
        "releases": report.releases.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "foreign": report.foreign.iter().map(|name| untorn::escape(name.as_bytes())).collect::<Vec<_>>(),
    });
    Ok(Outcome::new(text, json))
}
