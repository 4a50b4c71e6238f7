//! What untorn-fs promises, one file a promise, all in one program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking, and so do its helpers")]

mod util;

mod a_clone_shares_blocks_or_leaves_nothing;
mod a_file_is_read_and_written_by_position;
mod a_lock_excludes_and_dies_with_its_holder;
mod a_path_never_leads_outside;
mod a_race_with_symlinks_never_escapes;
mod a_right_that_is_missing_is_known_beforehand;
mod holes_read_as_zeros;
mod names_are_made_moved_and_removed;
mod names_not_in_utf_8_are_listed_escaped;
mod only_regular_files_are_opened;
mod ways_can_be_ruled_out;
mod what_a_program_has_open_is_told_and_can_be_moved;
