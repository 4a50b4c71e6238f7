//! Programs under `strace`: which calls into the kernel they make, and what becomes of them when one of these fails, or kills them.
//!
//! # What it guarantees
//! - A program that hangs is killed after half a minute, and has then said nothing.
//! - [`count`] counts the calls of all threads and processes together, [`count_in_one`] those of whichever makes most of them.
//!
//! # Limitations
//! - `strace` numbers the calls of each thread by itself: an injection for a number that no thread comes to does nothing.
//! - Only one thread or process is killed by a signal that is injected; its parent goes on, unless it minds.
//! - Linux only.

mod calls;
mod run;

pub use calls::{CALLS, ERRORS, WRITES};
pub use run::{Injection, count, count_in_one, each, inject, is_at_hand};
