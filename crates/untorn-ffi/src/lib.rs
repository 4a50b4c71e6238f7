//! untorn for engines and launchers: a small C interface, as a static and a shared library. `docs/embedding.md` shows how to use it from C, C++, C# and Go;
//! `include/untorn.h` is generated from this crate (`cargo xtask bindings`).
//!
//! # Guarantees
//! - Those of the crate `untorn`, whose operations these are.
//! - What a caller gets wrong is refused with a code, and nothing happens: pointers that are null or misaligned, structs of a size no header ever had, text that is
//!   not UTF-8, handles that were closed or are of another kind, two threads with one handle at a time, the wrong thread for a handle that is bound to one.
//! - No panic leaves the library: it becomes a code.
//!
//! # Limitations
//! - A pointer that is neither null nor misaligned, but points nowhere, cannot be told from a good one.
//! - Callbacks must return: neither C++ exceptions nor `longjmp` may pass through the library.
//! - A handle must not be used in a child process after `fork`.

mod boundary;
mod calls;
mod failure;
mod observer;
mod options;
mod patch_file;
mod table;

pub use boundary::exports;
pub use boundary::types;
