//! The same bytes are cut in the same places in every version, and most cuts stay when bytes are inserted.

use std::{collections::HashSet, io::Read};

use crate::builds::noise;
use untorn_store::{CHUNK_LEN_MAX, CHUNK_LEN_MIN, Chunk, Chunker};

fn chunks(bytes: &[u8]) -> Vec<Chunk> {
    Chunker::new(bytes).map(Result::unwrap).collect()
}

fn lens(bytes: &[u8]) -> Vec<u32> {
    chunks(bytes).iter().map(|chunk| chunk.len).collect()
}

#[test]
fn known_bytes_are_cut_where_they_always_were() {
    assert_eq!(lens(&noise(1, 1 << 20)), KNOWN);
    assert_eq!(lens(&vec![0; 300 << 10]), [128 << 10, 128 << 10, 44 << 10]);
}

/// A store whose chunks were cut otherwise would share nothing with one cut like this: only for a new format.
const KNOWN: &[u32] =
    &[44750, 97027, 33907, 70353, 78316, 56901, 79275, 59866, 70734, 73356, 99981, 61563, 48257, 83292, 54734, 36264];

#[test]
fn a_short_file_is_one_chunk_and_an_empty_one_has_none() {
    assert_eq!(lens(&[]), [] as [u32; 0]);
    assert_eq!(lens(&[1]), [1]);
    assert_eq!(lens(&noise(5, 128 << 10)), [CHUNK_LEN_MAX]);
    assert!(lens(&noise(5, (128 << 10) + 1)).len() >= 2);
}

#[test]
fn every_chunk_keeps_the_limits_and_none_is_lost() {
    let bytes = noise(6, 20 << 20);
    let chunks = chunks(&bytes);
    let (last, others) = chunks.split_last().unwrap();
    assert!(others.iter().all(|chunk| (CHUNK_LEN_MIN..=CHUNK_LEN_MAX).contains(&chunk.len)) && last.len <= CHUNK_LEN_MAX);
    assert_eq!(chunks.iter().map(|chunk| u64::from(chunk.len)).sum::<u64>(), 20 << 20);
    let average = (20 << 20) / chunks.len();
    assert!((56 << 10..72 << 10).contains(&average), "{average}");
}

#[test]
fn an_insertion_changes_the_chunks_around_it_only() {
    let old = noise(7, 10 << 20);
    let mut new = old.clone();
    new.splice(5 << 20..5 << 20, *b"inserted");
    let known: HashSet<_> = chunks(&old).into_iter().collect();
    let fresh = chunks(&new).into_iter().filter(|chunk| !known.contains(chunk)).count();
    assert!((1..=3).contains(&fresh), "{fresh}");
}

#[test]
fn a_file_can_be_cut_from_any_place_where_a_chunk_begins() {
    let bytes = noise(8, 2 << 20);
    let (all, mut at) = (chunks(&bytes), 0);
    for number in 0..all.len() {
        let rest: Vec<_> = Chunker::within(&bytes[at..]).map(Result::unwrap).collect();
        assert_eq!(rest, all[number..]);
        at += all[number].len as usize;
    }
}

#[test]
fn it_does_not_matter_in_which_pieces_bytes_come() {
    struct Pieces<'b>(&'b [u8], usize);
    impl Read for Pieces<'_> {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.1 = self.1 * 7 % 100_003 + 1;
            let len = self.1.min(buf.len());
            self.0.read(&mut buf[..len])
        }
    }
    let bytes = noise(9, 5 << 20);
    let pieces: Vec<_> = Chunker::new(Pieces(&bytes, 1)).map(Result::unwrap).collect();
    assert_eq!(pieces, chunks(&bytes));
}

#[test]
fn an_error_of_the_reader_is_told() {
    assert!(Chunker::new(crate::builds::Failing(0)).next().unwrap().is_err());
    assert!(Chunker::new(crate::builds::Failing(200 << 10)).any(|chunk| chunk.is_err()));
}
