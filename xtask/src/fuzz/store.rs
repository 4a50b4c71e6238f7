//! What lies in a store compressed, and indexes beside manifests they do not belong to.

use untorn_format::{
    Hash, TreePath,
    index::{CHUNK_LEN_MAX, Chunk, Frame, Head},
    manifest::{Entry, Kind, Manifest},
};
use untorn_store::{BridgeFrame, Index, Mark, manifest_len, open_bridge_frame, open_frame, open_manifest, pack_manifest};

use super::target::{Target, anywhere};

/// How many cases of a hundred each has.
const SHARE: usize = 2;
/// What frames of a bridge are compressed against.
const BASE: [u8; 2000] = [7; 2000];
const MANIFEST: &[u8] = include_bytes!("../../../crates/untorn-format/tests/golden/manifest.v1");
const HEAD: &[u8] = include_bytes!("../../../crates/untorn-format/tests/golden/index.v1");
const PAGE: &[u8] = include_bytes!("../../../crates/untorn-format/tests/golden/page.v1");
/// More of a manifest is not decompressed to know its hash.
const LEN_MAX: usize = 1 << 20;

/// More short files are not made for an index.
const SHORT_MAX: u32 = 1000;

/// Those for what lies in a store.
pub(super) fn targets() -> Vec<Target> {
    vec![
        Target {
            name: "frame",
            decoders: &[("crates/untorn-store/src/frame.rs", "open_frame")],
            golden: || Ok(vec![framed(b"some words, and some more words. ".repeat(40).as_slice())?, framed(b"short")?]),
            mutate: anywhere,
            attempt: |bytes| {
                let (len, stored) = split(bytes)?;
                let opened = open_frame(&frame(len, stored), stored).map_err(|error| error.to_string())?;
                assert_eq!(opened.len(), usize::try_from(len).unwrap_or(0), "a frame has two lengths");
                Ok(())
            },
            share: SHARE,
        },
        Target {
            name: "bridge-frame",
            decoders: &[("crates/untorn-store/src/bridge.rs", "open_bridge_frame")],
            golden: || Ok(vec![framed(&[7; 3000])?, framed(b"nothing like it")?]),
            mutate: anywhere,
            attempt: |bytes| {
                let (len, stored) = split(bytes)?;
                let mark = |bytes: &[u8], len| Mark::of(&Chunk { len, hash: Hash::of(bytes) });
                let base_len = u32::try_from(BASE.len()).unwrap_or(0);
                let bridge =
                    BridgeFrame { frame: frame(len, stored), bases: vec![mark(&BASE, base_len)], chunks: vec![mark(b"", len)] };
                let opened = open_bridge_frame(&bridge, stored, &BASE).map_err(|error| error.to_string())?;
                assert_eq!(opened.len(), usize::try_from(len).unwrap_or(0), "a frame has two lengths");
                Ok(())
            },
            share: SHARE,
        },
        Target {
            name: "stored-manifest",
            decoders: &[
                ("crates/untorn-store/src/manifest_object.rs", "open_manifest"),
                ("crates/untorn-store/src/manifest_object.rs", "manifest_len"),
            ],
            golden: || {
                let manifest = Manifest::decode(MANIFEST).map_err(|error| error.to_string())?;
                Ok(vec![pack_manifest(&manifest, None).map_err(|error| error.to_string())?])
            },
            mutate: anywhere,
            attempt: |bytes| {
                let len = manifest_len(bytes).ok_or("no length")?;
                // As if somebody had signed just this.
                let hash = zstd::bulk::decompress(bytes, LEN_MAX).map_or(Hash::NONE, |bytes| Hash::of(&bytes));
                open_manifest(bytes, &Hash::of(bytes), &hash, len, None).map(drop).map_err(|error| error.to_string())
            },
            share: SHARE,
        },
        Target {
            name: "store-index",
            decoders: &[("crates/untorn-store/src/index.rs", "new"), ("crates/untorn-store/src/index.rs", "page")],
            golden: || Ok(vec![HEAD.to_vec()]),
            mutate: anywhere,
            attempt: |bytes| {
                let mut head = match Head::decode(bytes) {
                    Ok(head) => head,
                    // Decoders have their own target: here it is about what a readable one says.
                    Err(_) => return believed(bytes),
                };
                let manifest = manifest_for(&head)?;
                head.manifest = manifest.hash();
                beside(&head, &manifest)
            },
            share: SHARE,
        },
    ]
}

/// The golden head with numbers of `bytes` in it, beside a manifest that fits.
fn believed(bytes: &[u8]) -> Result<(), String> {
    let mut head = Head::decode(HEAD).map_err(|error| error.to_string())?;
    let mut numbers = bytes.chunks_exact(4).filter_map(|four| Some(u32::from_le_bytes(*four.first_chunk()?)));
    for span in &mut head.spans {
        span.len = u64::from(numbers.next().unwrap_or(0)).max(1);
        span.page = numbers.next().unwrap_or(0);
    }
    for page in &mut head.pages {
        page.len = numbers.next().unwrap_or(0);
    }
    let manifest = manifest_for(&head)?;
    head.manifest = manifest.hash();
    beside(&head, &manifest)
}

/// One large file as long as all spans together, and as many short ones as there are in groups.
fn manifest_for(head: &Head) -> Result<Manifest, String> {
    let len = head.spans.iter().map(|span| span.len).fold(0, u64::saturating_add).max(u64::from(CHUNK_LEN_MAX) + 1);
    let file = |path: &str, len| {
        let path = TreePath::new(path).map_err(|error| error.to_string())?;
        Ok::<_, String>(Entry { path, kind: Kind::File { len, hash: Hash::of(b"it"), executable: false } })
    };
    let short = head.groups.iter().map(|group| group.files).fold(0, u32::saturating_add).min(SHORT_MAX);
    let mut entries = vec![file("large", len)?];
    for number in 0..short {
        entries.push(file(&format!("short-{number:04}"), 100)?);
    }
    Manifest::new(entries).map_err(|error| error.to_string())
}

fn beside(head: &Head, manifest: &Manifest) -> Result<(), String> {
    let index = Index::new(&head.encode(), manifest).map_err(|error| error.to_string())?;
    for number in 0..manifest.entries().len() {
        for page in index.pages_of(number) {
            drop((index.page_hash(page), index.page_range(page), index.page(page, PAGE)));
        }
        drop(index.chunks_of(number, |_| Err(untorn_store::Error::PageDamaged)));
    }
    Ok(())
}

fn framed(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let stored = zstd::bulk::compress(bytes, 3).map_err(|error| error.to_string())?;
    Ok([&u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes()[..], &stored].concat())
}

/// The length that is promised, and what is stored.
fn split(bytes: &[u8]) -> Result<(u32, &[u8]), String> {
    let (len, stored) = bytes.split_first_chunk().ok_or("too short")?;
    Ok((u32::from_le_bytes(*len), stored))
}

/// A frame that somebody vouches for.
fn frame(len: u32, stored: &[u8]) -> Frame {
    Frame { pack: 1, at: 0, stored_len: u32::try_from(stored.len()).unwrap_or(0), len, hash: Hash::of(stored) }
}
