//! What operations came to, as JSON: for programs in other languages. The documents are those of `docs/json.md`, whoever prints them.
//!
//! There are too few kinds of values for a library: this writes them, and reads nothing.

mod failure;
mod reports;
mod state;
mod value;

pub use failure::error;
pub use reports::{
    apply, difference, low_disk, provenance, release, repair, roll_back_forecast, rolled_back, transaction, update, verify,
    warnings,
};
pub use state::{phase, recovery, status};
pub use value::Json;
