//! Mistakes that the protocol does not make. Each must be found, or nobody knows what the model is worth.

use super::Limits;

/// The protocol as if ...
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mistake {
    B0Dropped,
    B1Dropped,
    B2Dropped,
    B3Dropped,
    B4Dropped,
    DecidedBeforeB1,
    ClearedBeforeB3,
    StageDeletedBeforeB4,
    /// A sync that failed is tried again, and its answer believed.
    FailedSyncBelieved,
    /// An error of a sync is passed over.
    FailedSyncIgnored,
    /// The handle for syncing is opened after the writes.
    LateHandle,
    TwoSlots,
    /// The next record goes over the highest, not the lowest.
    RulingOverwritten,
    NoLock,
    LookedBeforeLocking,
    CachedRecordTrusted,
    /// Leftovers are deleted on the word of a record that may be in the page cache only.
    LeftoversTrusted,
    /// A slot that cannot be read was never written.
    DoubtPassedOver,
    RedoNotChecked,
    StagedNotChecked,
    ReadersLetInBeforeB4,
    NoRecheck,
    /// After a B2 that failed the tree is called unchanged, and no record says so.
    NothingTakenBack,
    OneSlotWrittenAnew,
    /// The last record that is durable is written over, beside others that stand in the page cache only.
    SlotsNotSynced,
    /// What was staged is believed in doubt, though it may stand in the page cache only.
    DoubtWithoutB1,
    ThirdSlotLeft,
    DiscardedWithoutSync,
    /// Recovery does only what was not done when it looks.
    OnlyTheRestApplied,
}

use Mistake::*;

/// Each mistake, as a test and as the documentation name it, and what is tried.
pub(super) const MISTAKES: &[(Mistake, &str, Limits)] = &[
    (B0Dropped, "b0_dropped", Limits { is_new: true, ..Limits::SMALL }),
    (B1Dropped, "b1_dropped", Limits::SMALL),
    (B2Dropped, "b2_dropped", Limits::SMALL),
    (B3Dropped, "b3_dropped", Limits::SMALL),
    (B4Dropped, "b4_dropped", Limits::SMALL),
    (DecidedBeforeB1, "decided_before_b1", Limits::SMALL),
    (ClearedBeforeB3, "cleared_before_b3", Limits::SMALL),
    (StageDeletedBeforeB4, "the_stage_deleted_before_b4", Limits::SMALL),
    (FailedSyncBelieved, "a_failed_sync_tried_again_and_believed", Limits::FAULT),
    (FailedSyncIgnored, "a_failed_sync_passed_over", Limits::FAULT),
    (LateHandle, "the_sync_handle_opened_too_late", Limits::FAULT),
    (TwoSlots, "two_slots_instead_of_three", Limits { has_third: false, ..Limits::FAULT }),
    (RulingOverwritten, "the_ruling_record_overwritten", Limits { cuts: 2, ..Limits::SMALL }),
    (NoLock, "no_lock", Limits { wishes: 2, starts: 2, cuts: 0, ..Limits::SMALL }),
    (LookedBeforeLocking, "looked_before_locking", Limits { wishes: 2, ..Limits::SMALL }),
    (CachedRecordTrusted, "a_cached_record_trusted_by_recovery", Limits::FAULT),
    (LeftoversTrusted, "leftovers_deleted_on_the_word_of_a_cached_record", Limits::FAULT),
    (DoubtPassedOver, "an_unreadable_slot_taken_for_one_never_written", Limits::ROT),
    (RedoNotChecked, "the_hash_of_the_redo_file_not_checked", Limits::ROT),
    (StagedNotChecked, "the_hash_of_a_staged_file_not_checked", Limits::ROT),
    (ReadersLetInBeforeB4, "readers_let_in_before_b4", Limits::GAME),
    (NoRecheck, "a_change_by_somebody_else_not_looked_for", Limits::GAME),
    (NothingTakenBack, "a_failed_decision_not_taken_back", Limits::FAULT),
    (OneSlotWrittenAnew, "one_slot_written_anew_instead_of_all", Limits::NEXT),
    (SlotsNotSynced, "the_last_durable_record_written_over", Limits::FAULT),
    (DoubtWithoutB1, "a_doubtful_stage_not_made_durable", Limits::ROT),
    (ThirdSlotLeft, "the_third_slot_not_cleared_by_recovery", Limits::NEXT),
    (DiscardedWithoutSync, "an_undecided_plan_removed_without_a_sync", Limits::NEXT),
    (OnlyTheRestApplied, "only_what_was_not_done_applied_again", Limits::FAULT),
];
