//! Zip archives, made and read without the code that is tested.

use std::io::{Read, Write};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};

/// A member to be: name, content, and how hard it is deflated, if it is.
pub(crate) type Member<'m> = (&'m str, &'m [u8], Option<u32>);

/// A member that was found: name, where its header begins, where its content begins, content.
pub(crate) type Found = (String, usize, usize, Vec<u8>);

/// An archive as simple tools write it.
pub(crate) fn archive(members: &[Member<'_>]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content, level) in members {
        let stored = match level {
            None => content.to_vec(),
            Some(level) => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(*level));
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
        };
        let method = if level.is_some() { 8_u16 } else { 0 };
        let mut facts = Vec::new();
        [20, 1 << 11, method, 0, 0x5821].iter().for_each(|number: &u16| facts.extend(number.to_le_bytes()));
        [crc32fast::hash(content), stored.len() as u32, content.len() as u32]
            .iter()
            .for_each(|number| facts.extend(number.to_le_bytes()));
        facts.extend((name.len() as u16).to_le_bytes());
        facts.extend(0_u16.to_le_bytes());
        let at = bytes.len() as u32;
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&facts);
        bytes.extend(name.as_bytes());
        bytes.extend(&stored);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&facts);
        directory.extend([0; 6]);
        directory.extend((0o100_644_u32 << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let at = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend((members.len() as u16).to_le_bytes());
    bytes.extend((members.len() as u16).to_le_bytes());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn number(bytes: &[u8], at: usize, len: usize) -> usize {
    bytes[at..at + len].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// Reads an archive by its directory.
pub(crate) fn members(bytes: &[u8]) -> Vec<Found> {
    let end = bytes.len() - 22;
    assert_eq!(&bytes[end..end + 4], b"PK\x05\x06");
    let (count, mut at) = (number(bytes, end + 10, 2), number(bytes, end + 16, 4));
    let mut found = Vec::new();
    for _ in 0..count {
        assert_eq!(&bytes[at..at + 4], b"PK\x01\x02");
        let [method, crc, stored_len, len] =
            [(10, 2), (16, 4), (20, 4), (24, 4)].map(|(field, width)| number(bytes, at + field, width));
        let name_len = number(bytes, at + 28, 2);
        let name = String::from_utf8(bytes[at + 46..at + 46 + name_len].to_vec()).unwrap();
        let header = number(bytes, at + 42, 4);
        assert_eq!(&bytes[header..header + 4], b"PK\x03\x04", "{name}");
        assert_eq!(&bytes[header + 30..header + 30 + name_len], name.as_bytes());
        let data = header + 30 + name_len + number(bytes, header + 28, 2);
        let stored = &bytes[data..data + stored_len];
        let mut content = Vec::new();
        match method {
            0 => content.extend_from_slice(stored),
            _ => drop(DeflateDecoder::new(stored).read_to_end(&mut content).unwrap()),
        }
        assert_eq!((content.len(), crc32fast::hash(&content) as usize), (len, crc), "{name}");
        found.push((name, header, data, content));
        at += 46 + name_len + number(bytes, at + 30, 2) + number(bytes, at + 32, 2);
    }
    found
}
