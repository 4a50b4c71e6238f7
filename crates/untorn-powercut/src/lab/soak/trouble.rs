//! Why a tree is not gone on with.

/// What ends the rounds on a tree.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A promise was broken.
    Lost(String),
    /// It could not be tried: the fault of the machine, or of the laboratory.
    Laboratory(String),
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Self::Laboratory(why)
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lost(why) => write!(f, "LOST: {why}"),
            Self::Laboratory(why) => write!(f, "could not be tried: {why}"),
        }
    }
}
