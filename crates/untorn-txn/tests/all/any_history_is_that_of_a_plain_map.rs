//! Whatever is done to a tree, in whatever order, however it ends: afterwards it holds what a plain map of paths would hold. Histories are drawn at random, and cut down
//! to the shortest one that goes wrong.

use std::{io::ErrorKind, sync::Arc};

use proptest::prelude::*;
use untorn_crash::{DISKS, Op, disk};
use untorn_fs::Fs;
use untorn_sim::{Fault, FaultKind, Faults, Sampling, SimFs, Snapshot, write};
use untorn_txn::{Cause, Options, Report, Tree, TreeState, WayChoice};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// A transaction is committed.
    Commit(Wishes),
    /// It is dropped.
    Drop(Wishes),
    /// It ends at one of its calls, so many thousandths through.
    Interrupted(Wishes, u64, End),
    /// The tree goes back.
    RollBack { keep_undo: bool },
    /// A player saves.
    Save(u8),
}

/// A transaction.
#[derive(Clone, Debug)]
struct Wishes {
    ops: Vec<Op>,
    way: WayChoice,
    keep_undo: bool,
}

/// What ends a transaction.
#[derive(Clone, Copy, Debug)]
enum End {
    Kill,
    Error(ErrorKind),
    /// The power fails, and leaves one of what it can leave.
    PowerCut(u64),
}

const PATHS: &[&str] = &["a", "b", "d", "d/x", "d/n", "d/n/q", "e", "e/d", "f", "l", "p"];

fn path() -> impl Strategy<Value = &'static str> {
    prop::sample::select(PATHS)
}

fn op() -> impl Strategy<Value = Op> {
    let two = || (path(), path()).prop_filter("neither leads through the other", |(a, b)| !is_below(a, b) && !is_below(b, a));
    prop_oneof![
        6 => (path(), 0..1500_usize, 1..900_usize).prop_map(|(path, at, len)| Op::WriteAt { path, at, len }),
        3 => (path(), 0..2000_usize).prop_map(|(path, len)| Op::Replace { path, len }),
        3 => (path(), 0..2000_usize).prop_map(|(path, len)| Op::SetLen { path, len }),
        2 => path().prop_map(|path| Op::Remove { path }),
        4 => two().prop_map(|(from, to)| Op::Rename { from, to }),
        3 => two().prop_map(|(a, b)| Op::Exchange { a, b }),
        2 => path().prop_map(|path| Op::CreateDirAll { path }),
        2 => path().prop_map(|path| Op::RemoveDir { path }),
        1 => path().prop_map(|path| Op::RemoveDirAll { path }),
        1 => (path(), path()).prop_map(|(target, path)| Op::Symlink { target, path }),
        2 => (path(), any::<bool>()).prop_map(|(path, executable)| Op::SetExecutable { path, executable }),
        1 => prop::sample::select(&[Some("build 2"), Some("build 3"), None][..]).prop_map(|document| Op::SetHead { document }),
    ]
}

fn is_below(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn wishes() -> impl Strategy<Value = Wishes> {
    let ways = &[WayChoice::Auto, WayChoice::Put, WayChoice::Patch, WayChoice::Clone][..];
    (prop::collection::vec(op(), 1..5), prop::sample::select(ways), any::<bool>()).prop_map(|(ops, way, keep_undo)| Wishes {
        ops,
        way,
        keep_undo,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let end = prop_oneof![
        Just(End::Kill),
        prop::sample::select(&[ErrorKind::Other, ErrorKind::StorageFull, ErrorKind::PermissionDenied][..]).prop_map(End::Error),
        any::<u64>().prop_map(End::PowerCut),
    ];
    prop_oneof![
        4 => wishes().prop_map(Step::Commit),
        1 => wishes().prop_map(Step::Drop),
        4 => (wishes(), 0..1000_u64, end).prop_map(|(wishes, at, end)| Step::Interrupted(wishes, at, end)),
        2 => any::<bool>().prop_map(|keep_undo| Step::RollBack { keep_undo }),
        1 => any::<u8>().prop_map(Step::Save),
    ]
}

/// What there should be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reference {
    tree: Snapshot,
    head: Option<Vec<u8>>,
}

/// The way back.
#[derive(Clone, Debug)]
enum Back {
    None,
    To(Box<Reference>),
    /// The last transaction made no difference that a map shows.
    Unknown,
}

/// A disk with a tree, and the map beside it.
struct History {
    fs: SimFs,
    now: Reference,
    back: Back,
}

impl History {
    fn new(disk_name: &str) -> Self {
        let fs = untorn_crash::World::strict().managed_on(disk(disk_name).unwrap()).unwrap();
        let now = Reference { tree: Snapshot::of_image(&fs.image(), ".untorn"), head: Some(b"build 1".to_vec()) };
        Self { fs, now, back: Back::None }
    }

    fn open(&self) -> Tree {
        Tree::open_on(Arc::new(self.fs.clone())).unwrap()
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Commit(wishes) => {
                let (answer, new) = perform(Arc::new(self.fs.clone()), &self.now, wishes);
                self.became(new, &answer.unwrap(), wishes.keep_undo);
            }
            Step::Drop(wishes) => {
                let mut tree = self.open();
                let mut tx = tree.begin_with(wishes.options()).unwrap();
                stage(&mut tx, &self.now, wishes).unwrap();
            }
            Step::Interrupted(wishes, at, end) => self.interrupt(wishes, *at, *end),
            Step::RollBack { keep_undo } => self.roll_back(*keep_undo),
            Step::Save(byte) => {
                write(&self.fs, "save", &[*byte; 30]).unwrap();
                self.now.tree = Snapshot::of_image(&self.fs.image(), ".untorn");
                // Going back is about what the update changed.
                if let Back::To(before) = &mut self.back {
                    before.tree.0.insert("save".into(), self.now.tree.0["save"].clone());
                }
            }
        }
    }

    fn became(&mut self, new: Reference, report: &Report, keep_undo: bool) {
        let old = std::mem::replace(&mut self.now, new);
        if report.barriers.is_empty() {
            assert_eq!(old, self.now, "nothing was done");
        } else {
            self.back = if keep_undo { Back::To(Box::new(old)) } else { Back::None };
        }
    }

    fn interrupt(&mut self, wishes: &Wishes, at: u64, end: End) {
        // What nobody interrupts says how many calls there are.
        let counted = Faults::new(None);
        drop(perform(Arc::new(counted.on_sim(&self.fs.fork())), &self.now, wishes));
        let call = 1 + counted.calls() * at / 1000;
        let kind = match end {
            End::Error(kind) => FaultKind::Error(kind),
            End::Kill | End::PowerCut(_) => FaultKind::Kill,
        };
        let fs = SimFs::from_image(self.fs.image());
        let faults = Faults::new(Some(Fault { call, kind, sticky: false }));
        let (answer, new) = perform(Arc::new(faults.on_sim(&fs)), &self.now, wishes);
        let must_be = answer.map(|_| TreeState::New).unwrap_or_else(|error| error.state());
        self.fs = match end {
            End::PowerCut(choice) => {
                let sampling = Sampling { exhaustive_max: 3, samples: 4, samples_between: 1, torn: 2, seed: choice };
                let recording = fs.recording();
                let count = recording.crashes(&sampling).count();
                recording.crashes(&sampling).nth(choice as usize % count).unwrap().fs()
            }
            End::Kill | End::Error(_) => fs.restart(),
        };
        let tree = self.open();
        let found = Reference { tree: Snapshot::of_image(&self.fs.image(), ".untorn"), head: tree.head().unwrap() };
        let is_said = |side: &str| match (end, must_be) {
            // Only the last instant of a power cut is that of the answer.
            (End::PowerCut(_), _) => true,
            (_, TreeState::Unchanged) => side == "old",
            (_, TreeState::New | TreeState::WillComplete) => side == "new",
            _ => true,
        };
        if new == self.now {
            assert_eq!(found, new);
            self.back = Back::Unknown;
        } else if found == new && is_said("new") {
            let old = std::mem::replace(&mut self.now, new);
            self.back = if wishes.keep_undo { Back::To(Box::new(old)) } else { Back::None };
        } else {
            assert!(is_said("old"), "{must_be:?}, and the tree is another: {:?}", new.tree.difference(&found.tree));
            assert_eq!(found, self.now, "neither the old nor the new: {:?}", self.now.tree.difference(&found.tree));
        }
    }

    fn roll_back(&mut self, keep_undo: bool) {
        let mut options = Options::default();
        options.keep_undo = keep_undo;
        let answer = self.open().rollback(options, false);
        match (std::mem::replace(&mut self.back, Back::Unknown), answer) {
            (Back::None, answer) => {
                assert!(matches!(answer.unwrap_err().cause(), Cause::NoUndo));
                self.back = Back::None;
            }
            (Back::To(before), answer) => {
                self.back = Back::To(before.clone());
                self.became(*before, &answer.unwrap(), keep_undo);
            }
            (Back::Unknown, _) => {
                let head = self.open().head().unwrap();
                self.now = Reference { tree: Snapshot::of_image(&self.fs.image(), ".untorn"), head };
            }
        }
    }

    fn assert_same(&self) {
        let tree = self.open();
        let found = Snapshot::of_image(&self.fs.image(), ".untorn");
        assert_eq!(found, self.now.tree, "{:?}", self.now.tree.difference(&found));
        assert_eq!(tree.head().unwrap(), self.now.head);
        match self.back {
            Back::None => assert!(!tree.can_roll_back()),
            Back::To(_) => assert!(tree.can_roll_back()),
            Back::Unknown => {}
        }
    }
}

impl Wishes {
    fn options(&self) -> Options {
        let mut options = Options::default();
        (options.way, options.keep_undo) = (self.way, self.keep_undo);
        options
    }
}

/// Does it on `fs`; says what the map is afterwards.
fn perform(fs: Arc<dyn Fs>, now: &Reference, wishes: &Wishes) -> (untorn_txn::Result<Report>, Reference) {
    let mut new = wished(now, wishes);
    let answer = Tree::open_on(fs).and_then(|mut tree| {
        let mut tx = tree.begin_with(wishes.options())?;
        new = stage(&mut tx, now, wishes)?;
        tx.commit()
    });
    (answer, new)
}

/// What the map would be.
fn wished(now: &Reference, wishes: &Wishes) -> Reference {
    wishes.ops.iter().fold(now.clone(), |now, op| {
        let head = if let Op::SetHead { document } = op { document.map(|text| text.as_bytes().to_vec()) } else { now.head };
        Reference { tree: op.expected(&now.tree).unwrap_or(now.tree), head }
    })
}

/// What the map refuses must be refused, and leave the rest as it was; nothing else may be, but for an error of the disk.
fn stage(tx: &mut untorn_txn::Transaction<'_>, now: &Reference, wishes: &Wishes) -> untorn_txn::Result<Reference> {
    let mut tree = now.tree.clone();
    for op in &wishes.ops {
        match (op.expected(&tree), op.perform(tx)) {
            (Some(next), Ok(())) => tree = next,
            (None, Err(error)) if !is_of_the_disk(error.cause()) => {}
            (_, Err(error)) if is_of_the_disk(error.cause()) => return Err(error),
            (expected, answer) => panic!("{op:?}: {answer:?}, the map says {}", if expected.is_some() { "yes" } else { "no" }),
        }
    }
    Ok(wished(now, wishes))
}

fn is_of_the_disk(cause: &Cause) -> bool {
    matches!(cause, Cause::Io { .. } | Cause::NoSpace { .. })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_any_disk(disk_name in prop::sample::select(&DISKS[..10]), steps in prop::collection::vec(step(), 1..7)) {
        let mut history = History::new(disk_name);
        for step in &steps {
            history.take(step);
            history.assert_same();
        }
    }
}
