//! Recorded power cuts of the shipped program on real file systems: `cargo xtask powercut`.
//!
//! A file system stands on a loop device, the loop device on a file that this program serves through FUSE. So every write of a block and every flush of the device is
//! recorded, in the order in which the file system sent them, and any disk that a power cut could have left can be made of the recording: everything up to a flush, and of
//! what came after it any subset, with writes torn at sectors of 512 bytes. Each such disk is mounted, the program recovers the tree on it, and an oracle looks.
//!
//! It runs in a mount namespace and a process namespace of its own, on loop devices that the kernel detaches with the last mount: whatever ends it, nothing of it is left.
#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]
#![cfg_attr(target_os = "linux", expect(clippy::print_stderr, reason = "a program for people at a terminal"))]

#[cfg(target_os = "linux")]
mod lab;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    lab::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("powercut: SKIPPED: FUSE, loop devices and namespaces are Linux's");
}
