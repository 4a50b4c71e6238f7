//! A path that changes, with all that is known of it while a report is made.

use untorn_format::escape;

use super::{Item, members};
use crate::{
    builds::Builds,
    spans::{Span, Sums},
    streams,
    zip::{self, Plain, Zip},
};

/// A path that changes.
pub(crate) struct Subject {
    pub(crate) item: Item,
    /// Of a file with new content: where its bytes come from.
    pub(crate) spans: Vec<Span>,
    /// The old archive and the new one, where both are there and sound.
    pub(crate) zips: Option<(Zip, Zip)>,
}

impl Subject {
    pub(crate) fn new(mut item: Item, spans: Vec<Span>) -> Self {
        if !spans.is_empty() {
            let sums = Sums::of(&spans);
            (item.literal, item.moved, item.copied) = (sums.new, sums.moved, sums.copied);
            (item.kept, item.bytes, item.restored) = (sums.kept, sums.bytes, sums.restored);
        }
        Self { item, spans, zips: None }
    }

    /// What is inside, where it is a zip archive.
    pub(crate) fn look_inside(&mut self, builds: &Builds, notes: &mut Vec<String>) {
        if self.spans.is_empty() {
            return;
        }
        let (path, old_len, new_len) = (&self.item.path, self.item.old_len, self.item.new_len);
        let Some(new_file) = builds.new.file(path, new_len) else {
            note(notes, path, "is not the file that the patch is about; plain bytes here");
            return;
        };
        let new = match zip::read(&*new_file, new_len) {
            Ok(Ok(zip)) => zip,
            Ok(Err(Plain::Other)) => {
                if let Some(why) = streams::doubt(&*new_file, new_len) {
                    note(notes, path, &format!("counts as plain bytes: {why}"));
                }
                return;
            }
            Ok(Err(why)) => return note(notes, path, &format!("counts as plain bytes: {why}")),
            Err(error) => return note(notes, path, &format!("cannot be looked into: {error}")),
        };
        let old_file = builds.old.file(path, old_len);
        let old = match old_file.as_deref().map(|file| zip::read(file, old_len)) {
            Some(Ok(Ok(zip))) => Some(zip),
            Some(Ok(Err(why))) => {
                note(notes, path, &format!("the old one counts as plain bytes: {why}"));
                None
            }
            _ => None,
        };
        let same = |before: &zip::Member, member: &zip::Member| {
            old_file.as_deref().is_some_and(|old_file| zip::same_stored((old_file, before), (&*new_file, member)))
        };
        self.item.members = members::of(&self.spans, old.as_ref(), &new, &same);
        self.zips = old.map(|old| (old, new));
    }
}

/// How many notes are kept.
pub(crate) const NOTES_MAX: usize = 100;

fn note(notes: &mut Vec<String>, path: &str, what: &str) {
    if notes.len() < NOTES_MAX {
        notes.push(format!("{}: {what}", escape(path.as_bytes())));
    }
}
