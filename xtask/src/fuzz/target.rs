//! What is tried: a target for each decoder of what comes from outside.

use super::{documents, mutate, patches, rng::Rng, store, texts};

/// One decoder, or several that read the same bytes.
pub(crate) struct Target {
    /// What it is called; its corpus lies in the directory of that name.
    pub(crate) name: &'static str,
    /// The functions that it tries: file, and name.
    pub(crate) decoders: &'static [(&'static str, &'static str)],
    /// Inputs as they should be: in them every kind of field is used.
    pub(crate) golden: fn() -> Result<Vec<Vec<u8>>, String>,
    /// Changes an input, and puts right what would be refused before anything else is read.
    pub(crate) mutate: fn(&[u8], &mut Rng) -> Vec<u8>,
    /// Reads an input, and says why it is refused. Panics where something is wrong.
    pub(crate) attempt: fn(&[u8]) -> Result<(), String>,
    /// How many cases of a hundred are its.
    pub(crate) share: usize,
}

/// All of them.
pub(crate) fn targets() -> Vec<Target> {
    let mut targets = documents::targets();
    targets.extend(texts::targets());
    targets.extend(store::targets());
    targets.extend(patches::targets());
    targets
}

impl Target {
    /// The input of a case: always the same for a number.
    pub(crate) fn case(&self, golden: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
        golden.get(rng.below(golden.len())).map(|golden| (self.mutate)(golden, rng)).unwrap_or_default()
    }
}

/// Changed anywhere.
pub(super) fn anywhere(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    mutate::changed(bytes, rng)
}
