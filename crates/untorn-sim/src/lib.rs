//! A file system that crashes.

mod bits;
mod call;
mod content;
mod crash;
mod effect;
mod enumerate;
mod fault;
mod hook;
mod hook_file;
mod image;
mod inode;
mod lock;
mod names;
mod options;
mod path;
mod pending;
mod recording;
mod rng;
mod sim_file;
mod sim_fs;
mod snapshot;
mod state;
mod sync;
mod sync_errors;
mod sync_handle;

pub use call::{Call, Method, Verdict};
pub use crash::{CrashId, CrashIdError, CrashState};
pub use enumerate::Sampling;
pub use fault::{FailedCall, Fault, FaultKind, Faults};
pub use hook::HookFs;
pub use image::Image;
pub use options::SimOptions;
pub use recording::{Crashes, Recording};
pub use rng::Rng;
pub use sim_fs::SimFs;
pub use snapshot::{Entry, Snapshot, read, write};
