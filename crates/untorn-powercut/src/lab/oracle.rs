//! What must hold after a power cut and one completed recovery.

use std::{ops::RangeInclusive, path::Path, process::Command, thread, time::Duration};

use serde_json::Value;

use super::{
    ground::Ground,
    look,
    state::State,
    workload::{Step, Workload, arguments},
};

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A promise kept: which of the trees it is.
    Tree(usize),
    /// A promise broken.
    Broken(String),
    /// The file system cannot be mounted; that is its own promise.
    Unmountable(String),
}

/// How long space is waited for.
const SPACE_TRIES: usize = 50;
const SPACE_PAUSE: Duration = Duration::from_millis(100);

/// Names beside the tree that belong there.
const BESIDE: &[&str] = &["tree", "bystander", "lost+found", look::FILLER];

/// The judge of one workload.
#[derive(Clone, Copy)]
pub(super) struct Oracle<'a> {
    pub(super) workload: &'a Workload,
    pub(super) program: &'a Path,
    /// What the trees, and what is kept for going back, may take, in bytes; `u64::MAX` before that is known.
    pub(super) used_max: u64,
    /// Whether, where the tree is not the last one yet and there is something that goes on, it does.
    pub(super) goes_on: bool,
}

impl Oracle<'_> {
    /// The same, for a state of this kind: half a bitmap makes a file system count a whole group of blocks as taken, which is no leak.
    pub(super) fn for_state(self, state: &State) -> Self {
        Self { used_max: if state.torn.is_some() { u64::MAX } else { self.used_max }, ..self }
    }

    /// Mounts the disk as it is, lets the program recover the tree, looks, and unmounts. `reported` is called once the program has said that the tree is whole.
    ///
    /// # Errors
    /// What keeps this from being tried at all.
    pub(super) fn judge(
        &self,
        ground: &mut Ground,
        allowed: RangeInclusive<usize>,
        reported: impl FnOnce(&mut Ground) -> Result<(), String>,
    ) -> Result<Verdict, String> {
        match ground.mount() {
            Ok(()) => {}
            Err(super::ground::NotMounted::Refused(said)) => return Ok(Verdict::Unmountable(said)),
            Err(super::ground::NotMounted::Hung) => return Ok(Verdict::Broken("mounting hangs".into())),
        }
        let found = match self.recover(ground, "clean or not", &[0])? {
            Some(broken) => Err(broken),
            None => {
                reported(ground)?;
                self.look(ground, allowed)
            }
        };
        let found = match found {
            Ok(tree) => self.recover(ground, "a second time", &[3])?.map_or(Ok(tree), Err),
            broken => broken,
        };
        let found = found.and_then(|tree| self.go_on(ground, tree).map(|()| tree));
        // What hangs or is busy is a finding, too.
        let unmounted = ground.unmount();
        Ok(match (found, unmounted) {
            (Ok(tree), Ok(())) => Verdict::Tree(tree),
            (Err(broken), _) => Verdict::Broken(broken),
            (_, Err(broken)) => Verdict::Broken(broken),
        })
    }

    /// Lets the program recover; says what is wrong with its answer.
    fn recover(&self, ground: &mut Ground, when: &str, codes: &[i32]) -> Result<Option<String>, String> {
        let mut command = Command::new(self.program);
        command.args(["recover", "--json"]).args((codes == [3]).then_some("--exit-code")).arg(ground.tree());
        let ended = match ground.run(&mut command) {
            Ok(ended) => ended,
            Err(hung) => return Ok(Some(hung)),
        };
        if ended.code.is_none_or(|code| !codes.contains(&code)) {
            return Ok(Some(format!("recover, {when}, ends with {:?}: {}", ended.code, ended.said.trim())));
        }
        let answer: Value =
            serde_json::from_str(&ended.said).map_err(|error| format!("recover says {:?}: {error}", ended.said))?;
        let warnings = answer["result"]["warnings"].as_array().map_or(0, Vec::len);
        Ok((warnings != 0).then(|| format!("recover warns: {}", answer["result"]["warnings"])))
    }

    /// Where the tree is not the last one and there is something that goes on: whether that leads to the last one.
    fn go_on(&self, ground: &mut Ground, found: usize) -> Result<(), String> {
        let last = self.workload.trees.len() - 1;
        let Some(Step::Untorn(words)) = self.workload.goes_on.as_ref().filter(|_| self.goes_on && found < last) else {
            return Ok(());
        };
        let mut command = Command::new(self.program);
        command.args(arguments(words, &ground.tree())).current_dir(&self.workload.dir);
        let ended = ground.run(&mut command)?;
        if ended.code != Some(0) {
            return Err(format!("from tree {found} it does not go on: {:?}: {}", ended.code, ended.said.trim()));
        }
        self.look(ground, last..=last).map(drop).map_err(|why| format!("gone on from tree {found}: {why}"))
    }

    /// Which tree it is, and whether all else is put away.
    fn look(&self, ground: &Ground, allowed: RangeInclusive<usize>) -> Result<usize, String> {
        let now = look::snapshot(&ground.tree()).map_err(|error| format!("the tree cannot be read: {error}"))?;
        let trees = &self.workload.trees;
        let Some(found) = allowed.clone().find(|number| trees.get(*number) == Some(&now)) else {
            let differences = allowed.filter_map(|number| Some((number, look::difference(trees.get(number)?, &now))));
            let texts: Vec<_> = differences.map(|(number, text)| format!("from tree {number}: {text}")).collect();
            return Err(format!("the tree is none that it may be: {}", texts.join(" | ")));
        };
        let also = if self.workload.name.starts_with("switch") { Some("switch") } else { None };
        let left = look::leftover(ground.root(), BESIDE, also).map_err(|error| format!("the state directory: {error}"))?;
        if let Some(left) = left {
            return Err(format!("left behind: {left}"));
        }
        // Between two parts there is some of both.
        if self.workload.goes_on.is_none() || [0, trees.len() - 1].contains(&found) {
            self.space(ground.root())?;
        }
        Ok(found)
    }

    /// Whether space is given back. XFS does that when it likes, so it is waited for.
    fn space(&self, root: &Path) -> Result<(), String> {
        let mut used = 0;
        for _ in 0..SPACE_TRIES {
            used = look::used(root).map_err(|error| format!("statvfs: {error}"))?;
            if used <= self.used_max {
                return Ok(());
            }
            thread::sleep(SPACE_PAUSE);
        }
        Err(format!("{} KiB in use, at most {} KiB should be", used >> 10, self.used_max >> 10))
    }
}
