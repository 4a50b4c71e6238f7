//! The build a patch names as its result must be the one it makes, wherever that can be known.

use crate::util::{Place, apply_to, scanned};
use untorn::{Error, Hash};
use untorn_format::patch::{HEADER_LEN, Header};

#[test]
fn before_anything_is_changed() {
    let place = Place::new();
    place.dir("old", &[("a", b"1")]);
    place.dir("new", &[("a", b"2")]);
    let tree = place.dir("tree", &[("a", b"1")]);
    let mut patch = place.patch("old", "new");
    let (head, _) = patch.split_first_chunk_mut::<HEADER_LEN>().unwrap();
    let mut header = Header::decode(head).unwrap();
    header.to = Hash::of(b"another build");
    *head = header.encode();
    let error = apply_to(&tree, &patch).unwrap_err();
    assert!(matches!(error, Error::Contradiction), "{error}");
    assert_eq!(scanned(&tree), scanned(&place.path("old")));
}
