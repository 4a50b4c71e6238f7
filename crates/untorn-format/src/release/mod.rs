//! Who may say what a tree shall be, and what they said: the documents that are signed, and what a tree keeps of them.
//!
//! - [`Root`]: which keys may sign what, and how many of them it takes.
//! - [`Release`]: one build for one platform, and every object a store holds for it.
//! - [`Channel`]: which release of each platform players shall have now.
//! - [`Signed`]: any of these with its signatures, in one file.
//! - [`Preface`]: what stands before a signed patch.
//! - [`Installed`]: what a tree has: its manifest and, where it follows releases, what it has to remember of them.
//! - [`HalfWay`]: what it has in its place while an update in steps is half way.
//!
//! Nothing here checks a signature; that is `untorn-trust`'s work. Byte tables: `docs/format/release.md`.

mod channel;
mod following;
mod half_way;
mod installed;
mod names;
mod preface;
#[expect(clippy::module_inception, reason = "one document a file")]
mod release;
mod root;
mod signed;

pub use channel::{CHANNEL_LEN_MAX, Channel, Pointer};
pub use following::{Following, RATCHET_COUNT_MAX, Ratchet, SOURCE_COUNT_MAX, SOURCE_LEN_MAX};
pub use half_way::{HalfWay, PART_COUNT_MAX, STEP_COUNT_MAX, STEP_LEN_MIN, Steps};
pub use installed::{INSTALLED_LEN_MAX, Installed};
pub use names::{LABEL_LEN_MAX, NAME_LEN_MAX, is_label, is_name};
pub use preface::{PREFACE_HEAD_LEN, PREFACE_LEN_MAX, PREFACE_ROOT_COUNT_MAX, Preface};
pub use release::{BridgeObject, IndexObject, ManifestDelta, ManifestObject, Pack, PatchObject, RELEASE_LEN_MAX, Release};
pub use root::{KEY_COUNT_MAX, PublicKey, ROOT_LEN_MAX, Role, Root};
pub use signed::{SIGNATURES_LEN_MAX, SIGNED_LEN_MAX, Signed};

pub(crate) use channel::ROWS as CHANNEL_ROWS;
pub(crate) use following::ROWS as FOLLOWING_ROWS;
pub(crate) use half_way::ROWS as HALF_WAY_ROWS;
pub(crate) use installed::ROWS as INSTALLED_ROWS;
pub(crate) use preface::ROWS as PREFACE_ROWS;
pub(crate) use release::ROWS as RELEASE_ROWS;
pub(crate) use root::ROWS as ROOT_ROWS;
pub(crate) use signed::ROWS as SIGNED_ROWS;
