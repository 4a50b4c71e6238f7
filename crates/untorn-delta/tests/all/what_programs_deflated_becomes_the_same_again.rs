//! Members of archives and pictures are diffed as what they hold: whatever program deflated them, they come out bit for bit, and the patch is much smaller.
//!
//! `tests/data/deflated` holds pairs that were made by the programs they are named after, of texts, records and a picture before and after small changes: Info-ZIP 3.0 (`zip -9`), 7-Zip 26.02
//! (`-mx=9`), Python 3.11 (zipfile), OpenJDK 17 (`jar`), advzip 2.5 (`-4`, which is Zopfli), gzip 1.12 (`-9`), zopfli 1.0.3, libdeflate 1.22 (level 12), Pillow, oxipng 9.1 (libdeflate and zopfli), and pnmtopng, which
//! is libpng's way: several chunks. `tiny` is a picture of 16 by 16 points by Python's zlib.

use std::io::{Read, Seek, SeekFrom};

use crate::trees::{Node, Tree, apply, assert_leads_to, patch_told, patch_with, path};
use untorn_delta::{Options, PatchError, PatchReader, Progress, StretchReader, Way};

/// The trees with the old and with the new file that a program made.
fn pair(name: &str) -> (Tree, Tree) {
    let tree = |which: &str| {
        let (stem, end) = name.split_once('.').unwrap();
        let file = format!("{}/tests/data/deflated/{stem}.{which}.{end}", env!("CARGO_MANIFEST_DIR"));
        Tree::default().with(&format!("data/{name}"), std::fs::read(file).unwrap())
    };
    (tree("old"), tree("new"))
}

/// The trees with all old and with all new files.
pub(crate) fn all() -> (Tree, Tree) {
    let (mut old, mut new) = (Tree::default(), Tree::default());
    for name in NAMES {
        let (before, after) = pair(name);
        before.nodes.into_iter().for_each(|(path, node)| old.put(&path, node));
        after.nodes.into_iter().for_each(|(path, node)| new.put(&path, node));
    }
    (old, new)
}

const NAMES: [&str; 12] = [
    "infozip.zip",
    "7zip.zip",
    "python.zip",
    "java.jar",
    "advzip.zip",
    "gzip.gz",
    "zopfli.gz",
    "libdeflate.gz",
    "pillow.png",
    "libpng.png",
    "oxipng.png",
    "oxipng-zopfli.png",
];

fn without() -> Options {
    let mut options = Options::default();
    options.recompress = false;
    options
}

#[test]
fn every_member_that_changed_is_restored_and_costs_a_fraction() {
    for name in NAMES {
        let (old, new) = pair(name);
        let (patch, report) = patch_with(&old, &new, &Options::default());
        let (plain, plain_report) = patch_with(&old, &new, &without());
        let expected = if name.ends_with(".zip") || name.ends_with(".jar") { 2 } else { 1 };
        assert_eq!((report.restored, plain_report.restored), (expected, 0), "{name}");
        println!("{name}: {} instead of {}", patch.len(), plain.len());
        assert!(patch.len() * 3 < plain.len(), "{name}: {} of {}", patch.len(), plain.len());
        assert_leads_to(&old, &new);
        assert_leads_to(&new, &old);
    }
}

/// The tree with these bytes in it, where a member is called otherwise, but by as many letters.
fn renamed(file: &str, from: &[u8], to: &[u8]) -> Tree {
    let mut bytes = std::fs::read(format!("{}/tests/data/deflated/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut count = 0;
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
            count += 1;
        }
    }
    assert_eq!(count, 2, "in its header and in the directory");
    Tree::default().with("data/it.zip", bytes)
}

#[test]
fn a_member_that_moved_to_another_folder_is_known_by_the_rest_of_its_name() {
    let old = renamed("python.old.zip", b"a/text.cfg", b"a/text.cfg");
    let new = renamed("python.new.zip", b"a/text.cfg", b"q/text.cfg");
    let (patch, report) = patch_with(&old, &new, &Options::default());
    let (plain, _) = patch_with(&old, &new, &without());
    assert_eq!(report.restored, 2);
    assert!(patch.len() * 3 < plain.len(), "{} of {}", patch.len(), plain.len());
    assert_leads_to(&old, &new);
    // One that is gone without a trace.
    let new = renamed("python.new.zip", b"a/text.cfg", b"q/else.cfg");
    assert_eq!(patch_with(&old, &new, &Options::default()).1.restored, 1);
}

#[test]
fn a_member_that_is_called_otherwise_is_known_by_what_it_holds() {
    let old = renamed("python.old.zip", b"a/text.cfg", b"a/text.cfg");
    let new = renamed("7zip.old.zip", b"a/text.cfg", b"q/else.cfg");
    let (patch, report) = patch_with(&old, &new, &Options::default());
    let (other, _) = patch_with(&old, &renamed("7zip.old.zip", b"a/text.cfg", b"a/text.cfg"), &Options::default());
    println!("{} instead of {}, {} restored", patch.len(), other.len(), report.restored);
    assert!(patch.len() < other.len() + 64, "{} beside {}", patch.len(), other.len());
    assert_leads_to(&old, &new);
}

/// A picture of 133 bytes, and one of 147: what it would spare is about what the hash of a file that is not literal costs.
#[test]
fn what_would_spare_next_to_nothing_is_left_as_it_is() {
    let (old, new) = pair("tiny.png");
    assert_eq!(patch_with(&old, &new, &Options::default()), patch_with(&old, &new, &without()));
}

#[test]
fn any_stretch_can_be_made_alone() {
    for name in NAMES {
        let (old, new) = pair(name);
        let (patch, _) = patch_with(&old, &new, &Options::default());
        let reader = PatchReader::new(&patch[..]).unwrap();
        let (index, frames_at) = (reader.index().clone(), reader.header().patch_len() - reader.header().frames_len);
        let mut input = std::io::Cursor::new(&patch);
        input.seek(SeekFrom::Start(frames_at)).unwrap();
        let mut stretches = StretchReader::new(index, input, frames_at);
        let whole = new.bytes(&path(&format!("data/{name}")));
        for at in (0..whole.len()).step_by(1371).rev() {
            let len = (whole.len() - at).min(700);
            let mut made = Vec::new();
            stretches.stretch(0, (at as u64, len as u64), &old).unwrap().read_to_end(&mut made).unwrap();
            assert!(made == whole[at..at + len], "{name} at {at}");
        }
    }
}

#[test]
fn a_patch_that_restores_nothing_is_the_one_it_was() {
    let (old, new) = pair("python.zip");
    let (plain, _) = patch_with(&old, &new, &without());
    assert_eq!(plain[8..16], [2, 0, 0, 0, 0, 0, 0, 0], "format 2, no critical feature");
    let (patch, _) = patch_with(&old, &new, &Options::default());
    assert_eq!(patch[8..16], [2, 0, 0, 0, 1, 0, 0, 0], "format 2, one critical feature");
    let text = |bytes: &[u8]| Tree::default().with("text", bytes);
    let (old, new) = (text(b"one thing and another"), text(b"one thing and the other"));
    assert_eq!(patch_with(&old, &new, &Options::default()), patch_with(&old, &new, &without()));
}

#[test]
fn it_is_told_how_far_members_are_looked_through() {
    let ((old, new), mut steps) = (all(), Vec::new());
    patch_told(&old, &new, &Options::default(), &mut |progress| {
        if let Progress::Recompressed { done, total } = progress {
            steps.push((done, total));
        }
    });
    assert!(steps.len() > NAMES.len(), "within archives, too: {steps:?}");
    assert!(steps.is_sorted() && steps.iter().all(|step| step.1 == steps[0].1), "{steps:?}");
    assert!(steps.last().is_some_and(|(done, total)| done == total), "{steps:?}");
}

#[test]
fn threads_and_memory_change_nothing() {
    let (old, new) = all();
    let patches: Vec<_> = [1, 2, 7]
        .map(|jobs| {
            let mut options = Options::default();
            options.jobs = jobs;
            patch_with(&old, &new, &options).0
        })
        .to_vec();
    assert!(patches.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(apply(&old, &patches[0], Way::InPlace).unwrap().nodes == new.nodes);
}

#[test]
fn a_member_that_is_not_the_one_meant_is_named() {
    let (old, new) = pair("7zip.zip");
    let (patch, _) = patch_with(&old, &new, &Options::default());
    let at = path("data/7zip.zip");
    let mut other = old.clone();
    if let Some(Node::File(bytes, _)) = other.nodes.get_mut(&at) {
        // Within the first member, and nothing else: what holds it is found to be wrong whatever is read.
        bytes[900] ^= 4;
    }
    let mut reader = PatchReader::new(&patch[..]).unwrap();
    let mut made = Vec::new();
    let error = reader.next_file(&other, Way::Whole).unwrap().read_to_end(&mut made).unwrap_err();
    let error = error.into_inner().unwrap().downcast::<PatchError>().unwrap();
    assert!(matches!(*error, PatchError::Old { .. } | PatchError::Made { .. } | PatchError::References { .. }), "{error:?}");
}
