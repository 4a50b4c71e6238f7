//! The sources of a joined patch, while it is being worked out.

use std::collections::{BTreeMap, HashMap};

use untorn_format::TreePath;
use untorn_format::patch::{Inflated, SourceFile, Wrap};

/// A source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    /// A file of the old build.
    Old(TreePath),
    /// Bytes in between, by number.
    Middle(u32),
    /// What a stream in one of these holds.
    Member {
        /// The number of that source here.
        home: u32,
        at: u64,
        stored_len: u64,
        raw_len: u64,
        wrap: Wrap,
    },
}

/// All sources, each under a number of its own.
#[derive(Default)]
pub(super) struct Sources {
    all: Vec<Source>,
    numbers: HashMap<Source, u32>,
    /// Where members stand in old files: the number of the file and the offset, and where each ends.
    members: BTreeMap<(u32, u64), (u64, u32)>,
}

/// The sources in the order of a patch, and which number became which.
pub(super) struct Numbered {
    pub(super) files: Vec<SourceFile>,
    pub(super) inflated: Vec<Inflated>,
    pub(super) numbers: HashMap<u32, u32>,
}

impl Sources {
    /// The number of a source.
    pub(super) fn number(&mut self, source: Source) -> u32 {
        if let Some(number) = self.numbers.get(&source) {
            return *number;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(source.clone());
        self.numbers.insert(source, number);
        number
    }

    /// The source of a number.
    pub(super) fn get(&self, number: u32) -> Option<&Source> {
        self.all.get(number as usize)
    }

    /// The number of a member, which stands at `home`; `None` when it overlaps another one.
    pub(super) fn member(&mut self, home: u32, member: &Inflated) -> Option<u32> {
        let end = member.at + member.stored_len;
        let Inflated { at, stored_len, raw_len, wrap, .. } = *member;
        let source = Source::Member { home, at, stored_len, raw_len, wrap };
        if let Some(number) = self.numbers.get(&source) {
            return Some(*number);
        }
        let before = self.members.range(..(home, end)).next_back();
        if before.is_some_and(|((other, _), (before_end, _))| *other == home && *before_end > at) {
            return None;
        }
        let number = self.number(source);
        self.members.insert((home, at), (end, number));
        Some(number)
    }

    /// Orders those that are `used`: files by path, members by where they stand, and bytes in between as they are.
    pub(super) fn order(&self, mut used: Vec<u32>, len_of: impl Fn(&TreePath) -> u64) -> Numbered {
        let homes: Vec<_> = used
            .iter()
            .filter_map(|number| match self.get(*number) {
                Some(Source::Member { home, .. }) => Some(*home),
                _ => None,
            })
            .collect();
        used.extend(homes);
        used.sort_unstable();
        used.dedup();
        let mut files: Vec<_> = used
            .iter()
            .filter_map(|number| match self.get(*number) {
                Some(Source::Old(path)) => Some((path, *number)),
                _ => None,
            })
            .collect();
        files.sort_unstable();
        let members = used.iter().filter(|number| matches!(self.get(**number), Some(Source::Member { .. }))).count();
        let mut numbers: HashMap<u32, u32> = files.iter().map(|(_, number)| *number).zip(0..).collect();
        let behind = u32::try_from(files.len() + members).unwrap_or(u32::MAX);
        for number in &used {
            if let Some(Source::Middle(middle)) = self.get(*number) {
                numbers.insert(*number, behind.saturating_add(*middle));
            }
        }
        let mut inflated: Vec<(Inflated, u32)> = used
            .iter()
            .filter_map(|number| match *self.get(*number)? {
                Source::Member { home, at, stored_len, raw_len, wrap } => {
                    let source = numbers.get(&home).copied().unwrap_or(u32::MAX);
                    Some((Inflated { source, at, stored_len, raw_len, wrap }, *number))
                }
                _ => None,
            })
            .collect();
        inflated.sort_unstable_by_key(|(member, _)| (member.source, member.at));
        for ((_, number), place) in inflated.iter().zip(files.len()..) {
            numbers.insert(*number, u32::try_from(place).unwrap_or(u32::MAX));
        }
        let files = files.into_iter().map(|(path, _)| SourceFile { path: path.clone(), len: len_of(path) }).collect();
        Numbered { files, inflated: inflated.into_iter().map(|(member, _)| member).collect(), numbers }
    }
}
