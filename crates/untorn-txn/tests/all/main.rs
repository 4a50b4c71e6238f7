//! What untorn-txn promises, one file a promise, all in one program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips, and so do its helpers"
)]

mod a_change_meanwhile_is_refused_before_the_decision;
mod a_doubt_is_resolved_by_what_was_staged;
mod a_file_in_use_stops_an_update_before_the_commit_point_or_makes_room;
mod a_journal_that_cannot_be_understood_can_be_given_up;
mod a_process_killed_at_any_call_leaves_one_of_two_trees;
mod a_roll_back_is_forecast_to_the_byte;
mod a_transaction_is_whole_or_absent;
mod a_whole_tree_switch_is_refused_where_it_cannot_work;
mod a_whole_tree_switch_puts_the_new_tree_in_place_in_one_step;
mod a_whole_tree_switch_survives_every_crash;
mod a_whole_tree_switch_survives_every_failed_call;
mod an_interrupted_staging_is_taken_up_again;
mod an_update_tells_how_far_it_is_and_what_it_did;
mod any_history_is_that_of_a_plain_map;
mod bad_ground_is_refused;
mod changes_in_place_land_where_they_belong;
mod flushes_do_not_depend_on_the_number_of_files;
mod going_back_loses_nothing_that_others_wrote;
mod long_content_is_staged_like_short_content;
mod readers_and_updaters_exclude_each_other;
mod recovery_copes_with_what_others_did;
mod what_a_system_refuses_for_now_is_done_in_another_way;
mod what_recovery_cannot_read_it_does_not_judge;
mod what_the_system_would_refuse_is_found_before_the_commit_point;
mod what_was_fetched_survives_recovery_and_decides_nothing;
