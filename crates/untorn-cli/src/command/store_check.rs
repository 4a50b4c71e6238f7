//! `untorn store check`.

use serde_json::json;
use untorn_publish::{check, open_store};

use crate::{
    args::Global,
    exit::Exit,
    outcome::{Answer, Outcome},
    progress,
    signing::roots,
    studio_args::StoreCheckArgs,
    text::{count, size},
};

pub(super) fn run(args: &StoreCheckArgs, global: &Global) -> Answer {
    let store = open_store(&args.store, false).map_err(untorn_publish::Error::from)?;
    let observer = progress::observer(global);
    let report = check(store.as_ref(), &roots(&args.roots)?, observer.as_deref())?;
    let mut text = format!(
        "{}: {}, {}, {} with {} read\n",
        if report.is_sound() { "sound" } else { "DAMAGED" },
        count(report.channels, "channel"),
        count(report.releases, "release"),
        count(usize::try_from(report.objects).unwrap_or(usize::MAX), "object"),
        size(report.len),
    );
    for problem in &report.problems {
        text.push_str(&format!("  {}: {}\n", problem.name, problem.what));
    }
    let problems: Vec<_> = report.problems.iter().map(|problem| json!({ "name": problem.name, "text": problem.what })).collect();
    let json = json!({
        "is_sound": report.is_sound(),
        "problems": problems,
        "channels": report.channels,
        "releases": report.releases,
        "objects": report.objects,
        "read_bytes": report.len,
    });
    let exit = if report.is_sound() { Exit::Ok } else { Exit::Damage };
    Ok(Outcome::new(text, json).with_exit(exit))
}
