//! What must hold after any crash and one completed recovery.

use std::sync::Arc;

use untorn_fs::Fs;
use untorn_sim::{Image, SimFs, Snapshot};
use untorn_txn::{Options, Recovery, Tree};

/// The state directory, which is no part of the tree.
const STATE: &str = ".untorn";

/// What may be in the state directory when nothing is under way.
const STATE_NAMES: [&str; 8] = ["lock", "readers", "holder", "slot.0", "slot.1", "slot.2", "head", "tx"];

/// What may be left of a transaction whose way back is kept.
const KEPT_NAMES: [&str; 3] = ["undo.plan", "undo", "u"];

/// Which of the two trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The tree before the transaction.
    Old,
    /// The tree after it.
    New,
}

/// One of the two allowed trees, with what the library must say about it.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// Every name, kind, byte, executable bit and symlink, also of files no transaction names.
    pub tree: Image,
    /// The document that says what is installed.
    pub head: Option<Vec<u8>>,
    /// Whether there is a way back.
    pub can_roll_back: bool,
}

/// The two trees of one transaction.
#[derive(Clone, Debug)]
pub struct Oracle {
    /// Before.
    pub old: Allowed,
    /// After.
    pub new: Allowed,
}

/// What a finding may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// Either tree.
    BeEither,
    /// This one.
    Be(Side),
}

impl Must {
    fn allows(self, side: Side) -> bool {
        self == Self::BeEither || self == Self::Be(side)
    }
}

impl Allowed {
    /// What stands on `fs` now, where `tree` has it open.
    ///
    /// # Errors
    /// As [`Tree::head`].
    pub fn now(fs: &SimFs, tree: &Tree) -> untorn_txn::Result<Self> {
        Ok(Self { tree: fs.image(), head: tree.head()?, can_roll_back: tree.can_roll_back() })
    }
}

impl Oracle {
    /// Which tree processes see on `fs`.
    ///
    /// # Errors
    /// A tree that is neither, or not the one that `must` says: how it differs.
    pub fn side(&self, fs: &SimFs, must: Must) -> Result<Side, String> {
        [(Side::Old, &self.old), (Side::New, &self.new)]
            .into_iter()
            .find(|(side, allowed)| must.allows(*side) && fs.same_tree(&allowed.tree, STATE))
            .map(|(side, _)| side)
            .ok_or_else(|| self.describe(fs, must))
    }

    /// Checks all that is promised once `tree` was opened on `fs`, closes it, and opens it again to see that nothing is left to do.
    ///
    /// # Errors
    /// Which promise is broken.
    pub fn check(&self, fs: &SimFs, tree: Tree, must: Must) -> Result<Side, String> {
        let side = self.side(fs, must)?;
        self.check_word(fs, &tree, side)?;
        drop(tree);
        nothing_left_to_do(fs)?;
        Ok(side)
    }

    /// Goes back from the new tree on `fs`, where that is promised.
    ///
    /// # Errors
    /// Why it cannot, or how the tree differs from the old one.
    pub fn go_back(&self, fs: &SimFs) -> Result<(), String> {
        if !self.new.can_roll_back {
            return Ok(());
        }
        let fs = fs.restart();
        let tree = Tree::open_on(Arc::new(fs.clone()));
        let back = tree.and_then(|mut tree| tree.rollback(Options::default(), false).map(drop));
        back.map_err(|error| format!("it cannot be rolled back: {error}"))?;
        self.side(&fs, Must::Be(Side::Old)).map(drop).map_err(|what| format!("rolled back: {what}"))
    }

    /// Whether the library knows which tree it has, and has put its things away.
    fn check_word(&self, fs: &SimFs, tree: &Tree, side: Side) -> Result<(), String> {
        let allowed = if side == Side::Old { &self.old } else { &self.new };
        let other = if side == Side::Old { &self.new } else { &self.old };
        let says = (tree.head().map_err(|error| format!("the head is lost: {error}"))?, tree.can_roll_back());
        // A transaction that changes no file leaves two trees that are alike.
        let both_alike = fs.same_tree(&other.tree, STATE) && says == (other.head.clone(), other.can_roll_back);
        if says != (allowed.head.clone(), allowed.can_roll_back) && !both_alike {
            return Err(format!("the tree is {side:?}, but head and way back are {says:?}"));
        }
        leftover(fs, says.1).map_or(Ok(()), |left| Err(format!("left behind: {left}")))
    }

    fn describe(&self, fs: &SimFs, must: Must) -> String {
        let now = Snapshot::of_image(&fs.image(), STATE);
        let from = |allowed: &Allowed| Snapshot::of_image(&allowed.tree, STATE).difference(&now).join("; ");
        format!(
            "{must:?}, but the tree differs\n  from the old one: {}\n  from the new one: {}",
            from(&self.old),
            from(&self.new)
        )
    }
}

/// A further opening finds everything clean and changes nothing.
fn nothing_left_to_do(fs: &SimFs) -> Result<(), String> {
    let events = fs.event_count();
    let tree = Tree::open_on(Arc::new(fs.clone())).map_err(|error| format!("the second opening fails: {error}"))?;
    if *tree.recovery() != Recovery::Clean {
        return Err(format!("the second opening finds work: {:?}", tree.recovery()));
    }
    if fs.event_count() == events { Ok(()) } else { Err("the second opening changes something".to_owned()) }
}

/// The first thing in the state directory that should not be there.
fn leftover(fs: &SimFs, kept: bool) -> Option<String> {
    let names = |dir: &str| fs.read_dir(dir).unwrap_or_default().into_iter().filter_map(|entry| entry.name.ok());
    if let Some(name) = names(STATE).find(|name| !STATE_NAMES.contains(&name.as_str())) {
        return Some(name);
    }
    let folders: Vec<String> = names(".untorn/tx").map(|name| format!(".untorn/tx/{name}")).collect();
    if folders.len() != usize::from(kept) {
        return Some(format!("{folders:?}"));
    }
    folders.iter().flat_map(|folder| names(folder)).find(|name| !KEPT_NAMES.contains(&name.as_str()))
}
