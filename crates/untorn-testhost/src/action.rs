//! How a question is answered.

use std::{ops::Range, time::Duration};

/// How a question is answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// As a good host does.
    Serve,
    /// The whole file, whatever range was asked for.
    WithoutRange,
    /// The whole file, whatever range was asked for, and the connection ends after so many bytes of it.
    CutWithoutRange(u64),
    /// The right head, and the connection ends after so many bytes of the body.
    Cut(u64),
    /// The right answer, so many bytes at once, with a pause after each.
    Trickle(usize, Duration),
    /// The right head, and then nothing for so long.
    Stall(Duration),
    /// Another answer: status, lines of the head, body. Its length is told.
    Say(u16, Vec<String>, Vec<u8>),
    /// The body goes on for ever; no length is told.
    Endless,
    /// Says that it is this part, but gives the bytes that were asked for.
    SayPart(String),
    /// Gives these bytes of the file, and says so.
    OtherPart(Range<u64>),
    /// The right answer, with one bit of the byte at this place of the file changed.
    Flip(u64),
    /// No answer.
    Hang,
}
