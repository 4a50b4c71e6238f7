//! What untorn promises, one file a promise, all in one program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and so do its helpers"
)]

mod builds;
mod forge;
mod stores;
#[cfg(feature = "http")]
mod studio;
mod util;

mod a_file_that_changes_everywhere_is_written_once;
mod a_forged_patch_touches_no_tree;
mod a_name_of_which_only_the_case_changes_is_respelled;
#[cfg(feature = "http")]
mod a_patch_and_chunks_together_bring_what_somebody_changed;
mod a_patch_is_applied_only_when_it_is_believed;
mod a_patch_leads_from_any_build_to_any_other;
mod a_patch_tells_what_each_path_costs;
mod a_patch_that_lies_about_where_it_leads_is_refused;
mod a_quick_verification_skips_only_what_nobody_touched;
mod a_wrong_base_is_refused_with_every_file_that_differs;
mod an_interrupted_apply_goes_on_where_it_stopped;
#[cfg(feature = "http")]
mod an_update_by_chunks_crosses_a_bridge;
mod an_update_in_steps_can_always_go_forward;
mod an_update_in_steps_survives_every_power_cut;
#[cfg(feature = "http")]
mod an_update_takes_the_cheapest_way;
mod builds_are_read_as_they_are;
mod files_of_the_player_stay;
mod files_that_somebody_modified_can_stay;
mod members_of_archives_are_restored_in_a_tree;
#[cfg(feature = "http")]
mod no_bad_host_touches_a_tree;
mod no_bad_patch_touches_a_tree;
#[cfg(feature = "http")]
mod nothing_is_fetched_twice;
mod repair_from_a_store_fetches_only_what_is_damaged;
#[cfg(feature = "http")]
mod repair_knows_the_release_that_is_installed;
mod repair_writes_only_what_is_damaged;
mod stopping_at_any_point_leaves_one_of_two_trees;
mod the_way_back_is_the_patch_made_the_other_way_round;
mod two_patches_joined_are_applied_in_one_step;
mod verify_names_every_kind_of_damage;
mod verify_tells_which_bytes_are_damaged;
mod what_a_tree_remembers_of_releases_stays_with_it;
#[cfg(feature = "http")]
mod what_has_come_is_staged_while_more_comes;
