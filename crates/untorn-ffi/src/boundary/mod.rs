//! Where other languages come in: the only place in this crate with `unsafe`. What comes through pointers is copied or checked here, and everything behind is safe Rust.
#![expect(unsafe_code, reason = "memory of callers in other languages")]

pub mod exports;
pub(crate) mod held_tree;
pub(crate) mod memory;
pub mod types;
pub(crate) mod user;
