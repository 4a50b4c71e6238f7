//! What untorn-delta promises, one file a promise, all in one program.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, and so do its helpers")]

mod programs;
mod trees;

mod a_forged_patch_is_refused;
mod a_patch_says_only_what_changes;
mod a_wrong_old_tree_is_noticed;
mod addresses_that_shift_together_cost_little;
mod equal_builds_give_equal_patches;
mod no_archive_keeps_a_patch_from_being_made;
mod no_damaged_patch_is_accepted;
mod patches_of_the_first_release_stay_readable;
mod threads_change_nothing_but_the_time;
mod two_patches_joined_do_what_both_do;
mod what_a_patch_makes_is_the_new_tree;
mod what_is_read_next_is_announced;
mod what_programs_deflated_becomes_the_same_again;
mod what_zstd_compressed_becomes_the_same_again;
