//! Trees in memory, patches between them, and an updater that does what a patch says.

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read},
};

use untorn_delta::{Build, Files, MergeError, Options, PatchError, PatchReader, Way, check_replaced, diff, merge};
use untorn_format::{
    Hash, TreePath,
    manifest::{Entry, Kind, Manifest},
    patch::{HEADER_LEN, Header},
};

use super::{programs::Source, rng::Rng};

/// A patch as it should be, and the tree it is for.
pub(super) struct Golden {
    old: Tree,
    manifest: Manifest,
    pub(super) patch: Vec<u8>,
    /// The patch back.
    back: Vec<u8>,
}

/// Bytes that look random and are always the same for a seed.
pub(super) fn noise(seed: u64, len: usize) -> Vec<u8> {
    Rng::new(seed).bytes(len)
}

/// Files by path.
#[derive(Clone, Default)]
struct Tree(BTreeMap<TreePath, Vec<u8>>);

impl Files for Tree {
    fn read_at(&self, path: &TreePath, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let bytes = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default().read(buf)
    }
}

impl Tree {
    fn with(mut self, path: &str, bytes: Vec<u8>) -> Result<Self, String> {
        self.0.insert(TreePath::new(path).map_err(|error| error.to_string())?, bytes);
        Ok(self)
    }

    fn manifest(&self) -> Result<Manifest, String> {
        let mut entries = BTreeMap::new();
        for (path, bytes) in &self.0 {
            entries.extend(path.ancestors().map(|dir| (dir, Kind::Dir)));
            entries.insert(path.clone(), Kind::File { len: bytes.len() as u64, hash: Hash::of(bytes), executable: false });
        }
        let entries = entries.into_iter().map(|(path, kind)| Entry { path, kind });
        Manifest::new(entries.collect()).map_err(|error| error.to_string())
    }
}

/// A few patches that together use every part of the format.
pub(super) fn golden() -> Result<Vec<Golden>, String> {
    let mut rng = Rng::new(7);
    let (pak, text) = (rng.bytes(20_000), b"some words that a compressor likes, and some more. ".repeat(60));
    let edited = [&pak[..5000], b"edited", &pak[5006..12_000], &pak[..3000], &pak[15_000..]].concat();
    let reworded = text.iter().map(|byte| if *byte == b'm' { b'M' } else { *byte }).collect::<Vec<u8>>();
    let base = Tree::default().with("data/pak", pak.clone())?.with("data/text", text.clone())?.with("gone", vec![1; 50])?;
    let many = |changed: &[u8]| {
        (0..40).try_fold(Tree::default(), |tree, number| {
            let bytes =
                [&number.to_string().into_bytes()[..], &text[..200], if number % 3 == 0 { changed } else { b"" }].concat();
            tree.with(&format!("many/{number}"), bytes)
        })
    };
    Ok(vec![
        Golden::new(base.clone(), &Tree::default().with("data/pak", edited)?.with("data/text", reworded)?)?,
        Golden::new(base.clone(), &Tree::default().with("other/pak", pak.clone())?.with("data", text.clone())?)?,
        Golden::new(base, &Tree::default().with("new/file", rng.bytes(300))?.with("gone", vec![1; 60])?)?,
        Golden::new(many(b"a")?, &many(b"another end")?)?,
        Golden::new(Tree::default(), &many(b"")?)?,
    ])
}

/// Patches that were joined from two, over files that both change, programs that both adapt and members that both restore.
pub(super) fn joined() -> Result<Vec<Golden>, String> {
    let programs: Vec<_> = [0, 500, 600]
        .into_iter()
        .map(|number| {
            let mut source = Source::new(120);
            source.functions.splice(30..30, number..number + 3);
            source.elf()
        })
        .collect();
    let words = b"some words that a compressor likes, and some more. ".repeat(60);
    let tree = |version: usize, is_new| {
        let mut text = words.clone();
        text[version * 900..version * 900 + 5].copy_from_slice(b"other");
        deflated(is_new)?
            .with("bin/game", programs[version].clone())?
            .with("text", text)?
            .with("noise", noise(version as u64, 300))
    };
    let golden = vec![Golden::joined(tree(0, false)?, &tree(1, true)?, &tree(2, false)?)?];
    let in_between =
        |golden: &Golden| PatchReader::new(golden.patch.as_slice()).map_or(0, |reader| reader.index().middles().len());
    if golden.iter().all(|golden| in_between(golden) > 3) { Ok(golden) } else { Err("nothing is in between".to_owned()) }
}

/// Patches that restore members of archives, and frames of zstd.
pub(super) fn restoring() -> Result<Vec<Golden>, String> {
    let golden = vec![Golden::new(deflated(false)?, &deflated(true)?)?, Golden::new(framed(9, b"old")?, &framed(6, b"new")?)?];
    let restores = |golden: &Golden| PatchReader::new(golden.patch.as_slice()).is_ok_and(|reader| reader.index().restores());
    if golden.iter().all(restores) { Ok(golden) } else { Err("nothing is restored".to_owned()) }
}

/// Patches that make executables out of older ones whose functions stand elsewhere.
pub(super) fn adapted() -> Result<Vec<Golden>, String> {
    let old = Source::new(120);
    let mut new = old.clone();
    new.functions.splice(30..30, 500..503);
    new.functions.remove(80);
    let game = |bytes| Tree::default().with("bin/game", bytes);
    let golden = vec![Golden::new(game(old.elf())?, &game(new.elf())?)?, Golden::new(game(old.pe())?, &game(new.pe())?)?];
    let adapts = |golden: &Golden| {
        let reader = PatchReader::new(golden.patch.as_slice());
        reader.is_ok_and(|reader| reader.index().changes().as_slice().iter().filter_map(|c| c.file()).any(|file| file.adapts()))
    };
    if golden.iter().all(adapts) { Ok(golden) } else { Err("nothing is adapted".to_owned()) }
}

/// Members that are deflated again: of an archive, a gzip file, and a picture in several chunks.
fn deflated(is_new: bool) -> Result<Tree, String> {
    macro_rules! data {
        ($name:literal) => {
            include_bytes!(concat!("../../../crates/untorn-delta/tests/data/deflated/", $name)).to_vec()
        };
    }
    let (zip, gzip, picture) = if is_new {
        (data!("7zip.new.zip"), data!("zopfli.new.gz"), data!("libpng.new.png"))
    } else {
        (data!("7zip.old.zip"), data!("zopfli.old.gz"), data!("libpng.old.png"))
    };
    Tree::default().with("data.zip", zip)?.with("data.gz", gzip)?.with("data.png", picture)
}

/// A file of two frames of zstd: one that another level makes of the same, and one of which the start is another, too.
fn framed(level: i32, start: &[u8]) -> Result<Tree, String> {
    let mut rng = Rng::new(9);
    let words: Vec<u8> = (0..900).flat_map(|_| format!("{:x} ", rng.below(300) * 77).into_bytes()).collect();
    let frame = |raw: &[u8]| zstd::bulk::compress(raw, level).map_err(|error| error.to_string());
    Tree::default().with("frames.zst", [frame(&words)?, frame(&[start, &words[500..]].concat())?].concat())
}

impl Golden {
    fn new(old: Tree, new: &Tree) -> Result<Self, String> {
        let (manifest, new_manifest) = (old.manifest()?, new.manifest()?);
        let (from, to) = (Build { manifest: &manifest, files: &old }, Build { manifest: &new_manifest, files: new });
        let between = |from, to| {
            let mut patch = Vec::new();
            let made = diff(from, to, &Options::default(), &mut Cursor::new(Vec::new()), &mut patch, &mut |_| {});
            made.map(|_| patch).map_err(|error| error.to_string())
        };
        let (patch, back) = (between(from, to)?, between(to, from)?);
        let golden = Self { old, manifest, patch, back };
        apply(&golden, &golden.patch).map_err(|error| format!("the golden patch is refused: {error}"))?;
        Ok(golden)
    }
}

impl Golden {
    /// One that was joined from two.
    fn joined(old: Tree, mid: &Tree, new: &Tree) -> Result<Self, String> {
        let (first, second) = (Self::new(old.clone(), mid)?.patch, Self::new(mid.clone(), new)?.patch);
        let mut patch = Vec::new();
        merge(Cursor::new(first), Cursor::new(second), &mut patch, &mut |_, _| {}).map_err(|error| error.to_string())?;
        let back = Self::new(new.clone(), &old)?.patch;
        let golden = Self { manifest: old.manifest()?, old, patch, back };
        apply(&golden, &golden.patch).map_err(|error| format!("the golden patch is refused: {error}"))?;
        Ok(golden)
    }
}

/// Joins `patch` with the patch back, in both orders, as if they fitted.
pub(super) fn try_merge(golden: &Golden, patch: &[u8]) -> Result<(), String> {
    let fitting = |first: &[u8], second: &[u8]| -> Option<Vec<u8>> {
        let to = Header::decode(first.first_chunk()?).ok()?.to;
        let header = Header { from: to, ..Header::decode(second.first_chunk()?).ok()? };
        Some([&header.encode()[..], second.get(HEADER_LEN..)?].concat())
    };
    let join = |first: &[u8], second: &[u8]| -> Result<(), MergeError> {
        let second = fitting(first, second).unwrap_or_else(|| second.to_vec());
        merge(Cursor::new(first), Cursor::new(second), &mut io::sink(), &mut |_, _| {}).map(drop)
    };
    let (one, other) = (join(patch, &golden.back), join(&golden.back, patch));
    one.and(other).map_err(|error| error.to_string())
}

/// How many bytes of the files that a patch makes are looked at: it may promise exabytes.
const MADE_LEN_MAX: u64 = 8 << 20;

/// Does what `patch` says, however wrong. Being refused is what is wanted.
pub(super) fn try_patch(golden: &Golden, patch: &[u8]) -> Result<(), String> {
    apply(golden, patch).map_err(|error| error.to_string())
}

/// As an updater would, in both ways of composing files.
fn apply(golden: &Golden, patch: &[u8]) -> Result<(), PatchError> {
    for way in [Way::Whole, Way::InPlace] {
        let mut reader = PatchReader::new(patch)?;
        // Any of them may be wrong; what comes after them must hold, too.
        drop(reader.index().changes().start_from(&golden.manifest));
        reader.index().changes().as_slice().iter().for_each(|change| drop(check_replaced(change, &golden.old)));
        let mut left = MADE_LEN_MAX;
        while let Some(mut file) = reader.next_file(&golden.old, way) {
            while let (Some(piece), true) = (file.next_piece()?, left > 0) {
                left = left.saturating_sub(piece.bytes.len() as u64);
            }
        }
        let finished = reader.finish()?;
        drop(finished.index.changes().apply_to(&golden.manifest, &finished.made));
    }
    Ok(())
}
