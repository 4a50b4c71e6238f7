//! What no version writes into an index is refused, whatever the checksum says.

use untorn_format::{
    DecodeError, Hash,
    index::{Bridge, Chunk, Group, Head, Items, Page, Place},
};

/// What is done to a sample, and how it is called.
type Case<T> = (&'static str, fn(&mut T));

fn head(change: impl FnOnce(&mut Head)) -> Result<Head, DecodeError> {
    let mut head = crate::samples::index();
    change(&mut head);
    Head::decode(&head.encode())
}

fn page(change: impl FnOnce(&mut Page)) -> Result<Page, DecodeError> {
    let mut page = crate::samples::page();
    change(&mut page);
    Page::decode(&page.encode())
}

#[test]
fn a_head_keeps_its_rules() {
    let cases: [Case<Head>; 12] = [
        ("a page nobody refers to", |head| head.pages.push(head.pages[0])),
        ("a page that is not there", |head| head.pages.truncate(2)),
        ("pages in another order", |head| head.pages.swap(0, 1)),
        ("one page twice", |head| head.pages[1] = head.pages[0]),
        ("a page without bytes", |head| head.pages[0].len = 0),
        ("a page that is too long", |head| head.pages[0].len = (64 << 10) + 1),
        ("a span without chunks", |head| head.spans[0].chunks = 0),
        ("a span of too many chunks", |head| head.spans[1].chunks = 513),
        ("a span shorter than its chunks", |head| head.spans[0].len = 255),
        ("a span longer than its chunks can be", |head| head.spans[0].len = (256 << 17) + 1),
        ("a group without files", |head| head.groups[0].files = 0),
        ("groups of an index that is not placed", |head| head.placed = false),
    ];
    assert!(head(|_| {}).is_ok());
    for (what, change) in cases {
        let changed = head(change);
        // Exchanging two hashes is another head, and a good one.
        let is_refused = changed.is_err() || what == "pages in another order";
        assert!(is_refused, "{what}: {changed:?}");
    }
    let first_use = head(|head| (head.spans[0].page, head.spans[1].page, head.spans[2].page) = (1, 0, 1));
    assert_eq!(first_use, Err(DecodeError::Field("order of the pages")));
    assert!(head(|head| head.groups = vec![Group { files: 512, page: 2 }, Group { files: 1, page: 2 }]).is_ok());
}

#[test]
fn a_page_keeps_its_rules() {
    fn chunks(page: &mut Page) -> &mut Vec<(Chunk, Place)> {
        let Items::Chunks(chunks) = &mut page.items else { panic!("a page of a span") };
        chunks
    }
    let cases: [Case<Page>; 15] = [
        ("no items", |page| page.items = Items::Files(Vec::new())),
        ("too many items", |page| page.items = Items::Bare(vec![Chunk { len: 1, hash: Hash::NONE }; 513])),
        ("frames of chunks that lie nowhere", |page| page.items = Items::Bare(vec![Chunk { len: 1, hash: Hash::NONE }])),
        ("a frame nobody refers to", |page| page.frames.push(untorn_format::index::Frame { at: 7, ..page.frames[0] })),
        ("a frame that is not there", |page| page.frames.truncate(1)),
        ("frames in another order", |page| chunks(page).swap(0, 1)),
        ("one frame twice", |page| page.frames[1].at = page.frames[0].at),
        ("a frame without bytes", |page| page.frames[0].stored_len = 0),
        ("a frame that is too long", |page| page.frames[1].len += 1),
        ("a frame that is stored too long", |page| page.frames[1].stored_len = (129 << 10) + 1),
        ("a frame that ends nowhere", |page| page.frames[0].at = u32::MAX),
        ("a chunk without bytes", |page| chunks(page)[0].0.len = 0),
        ("a chunk that is too long", |page| chunks(page)[1].0.len += 1),
        ("a chunk behind its frame", |page| chunks(page)[0].1.at += 1),
        ("a chunk far behind its frame", |page| chunks(page)[0].1.at = u32::MAX),
    ];
    assert!(page(|_| {}).is_ok());
    for (what, change) in cases {
        let changed = page(change);
        assert!(changed.is_err(), "{what}: {changed:?}");
    }
    let two_kinds = |at: usize| {
        let mut bytes = crate::samples::page().encode();
        bytes[at] = 1;
        Page::decode(&crate::samples::reseal(bytes))
    };
    assert!(two_kinds(24).is_err() && two_kinds(28).is_err());
}

#[test]
fn every_kind_of_page_is_read_as_it_is_written() {
    let chunk = Chunk { len: 128 << 10, hash: Hash::of(b"chunk") };
    let bare = Page { frames: Vec::new(), items: Items::Bare(vec![chunk; 512]) };
    let mut files = crate::samples::page();
    files.items = Items::Files(vec![Place { frame: 0, at: 99_999 }, Place { frame: 1, at: 0 }, Place { frame: 0, at: 0 }]);
    let mut chunks = crate::samples::page();
    chunks.frames = (0..512).map(|at| untorn_format::index::Frame { at, len: 128 << 10, ..chunks.frames[0] }).collect();
    chunks.items = Items::Chunks((0..512).map(|frame| (chunk, Place { frame, at: 0 })).collect());
    for page in [bare, files, chunks] {
        let bytes = page.encode();
        assert!(bytes.len() <= 64 << 10, "the longest page fits");
        assert_eq!(Page::decode(&bytes).unwrap(), page);
    }
    let last = Items::Files(vec![Place { frame: 0, at: 100_000 }]);
    let mut behind = crate::samples::page();
    (behind.items, behind.frames) = (last, vec![behind.frames[0]]);
    assert!(Page::decode(&behind.encode()).is_err(), "not a single byte of the file lies in the frame");
}

#[test]
fn pages_lie_behind_the_head_one_behind_the_other() {
    let head = crate::samples::index();
    assert_eq!(head.page_range(500, 0), Some(500..1500));
    assert_eq!(head.page_range(500, 2), Some(1500 + 65536..1507 + 65536));
    assert_eq!(Head::len_of(&head.encode()[..64]), Some(head.encode().len() as u64));
    assert_eq!((Head::len_of(&head.encode()[..63]), Head::len_of(&[0xff; 64])), (None, None));
    assert_eq!((head.page_range(500, 3), head.pages_len()), (None, 66543));
}

fn bridge(change: impl FnOnce(&mut Bridge)) -> Result<Bridge, DecodeError> {
    let mut bridge = crate::samples::bridge();
    change(&mut bridge);
    Bridge::decode(&bridge.encode())
}

#[test]
fn a_bridge_keeps_its_rules() {
    let cases: [Case<Bridge>; 11] = [
        ("frames in another order", |bridge| bridge.frames.swap(0, 2)),
        ("frames that overlap", |bridge| bridge.frames[1].frame.at -= 1),
        ("one frame twice", |bridge| bridge.frames[1] = bridge.frames[0].clone()),
        ("a frame without chunks", |bridge| bridge.frames[1].chunks.clear()),
        ("chunks longer than their frame", |bridge| bridge.frames[1].chunks[0].len = 2),
        ("chunks shorter than their frame", |bridge| bridge.frames[1].frame.len = 2),
        ("a chunk without bytes", |bridge| bridge.frames[0].bases[0].len = 0),
        ("a chunk that is too long", |bridge| bridge.frames[0].bases[0].len = (128 << 10) + 1),
        ("a frame made of too much", |bridge| bridge.frames[0].bases = vec![bridge.frames[0].bases[1]; 65]),
        ("a frame that is too long", |bridge| {
            bridge.frames[0].chunks = vec![bridge.frames[2].chunks[0]; 33];
            bridge.frames[0].frame.len = 33 << 17;
        }),
        ("a frame stored in too much", |bridge| bridge.frames[2].frame.stored_len = (4 << 20) + (16 << 10) + 1),
    ];
    assert!(bridge(|_| {}).is_ok());
    for (what, change) in cases {
        assert!(matches!(bridge(change), Err(DecodeError::Field(_))), "{what}");
    }
}
