//! Index and packs are all that is needed to make the files again; what is published is not published again.

use std::io;

use crate::builds::{Failing, files, manifest, noise, publish, text};
use untorn_format::Hash;
use untorn_store::{BuildOptions, Error, FRAME_LEN_MAX, Pack, Published, build, cut};

fn options(jobs: usize) -> BuildOptions {
    let mut options = BuildOptions::default();
    (options.level, options.jobs, options.pack_len) = (3, jobs, 5 << 20);
    options
}

#[test]
fn every_file_is_made_of_index_and_packs() {
    let files = files();
    let release = publish(&files, &Published::nothing(), &options(2));
    assert!(release.packs.len() > 3, "{} packs", release.packs.len());
    assert_eq!(release.files(&release.packs), files);
    let frames = release.pages().values().flat_map(|page| page.frames.clone()).collect::<std::collections::BTreeSet<_>>();
    assert!(frames.iter().all(|frame| frame.len <= FRAME_LEN_MAX));
    for pack in &release.packs {
        assert_eq!(Hash::of(&pack.bytes), pack.hash);
        let (mut end, mine) = (0, frames.iter().filter(|frame| frame.pack == pack.number));
        for frame in mine {
            assert_eq!(frame.at, end, "no gap");
            end += frame.stored_len;
        }
        assert_eq!(end as usize, pack.bytes.len(), "nothing that no page refers to");
    }
    assert_eq!(release.view().total_len(), release.index.bytes.len() as u64);
    assert_eq!(
        release.built.packs().iter().map(|pack| pack.hash).collect::<Vec<_>>(),
        release.packs.iter().map(|pack| pack.hash).collect::<Vec<_>>()
    );
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let files = files();
    let one = publish(&files, &Published::nothing(), &options(1));
    for jobs in [2, 7] {
        let other = publish(&files, &Published::nothing(), &options(jobs));
        assert!(one.index == other.index && one.packs == other.packs, "{jobs} threads");
    }
}

#[test]
fn only_what_is_new_is_published_again() {
    let mut files = files();
    let old = publish(&files, &Published::nothing(), &options(2));
    let unchanged = publish(&files, &old.published(), &options(2));
    assert!(unchanged.packs.is_empty() && unchanged.index == old.index, "the same build needs nothing and has the same index");

    files.get_mut("e-long").unwrap().splice(7 << 20..7 << 20, *b"inserted");
    files.insert("small/350".to_owned(), text(99, 5000));
    files.insert("small/a-new-one".to_owned(), text(98, 6000));
    files.insert("c-one-chunk-moved".to_owned(), files["c-one-chunk"].clone());
    files.remove("c-one-chunk");
    let mut next = options(2);
    next.first_pack = 100;
    let new = publish(&files, &old.published(), &next);
    assert!(new.built.new_bytes() < 400 << 10 && new.packs.len() == 1 && new.packs[0].number == 100);
    let packs: Vec<Pack> = old.packs.iter().chain(&new.packs).cloned().collect();
    assert_eq!(new.files(&packs), files);

    let known: std::collections::HashSet<_> = (0..old.view().page_count()).map(|page| old.view().page_hash(page)).collect();
    let fresh = (0..new.view().page_count()).filter(|page| !known.contains(&new.view().page_hash(*page))).count();
    assert!(fresh <= 5, "{fresh} of {} pages are new", new.view().page_count());
}

#[test]
fn what_lies_in_a_pack_that_is_gone_is_published_again() {
    let files = files();
    let old = publish(&files, &Published::nothing(), &options(2));
    let gone = old.packs[1].number;
    let mut published = Published::nothing();
    published.add(&old.index.bytes, old.index.head_len, &old.manifest, |pack| pack != gone).unwrap();
    assert!(!published.packs().contains(&gone));
    let mut next = options(2);
    next.first_pack = 100;
    let new = publish(&files, &published, &next);
    let packs: Vec<Pack> = old.packs.iter().filter(|pack| pack.number != gone).chain(&new.packs).cloned().collect();
    assert_eq!(new.files(&packs), files);
}

#[test]
fn an_index_of_another_build_is_not_taken_for_what_is_published() {
    let old = publish(&files(), &Published::nothing(), &options(2));
    let other = publish(&[("x".to_owned(), noise(1, 10))].into(), &Published::nothing(), &options(2));
    let add = |index: &[u8], manifest| Published::nothing().add(index, old.index.head_len, manifest, |_| true);
    assert!(matches!(add(&old.index.bytes, &other.manifest), Err(Error::OtherManifest)));
    assert!(matches!(add(&old.index.bytes[..old.index.bytes.len() - 1], &old.manifest), Err(Error::PageDamaged)));
    assert!(add(&[&*old.index.bytes, &[0]].concat(), &old.manifest).is_err());
    let mut damaged = old.index.bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert!(matches!(add(&damaged, &old.manifest), Err(Error::PageDamaged)));
}

#[test]
fn an_index_that_only_cuts_tells_the_same_chunks() {
    let files = files();
    let (all, lens): (Vec<_>, Vec<_>) = files.values().map(|bytes| (bytes.as_slice(), bytes.len() as u64)).unzip();
    let bare = cut(&lens, &|file| Ok(Box::new(all[file])), 2).unwrap();
    let placed = publish(&files, &Published::nothing(), &options(2));
    assert_eq!(bare.contents(), placed.built.contents());
    let index = bare.index(&manifest(&files, &bare)).unwrap();
    let view = untorn_store::Index::new(&index.bytes[..usize::try_from(index.head_len).unwrap()], &placed.manifest).unwrap();
    for entry in 0..placed.manifest.entries().len() {
        let facts = |view: &untorn_store::Index| view.spans_of(entry).iter().map(|s| (s.len, s.digest)).collect::<Vec<_>>();
        assert_eq!(facts(&view), facts(&placed.view()));
    }
    assert!(!view.is_placed() && index.bytes.len() < placed.index.bytes.len());
}

#[test]
fn errors_end_the_work_and_say_which_file() {
    let open = |file: usize| -> io::Result<Box<dyn io::Read>> {
        match file {
            70 => Ok(Box::new(Failing(300 << 10))),
            90 => Err(io::ErrorKind::NotFound.into()),
            _ => Ok(Box::new(io::repeat(u8::try_from(file).unwrap()).take(200 << 10))),
        }
    };
    use io::Read;
    let mut nothing = |_| Ok(());
    let failed = build(&[200 << 10; 100], &open, &Published::nothing(), &options(4), &mut nothing);
    assert!(matches!(failed, Err(Error::Read { file: 70, .. })), "{failed:?}");
    let mut full = |_| Err(io::ErrorKind::StorageFull.into());
    let bytes = noise(1, 12 << 20);
    let failed = build(&[12 << 20], &|_| Ok(Box::new(&*bytes)), &Published::nothing(), &options(4), &mut full);
    assert!(matches!(failed, Err(Error::Sink(_))), "{failed:?}");
}

#[test]
fn a_file_counts_as_it_was_read() {
    let built = cut(&[5, 1 << 30], &|_| Ok(Box::new(&b"four"[..])), 2).unwrap();
    assert!(built.contents().iter().all(|content| (content.len, content.hash) == (4, Hash::of(b"four"))));
}

#[test]
fn a_manifest_of_other_files_gets_no_index() {
    let (files, mut others) = (crate::builds::files(), crate::builds::files());
    let built = publish(&files, &Published::nothing(), &options(2)).built;
    others.insert("b-one-byte".to_owned(), vec![8]);
    let other = publish(&others, &Published::nothing(), &options(2));
    assert!(matches!(built.index(&other.manifest), Err(Error::OtherManifest)));
    others.remove("b-one-byte");
    let fewer = publish(&others, &Published::nothing(), &options(2));
    assert!(built.index(&fewer.manifest).is_err() && fewer.built.index(&other.manifest).is_err());
}
