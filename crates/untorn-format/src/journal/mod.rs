//! The journal of one transaction: the record in a slot that decides, the plan that says what to do, and what is needed to go back.
//! Byte tables: `docs/format/journal.md`.

mod plan;
mod plan_check;
mod plan_codec;
mod progress;
mod range;
mod record;
mod undo;
mod undo_check;
mod undo_codec;

pub use plan::{Blob, MAX_PLAN_LEN, Object, Plan, Step, Target, UndoKept};
pub use progress::{MAX_PROGRESS_LEN, Progress, StagedBase, StagedFile};
pub use range::Range;
pub use record::{RECORD_LEN, Record, SLOT_LEN, SlotState};
pub use undo::{After, Before, MAX_UNDO_LEN, Source, Undo, UndoEntry};

pub(crate) use plan_codec::ROWS as PLAN_ROWS;
pub(crate) use progress::ROWS as PROGRESS_ROWS;
pub(crate) use range::ROWS as RANGE_ROWS;
pub(crate) use record::ROWS as RECORD_ROWS;
pub(crate) use undo_codec::ROWS as UNDO_ROWS;
