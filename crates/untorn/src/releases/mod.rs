//! Releases as a tree's updater sees them: where they come from, what is believed of them, and what of them has been fetched.

mod arrivals;
mod documents;
mod objects;
mod route;
mod saved;
mod source;
mod supply;
mod watch;

pub(crate) use arrivals::Arrivals;
pub(crate) use documents::{Heard, Question, hear, release_by_id};
pub(crate) use objects::Objects;
pub(crate) use route::cheapest;
pub(crate) use saved::{Kept, Saved, forget, load, save};
pub use source::SourceOptions;
pub(crate) use source::{is_url, remote};
pub(crate) use supply::{Progress, Supply, Wanted, has, len, len_without_ranges};
pub(crate) use watch::watched;
