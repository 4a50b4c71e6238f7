//! Where a release store lies: a few operations on named objects, the same for a directory and a bucket.

mod body;
mod dir;
mod error;
mod location;
mod name;
#[cfg(feature = "cloud")]
mod object;

pub use body::Body;
pub use dir::DirBackend;
pub use error::{BackendError, Trouble};
pub use location::open_store;
#[cfg(feature = "cloud")]
pub use object::ObjectStoreBackend;

pub(crate) use name::check as check_name;

/// What an operation on a store answers.
pub(crate) type Result<T, E = BackendError> = std::result::Result<T, E>;

/// Named objects somewhere. A name consists of components of ASCII letters, digits, `.`, `_` and `-`, with `/` between them; none begins
/// with a dot.
///
/// # What an implementation promises
/// - **Whole objects.** Whoever reads a name, sees none or all of an object, also while it is written, and after a crash of the writer.
/// - **Durable answers.** After a `put_*` or `delete` returned `Ok`, that is so after a power cut, too. Objects become durable in the order of
///   the calls that returned.
/// - **Reading what was written.** After a `put_*` returned, every `get`, `head` and `list` that begins later sees it, from any machine.
/// - **One winner.** Of several conditional writes on the word of the same version, one succeeds.
pub trait Backend: Send + Sync {
    /// What the store is called in messages.
    fn place(&self) -> &str;

    /// The whole object and the version it is; `None` when there is none.
    ///
    /// # Errors
    /// [`Trouble::TooLong`] when it is longer than `len_max` bytes; it is not read then.
    fn get(&self, name: &str, len_max: u64) -> Result<Option<Object>>;

    /// Bytes `start..start + len` of an object.
    ///
    /// # Errors
    /// [`Trouble::Missing`] when there is no such object, or it ends before.
    fn get_range(&self, name: &str, start: u64, len: usize) -> Result<Vec<u8>>;

    /// How long an object is, in bytes; `None` when there is none.
    ///
    /// # Errors
    /// What the store answers.
    fn head(&self, name: &str) -> Result<Option<u64>>;

    /// Makes an object that was not there. The same object being there already is as good.
    ///
    /// # Errors
    /// [`Trouble::Differs`] when there is another one under that name: it stays.
    fn put_new(&self, name: &str, body: Body<'_>) -> Result<Put>;

    /// Replaces the object that is `version`, or makes one where there was none.
    ///
    /// # Errors
    /// [`Trouble::Conflict`] when something else is there: it stays.
    fn put_if(&self, name: &str, version: Option<&Version>, bytes: &[u8]) -> Result<()>;

    /// Every object whose name begins with `prefix`, which is empty or ends with `/`; sorted by name.
    ///
    /// # Errors
    /// What the store answers.
    fn list(&self, prefix: &str) -> Result<Vec<Listed>>;

    /// Removes an object. None being there is as good.
    ///
    /// # Errors
    /// What the store answers.
    fn delete(&self, name: &str) -> Result<()>;
}

/// An object that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// All of it.
    pub bytes: Vec<u8>,
    /// For replacing exactly this one.
    pub version: Version,
}

/// What tells one state of an object from another; its meaning is the store's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub(crate) etag: Option<String>,
    pub(crate) number: Option<String>,
}

/// What [`Backend::put_new`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The object was made.
    Made,
    /// It was there already.
    Present,
}

/// An object in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its whole name.
    pub name: String,
    /// Its length in bytes.
    pub len: u64,
}
