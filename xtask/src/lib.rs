//! The project's chores as programs; what they check is also checked by an ordinary `cargo test`.
//!
//! A chore looks at the repository and answers with its findings: lines for people, each with the file and what to do. No finding is
//! success.

mod arguments;
pub mod bindings;
mod cargo;
mod chore;
mod code;
pub mod dependencies;
mod dist;
mod explore;
pub mod fuzz;
mod interrupt;
mod large;
mod licence;
mod lists;
mod mutants;
mod powercut;
mod repair;
mod soak;
mod source;
mod syscalls;
pub mod tidy;
mod torture;
mod watch;

pub use chore::{CHORES, Chore, Understood};
pub use source::{Source, repository};
