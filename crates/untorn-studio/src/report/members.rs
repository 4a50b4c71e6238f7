//! What the members of an archive cost.

use std::collections::HashMap;

use crate::{
    spans::{self, Span, Sums},
    zip::{self, Zip},
};

/// What one member of a zip archive costs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its name; empty for what is about the archive as a whole: its directory, and gaps.
    pub name: String,
    /// What became of it.
    pub kind: MemberKind,
    /// Length of the old member in bytes, as stored.
    pub old_len: u64,
    /// Length of the new member in bytes, as stored.
    pub new_len: u64,
    /// Bytes of the patch that are there for it.
    pub bytes: u64,
    /// Its bytes that are not in their place.
    pub written: u64,
    /// Its bytes that are made by deflating again what they hold.
    pub restored: u64,
}

/// What became of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MemberKind {
    /// There was none of that name.
    New,
    /// Its content is another one.
    Changed,
    /// Its content is the same by length and checksum, but its stored bytes are others.
    Recompressed,
    /// Its stored bytes are the same, in another place.
    Moved,
    /// It has nothing new but its header.
    Header,
    /// It is no member, but what is about the archive as a whole.
    Directory,
}

impl MemberKind {
    /// One word for it, which never changes its meaning.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Recompressed => "recompressed",
            Self::Moved => "moved",
            Self::Header => "header",
            Self::Directory => "directory",
        }
    }
}

/// The members that cost something, in the order of the archive; what is no member stands last.
/// `same` says whether two members have the same stored bytes.
pub(super) fn of(spans: &[Span], old: Option<&Zip>, new: &Zip, same: &dyn Fn(&zip::Member, &zip::Member) -> bool) -> Vec<Member> {
    let stretches: Vec<_> = new.members.iter().map(|member| (member.at, member.end)).collect();
    let sums = spans::within(spans, &stretches);
    let before: HashMap<&[u8], &zip::Member> =
        old.iter().flat_map(|old| &old.members).map(|member| (member.name.as_slice(), member)).collect();
    let mut members: Vec<_> = new
        .members
        .iter()
        .zip(&sums)
        .filter(|(_, sums)| costs(sums))
        .map(|(member, sums)| cost(member, before.get(member.name.as_slice()).copied(), sums, same))
        .collect();
    let rest = rest(&Sums::of(spans), &sums);
    if costs(&rest) {
        let len_of = |zip: &Zip| zip.len - zip.members.iter().map(|member| member.end - member.at).sum::<u64>();
        members.push(Member {
            name: String::new(),
            kind: MemberKind::Directory,
            old_len: old.map_or(0, len_of),
            new_len: len_of(new),
            bytes: rest.bytes,
            written: written(&rest),
            restored: rest.restored,
        });
    }
    members
}

fn costs(sums: &Sums) -> bool {
    sums.bytes > 0 || written(sums) > 0
}

fn written(sums: &Sums) -> u64 {
    sums.new.saturating_add(sums.moved).saturating_add(sums.copied).saturating_add(sums.restored)
}

fn cost(
    member: &zip::Member,
    before: Option<&zip::Member>,
    sums: &Sums,
    same_bytes: &dyn Fn(&zip::Member, &zip::Member) -> bool,
) -> Member {
    let same = before.is_some_and(|before| before.crc == member.crc && before.len == member.len);
    let header = member.data_at - member.at + (member.end - member.data_end);
    let kind = match before {
        None if sums.new > header => MemberKind::New,
        None => MemberKind::Moved,
        Some(before) if same && same_bytes(before, member) => {
            if before.data_at == member.data_at {
                MemberKind::Header
            } else {
                MemberKind::Moved
            }
        }
        Some(_) if same => MemberKind::Recompressed,
        Some(_) => MemberKind::Changed,
    };
    Member {
        name: zip::shown(member),
        kind,
        old_len: before.map_or(0, zip::Member::stored_len),
        new_len: member.stored_len(),
        bytes: sums.bytes,
        written: written(sums),
        restored: sums.restored,
    }
}

/// What belongs to no member.
fn rest(all: &Sums, members: &[Sums]) -> Sums {
    let minus = |of: fn(&Sums) -> u64| members.iter().map(of).fold(of(all), u64::saturating_sub);
    Sums {
        kept: minus(|sums| sums.kept),
        moved: minus(|sums| sums.moved),
        copied: minus(|sums| sums.copied),
        new: minus(|sums| sums.new),
        restored: minus(|sums| sums.restored),
        bytes: minus(|sums| sums.bytes),
    }
}
