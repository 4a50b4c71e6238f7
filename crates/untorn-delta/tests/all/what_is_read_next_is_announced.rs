//! Copies from all over a long file, and stretches of it that are replaced, are announced before they are read, so that a disk need not be waited for one place after the
//! other. A hint: what is made does not depend on it.

use std::cell::RefCell;
use std::io;

use crate::trees::{Tree, noise, patch, path};
use untorn_delta::{Files, PatchReader, Way, check_replaced};
use untorn_format::TreePath;

/// A tree that notes in which order it was told and read: whether it was read, from where, how much.
struct Noted<'t> {
    tree: &'t Tree,
    calls: RefCell<Vec<(bool, u64, u64)>>,
}

impl Files for Noted<'_> {
    fn read_at(&self, path: &TreePath, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let len = self.tree.read_at(path, buf, offset)?;
        self.calls.borrow_mut().push((true, offset, len as u64));
        Ok(len)
    }

    fn read_soon(&self, _: &TreePath, offset: u64, len: u64) {
        self.calls.borrow_mut().push((false, offset, len));
    }
}

/// Of what was read, what nobody had announced; and the most that was announced and not read yet.
fn unannounced(calls: &[(bool, u64, u64)]) -> (usize, u64) {
    let (mut announced, mut ahead, mut ahead_max): (Vec<(u64, u64)>, _, _) = (Vec::new(), 0_u64, 0);
    let mut missing = 0;
    for &(is_read, at, len) in calls {
        if is_read {
            // Whole pages are announced, whatever was asked for.
            let is_announced =
                announced.iter().any(|&(start, end)| start / 4096 * 4096 <= at && at + len <= end.next_multiple_of(4096));
            missing += usize::from(len > 0 && !is_announced);
            ahead = ahead.saturating_sub(len);
        } else {
            announced.push((at, at + len));
            ahead += len;
            ahead_max = ahead.max(ahead_max);
        }
    }
    (missing, ahead_max)
}

#[test]
fn but_for_the_first_and_never_much_of_it() {
    let old_bytes = noise(1, 12 << 20);
    let mut new_bytes = old_bytes.clone();
    // Much that is replaced, by what stands elsewhere and stays: more than is announced at a time.
    for number in 0..40_usize {
        let (to, from) = (1000 + number * 140_000, (6 << 20) + 4096 + number * 140_000);
        new_bytes[to..to + 120_000].copy_from_slice(&old_bytes[from..from + 120_000]);
    }
    let (old, new) = (Tree::default().with("pak", old_bytes), Tree::default().with("pak", new_bytes.clone()));
    let patch = patch(&old, &new);
    let noted = Noted { tree: &old, calls: RefCell::default() };
    let mut reader = PatchReader::new(&patch[..]).unwrap();
    check_replaced(&reader.index().changes().as_slice()[0].clone(), &noted).unwrap();
    let calls = noted.calls.take();
    let (missing, ahead) = unannounced(&calls);
    assert!(calls.iter().filter(|call| !call.0).count() >= 40, "{calls:?}");
    assert!(missing == 0 && (2 << 20..4_500_000).contains(&ahead), "{missing} {ahead}");
    let mut file = reader.next_file(&noted, Way::InPlace).unwrap();
    while let Some(piece) = file.next_piece().unwrap() {
        let at = usize::try_from(piece.at).unwrap();
        assert!(new_bytes[at..at + piece.bytes.len()] == *piece.bytes);
    }
    let calls = noted.calls.take();
    let (missing, ahead) = unannounced(&calls);
    // The first is read at once, in pieces.
    assert!(missing <= 120_000 / 5000 + 1 && (2 << 20..4_500_000).contains(&ahead), "{missing} {ahead}");
}

#[test]
fn nothing_of_short_files_which_would_have_to_be_opened_for_it() {
    let mut new = Tree::default();
    let mut old = Tree::default();
    for number in 0..30 {
        let bytes = noise(number, 100_000);
        new = new.with(&format!("{number}"), [&bytes[500..], &bytes[..300]].concat());
        old = old.with(&format!("{number}"), bytes);
    }
    let patch = patch(&old, &new);
    let noted = Noted { tree: &old, calls: RefCell::default() };
    let mut reader = PatchReader::new(&patch[..]).unwrap();
    while let Some(mut file) = reader.next_file(&noted, Way::Whole) {
        while file.next_piece().unwrap().is_some() {}
    }
    assert!(noted.calls.borrow().iter().all(|call| call.0));
    assert!(old.read.borrow().contains(&path("7")));
}
