//! Builds in memory, and a store for their packs.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
};

use untorn_format::{
    TreePath,
    manifest::{Entry, Kind, Manifest},
};
use untorn_store::{
    BuildOptions, Built, Error, FetchOptions, Frame, Index, IndexFile, Pack, Page, Published, build, missing, open_frame,
    plan_fetches,
};

/// Bytes that do not compress, the same every time.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Text that compresses.
pub(crate) fn text(seed: u64, len: usize) -> Vec<u8> {
    noise(seed, len).into_iter().map(|byte| b"etaoin shrdlu\n;{"[usize::from(byte) % 16]).collect()
}

/// Files by their names.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Files of every length that matters.
pub(crate) fn files() -> Files {
    let mut files = Files::new();
    let mut add = |name: &str, bytes: Vec<u8>| files.insert(name.to_owned(), bytes);
    add("a-empty", Vec::new());
    add("b-one-byte", vec![7]);
    add("c-one-chunk", noise(1, 128 << 10));
    add("d-two-chunks", noise(2, (128 << 10) + 1));
    add("e-long", noise(3, 30 << 20));
    add("f-zeros", vec![0; 3 << 20]);
    add("g-copy-of-a-part", noise(3, 10 << 20));
    add("h-text", text(4, 1 << 20));
    for (number, seed) in (1000..1700).enumerate() {
        add(&format!("small/{number:03}"), text(seed, 100 + 13 * number));
    }
    add("small/copy", text(1000, 100));
    files
}

/// A build, published.
pub(crate) struct Release {
    pub(crate) manifest: Manifest,
    pub(crate) index: IndexFile,
    pub(crate) packs: Vec<Pack>,
    pub(crate) built: Built,
}

pub(crate) fn publish(files: &Files, published: &Published, options: &BuildOptions) -> Release {
    let mut packs = Vec::new();
    let all: Vec<_> = files.values().collect();
    let lens: Vec<_> = all.iter().map(|bytes| bytes.len() as u64).collect();
    let mut sink = |pack: Pack| {
        packs.push(pack);
        Ok(())
    };
    let built = build(&lens, &|file| Ok(Box::new(all[file].as_slice())), published, options, &mut sink).unwrap();
    let manifest = manifest(files, &built);
    Release { index: built.index(&manifest).unwrap(), manifest, packs, built }
}

pub(crate) fn manifest(files: &Files, built: &Built) -> Manifest {
    let path = |name: &str| TreePath::new(name).unwrap();
    let kind = |content: &untorn_store::Content| Kind::File { len: content.len, hash: content.hash, executable: false };
    let read = files.keys().zip(built.contents());
    let mut entries: Vec<_> = read.map(|(name, content)| Entry { path: path(name), kind: kind(content) }).collect();
    let dirs: BTreeSet<_> = files.keys().filter_map(|name| name.split_once('/')).map(|(dir, _)| dir).collect();
    entries.extend(dirs.into_iter().map(|dir| Entry { path: path(dir), kind: Kind::Dir }));
    Manifest::new(entries).unwrap()
}

impl Release {
    pub(crate) fn view(&self) -> Index {
        let head_len = usize::try_from(self.index.head_len).unwrap();
        Index::new(&self.index.bytes[..head_len], &self.manifest).unwrap()
    }

    pub(crate) fn page_bytes(&self, number: u32) -> &[u8] {
        let range = self.view().page_range(number).unwrap();
        &self.index.bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
    }

    pub(crate) fn pages(&self) -> HashMap<u32, Page> {
        let view = self.view();
        (0..view.page_count()).map(|number| (number, view.page(number, self.page_bytes(number)).unwrap())).collect()
    }

    /// As published, so that the next release can build on it.
    pub(crate) fn published(&self) -> Published {
        let mut published = Published::nothing();
        published.add(&self.index.bytes, self.index.head_len, &self.manifest, |_| true).unwrap();
        published
    }

    /// Every file, made of nothing but packs and index.
    pub(crate) fn files(&self, packs: &[Pack]) -> Files {
        let (view, pages) = (self.view(), self.pages());
        let mut files = Files::new();
        for (number, entry) in self.manifest.entries().iter().enumerate() {
            if entry.kind == Kind::Dir {
                continue;
            }
            let chunks = view.chunks_of(number, |page| Ok::<_, Error>(&pages[&page])).unwrap();
            let frames = fetch(&missing(&chunks, |_| false), packs, FetchOptions::default());
            let bytes = chunks.iter().flat_map(|chunk| chunk.bytes(&frames[&chunk.frame]).unwrap()).copied();
            files.insert(entry.path.to_string(), bytes.collect());
        }
        files
    }
}

pub(crate) fn fetch(frames: &BTreeSet<Frame>, packs: &[Pack], options: FetchOptions) -> HashMap<Frame, Vec<u8>> {
    let mut opened = HashMap::new();
    for fetch in plan_fetches(frames, options) {
        let pack = packs.iter().find(|pack| pack.number == fetch.pack).unwrap();
        let bytes = &pack.bytes[usize::try_from(fetch.range.start).unwrap()..usize::try_from(fetch.range.end).unwrap()];
        opened.extend(fetch.split(bytes).map(|(frame, stored)| (*frame, open_frame(frame, stored).unwrap())));
    }
    assert_eq!(opened.len(), frames.len());
    opened
}

/// Fails after some bytes.
pub(crate) struct Failing(pub(crate) usize);

impl io::Read for Failing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("the disk is gone"));
        }
        let len = buf.len().min(self.0);
        self.0 -= len;
        buf[..len].fill(1);
        Ok(len)
    }
}
