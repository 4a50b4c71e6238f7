//! What a publication came to.

use std::time::Duration;

use untorn_format::Hash;

/// Whether players see something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// They do.
    Published,
    /// The channel had that very build already.
    Present,
    /// Nothing was changed: that was asked for.
    DryRun,
    /// Everything was sent, but nobody has signed it yet.
    Unsigned,
}

/// What a publication came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PublishReport {
    /// Whether players see something new.
    pub outcome: Outcome,
    /// The number of the build.
    pub build: u64,
    /// What people call it.
    pub label: String,
    /// The release document.
    pub release: Hash,
    /// What the build is called.
    pub manifest: Hash,
    /// The number of the channel document, 0 where none was made.
    pub seq: u64,
    /// Length in bytes of all files of the build.
    pub build_len: u64,
    /// How many chunks were not in the store.
    pub new_chunks: u64,
    /// How many bytes these have.
    pub new_len: u64,
    /// How many bytes these have compressed.
    pub packs_len: u64,
    /// How many bytes the bridge from the build before has; 0 where there is none.
    pub bridge_len: u64,
    /// How many objects were sent; in a dry run, how many would be.
    pub sent_objects: u64,
    /// How many bytes these have.
    pub sent_len: u64,
    /// How many objects were there already: of a publication that was killed, or of another release.
    pub present_objects: u64,
    /// The patches that were made.
    pub patches: Vec<PatchReport>,
    /// How long it took.
    pub elapsed: Duration,
}

/// A patch that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PatchReport {
    /// The build it starts from.
    pub from: u64,
    /// Its length in bytes.
    pub len: u64,
}
