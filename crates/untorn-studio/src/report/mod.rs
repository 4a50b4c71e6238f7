//! Where the bytes of a patch go.

mod members;
mod patch;
mod subject;

use untorn::{
    Hash, Reason,
    release::{Release, Signed},
};

use crate::Advice;
pub use members::{Member, MemberKind};
pub use patch::inspect_patch;
pub(crate) use subject::{NOTES_MAX, Subject};

/// Where the bytes of a patch go, or of one that could be made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The build it starts from.
    pub from: Hash,
    /// The build it leads to.
    pub to: Hash,
    /// Where there is no patch yet: how its bytes were estimated.
    pub estimate: Option<Estimate>,
    /// Length of the patch in bytes: `bytes_index`, and those of all paths.
    pub bytes: u64,
    /// Length in bytes of what stands before it, where it is signed; 0 else. Together with `bytes` it is the length of the file.
    pub bytes_preface: u64,
    /// Length of its header and index in bytes, which no path has a share of.
    pub bytes_index: u64,
    /// How many bytes of memory applying it takes at most, on one thread; `None` for an estimate.
    pub bytes_memory: Option<u64>,
    /// The release that stands before it, where it is signed. Nothing of that is checked here.
    pub signed: Option<Signed>,
    /// Every path that changes, sorted. A file that moves is listed where it arrives.
    pub items: Vec<Item>,
    /// What would make the next patch smaller, or the update write less; what helps most stands first.
    pub advice: Vec<Advice>,
    /// What could not be looked into, and why.
    pub notes: Vec<String>,
    /// Whether archives were looked into: both builds were there.
    pub has_builds: bool,
}

/// How bytes of a patch were estimated that was not made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Estimate {
    /// How many new bytes were compressed.
    pub tried_len: u64,
    /// How many there are.
    pub of_len: u64,
}

/// What one path costs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item {
    /// Where.
    pub path: String,
    /// Why it is in the patch.
    pub reason: Reason,
    /// Where the file stood before, when it moves or is renamed.
    pub from: Option<String>,
    /// Length of the old file in bytes.
    pub old_len: u64,
    /// Length of the new file in bytes.
    pub new_len: u64,
    /// Bytes of the patch that are there for it.
    pub bytes: u64,
    /// Bytes of the new file that are in the patch, before compression.
    pub literal: u64,
    /// Bytes of the new file that stand in another place of the old file at this path.
    pub moved: u64,
    /// Bytes of the new file that are made from other files.
    pub copied: u64,
    /// Bytes of the new file that stay where they are.
    pub kept: u64,
    /// Bytes of the new file that are made by deflating again what they hold: members of archives, and pictures.
    pub restored: u64,
    /// Where it is a zip archive: the members that cost something. Empty else.
    pub members: Vec<Member>,
}

impl Item {
    /// Bytes of the new file that are not in their place: what applying writes at most, besides its journal. A file that only moves is not written.
    #[must_use]
    pub fn written(&self) -> u64 {
        if self.from.is_some() { 0 } else { self.new_len.saturating_sub(self.kept) }
    }
}

impl Report {
    /// Length in bytes of all files that change, as they were.
    #[must_use]
    pub fn old_len(&self) -> u64 {
        self.sum(|item| item.old_len)
    }

    /// Length in bytes of all files that change, as they become.
    #[must_use]
    pub fn new_len(&self) -> u64 {
        self.sum(|item| item.new_len)
    }

    /// Bytes that are not in their place: what applying writes at most, besides its journal.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.sum(Item::written)
    }

    /// What the release says that stands before the patch.
    #[must_use]
    pub fn release(&self) -> Option<Release> {
        self.signed.as_ref().and_then(|signed| Release::decode(&signed.document).ok())
    }

    fn sum(&self, of: impl Fn(&Item) -> u64) -> u64 {
        self.items.iter().map(of).fold(0, u64::saturating_add)
    }

    /// Of each reason that occurs: how many paths, and their bytes in the patch.
    pub fn totals(&self) -> impl Iterator<Item = (Reason, usize, u64)> {
        Reason::ALL.into_iter().filter_map(|reason| {
            let of_reason = || self.items.iter().filter(move |item| item.reason == reason);
            let bytes = of_reason().map(|item| item.bytes).fold(0, u64::saturating_add);
            (of_reason().next().is_some()).then(|| (reason, of_reason().count(), bytes))
        })
    }

    /// Looks into archives, where builds are there, and gives advice.
    pub(crate) fn complete(mut self, mut subjects: Vec<Subject>, builds: Option<&crate::builds::Builds>) -> Self {
        if let Some(builds) = builds {
            self.has_builds = true;
            subjects.iter_mut().for_each(|subject| subject.look_inside(builds, &mut self.notes));
        }
        self.advice = crate::advice::all(&subjects, builds, self.bytes);
        self.items = subjects.into_iter().map(|subject| subject.item).collect();
        self
    }
}
