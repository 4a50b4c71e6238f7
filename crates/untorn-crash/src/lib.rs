//! Crash tests of `untorn-txn` on the file system of `untorn-sim`: workloads by name, an oracle, and an explorer that crashes them at every effect.
//!
//! A [`Workload`] is a transaction on the tree of a [`World`]; [`explore`] runs it once, then looks at every medium a power cut may have left, lets the
//! unchanged library recover it, and asks the [`Oracle`]. What it finds wrong it prints with a name that [`replay`] takes.
//!
//! # Guarantees
//! Every state is judged by the same oracle, which knows the old and the new tree and what the caller was told; every violation can be replayed.
//!
//! # Limitations
//! Beyond ten waiting effects, and for torn writes always, states are sampled by a fixed seed.
//!
//! ```
//! use untorn_crash::{Depth, Workload, World, explore};
//!
//! let count = explore(&Workload::new(World::strict(), &["write-a", "move-d-f"]), &Depth::of(4, 8, 2))?;
//! assert!(count.old > 0 && count.new > 0);
//! # Ok::<(), untorn_crash::BoxError>(())
//! ```

mod boot;
mod campaign;
mod cpu_time;
mod explore;
mod op;
mod oracle;
mod replay;
mod workload;
mod world;

pub use boot::Boot;
pub use campaign::Round;
pub use cpu_time::cpu_time;
pub use explore::{Count, Depth, Violation, explore, explore_faults, explore_faults_of_recovery};
pub use op::{OPS, Op, bytes, op};
pub use oracle::{Allowed, Must, Oracle, Side};
pub use replay::{Story, Turn, fault, replay};
pub use workload::{Kind, Run, Workload};
pub use world::{DISKS, FORGETFUL, World, disk};

/// Any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
