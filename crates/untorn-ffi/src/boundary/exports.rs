//! The functions of the interface. Each takes what it is given apart, has one of `calls` do the work, and puts the answer where the caller wants it.
//!
//! What the caller promises for each pointer, and what is checked: `data` and `len` of a text or of bytes name memory that can be read; `options` is NULL or a struct
//! as large as its first field says; `answer` is NULL or can be written; NULL where something is needed, and what is not aligned, is refused.
#![expect(clippy::missing_safety_doc, reason = "the module says it once, for all of them")]

use std::{
    ffi::c_char,
    panic::{AssertUnwindSafe, catch_unwind},
};

use untorn::answers::Json;

use super::memory::{Place, bytes, give, options, take_back, text};
use crate::{
    boundary::types::{ABI_VERSION, Guard, MISUSE, Options, Text, Tree},
    calls,
    failure::{Failure, Reply},
};

/// Does a call: whatever happens in it, a number and an answer come out.
///
/// # Safety
/// `answer` is null, misaligned, or can be written.
unsafe fn call(answer: *mut Text, job: impl FnOnce() -> Reply) -> i32 {
    let place = if answer.is_null() {
        None
    } else {
        // SAFETY: passed on.
        match unsafe { Place::new(answer, "answer") } {
            Ok(place) => Some(place),
            Err(_) => return MISUSE,
        }
    };
    let reply = catch_unwind(AssertUnwindSafe(job)).unwrap_or(Err(Failure::Bug));
    let (status, json) = reply.unwrap_or_else(|failure| (failure.status(), failure.json()));
    give(place.as_ref(), if json == Json::Null { String::new() } else { json.to_string() });
    status
}

/// The version of the interface: UNTORN_ABI_VERSION of the header the library was built with. On any thread.
#[unsafe(no_mangle)]
pub extern "C" fn untorn_abi_version() -> u32 {
    ABI_VERSION
}

/// The version of the library, with a NUL at its end. It is the library's, and always there. On any thread.
#[unsafe(no_mangle)]
pub extern "C" fn untorn_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Frees an answer, and sets it to zeros, so that freeing it again does nothing. On any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_free(answer: *mut Text) {
    // SAFETY: as the module says.
    unsafe { take_back(answer) }
}

/// Opens a tree for changing: locks it, and completes or discards whatever an earlier process left. After this, it is exactly the old or the new one. One process may hold a tree so at a time: else UNTORN_BUSY. The handle works on any thread, on one at a time; with UNTORN_THREAD_BOUND on this one only. On any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_open(
    dir: *const c_char,
    dir_len: usize,
    options: *const Options,
    tree: *mut Tree,
    answer: *mut Text,
) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let (dir, options, place) = unsafe { (text(dir, dir_len, "dir")?, self::options(options)?, Place::new(tree, "tree")?) };
        let (handle, json) = calls::open(dir, &options)?;
        place.put(handle);
        Ok((crate::boundary::types::OK, json))
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Closes a tree; a transaction that has begun is discarded. Refused while another thread uses the handle. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_close(tree: Tree, answer: *mut Text) -> i32 {
    let job = || calls::close(tree);
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Begins a set of changes to an open tree; nobody sees them before they are committed. One at a time. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_begin(tree: Tree, options: *const Options, answer: *mut Text) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let options = unsafe { self::options(options)? };
        calls::begin(tree, &options)
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Writes bytes at a place of a file. Makes the file, and directories above it, when missing; extends it with zeros when it is shorter. The bytes are copied. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_write_at(
    tree: Tree,
    path: *const c_char,
    path_len: usize,
    offset: u64,
    data: *const u8,
    data_len: usize,
    answer: *mut Text,
) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let (path, data) = unsafe { (text(path, path_len, "path")?, bytes(data, data_len, "data")?) };
        calls::change(tree, |changes| changes.write_at(path, offset, data))
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Makes these bytes the whole content of a file, which need not exist. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_replace(
    tree: Tree,
    path: *const c_char,
    path_len: usize,
    data: *const u8,
    data_len: usize,
    answer: *mut Text,
) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let (path, data) = unsafe { (text(path, path_len, "path")?, bytes(data, data_len, "data")?) };
        calls::change(tree, |changes| changes.replace(path, &mut &*data))
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Cuts a file, or extends it with zeros. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_set_len(tree: Tree, path: *const c_char, path_len: usize, len: u64, answer: *mut Text) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let path = unsafe { text(path, path_len, "path")? };
        calls::change(tree, |changes| changes.set_len(path, len))
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Removes a file or a symlink. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_remove(tree: Tree, path: *const c_char, path_len: usize, answer: *mut Text) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let path = unsafe { text(path, path_len, "path")? };
        calls::change(tree, |changes| changes.remove(path))
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Moves a file or a directory. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_rename(
    tree: Tree,
    from: *const c_char,
    from_len: usize,
    to: *const c_char,
    to_len: usize,
    answer: *mut Text,
) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let (from, to) = unsafe { (text(from, from_len, "from")?, text(to, to_len, "to")?) };
        calls::change(tree, |changes| changes.rename(from, to))
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Makes a directory, and those above it, where they are missing. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_create_dir(tree: Tree, path: *const c_char, path_len: usize, answer: *mut Text) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let path = unsafe { text(path, path_len, "path")? };
        calls::change(tree, |changes| changes.create_dir_all(path))
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Removes a directory with all that is in it. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_remove_dir(tree: Tree, path: *const c_char, path_len: usize, answer: *mut Text) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let path = unsafe { text(path, path_len, "path")? };
        calls::change(tree, |changes| changes.remove_dir_all(path))
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Says whether a file can be run: 0 or anything else. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_set_executable(
    tree: Tree,
    path: *const c_char,
    path_len: usize,
    executable: i32,
    answer: *mut Text,
) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let path = unsafe { text(path, path_len, "path")? };
        calls::change(tree, |changes| changes.set_executable(path, executable != 0))
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Makes all changes real: after UNTORN_OK all of them are, and durable; after anything else the answer says which tree there is. The transaction is over either way. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_commit(tree: Tree, answer: *mut Text) -> i32 {
    let job = || calls::commit(tree);
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Gives up all changes since begin. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_discard(tree: Tree, answer: *mut Text) -> i32 {
    let job = || calls::discard(tree);
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Completes or discards what an earlier process left, and lets go of the tree. On any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_recover(dir: *const c_char, dir_len: usize, answer: *mut Text) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let dir = unsafe { text(dir, dir_len, "dir")? };
        calls::recover(dir)
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Says what state a tree is in, without changing or waiting for anything. On any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_status(dir: *const c_char, dir_len: usize, answer: *mut Text) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let dir = unsafe { text(dir, dir_len, "dir")? };
        calls::status(dir)
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Brings a tree from one build to the next with a patch in a file. The tree must not be open. On any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_apply(
    dir: *const c_char,
    dir_len: usize,
    patch: *const c_char,
    patch_len: usize,
    options: *const Options,
    answer: *mut Text,
) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let (dir, patch, options) =
            unsafe { (text(dir, dir_len, "dir")?, text(patch, patch_len, "patch")?, self::options(options)?) };
        calls::apply(dir, patch, &options)
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Reads every byte of a tree, and compares it with what is installed: UNTORN_OK, or UNTORN_DAMAGE with the list as the answer. On any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_verify(dir: *const c_char, dir_len: usize, options: *const Options, answer: *mut Text) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let (dir, options) = unsafe { (text(dir, dir_len, "dir")?, self::options(options)?) };
        calls::verify(dir, &options)
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Makes a damaged tree whole again, with bytes from the first of `sources`, a store or a build; by default from where its releases come. The tree must not be open. On any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_repair(dir: *const c_char, dir_len: usize, options: *const Options, answer: *mut Text) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let (dir, options) = unsafe { (text(dir, dir_len, "dir")?, self::options(options)?) };
        calls::repair(dir, &options)
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Brings a tree to the release that its channel offers; with a root, also one that follows nobody yet, or that is not there yet. HTTP where the library was built with it. The tree must not be open. On any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_update(dir: *const c_char, dir_len: usize, options: *const Options, answer: *mut Text) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let (dir, options) = unsafe { (text(dir, dir_len, "dir")?, self::options(options)?) };
        calls::update(dir, &options)
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Goes back to the tree before the last update, if that kept what is needed. The tree must not be open. On any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_roll_back(dir: *const c_char, dir_len: usize, options: *const Options, answer: *mut Text) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let (dir, options) = unsafe { (text(dir, dir_len, "dir")?, self::options(options)?) };
        calls::roll_back(dir, &options)
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Holds a tree so that it does not change, as a running game does; completes what an earlier process left first. Updates can be fetched and staged meanwhile, but not committed. On any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_hold(
    dir: *const c_char,
    dir_len: usize,
    options: *const Options,
    guard: *mut Guard,
    answer: *mut Text,
) -> i32 {
    let job = || {
        // SAFETY: as the module says.
        let (dir, options, place) = unsafe { (text(dir, dir_len, "dir")?, self::options(options)?, Place::new(guard, "guard")?) };
        let (handle, json) = calls::hold(dir, &options)?;
        place.put(handle);
        Ok((crate::boundary::types::OK, json))
    };
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}

/// Lets go of a tree that is held. The end of the process does the same. On the thread of the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn untorn_release(guard: Guard, answer: *mut Text) -> i32 {
    let job = || calls::release(guard);
    // SAFETY: as the module says.
    unsafe { call(answer, job) }
}
