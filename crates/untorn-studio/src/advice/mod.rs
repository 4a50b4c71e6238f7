//! What would make the next patch smaller, or the update write less: counted or estimated, never guessed.

mod archives;
mod compare;
mod headers;
mod moved;
mod opaque;
pub(crate) mod raw;
mod size;

use crate::{builds::Builds, report::Subject};
pub use size::size;

/// Something that could be changed in a build.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// What it is about.
    pub topic: Topic,
    /// The files it is about, at most [`PATHS_MAX`] of them; those that cost most stand first.
    pub paths: Vec<String>,
    /// How many files it is about, or members of the one archive in `paths`.
    pub count: u64,
    /// What `now` and `then` count: bytes that are written where this is true, else bytes of the patch.
    pub is_written: bool,
    /// Bytes it costs now.
    pub now: u64,
    /// Bytes it would cost, where that is known.
    pub then: Option<u64>,
    /// Where the figures come from.
    pub basis: Basis,
    /// All of it in words.
    pub text: String,
}

/// How many files an advice names.
pub const PATHS_MAX: usize = 20;

/// What an advice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Topic {
    /// Members of an archive were compressed again, though their content is the same.
    Recompressed,
    /// Members of an archive changed a little, but all of their compressed bytes.
    Deflated,
    /// Equal content stands in another place of the same file.
    Moved,
    /// Files changed only where they begin.
    Headers,
    /// Files changed throughout, and what is new does not compress.
    Opaque,
}

impl Topic {
    /// One word for it, which never changes its meaning.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Recompressed => "recompressed",
            Self::Deflated => "deflated",
            Self::Moved => "moved",
            Self::Headers => "headers",
            Self::Opaque => "opaque",
        }
    }
}

/// Where figures come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Basis {
    /// Everything was counted.
    Measured,
    /// It was tried with some files, and is an estimate for all.
    Estimated {
        /// With how many it was tried.
        tried: u64,
        /// How many there are.
        of: u64,
    },
}

/// All advice, what helps most first. `patch_len` is the length of the patch: what is next to nothing beside it is left out.
pub(crate) fn all(subjects: &[Subject], builds: Option<&Builds>, patch_len: u64) -> Vec<Advice> {
    let least = (patch_len / 100).max(LEAST);
    let mut advice = Vec::new();
    if let Some(builds) = builds {
        let mut left = raw::BUDGET;
        let of_archives = subjects.iter().filter(|subject| subject.zips.is_some());
        of_archives.for_each(|subject| archives::advise(subject, builds, least, &mut left, &mut advice));
    }
    advice.extend(subjects.iter().filter_map(|subject| moved::advise(subject, patch_len)));
    advice.extend(headers::advise(subjects, builds, least));
    advice.extend(opaque::advise(subjects, least));
    advice.sort_by(|one, other| gain(other).cmp(&gain(one)).then_with(|| one.paths.cmp(&other.paths)));
    advice.truncate(ADVICE_MAX);
    advice
}

/// What is less is not worth a sentence, in bytes.
const LEAST: u64 = 16 << 10;
/// How many pieces of advice anybody reads.
const ADVICE_MAX: usize = 20;

/// What it would save in bytes of the patch. Bytes that are written count less: they are not fetched.
fn gain(advice: &Advice) -> u64 {
    let gain = advice.now.saturating_sub(advice.then.unwrap_or(advice.now / 2));
    if advice.is_written { gain / 16 } else { gain }
}

/// "1 file", "2 files".
fn count(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// How it was found out, as the end of a sentence.
fn how(basis: Basis) -> String {
    match basis {
        Basis::Measured => String::new(),
        Basis::Estimated { tried, of } => format!(" (an estimate from {tried} of {of})"),
    }
}

/// The paths of files that cost most.
fn costliest(mut files: Vec<(u64, &str)>) -> Vec<String> {
    files.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(other.1)));
    files.into_iter().take(PATHS_MAX).map(|(_, path)| path.to_owned()).collect()
}
