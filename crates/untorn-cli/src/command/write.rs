//! `untorn write`.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use untorn::{Options, Tree};

use crate::{
    args::{Global, WriteArgs},
    failure::Failure,
    outcome::{Answer, Outcome},
    progress, stop,
    text::{count, path, size},
    updates::Updates,
};

pub(super) fn run(args: &WriteArgs, global: &Global) -> Answer {
    let updates = Updates::new(open(&args.updates)?, args.need_end);
    let mut options = Options::default();
    (options.keep_undo, options.observer) = (args.undo, progress::observer(global));
    let mut tree = Tree::open(&args.tree)?;
    let mut tx = tree.begin_with(options)?;
    tx.update(updates).map_err(|error| stop::or_stopped(error.into()))?;
    let report = tx.commit()?;
    let text = format!(
        "{}: {} changed, {} written\n",
        path(&args.tree),
        count(report.files.len(), "path"),
        size(report.bytes_written())
    );
    Ok(Outcome::new(text, super::apply::transaction_json(&report)))
}

fn open(updates: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if updates == Path::new("-") {
        return Ok(Box::new(BufReader::new(stop::Input::new())));
    }
    let file = File::open(updates).map_err(|source| Failure::io("open", updates, source))?;
    Ok(Box::new(BufReader::new(file)))
}
