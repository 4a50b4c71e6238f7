//! An index that lies on this machine.

use std::io;

use untorn_format::{
    Hash,
    index::{Head, Page},
    manifest::Manifest,
    release::Release,
};
use untorn_fs::File;
use untorn_store::{Error as StoreError, Index};
use untorn_txn::Fetched;

use crate::releases::Objects;

/// So much of a head says how long it is.
const HEAD_START: usize = 64;

/// What the index of a build is called among what was fetched: the head, and at their places those of its pages that were fetched, too.
pub(crate) fn index_name(manifest: Hash) -> String {
    format!("index-{manifest}")
}

/// Keeps in a tree, which is the build `manifest` now, what has been fetched of the index of its release: to tell which bytes of a file are damaged, and to repair them with little. Where
/// that cannot be kept, it is fetched when it is needed.
pub(crate) fn keep_index(fetched: &Fetched, manifest: &Manifest, release: &Release, objects: &Objects) {
    let kept = || {
        let head = objects.get(&release.index.head_hash)?;
        let index = Index::new(&head, manifest).ok()?;
        let file = fetched.make(&index_name(manifest.hash())).ok()?;
        let mut there = vec![0; head.len()];
        // Of the same index, pages that are there already stay.
        if file.read_exact_at(&mut there, 0).is_err() || there != head {
            file.set_len(0).and_then(|()| file.write_all_at(&head, 0)).ok()?;
        }
        for number in 0..index.page_count() {
            let page = index.page_hash(number).and_then(|hash| objects.get(&hash));
            if let (Some(page), Some(range)) = (page, index.page_range(number)) {
                file.write_all_at(&page, range.start).ok()?;
            }
        }
        Some(())
    };
    kept();
}

/// An index in a file, the pages of which are read as they are needed. Nothing in it is relied on before its hash was compared; where there is none, or another one, it is as
/// if that part was not there.
pub(crate) struct IndexAtHand {
    index: Index,
    head: Vec<u8>,
    file: Box<dyn File>,
}

impl IndexAtHand {
    /// Reads the head, which must be that of `manifest`.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(crate) fn open(file: Box<dyn File>, manifest: &Manifest) -> io::Result<Result<Self, StoreError>> {
        let mut start = [0; HEAD_START];
        let len = file.metadata()?.len;
        let start_len = usize::try_from(len).map_or(HEAD_START, |len| len.min(HEAD_START));
        file.read_exact_at(&mut start[..start_len], 0)?;
        let Some(head_len) = Head::len_of(&start).filter(|head_len| *head_len <= len) else {
            let refused = Head::decode(&start[..start_len]).err();
            return Ok(Err(refused.map_or(StoreError::PageDamaged, StoreError::Decode)));
        };
        let mut head = vec![0; usize::try_from(head_len).map_err(io::Error::other)?];
        file.read_exact_at(&mut head, 0)?;
        Ok(Index::new(&head, manifest).map(|index| Self { index, head, file }))
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    pub(crate) fn head_hash(&self) -> Hash {
        Hash::of(&self.head)
    }

    /// A page; `None` where it is not there.
    pub(crate) fn page(&self, number: u32) -> Option<Page> {
        self.index.page(number, &self.page_bytes(number)?).ok()
    }

    /// What stands in the place of a page, whatever that is.
    pub(crate) fn page_bytes(&self, number: u32) -> Option<Vec<u8>> {
        let range = self.index.page_range(number)?;
        let mut bytes = vec![0; usize::try_from(range.end - range.start).ok()?];
        self.file.read_exact_at(&mut bytes, range.start).ok()?;
        Some(bytes)
    }
}
