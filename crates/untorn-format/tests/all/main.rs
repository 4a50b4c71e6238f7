//! What untorn-format promises, one file a promise, all in one program.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, and so do its helpers")]

mod patches;
mod samples;

mod a_count_that_cannot_be_true_is_refused_before_anything_is_allocated;
mod a_document_that_contradicts_itself_is_refused;
mod a_manifest_is_a_tree_that_can_stand_on_every_system;
mod a_patch_index_that_contradicts_itself_is_refused;
mod a_release_document_that_contradicts_itself_is_refused;
mod an_index_of_a_joined_patch_has_one_spelling;
mod an_index_that_contradicts_itself_is_refused;
mod an_index_that_restores_members_has_one_spelling;
mod changes_turn_the_old_manifest_into_the_new_one;
mod every_name_rule_refuses_what_it_names;
mod golden_files_are_read_and_written_alike;
mod no_damaged_document_is_accepted;
mod no_damaged_patch_index_is_accepted;
mod the_documents_describe_the_bytes;
mod what_is_written_is_read_again;
