//! Streams, and recipes that nobody made.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::*;

fn restore(raw: &[u8], old: Option<&Old>, recipe: &[u8], len: usize) -> Result<Vec<u8>, Bad> {
    super::restore(raw, old, recipe, len, &mut Zlib::default())
}

fn make_recipe(parsed: &Parsed, old: Option<&Old>, stretches: Vec<crate::adapt::Stretch>) -> Option<Vec<u8>> {
    super::make_recipe(parsed, old, stretches, &mut None, &mut Zlib::default())
}

/// The deflated stream of a gzip file without a name.
fn stream(bytes: &'static [u8]) -> &'static [u8] {
    &bytes[10..bytes.len() - 8]
}

fn pairs() -> [(&'static [u8], &'static [u8]); 3] {
    let pair = |old, new| (stream(old), stream(new));
    [
        pair(include_bytes!("../../tests/data/deflated/gzip.old.gz"), include_bytes!("../../tests/data/deflated/gzip.new.gz")),
        pair(
            include_bytes!("../../tests/data/deflated/zopfli.old.gz"),
            include_bytes!("../../tests/data/deflated/zopfli.new.gz"),
        ),
        pair(
            include_bytes!("../../tests/data/deflated/libdeflate.old.gz"),
            include_bytes!("../../tests/data/deflated/libdeflate.new.gz"),
        ),
    ]
}

/// An old stream, what the new one holds, its recipe, and the new stream itself.
fn made(number: usize) -> (Old, Vec<u8>, Vec<u8>, &'static [u8]) {
    let (old, new) = pairs()[number];
    let (old, parsed) = (Old::new(parse(old, 1 << 20).unwrap()), parse(new, 1 << 20).unwrap());
    let recipe = make_recipe(&parsed, Some(&old), align(&old.raw, &parsed.raw)).unwrap();
    (old, parsed.raw, recipe, new)
}

#[test]
fn a_stream_comes_out_as_it_was_with_and_without_an_old_one() {
    for (number, (_, new)) in pairs().into_iter().enumerate() {
        let (old, raw, recipe, _) = made(number);
        assert_eq!(restore(&raw, Some(&old), &recipe, new.len()).as_deref(), Ok(new));
        let parsed = parse(new, 1 << 20).unwrap();
        assert_eq!(parsed.stored_len, new.len());
        let alone = make_recipe(&parsed, None, Vec::new()).unwrap();
        assert_eq!(restore(&raw, None, &alone, new.len()).as_deref(), Ok(new));
    }
}

#[test]
fn another_length_is_an_error_and_never_more_bytes() {
    let (old, raw, recipe, new) = made(0);
    for len in [0, 1, new.len() - 1, new.len() + 1, 10 * new.len()] {
        assert!(restore(&raw, Some(&old), &recipe, len).is_err(), "{len}");
    }
    for wrong in [&raw[..raw.len() - 1], &raw[..1], &[]] {
        // Other bytes may by chance take as many.
        assert_ne!(restore(wrong, Some(&old), &recipe, new.len()).as_deref(), Ok(new), "{}", wrong.len());
    }
}

#[test]
fn recipes_that_never_end_end() {
    let (old, raw, _, new) = made(1);
    // Behind its end a recipe is zeros for ever: blocks follow each other until there is no room for them.
    for recipe in [vec![], vec![0; 10_000], vec![0xff; 10_000], vec![0xaa; 10_000], vec![0x55; 10_000]] {
        assert!(restore(&raw, Some(&old), &recipe, new.len()).is_err());
        assert!(restore(&[], None, &recipe, 100_000).is_err());
        // What would be looked at for ever: everything is the same as everything else.
        drop(restore(&vec![7; 1 << 20], None, &recipe, new.len()));
    }
}

#[test]
fn a_stream_that_holds_more_than_it_may_is_given_up() {
    let (_, new) = pairs()[0];
    let raw_len = parse(new, 1 << 20).unwrap().raw.len();
    assert!(parse(new, raw_len).is_ok());
    assert_eq!(parse(new, raw_len - 1).unwrap_err(), Bad("it holds more than is looked at"));
    for len in 0..new.len() {
        assert!(parse(&new[..len], 1 << 20).is_err(), "{len}");
    }
}

proptest::proptest! {
    #[test]
    fn any_recipe_gives_the_stream_or_an_error(recipe: Vec<u8>, number in 0..3_usize, at in 0..2000_usize, byte: u8) {
        let (old, raw, mut right, new) = made(number);
        drop(restore(&raw, Some(&old), &recipe, new.len()));
        drop(restore(&raw, None, &recipe, new.len()));
        let at = at % right.len();
        right[at] ^= byte;
        drop(restore(&raw, Some(&old), &right, new.len()));
    }

    #[test]
    fn any_bytes_are_a_stream_or_an_error(mut bytes: Vec<u8>, at in 0..6000_usize, bit in 0..8_u32) {
        drop(parse(&bytes, 1 << 16));
        if let Some(first) = bytes.first_mut() {
            // A block with codes of its own.
            *first = *first & !7 | 5;
            drop(parse(&bytes, 1 << 16));
        }
        let (_, new) = pairs()[0];
        let mut new = new.to_vec();
        let at = at % new.len();
        new[at] ^= 1 << bit;
        drop(parse(&new, 1 << 20));
    }
}
