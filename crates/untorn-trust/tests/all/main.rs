//! What untorn-trust promises, one file a promise, all in one program.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, and so do its helpers")]

mod util;

mod a_rollout_means_the_same_players_each_time;
mod a_thief_gets_no_further_than_the_key;
mod an_old_word_is_said_to_be_old;
mod keys_anybody_can_sign_for_are_refused;
mod nobody_leads_a_tree_back;
mod one_channel_names_one_release;
mod only_what_the_right_keys_signed_is_believed;
mod roots_follow_each_other;
