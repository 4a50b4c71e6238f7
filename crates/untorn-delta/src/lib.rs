//! Differences between two builds: making a patch, and reading one.

mod diff;
mod error;
mod files;
mod read;

pub use diff::{Build, Options, Progress, Report, Search, diff};
pub use error::{DiffError, PatchError};
pub use files::Files;
pub use read::{Cost, FileReader, PatchReader, Piece, Way, check_replaced};
