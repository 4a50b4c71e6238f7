//! What a caller of a switch may choose.

use crate::options::Readers;

/// What to do with files that others changed in the tree while the new one was being made, such as a saved game.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meanwhile {
    /// Carry them over into the new tree; refuse only where the update changes the same path.
    #[default]
    CarryOver,
    /// Refuse, and say which.
    Refuse,
}

/// How a whole-tree switch is to be made.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SwitchOptions {
    /// Whether the old tree is kept, for [`crate::Switch::back`]. One step back is kept: the tree kept by an earlier switch goes.
    pub keep_previous: bool,
    /// What to do when a reader holds the tree at the moment of the exchange.
    pub readers: Readers,
    /// What to do with files that others changed meanwhile.
    pub meanwhile: Meanwhile,
}
