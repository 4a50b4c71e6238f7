//! Patches that were made to harm, applied to trees in memory. Among them such as make executables out of older ones: there a patch brings a program, whose bytes are changed on their own.

use std::sync::OnceLock;

use untorn_delta::PatchReader;
use untorn_format::patch::{After, Change, Changes, Index};

use super::{
    mutate::{changed, forged, packed},
    rng::Rng,
    target::Target,
    trees::{self, Golden},
};

/// Those for patches.
pub(super) fn targets() -> Vec<Target> {
    const DECODERS: &[(&str, &str)] = &[
        ("crates/untorn-format/src/patch/header.rs", "decode"),
        ("crates/untorn-format/src/patch/index.rs", "decode"),
        ("crates/untorn-delta/src/read/mod.rs", "new"),
        ("crates/untorn-delta/src/read/mod.rs", "within"),
    ];
    vec![
        Target {
            name: "patch",
            decoders: DECODERS,
            golden: || Ok(numbered(plain()?)),
            mutate: |bytes, rng| split(bytes).map_or_else(Vec::new, |(number, patch)| with_number(number, &mutated(patch, rng))),
            attempt: |bytes| attempt(plain()?, bytes),
            share: 25,
        },
        Target {
            name: "adapted",
            decoders: &[("crates/untorn-delta/src/read/adapted.rs", "new")],
            golden: || Ok(numbered(adapted()?)),
            mutate: |bytes, rng| {
                let Some((number, patch)) = split(bytes) else { return Vec::new() };
                let patch = if rng.below(4) == 0 { mutated(patch, rng) } else { reprogrammed(patch, rng) };
                with_number(number, &patch)
            },
            attempt: |bytes| attempt(adapted()?, bytes),
            share: 20,
        },
        Target {
            name: "restored",
            decoders: &[("crates/untorn-format/src/patch/index.rs", "decode_as")],
            golden: || Ok(numbered(restoring()?)),
            mutate: |bytes, rng| split(bytes).map_or_else(Vec::new, |(number, patch)| with_number(number, &mutated(patch, rng))),
            attempt: |bytes| attempt(restoring()?, bytes),
            share: 10,
        },
        Target {
            name: "joined",
            decoders: &[("crates/untorn-format/src/patch/index.rs", "decode_with")],
            golden: || Ok(numbered(joined()?)),
            mutate: |bytes, rng| split(bytes).map_or_else(Vec::new, |(number, patch)| with_number(number, &mutated(patch, rng))),
            attempt: |bytes| attempt(joined()?, bytes),
            share: 5,
        },
        Target {
            name: "merged",
            decoders: &[("crates/untorn-delta/src/merge/mod.rs", "merge")],
            golden: || Ok(numbered(mergeable()?)),
            mutate: |bytes, rng| split(bytes).map_or_else(Vec::new, |(number, patch)| with_number(number, &mutated(patch, rng))),
            attempt: |bytes| {
                let (number, patch) = split(bytes).ok_or("nothing")?;
                trees::try_merge(mergeable()?.get(usize::from(number)).ok_or("no such tree")?, patch)
            },
            share: 5,
        },
    ]
}

fn joined() -> Result<&'static [Golden], String> {
    static JOINED: OnceLock<Result<Vec<Golden>, String>> = OnceLock::new();
    JOINED.get_or_init(trees::joined).as_deref().map_err(Clone::clone)
}

/// Patches as they are made, and behind them such as were joined.
fn mergeable() -> Result<&'static [Golden], String> {
    static MERGEABLE: OnceLock<Result<Vec<Golden>, String>> = OnceLock::new();
    let all = || Ok([trees::golden()?, trees::joined()?].into_iter().flatten().collect());
    MERGEABLE.get_or_init(all).as_deref().map_err(Clone::clone)
}

fn plain() -> Result<&'static [Golden], String> {
    static PLAIN: OnceLock<Result<Vec<Golden>, String>> = OnceLock::new();
    PLAIN.get_or_init(trees::golden).as_deref().map_err(Clone::clone)
}

fn adapted() -> Result<&'static [Golden], String> {
    static ADAPTED: OnceLock<Result<Vec<Golden>, String>> = OnceLock::new();
    ADAPTED.get_or_init(trees::adapted).as_deref().map_err(Clone::clone)
}

fn restoring() -> Result<&'static [Golden], String> {
    static RESTORING: OnceLock<Result<Vec<Golden>, String>> = OnceLock::new();
    RESTORING.get_or_init(trees::restoring).as_deref().map_err(Clone::clone)
}

/// An input is the number of the tree, then the patch.
fn numbered(golden: &[Golden]) -> Vec<Vec<u8>> {
    (0..).zip(golden).map(|(number, golden)| with_number(number, &golden.patch)).collect()
}

fn with_number(number: u8, patch: &[u8]) -> Vec<u8> {
    [&[number], patch].concat()
}

fn split(bytes: &[u8]) -> Option<(u8, &[u8])> {
    bytes.split_first().map(|(number, patch)| (*number, patch))
}

fn attempt(golden: &[Golden], bytes: &[u8]) -> Result<(), String> {
    let (number, patch) = split(bytes).ok_or("nothing")?;
    let golden = golden.get(usize::from(number)).ok_or("no such tree")?;
    trees::try_patch(golden, patch)
}

/// The patch, changed.
fn mutated(patch: &[u8], rng: &mut Rng) -> Vec<u8> {
    // One in eight keeps the wrong checksums.
    if rng.below(8) == 0 {
        return changed(patch, rng);
    }
    forged(patch, rng).unwrap_or_else(|| changed(patch, rng))
}

/// The patch with a program changed, and everything else as the format wants it: so every case reaches the program.
fn reprogrammed(patch: &[u8], rng: &mut Rng) -> Vec<u8> {
    let made = PatchReader::new(patch).ok().and_then(|reader| {
        let index = reader.index();
        let changes = index.changes().as_slice().iter().map(|change| with_other_program(change, rng)).collect();
        let changes = Changes::new(changes).ok()?;
        let index = Index::new(changes, index.sources().to_vec(), index.frames().to_vec(), *index.sums()).ok()?;
        let frames_len = usize::try_from(index.frames_len()).ok()?;
        let frames = patch.get(patch.len().checked_sub(frames_len)?..)?;
        let (facts, digests) = index.encode();
        packed(reader.header(), &facts, facts.len() as u64, &digests, frames)
    });
    made.unwrap_or_else(|| changed(patch, rng))
}

fn with_other_program(change: &Change, rng: &mut Rng) -> Change {
    let mut change = change.clone();
    if let After::File(file) = &mut change.after
        && !file.program.is_empty()
    {
        file.program = changed(&file.program, rng);
        if file.program.is_empty() {
            file.program = rng.bytes(1);
        }
    }
    change
}
