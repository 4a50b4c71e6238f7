//! What the bytes of instructions mean: the default code table, RFC 3284 section 5.6.

/// An instruction. A length of zero means that the length follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instruction {
    Nothing,
    /// Bytes out of the data.
    Add(u8),
    /// One byte of the data, again and again.
    Run,
    /// Bytes out of the source, or of what came before; the address in this mode.
    Copy(u8, u8),
}

/// The two instructions that `code` stands for.
pub(super) fn instructions(code: u8) -> [Instruction; 2] {
    match code {
        0 => [Instruction::Run, Instruction::Nothing],
        1..=18 => [Instruction::Add(code - 1), Instruction::Nothing],
        19..=162 => {
            let (mode, len) = ((code - 19) / 16, (code - 19) % 16);
            [Instruction::Copy(if len == 0 { 0 } else { len + 3 }, mode), Instruction::Nothing]
        }
        163..=234 => {
            let (mode, rest) = ((code - 163) / 12, (code - 163) % 12);
            [Instruction::Add(rest / 3 + 1), Instruction::Copy(rest % 3 + 4, mode)]
        }
        235..=246 => {
            let (mode, rest) = ((code - 235) / 4, (code - 235) % 4);
            [Instruction::Add(rest + 1), Instruction::Copy(4, mode + 6)]
        }
        247..=255 => [Instruction::Copy(4, code - 247), Instruction::Add(1)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the table in the RFC: for each of its nine lines, the first and the last code.
    #[test]
    fn the_table_is_that_of_the_rfc() {
        for (code, expected) in [
            (0, [Instruction::Run, Instruction::Nothing]),
            (1, [Instruction::Add(0), Instruction::Nothing]),
            (18, [Instruction::Add(17), Instruction::Nothing]),
            (19, [Instruction::Copy(0, 0), Instruction::Nothing]),
            (20, [Instruction::Copy(4, 0), Instruction::Nothing]),
            (34, [Instruction::Copy(18, 0), Instruction::Nothing]),
            (35, [Instruction::Copy(0, 1), Instruction::Nothing]),
            (162, [Instruction::Copy(18, 8), Instruction::Nothing]),
            (163, [Instruction::Add(1), Instruction::Copy(4, 0)]),
            (164, [Instruction::Add(1), Instruction::Copy(5, 0)]),
            (166, [Instruction::Add(2), Instruction::Copy(4, 0)]),
            (174, [Instruction::Add(4), Instruction::Copy(6, 0)]),
            (175, [Instruction::Add(1), Instruction::Copy(4, 1)]),
            (234, [Instruction::Add(4), Instruction::Copy(6, 5)]),
            (235, [Instruction::Add(1), Instruction::Copy(4, 6)]),
            (238, [Instruction::Add(4), Instruction::Copy(4, 6)]),
            (246, [Instruction::Add(4), Instruction::Copy(4, 8)]),
            (247, [Instruction::Copy(4, 0), Instruction::Add(1)]),
            (255, [Instruction::Copy(4, 8), Instruction::Add(1)]),
        ] {
            assert_eq!(instructions(code), expected, "{code}");
        }
    }
}
