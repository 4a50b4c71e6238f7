//! One crash: its name, and what it leaves.

use std::{error::Error, fmt, str::FromStr, sync::Arc};

use crate::{Image, SimFs, bits::Bits};

/// Which crash: after which event of a [`crate::Recording`], what was kept, and how writes were torn. Its text form replays it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CrashId {
    pub(crate) point: usize,
    pub(crate) kept: Bits,
    pub(crate) tear: u64,
}

impl fmt::Display for CrashId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.point, self.kept)?;
        if self.tear == 0 { Ok(()) } else { write!(f, ":{:x}", self.tear) }
    }
}

impl FromStr for CrashId {
    type Err = CrashIdError;

    fn from_str(text: &str) -> Result<Self, CrashIdError> {
        let mut parts = text.split(':');
        let mut part = || parts.next().ok_or(CrashIdError);
        let point = part()?.parse().map_err(|_| CrashIdError)?;
        let kept = Bits::parse(part()?).ok_or(CrashIdError)?;
        let tear = part().ok().map_or(Ok(0), |tear| u64::from_str_radix(tear, 16)).map_err(|_| CrashIdError)?;
        let id = Self { point, kept, tear };
        if id.to_string() == text { Ok(id) } else { Err(CrashIdError) }
    }
}

/// The text is not the name of a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashIdError;

impl fmt::Display for CrashIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a crash is named <event>:<kept effects, hex>[:<tear, hex>]")
    }
}

impl Error for CrashIdError {}

/// What is on the medium after one crash.
#[derive(Clone, Debug)]
pub struct CrashState {
    pub(crate) id: CrashId,
    pub(crate) image: Image,
    pub(crate) marks: Arc<[u32]>,
}

impl CrashState {
    /// Which crash; printing it makes a failed test repeatable with [`crate::Recording::replay`].
    #[must_use]
    pub const fn id(&self) -> &CrashId {
        &self.id
    }

    /// What [`SimFs::mark`] was told before the crash, oldest first.
    #[must_use]
    pub fn marks(&self) -> &[u32] {
        &self.marks
    }

    /// What is on the medium.
    #[must_use]
    pub const fn image(&self) -> &Image {
        &self.image
    }

    /// The machine after the restart: nothing is locked, open or pending.
    #[must_use]
    pub fn fs(&self) -> SimFs {
        SimFs::from_image(self.image.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_is_read_back_as_it_was_written() {
        for text in ["0:0", "17:3ff", "4:1:dead", "9:10000000000000000"] {
            assert_eq!(text.parse::<CrashId>().unwrap().to_string(), text);
        }
        for text in ["", "1", "1:", "x:1", "1:g", "1:1:1:1", "1:+1", "01:1"] {
            assert_eq!(text.parse::<CrashId>(), Err(CrashIdError), "{text}");
        }
    }
}
