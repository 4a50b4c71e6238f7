//! The laboratory itself: what it refuses, and what it leaves.
#![cfg(target_os = "linux")]

mod it_works_on_nothing_but_its_own_disks;
mod whatever_ends_it_nothing_is_left;
