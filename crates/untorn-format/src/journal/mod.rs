//! The journal of one transaction: the record in a slot that decides, the plan that says what to do, and what is needed to go back.
//! Byte tables: `docs/format/journal.md`.

mod plan;
mod record;
mod undo;

pub use plan::{Blob, MAX_PLAN_LEN, Object, Plan, Range, Step, Target};
pub use record::{RECORD_LEN, Record, SLOT_LEN, SlotState};
pub use undo::{After, Before, Source, Undo, UndoEntry};
