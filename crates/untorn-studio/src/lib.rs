//! What a studio wants to know of a patch, and can change in its builds.
//!
//! [`inspect_patch`] says where the bytes of a patch go, file by file and member by member of zip archives, and what would make it smaller; [`estimate`] says about the same
//! of two builds before there is a patch; [`page`] makes of either a page for a browser. [`pack`] makes a zip archive of which the next update writes what changed, and not all
//! of it.
//!
//! # Guarantees
//! - Builds, patches and archives are only read. What [`pack`] writes appears under its name when it is complete.
//! - No figure is invented: each is counted, or it is said to be an estimate, and from how much it was made.
//! - An archive that is broken, encrypted or lies about itself is plain bytes, and the report says so; it is never an error, and nothing is allocated by what it says.
//! - What stands in a page is data: no name in a build can become markup or script. A page asks the network for nothing.
//! - Equal input gives equal reports, pages and archives, on any number of threads.
//!
//! # Limitations
//! - A patch does not hold the names inside of archives: to see members, [`inspect_patch`] needs both builds.
//! - [`estimate`] does not know what untorn does for executables, where patches come out smaller.
//! - Archives inside of archives are members like any other.

mod advice;
mod builds;
mod estimate;
mod pack;
mod page;
mod parallel;
mod report;
mod spans;
mod streams;
mod zip;

pub use advice::{Advice, Basis, PATHS_MAX, Topic, size};
pub use estimate::{EstimateOptions, estimate};
pub use pack::{Format, Method, PackOptions, PackReport, pack};
pub use page::{PAGE_LEN_MAX, page};
pub use report::{Estimate, Item, Member, MemberKind, Report, inspect_patch};
