//! Good chunks in other places of the tree.

use std::collections::HashMap;

use untorn_format::{
    Hash, TreePath,
    manifest::{Entry, Kind, Manifest},
};
use untorn_store::{CHUNK_LEN_MAX, Chunker};

use super::{
    recipe::{Origin, Piece, Recipe, Spot},
    source::{Damage, Place, look_in},
};
use crate::{
    Result,
    content::FrontToBack,
    walk::{Found, walk},
};

/// So many bytes are read, at most, in the hope of finding one that would be fetched. Files that are damaged are always read: an insertion moves all that follows it.
const BYTES_READ_FOR_ONE: u64 = 256;

/// Chunks that are missing, and where they were found.
struct Search {
    wanted: HashMap<Hash, Option<Spot>>,
    /// How many bytes of chunks were not found yet.
    missing: u64,
    lens: HashMap<Hash, u64>,
    /// How many bytes more may be read.
    allowance: u64,
}

/// Finds missing chunks in the tree: short files with the same content, the damaged files themselves, files beside the build, and, where much is missing, other long files.
/// Gives how many bytes were found.
pub(super) fn find(place: Place<'_>, damage: Damage<'_>, jobs: usize, recipes: &mut HashMap<usize, Recipe>) -> Result<u64> {
    let mut search = Search::new(recipes);
    if search.missing == 0 {
        return Ok(0);
    }
    search.in_short_files(damage);
    let damaged: Vec<_> = damage.files().map(|(_, entry)| entry).collect();
    for entry in &damaged {
        search.in_file(place, &entry.path, None);
    }
    search.in_extra_files(place, damage.manifest, jobs)?;
    for (number, entry) in damage.manifest.entries().iter().enumerate() {
        if let Kind::File { len, .. } = entry.kind
            && len > u64::from(CHUNK_LEN_MAX)
            && damage.entries.binary_search(&number).is_err()
        {
            search.in_file(place, &entry.path, Some(len));
        }
    }
    Ok(search.settle(recipes))
}

impl Search {
    fn new(recipes: &HashMap<usize, Recipe>) -> Self {
        let mut search = Self { wanted: HashMap::new(), missing: 0, lens: HashMap::new(), allowance: 0 };
        for piece in recipes.values().flat_map(|recipe| &recipe.pieces) {
            if let Origin::Missing(chunk) = &piece.from
                && search.wanted.insert(chunk.hash, None).is_none()
            {
                search.lens.insert(chunk.hash, piece.len);
                search.missing += piece.len;
            }
        }
        search.allowance = search.missing.saturating_mul(BYTES_READ_FOR_ONE);
        search
    }

    /// The hash of a short file is that of its only chunk.
    fn in_short_files(&mut self, damage: Damage<'_>) {
        for (number, Entry { path, kind }) in damage.manifest.entries().iter().enumerate() {
            if let Kind::File { hash, .. } = kind
                && damage.entries.binary_search(&number).is_err()
            {
                self.found(*hash, path, 0);
            }
        }
    }

    fn found(&mut self, hash: Hash, path: &TreePath, at: u64) {
        if let Some(spot @ None) = self.wanted.get_mut(&hash) {
            *spot = Some(Spot { path: path.clone(), at });
            self.missing -= self.lens.get(&hash).copied().unwrap_or(0);
        }
    }

    /// Cuts a file into chunks. One of `len` bytes is only read where so much is worth it.
    fn in_file(&mut self, place: Place<'_>, path: &TreePath, len: Option<u64>) {
        if self.missing == 0 || len.is_some_and(|len| len > self.allowance) {
            return;
        }
        self.allowance -= len.unwrap_or(0);
        let Some(file) = look_in(place, path) else { return };
        let (mut chunker, mut at) = (Chunker::new(FrontToBack { file, at: 0, tell: &|_| Ok(()) }), 0);
        // What cannot be read holds nothing that is good.
        while let Some(Ok(chunk)) = chunker.next() {
            self.found(chunk.hash, path, at);
            at += u64::from(chunk.len);
        }
    }

    fn in_extra_files(&mut self, place: Place<'_>, manifest: &Manifest, jobs: usize) -> Result<()> {
        let mut extra = Vec::new();
        if self.missing > 0 {
            walk(place.fs, place.dir, jobs, &mut |found| {
                let Found::Entry(path, meta) = found else { return Ok(false) };
                let is_dir = meta.is_dir();
                if meta.is_file() && manifest.get(&path).is_none() {
                    extra.push((path, meta.len));
                }
                Ok(is_dir)
            })?;
        }
        extra.iter().for_each(|(path, len)| self.in_file(place, path, Some(*len)));
        Ok(())
    }

    /// Writes into the recipes what was found.
    fn settle(&self, recipes: &mut HashMap<usize, Recipe>) -> u64 {
        let mut found = 0;
        for Piece { from, len, .. } in recipes.values_mut().flat_map(|recipe| &mut recipe.pieces) {
            if let Origin::Missing(chunk) = from
                && let Some(Some(spot)) = self.wanted.get(&chunk.hash)
            {
                found += *len;
                *from = Origin::Elsewhere(*chunk, spot.clone());
            }
        }
        found
    }
}
