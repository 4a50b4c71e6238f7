//! Small executables that can be built again with other functions, so that their addresses shift.

use super::trees::noise;

const TEXT: u64 = 0x1000;
const BASE: u64 = 0x40_0000;

/// The functions of a program, by number: each has its own code, calls a few others and reads some data.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) functions: Vec<u64>,
}

impl Source {
    pub(crate) fn new(functions: u64) -> Self {
        Self { functions: (0..functions).collect() }
    }

    /// A 64-bit ELF file for x86-64.
    pub(crate) fn elf(&self) -> Vec<u8> {
        let program = self.link();
        let relocations_at = (TEXT + program.text.len() as u64).next_multiple_of(8);
        let names_at = relocations_at + program.relocations.len() as u64;
        let names = b"\0.text\0.rela.dyn\0.shstrtab\0";
        let sections_at = names_at + names.len() as u64;
        let mut file = vec![0; 0x40];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        for (at, value) in [(18, 62), (52, 64), (54, 56), (56, 1), (58, 64), (60, 4), (62, 3)] {
            file[at..at + 2].copy_from_slice(&u16::to_le_bytes(value));
        }
        file[32..40].copy_from_slice(&64_u64.to_le_bytes());
        file[40..48].copy_from_slice(&sections_at.to_le_bytes());
        for field in [1 | 5 << 32, 0, BASE, 0, names_at, names_at + 0x1_0000, 0x1000] {
            file.extend(u64::to_le_bytes(field));
        }
        file.resize(usize::try_from(TEXT).unwrap_or(0), 0);
        file.extend(&program.text);
        file.resize(usize::try_from(relocations_at).unwrap_or(0), 0);
        file.extend(&program.relocations);
        file.extend(names);
        let text_len = program.text.len() as u64;
        let relocations_len = program.relocations.len() as u64;
        for [name_and_kind, flags, address, at, len, link] in [
            [0; 6],
            [1 | 1 << 32, 6, BASE + TEXT, TEXT, text_len, 0],
            [7 | 4 << 32, 2, BASE + relocations_at, relocations_at, relocations_len, 0],
            [17 | 3 << 32, 0, 0, names_at, names.len() as u64, 0],
        ] {
            [name_and_kind, flags, address, at, len, link, 8, 0].iter().for_each(|field| file.extend(field.to_le_bytes()));
        }
        file
    }

    /// A 64-bit PE file for x86-64.
    pub(crate) fn pe(&self) -> Vec<u8> {
        let program = self.link();
        let mut file = vec![0; 0x1000];
        file[..2].copy_from_slice(b"MZ");
        file[60] = 0x80;
        file[0x80..0x84].copy_from_slice(b"PE\0\0");
        for (at, value) in [(0x84, 0x8664), (0x86, 2), (0x94, 0xf0), (0x98, 0x20b)] {
            file[at..at + 2].copy_from_slice(&u16::to_le_bytes(value));
        }
        file[0x98 + 24..0x98 + 32].copy_from_slice(&BASE.to_le_bytes());
        let rest_at = (TEXT + program.text.len() as u64).next_multiple_of(8);
        for (header, name, place, len, flags) in [
            (0x188, b".text\0\0\0", TEXT, program.text.len() as u64, 1_u32 << 29),
            (0x1b0, b".rdata\0\0", rest_at, program.relocations.len() as u64, 0),
        ] {
            file[header..header + 8].copy_from_slice(name);
            for (at, value) in [(8, len + 0x1000), (12, place), (16, len), (20, place)] {
                file[header + at..header + at + 4].copy_from_slice(&value.to_le_bytes()[..4]);
            }
            file[header + 36..header + 40].copy_from_slice(&flags.to_le_bytes());
        }
        file.extend(&program.text);
        file.resize(usize::try_from(rest_at).unwrap_or(0), 0);
        file.extend(&program.relocations);
        file
    }

    fn link(&self) -> Linked {
        let len = |function: u64| 40 + function * 7919 % 90;
        let mut addresses = std::collections::HashMap::new();
        let mut address = BASE + TEXT;
        for function in &self.functions {
            addresses.insert(*function, address);
            address += len(*function);
        }
        let (mut text, mut relocations) = (Vec::new(), Vec::new());
        for function in &self.functions {
            let mut body = noise(*function + 1, usize::try_from(len(*function)).unwrap_or(0));
            for (number, at) in (8..body.len() - 8).step_by(12).enumerate() {
                let called = self.functions[usize::try_from((function * 31 + number as u64 * 17) % 40).unwrap_or(0)];
                let here = addresses[function] + at as u64 + 5;
                body[at] = 0xe8;
                body[at + 1..at + 5].copy_from_slice(&addresses[&called].wrapping_sub(here).to_le_bytes()[..4]);
            }
            text.extend(body);
        }
        for (number, function) in self.functions.iter().enumerate() {
            for field in [address + 8 * number as u64, 8, addresses[function]] {
                relocations.extend(field.to_le_bytes());
            }
        }
        Linked { text, relocations }
    }
}

struct Linked {
    text: Vec<u8>,
    relocations: Vec<u8>,
}
