//! What untorn-store promises, one file a promise, all in one program.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, and so do its helpers")]

mod builds;

mod a_bridge_leads_from_the_build_before;
mod cuts_are_where_the_content_says;
mod nothing_forged_is_taken_out_of_a_store;
mod what_is_published_comes_back;
