//! What untorn-cli promises, one file a promise, all in one program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips, and so do its helpers"
)]

mod evil;
#[path = "../../../untorn/tests/all/forge/mod.rs"]
mod forge;
#[cfg(unix)]
mod pages;
#[allow(dead_code, reason = "written for the tests of another crate, too")]
#[path = "../../../untorn/tests/all/stores/mod.rs"]
mod stores;
mod util;

mod a_store_behind_nginx_serves_updates;
mod a_store_may_be_collected_while_players_update;
mod a_studio_of_one_person_signs_with_one_command;
mod an_update_in_steps_that_is_killed_goes_on;
mod an_update_that_is_killed_fetches_nothing_twice;
mod ctrl_c_stops_at_a_safe_point;
mod every_answer_can_be_one_json_document;
mod every_block_of_the_book_is_run_or_says_why_not;
mod every_command_does_what_its_help_says;
mod help_opens_with_examples;
mod names_from_outside_reach_no_terminal;
mod no_bad_document_gets_past_an_update;
mod no_bad_host_gets_past_an_update;
mod no_bad_name_gets_past_a_command;
mod no_bad_patch_gets_past_a_command;
mod no_bad_tree_leads_an_update_astray;
mod other_programs_ask_over_standard_input;
mod publishing_survives_being_killed;
mod publishing_takes_one_command;
mod repair_fetches_from_a_store;
mod run_holds_the_tree_while_the_program_lives;
mod run_on_windows_holds_the_tree_while_the_program_lives;
mod the_book_tells_what_happens;
mod the_demo_survives_being_killed;
mod the_documents_describe_every_answer;
mod the_runbooks_do_what_they_say;
mod wrong_input_changes_nothing_and_says_why;
