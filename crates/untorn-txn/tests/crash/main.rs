//! The guarantee, tried on every power cut, kill, fault and full disk that the simulator knows.
//!
//! Every test prints how many states it recovered and checked, and fails when they are fewer than they used to be. What a test finds wrong it prints with a
//! text for `UNTORN_REPLAY`; `docs/testing.md` says how to go on from there.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "helpers of tests fail by panicking, and say what they did"
)]

mod support;

mod a_change_by_somebody_else_is_never_lost;
mod a_crash_inside_recovery_is_one_more_crash;
mod a_damaged_journal_is_never_trusted;
mod a_directory_comes_under_care_whole_or_not_at_all;
mod a_full_disk_stops_an_update_before_it_is_decided;
mod a_killed_process_leaves_what_the_next_one_finishes;
mod a_state_costs_little;
mod a_way_back_can_outlive_a_transaction;
mod after_any_failure_the_next_transaction_is_as_safe;
mod every_crash_of_one_operation_leaves_one_of_two_trees;
mod every_crash_of_several_operations_leaves_one_of_two_trees;
mod every_error_tells_which_tree_there_is;
mod mistakes_that_were_found;
mod no_failed_sync_is_tried_again;
mod operations_that_are_refused_leave_nothing;
mod replay;
mod the_simulator_catches_every_mistake;
