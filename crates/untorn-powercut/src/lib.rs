//! Laboratories that cut the power of updaters on real file systems: of the shipped program (`untorn-powercut`), and of anybody's (`untorn-torture`);
//! and one that kills the shipped program at random moments (`untorn-soak`).
//!
//! A file system stands on a loop device, the loop device on a file that this program serves through FUSE. So every write of a block and every flush of the device is
//! recorded, in the order in which the file system sent them, and any disk that a power cut could have left can be made of the recording: everything up to a flush, and of
//! what came after it any subset, with writes torn at sectors of 512 bytes. Each such disk is mounted, the program recovers the tree on it, and an oracle looks.
//!
//! It runs in a mount namespace and a process namespace of its own, on loop devices that the kernel detaches with the last mount: whatever ends it, nothing of it is left.
//!
//! # What it guarantees
//! - It works on disks of its own only.
//! - No mount, loop device or process of it is left, whatever ends it.
//!
//! # Limitations
//! - It needs root, FUSE, loop devices and the `mkfs` of each file system. Linux only.
//! - A disk that lies about its flushes is not found: what is recorded is what the file system sent.
#![expect(clippy::print_stdout, reason = "programs for people at a terminal")]
#![cfg_attr(target_os = "linux", expect(clippy::print_stderr, reason = "programs for people at a terminal"))]

#[cfg(target_os = "linux")]
mod lab;

#[cfg(target_os = "linux")]
pub use lab::{powercut, soak, torture};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::process::ExitCode;

    /// The program `untorn-powercut`.
    pub fn powercut() -> ExitCode {
        println!("powercut: SKIPPED: FUSE, loop devices and namespaces are Linux's");
        ExitCode::SUCCESS
    }

    /// The program `untorn-soak`.
    pub fn soak() -> ExitCode {
        println!("soak: SKIPPED: it is Linux's");
        ExitCode::SUCCESS
    }

    /// The program `untorn-torture`.
    pub fn torture() -> ExitCode {
        println!("torture: cannot work here: FUSE, loop devices and namespaces are Linux's. Nothing was tried.");
        ExitCode::FAILURE
    }
}

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{powercut, soak, torture};
