//! Types and numbers that callers see. `include/untorn.h` says the same.

use std::ffi::{c_char, c_void};

/// The version of this interface: what an older header says stays true as long as the number stays.
pub const ABI_VERSION: u32 = 1;

/// Done.
pub const OK: i32 = 0;
/// An error that has no code of its own; the answer says more.
pub const OTHER: i32 = 1;
/// The call makes no sense: see its answer. Nothing happened.
pub const MISUSE: i32 = 2;
/// Verifying found damage; the answer is the result, not an error.
pub const DAMAGE: i32 = 10;
/// A signature is missing or wrong, whoever signed may not, or what is signed breaks the rules.
pub const REFUSED: i32 = 20;
/// What is offered is older than it may be.
pub const ROLLBACK: i32 = 21;
/// The tree is not the build the patch starts from, or of another product.
pub const WRONG_BASE: i32 = 22;
/// Another updater, or a program that uses the tree, holds it.
pub const BUSY: i32 = 30;
/// Not enough space.
pub const NO_SPACE: i32 = 31;
/// The system refused to read or write.
pub const IO: i32 = 32;
/// Something could not be fetched, or was not what it should be.
pub const NETWORK: i32 = 40;
/// The disk failed at the last moment; the tree is the old one, intact.
pub const OLD_AGAIN: i32 = 50;
/// An error in untorn itself; please report it.
pub const BUG: i32 = 70;
/// Stopped, as asked, before anything was decided; nothing was changed.
pub const STOPPED: i32 = 130;

/// Check everything, but change nothing: apply, repair.
pub const DRY_RUN: u32 = 1;
/// Keep what is needed to go back: begin.
pub const KEEP_UNDO: u32 = 2;
/// Keep nothing to go back with: apply, update, roll back.
pub const NO_UNDO: u32 = 4;
/// Wait for others to let go of the tree: begin, apply, update, repair. The answer may take as long as a game runs.
pub const WAIT: u32 = 8;
/// Programs that do not hold the tree may have files of it open: begin, apply.
pub const UNLOCKED_READERS: u32 = 16;
/// Leave files that somebody changed as they are: apply.
pub const KEEP_MODIFIED: u32 = 32;
/// Signatures of the patch do not matter: apply.
pub const UNSIGNED: u32 = 64;
/// Whoever signed the first patch is believed from then on: apply.
pub const TRUST_ON_FIRST_USE: u32 = 128;
/// A signed patch may lead to an older release: apply.
pub const ALLOW_DOWNGRADE: u32 = 256;
/// Skip files that were intact and that nobody touched since: verify.
pub const QUICK: u32 = 512;
/// Also lose what somebody changed since: roll back.
pub const FORCE: u32 = 1024;
/// Also a release that is not rolled out to this tree yet, or was left by going back: update.
pub const REGARDLESS: u32 = 2048;
/// Never use patches: update.
pub const NO_PATCHES: u32 = 4096;
/// The handle works on the thread that opened it, and no other: open.
pub const THREAD_BOUND: u32 = 8192;

/// Update to the end.
pub const EXTENT_COMMIT: u32 = 0;
/// Only find out what it would take.
pub const EXTENT_PLAN: u32 = 1;
/// Fetch everything, but do not change the tree: it may be in use.
pub const EXTENT_FETCH: u32 = 2;
/// Change the tree with what was fetched before, without any network.
pub const EXTENT_COMMIT_FETCHED: u32 = 3;

/// Reading builds, or the tree.
pub const PHASE_READ: u32 = 0;
/// Fetching from a store.
pub const PHASE_FETCH: u32 = 1;
/// Comparing builds.
pub const PHASE_COMPARE: u32 = 2;
/// Searching for what is the same.
pub const PHASE_SEARCH: u32 = 3;
/// Compressing.
pub const PHASE_COMPRESS: u32 = 4;
/// Writing new content beside the tree.
pub const PHASE_STAGE: u32 = 5;
/// Making things durable.
pub const PHASE_SYNC: u32 = 6;
/// Changing the tree: decided, and beyond stopping.
pub const PHASE_APPLY: u32 = 7;
/// Anything else.
pub const PHASE_WORK: u32 = 8;

/// A tree that is open for changing. Zero is none.
pub type Tree = u64;
/// A tree that is held so that it does not change. Zero is none.
pub type Guard = u64;

/// Is told how far an operation is: bytes, or steps, of a total that may grow. Called at most ten times a second in a phase, on any thread, never two at a time.
pub type Progress = Option<extern "C" fn(user: *mut c_void, phase: u32, done: u64, total: u64)>;
/// Asked whether to stop: anything but 0 stops at the next safe point, and the answer is UNTORN_STOPPED. Called often, on any thread, never two at a time.
pub type ShouldStop = Option<extern "C" fn(user: *mut c_void) -> i32>;

/// Text that the library made: UTF-8, without a NUL at its end. Free it with untorn_free.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// The first byte; NULL when there is nothing.
    pub data: *mut c_char,
    /// How many bytes.
    pub len: usize,
}

/// Text of the caller: UTF-8, with no need for a NUL at its end.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The first byte.
    pub data: *const c_char,
    /// How many bytes.
    pub len: usize,
}

/// Choices. Fill it with zeros, then set struct_size to its size; NULL instead of it means the same as zeros. It may also end before `progress`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Size of this struct in the header the caller was compiled with. Any other is refused.
    pub struct_size: u32,
    /// UNTORN_DRY_RUN and the like. What does not belong to the function is refused.
    pub flags: u32,
    /// How many threads may work; 0 leaves it to the library.
    pub jobs: u32,
    /// How far an update goes: UNTORN_EXTENT_COMMIT and the like.
    pub extent: u32,
    /// Is told about progress, or NULL.
    pub progress: Progress,
    /// Is asked whether to stop, or NULL.
    pub should_stop: ShouldStop,
    /// Is handed to both.
    pub user: *mut c_void,
    /// The root to believe, for a tree that follows nobody yet: the bytes of a `.root` file.
    pub root: *const u8,
    /// How many bytes.
    pub root_len: usize,
    /// Where updates come from: addresses or directories, instead of those the tree remembers.
    pub sources: *const View,
    /// How many.
    pub sources_len: usize,
    /// The channel to follow, or nothing: the one that is followed, or `stable`.
    pub channel: View,
    /// The platform, or nothing: that of the tree, or of this machine.
    pub platform: View,
}

/// The sizes that `Options` had in any header.
pub(crate) const OPTIONS_SIZES: [usize; 2] = [std::mem::offset_of!(Options, progress), size_of::<Options>()];
