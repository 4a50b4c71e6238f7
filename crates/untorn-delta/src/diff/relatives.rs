//! Which old member of an archive a new one was.

use std::collections::{HashMap, HashSet};

use untorn_archive::Stream;

/// Old members, by what they are known by.
pub(super) struct Relatives<'s> {
    by_name: HashMap<&'s [u8], &'s Stream>,
    by_content: HashMap<(u64, u32), &'s Stream>,
    /// Of those whose name no new member has, by the last part of it.
    by_end: HashMap<&'s [u8], &'s Stream>,
}

impl<'s> Relatives<'s> {
    pub(super) fn new(before: &'s [Stream], after: &'s [Stream]) -> Self {
        let mut relatives = Self { by_name: HashMap::new(), by_content: HashMap::new(), by_end: HashMap::new() };
        let stays: HashSet<&[u8]> = after.iter().map(|stream| &stream.name[..]).collect();
        for stream in before {
            relatives.by_name.entry(&stream.name).or_insert(stream);
            if let Some(content) = content(stream) {
                relatives.by_content.entry(content).or_insert(stream);
            }
            if !stays.contains(&stream.name[..]) {
                relatives.by_end.entry(end(&stream.name)).or_insert(stream);
            }
        }
        relatives
    }

    /// The first of its name; else one that holds the same; else one that is gone, and was called alike but for where it stood.
    pub(super) fn of(&self, stream: &Stream) -> Option<&'s Stream> {
        let by_name = || self.by_name.get(&stream.name[..]);
        let by_content = || self.by_content.get(&content(stream)?);
        by_name().or_else(by_content).or_else(|| self.by_end.get(end(&stream.name))).copied()
    }
}

fn content(stream: &Stream) -> Option<(u64, u32)> {
    Some((stream.raw_len?, stream.raw_sum?))
}

/// The last part of a name.
fn end(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| *byte == b'/').next().unwrap_or(name)
}
