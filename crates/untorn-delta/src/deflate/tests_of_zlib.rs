//! What zlib would do: found quickly it is what is found plainly, and what zlib itself does.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking, and say what they skip")]

use std::io::Write;
use std::process::{Command, Stdio};

use super::block::Token;
use super::parse::parse;
use super::plain::Plain;
use super::zlib::{KINDS, Zlib};

/// Numbers that look random, the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    fn byte(&mut self, end: usize) -> u8 {
        u8::try_from(self.below(end)).unwrap()
    }
}

/// Bytes of many kinds: short and long repetitions, near and far, in few and in many different bytes.
fn samples() -> Vec<Vec<u8>> {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut samples = vec![Vec::new(), vec![1], vec![1, 2], vec![1, 2, 3], vec![7; 70_000]];
    for (len, letters, copied) in
        [(100, 2, 9), (3000, 4, 20), (70_000, 3, 30), (50_000, 40, 300), (80_000, 256, 1000), (20_000, 256, 3)]
    {
        let mut bytes: Vec<u8> = Vec::new();
        while bytes.len() < len {
            if bytes.is_empty() || numbers.below(3) == 0 {
                (0..=numbers.below(20)).for_each(|_| bytes.push(numbers.byte(letters)));
            } else {
                let reach = if numbers.below(2) == 0 { 40_000 } else { 60 };
                let back = 1 + numbers.below(bytes.len().min(reach));
                (0..=numbers.below(copied)).for_each(|_| bytes.push(bytes[bytes.len() - back]));
            }
        }
        samples.push(bytes);
    }
    // Exactly as far apart as zlib refers, and one byte more: with nothing between them, and with another of the same hash.
    for apart in [32_505, 32_506, 32_507, 32_768] {
        let mut bytes: Vec<u8> = (0..2 * apart + 300).map(|_| numbers.byte(256)).collect();
        bytes.copy_within(300..600, 300 + apart);
        samples.push(bytes);
    }
    let text = include_bytes!("../../tests/data/deflated/gzip.old.gz");
    samples.push(parse(&text[10..text.len() - 8], 1 << 20).unwrap().raw);
    samples.push(include_bytes!("../../tests/data/deflated/pillow.old.png").to_vec());
    samples
}

/// The tokens of a kind of zlib.
fn tokens(zlib: &mut Zlib, raw: &[u8], kind: usize) -> Vec<Token> {
    let (mut tokens, mut at) = (Vec::new(), 0);
    zlib.begin(kind, raw.len());
    while at < raw.len() {
        let token = zlib.predict(raw, at);
        zlib.pass(raw, at, token.len());
        at += token.len();
        tokens.push(token);
    }
    tokens
}

#[test]
fn what_is_found_quickly_is_what_is_found_plainly() {
    let mut zlib = Zlib::default();
    for (number, raw) in samples().iter().enumerate() {
        for kind in 0..KINDS {
            let (mut plain, mut at) = (Plain::new(kind, raw.len()), 0);
            for token in tokens(&mut zlib, raw, kind) {
                assert_eq!(token, plain.predict(raw, at), "sample {number}, kind {kind}, at {at}");
                plain.pass(raw, at, token.len());
                at += token.len();
            }
        }
    }
}

/// As when some tokens are told, or are as the old stream has them: zlib is not asked there, and not followed where it is.
#[test]
fn it_is_found_wherever_it_is_looked_for() {
    let (mut zlib, mut numbers) = (Zlib::default(), Numbers(77));
    for (number, raw) in samples().iter().enumerate() {
        for kind in 0..KINDS {
            zlib.begin(kind, raw.len());
            let (mut plain, mut at) = (Plain::new(kind, raw.len()), 0);
            while at < raw.len() {
                let mut len = match numbers.below(400) {
                    0 => 1 + numbers.below(50_000),
                    1..100 => 1 + numbers.below(258),
                    _ => 0,
                };
                if len == 0 {
                    let token = zlib.predict(raw, at);
                    assert_eq!(token, plain.predict(raw, at), "sample {number}, kind {kind}, at {at}");
                    len = if numbers.below(10) == 0 { 1 + numbers.below(9) } else { token.len() };
                }
                let end = raw.len().min(at + len);
                while at < end {
                    let len = (end - at).min(258);
                    zlib.pass(raw, at, len);
                    plain.pass(raw, at, len);
                    at += len;
                }
            }
        }
    }
}

/// A sum of tokens, in order.
fn sum(tokens: &[Token]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    for token in tokens {
        let (len, distance) = token.reference().unwrap_or((1, 0));
        sum.update(&len.to_le_bytes());
        sum.update(&distance.to_le_bytes());
    }
    sum.finalize()
}

/// Of each kind of zlib 1.2.13, and all samples: see [`zlib_itself_does_that`].
const SUMS: [u32; KINDS] = [
    917_939_998,
    917_939_998,
    2_296_431_149,
    2_296_431_149,
    476_692_873,
    476_692_873,
    611_360_241,
    932_901_008,
    4_279_838_448,
    3_096_254_463,
    2_837_019_594,
    2_954_488_229,
    3_938_480_541,
    3_017_421_434,
    454_933_787,
    1_334_351_730,
    2_718_485_426,
    3_213_897_119,
];

#[test]
fn it_is_what_zlib_did() {
    let (mut zlib, samples) = (Zlib::default(), samples());
    let sums: Vec<u32> =
        (0..KINDS).map(|kind| sum(&samples.iter().flat_map(|raw| tokens(&mut zlib, raw, kind)).collect::<Vec<_>>())).collect();
    assert_eq!(sums, SUMS);
}

/// Deflates what it reads: a line with level and strategy, and with a length, bytes; answers alike.
const DEFLATE: &str = "
import sys, zlib
read, write = sys.stdin.buffer, sys.stdout.buffer
while line := read.readline():
    level, strategy, length = map(int, line.split())
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15, 8, strategy)
    stream = deflater.compress(read.read(length)) + deflater.flush()
    write.write(b'%d\\n' % len(stream) + stream)
";

/// Where there is Python, whose zlib is asked.
#[test]
fn zlib_itself_does_that() {
    let Ok(mut python) = Command::new("python3").args(["-c", DEFLATE]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
    else {
        eprintln!("skipped: no python3");
        return;
    };
    let (mut input, samples) = (python.stdin.take().unwrap(), samples());
    let asked = samples.clone();
    let writer = std::thread::spawn(move || {
        for kind in 0..KINDS {
            for raw in &asked {
                writeln!(input, "{} {} {}", kind / 2 + 1, kind % 2, raw.len()).unwrap();
                input.write_all(raw).unwrap();
            }
        }
    });
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap();
    let (mut rest, mut zlib) = (&output.stdout[..], Zlib::default());
    for kind in 0..KINDS {
        for (number, raw) in samples.iter().enumerate() {
            let line = rest.iter().position(|byte| *byte == b'\n').unwrap();
            let len: usize = std::str::from_utf8(&rest[..line]).unwrap().parse().unwrap();
            let (stream, behind) = rest[line + 1..].split_at(len);
            rest = behind;
            let parsed = parse(stream, raw.len()).unwrap();
            assert_eq!(&parsed.raw, raw);
            if parsed.heads.iter().all(|head| head.count > 0 || head.raw_len == 0) {
                assert!(parsed.tokens == tokens(&mut zlib, raw, kind), "sample {number}, kind {kind}");
            }
        }
    }
}
