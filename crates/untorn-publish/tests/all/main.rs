//! What untorn-publish promises, one file a promise, all in one program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and so do its helpers"
)]

mod util;

mod a_bucket_is_a_store;
mod a_channel_moves_only_where_it_may;
mod a_directory_is_a_store;
mod a_killed_publication_is_completed_by_the_next;
mod a_power_cut_leaves_whole_objects;
mod of_two_who_publish_one_wins;
mod only_what_is_new_is_sent;
