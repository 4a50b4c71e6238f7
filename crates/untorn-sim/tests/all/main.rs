//! What untorn-sim promises, one file a promise, all in one program.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, and so do its helpers")]

mod a_crash_leaves_what_nobody_forbids;
mod a_disk_fills_up;
mod a_fault_hits_the_call_it_was_meant_for;
mod a_machine_has_processes_and_a_past;
mod each_barrier_of_a_journal_shows_its_worth;
mod no_crash_loses_what_was_only_moved;
mod the_model_behaves_like_the_real_file_system;
mod what_was_written_out_waits_for_the_next_sync;
