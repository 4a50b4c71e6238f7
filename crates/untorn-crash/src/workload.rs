//! One transaction on one disk, by name.

use std::{fmt, str::FromStr, sync::Arc};

use untorn_fs::Fs;
use untorn_sim::{SimFs, Snapshot};
use untorn_txn::{Result as TxnResult, Tree, WayChoice};

use crate::{
    BoxError,
    op::{OPS, Op, op},
    oracle::{Allowed, Oracle},
    world::{DISKS, World},
};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The operations, in one transaction.
    Commit,
    /// They were done, with the way back kept; now they are undone.
    RollBack,
}

/// A transaction to be crashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Where.
    pub world: World,
    /// What.
    pub kind: Kind,
    /// Names of [`OPS`].
    pub ops: Vec<&'static str>,
}

/// A workload that ran to its end, without a crash.
#[derive(Debug)]
pub struct Run {
    /// The disk before.
    pub before: SimFs,
    /// The two trees.
    pub oracle: Oracle,
}

impl Workload {
    /// Operations on the tree of `world`.
    #[must_use]
    pub fn new(world: World, ops: &[&'static str]) -> Self {
        Self { world, kind: Kind::Commit, ops: ops.to_vec() }
    }

    /// Undoing operations on the tree of `world`.
    #[must_use]
    pub fn roll_back(world: World, ops: &[&'static str]) -> Self {
        Self { kind: Kind::RollBack, ..Self::new(world, ops) }
    }

    fn steps(&self) -> impl Iterator<Item = Op> {
        self.ops.iter().filter_map(|name| op(name))
    }

    /// The tree it should lead to, from a plain map; `None` where an operation must be refused.
    #[must_use]
    pub fn expected(&self, before: &Snapshot) -> Option<Snapshot> {
        self.steps().try_fold(before.clone(), |tree, op| op.expected(&tree))
    }

    /// The disk it starts on.
    ///
    /// # Errors
    /// Those of the library, without a crash: a mistake in either.
    pub fn before(&self) -> Result<SimFs, BoxError> {
        let fs = self.world.managed()?;
        if self.kind == Kind::RollBack {
            let mut tree = Tree::open_on(Arc::new(fs.clone()))?;
            self.commit(&mut tree, true)?;
        }
        Ok(SimFs::from_image(fs.image()))
    }

    /// Does it, on any file system that shows the disk of [`Workload::before`].
    ///
    /// # Errors
    /// Those of the library.
    pub fn perform(&self, fs: Arc<dyn Fs>) -> TxnResult<()> {
        self.perform_in(&mut Tree::open_on(fs)?)
    }

    /// As [`Workload::perform`], in a tree that is open.
    ///
    /// # Errors
    /// Those of the library.
    pub fn perform_in(&self, tree: &mut Tree) -> TxnResult<()> {
        match self.kind {
            Kind::Commit => self.commit(tree, self.world.keep_undo),
            Kind::RollBack => tree.rollback(self.world.options(), false).map(drop),
        }
    }

    fn commit(&self, tree: &mut Tree, keep_undo: bool) -> TxnResult<()> {
        let mut options = self.world.options();
        options.keep_undo = keep_undo;
        let mut tx = tree.begin_with(options)?;
        self.steps().try_for_each(|op| op.perform(&mut tx))?;
        tx.commit().map(drop)
    }

    /// Runs it once without a crash, and checks that it does what it should: the crash tests stand on that.
    ///
    /// # Errors
    /// Those of the library, or how the tree differs from what was expected.
    pub fn run(&self) -> Result<Run, BoxError> {
        let before = self.before()?;
        let fs = before.fork();
        let old = Allowed::now(&fs, &Tree::open_on(Arc::new(fs.clone()))?)?;
        self.perform(Arc::new(fs.clone())).map_err(|error| format!("{self}: {error}"))?;
        let new = Allowed::now(&fs, &Tree::open_on(Arc::new(fs.clone()))?)?;
        self.check_result(&old, &new)?;
        Ok(Run { before, oracle: Oracle { old, new } })
    }

    fn check_result(&self, old: &Allowed, new: &Allowed) -> Result<(), BoxError> {
        let expected = match self.kind {
            Kind::Commit => self.expected(&Snapshot::of_image(&old.tree, ".untorn")),
            Kind::RollBack => Some(Snapshot::of_image(&self.world.managed()?.image(), ".untorn")),
        };
        let found = Snapshot::of_image(&new.tree, ".untorn");
        match expected.map(|expected| expected.difference(&found)) {
            None => Err(format!("{self}: done, but should be refused").into()),
            Some(difference) if difference.is_empty() => Ok(()),
            Some(difference) => Err(format!("{self}: expected / found: {}", difference.join("; ")).into()),
        }
    }
}

const WAYS: [(&str, WayChoice); 4] =
    [("auto", WayChoice::Auto), ("put", WayChoice::Put), ("patch", WayChoice::Patch), ("clone", WayChoice::Clone)];

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = WAYS.iter().find(|(_, way)| *way == self.world.way).map_or("auto", |(name, _)| name);
        let kind = if self.kind == Kind::Commit { "commit" } else { "rollback" };
        let undo = if self.world.keep_undo { "keep" } else { "drop" };
        write!(f, "{kind}/{}/{way}/{undo}/{}", self.world.disk, self.ops.join("+"))
    }
}

impl FromStr for Workload {
    type Err = BoxError;

    fn from_str(text: &str) -> Result<Self, BoxError> {
        let [kind, disk, way, undo, ops] = text.split('/').collect::<Vec<_>>()[..] else {
            return Err(format!("'{text}' is not <commit|rollback>/<disk>/<way>/<keep|drop>/<operation>+...").into());
        };
        let named = |name: &str| OPS.iter().find(|(other, _)| *other == name).map(|(name, _)| *name);
        let workload = Self {
            world: World {
                disk: DISKS.iter().find(|other| **other == disk).ok_or("no such disk")?,
                way: WAYS.iter().find(|(name, _)| *name == way).ok_or("no such way")?.1,
                keep_undo: undo == "keep",
            },
            kind: if kind == "rollback" { Kind::RollBack } else { Kind::Commit },
            ops: ops.split('+').map(named).collect::<Option<_>>().ok_or("no such operation")?,
        };
        if workload.to_string() == text { Ok(workload) } else { Err("not the name of a workload".into()) }
    }
}
