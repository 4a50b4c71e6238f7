//! `untorn demo`: an update that is killed again and again.

mod builds;
mod child;
mod copy;
mod rng;
mod round;
mod work_dir;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use untorn::{DiffOptions, DiffReport, Options, ScanOptions, Tree, scan, trust::Document};
use untorn_keys::{KeyError, SecretKey, first_root};

use self::{
    rng::Rng,
    round::{Builds, HEADING, Round, Verdict},
    work_dir::WorkDir,
};
use super::signed::{self, Statement};
use crate::{
    args::{DemoArgs, Global},
    exit::Exit,
    failure::Failure,
    outcome::{Answer, Outcome},
    print, progress,
    text::{count, seconds, size},
};

/// A file that belongs to the player: no update may touch it.
const SAVE: &str = "player.save";

pub(super) fn run(args: &DemoArgs, global: &Global) -> Answer {
    let started = Instant::now();
    let seed = args.seed.unwrap_or_else(some_seed);
    let demo = Demo::set_up(args, global, seed)?;
    let (usual, report) = demo.undisturbed(global)?;
    let rounds = demo.rounds(args.kills, usual, &mut Rng::new(seed), global)?;
    let outcome = summary(&rounds, &report, started.elapsed(), seed);
    let is_whole = rounds.iter().all(|round| !matches!(round.verdict, Verdict::Torn(_)));
    Ok(if is_whole { outcome } else { outcome.with_exit(Exit::Damage) })
}

/// Everything the rounds need.
struct Demo {
    _work: WorkDir,
    patch: PathBuf,
    root: PathBuf,
    tree: PathBuf,
    builds: Builds,
}

impl Demo {
    /// Makes or reads the builds, the patch, and the copy of the old build that is going to be updated.
    fn set_up(args: &DemoArgs, global: &Global, seed: u64) -> Result<Self, Failure> {
        let work = WorkDir::new(args.work_in.as_deref())?;
        let (patch, root, tree) = (work.join("patch"), work.join("demo.1.root"), work.join("game"));
        let (old, new) = match (&args.old, &args.new) {
            (Some(old), Some(new)) => (old.clone(), new.clone()),
            _ => (work.join("1.0"), work.join("1.1")),
        };
        if args.old.is_none() {
            print::live("Making two builds of a small game ...\n", global);
            builds::write(&old, &new, &mut Rng::new(seed))?;
        }
        let builds = Builds { old: scan(&old, &ScanOptions::default())?, new: scan(&new, &ScanOptions::default())? };
        let mut options = DiffOptions::default();
        (options.level, options.observer) = (5, progress::observer(global));
        let diff = untorn::diff(&old, &new, &patch, &options)?;
        drop(options);
        sign(&diff, &patch, &root)?;
        print::live(
            &format!(
                "Old build: {}, {}. New build: {}, {}. {} differ; the patch is {}, signed with a key made for it.\n",
                count(builds.old.entries().len(), "path"),
                size(diff.old_len),
                count(builds.new.entries().len(), "path"),
                size(diff.new_len),
                count(diff.patch.changes, "path"),
                size(diff.patch.patch_len)
            ),
            global,
        );
        copy::copy(&builds.old, &old, &tree)?;
        write_save(&tree)?;
        Ok(Self { _work: work, patch, root, tree, builds })
    }

    /// Updates without a kill, to know how long that takes, and goes back. Twice, since the first time the disk is still busy with the copy.
    fn undisturbed(&self, global: &Global) -> Result<(Duration, Value), Failure> {
        self.update_and_go_back()?;
        let (usual, report) = self.update_and_go_back()?;
        print::live(
            &format!("Updated in {}, then rolled back: every byte as it should be, both times.\n", seconds(usual)),
            global,
        );
        Ok((usual, report))
    }

    fn update_and_go_back(&self) -> Result<(Duration, Value), Failure> {
        let measured = child::undisturbed(&self.patch, &self.root, &self.tree)?;
        self.require(&Verdict::New)?;
        untorn::roll_back(&mut Tree::open(&self.tree)?, &self.tree, Options::default(), false)?;
        self.require(&Verdict::Old)?;
        Ok(measured)
    }

    fn require(&self, expected: &Verdict) -> Result<(), Failure> {
        let found = self.builds.judge(&self.tree, SAVE)?;
        if std::mem::discriminant(&found) == std::mem::discriminant(expected) {
            return Ok(());
        }
        Err(Failure::bug(format!("without any kill the tree should be {expected:?} but is {found:?}")))
    }

    /// Kills at instants spread over the time an update takes, one at random in each of as many parts: shorter ones towards the end, where the tree itself changes.
    fn rounds(&self, kills: u32, usual: Duration, rng: &mut Rng, global: &Global) -> Result<Vec<Round>, Failure> {
        print::live(&format!("Now the same update, killed at {}:\n\n{HEADING}", count_of(kills)), global);
        let (mut rounds, mut usual) = (Vec::new(), usual);
        for number in 0..kills {
            let before_end = 1.0 - (f64::from(number) + rng.fraction()) / f64::from(kills);
            let delay = usual.mul_f64(1.0 - before_end * before_end);
            let round = Round::play((&self.patch, &self.root), &self.tree, delay, &self.builds, SAVE)?;
            print::live(&round.row(), global);
            round.clear(&self.tree)?;
            if round.was_late {
                usual = delay;
            }
            let is_torn = matches!(round.verdict, Verdict::Torn(_));
            rounds.push(round);
            if is_torn {
                break;
            }
        }
        Ok(rounds)
    }
}

/// Signs the patch with a new key, as a studio of one person would, and writes down the root that players are to trust.
fn sign(diff: &DiffReport, patch: &Path, root: &Path) -> Result<(), Failure> {
    let failed = |error: KeyError| Failure::key("the key of the demo", &error);
    let key = SecretKey::generate(None).map_err(failed)?;
    let signed = untorn_keys::sign(&Document::Root(first_root("demo", key.public())), &[&key]).map_err(failed)?;
    fs::write(root, signed.encode()).map_err(|source| Failure::io("write", root, source))?;
    let statement = Statement { build: 2, platform: "any".to_owned(), label: "1.1".to_owned(), created: 0 };
    signed::sign_patch(patch, (diff.to, diff.manifest_len), &[signed], &statement, &[key])?;
    Ok(())
}

fn write_save(tree: &Path) -> Result<(), Failure> {
    let save = tree.join(SAVE);
    fs::write(&save, "level 7, 300 gold\n").map_err(|source| Failure::io("write", &save, source))
}

fn some_seed() -> u64 {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    u64::from(nanos) ^ u64::from(std::process::id()) << 32
}

fn count_of(kills: u32) -> String {
    count(usize::try_from(kills).unwrap_or(usize::MAX), "random instant")
}

fn summary(rounds: &[Round], report: &Value, elapsed: Duration, seed: u64) -> Outcome {
    let (mut old, mut new, mut torn) = (0, 0, 0);
    for round in rounds {
        match round.verdict {
            Verdict::Old => old += 1,
            Verdict::New => new += 1,
            Verdict::Torn(_) => torn += 1,
        }
    }
    let bytes = |place| report.pointer(place).and_then(Value::as_u64).unwrap_or(0);
    let (written, whole) = (bytes("/transaction/written_bytes"), bytes("/forecast/whole_bytes"));
    let verdict = if torn == 0 {
        format!(
            "{}: {old} times exactly the old build, {new} times exactly the new one, never anything else.",
            count(rounds.len(), "kill")
        )
    } else {
        format!("TORN after {}: this should be impossible; please report it, with the seed {seed}.", count(rounds.len(), "kill"))
    };
    let text = format!(
        "\n{verdict}\nOne update writes {}, journal and undo included; writing every changed file whole would be {}.\nAll of it took {}; --seed {seed} does the same again.\n",
        size(written),
        size(whole),
        seconds(elapsed)
    );
    let json = json!({
        "seed": seed,
        "rounds": rounds.iter().map(Round::json).collect::<Vec<_>>(),
        "old": old,
        "new": new,
        "torn": torn,
        "written_bytes": written,
        "whole_bytes": whole,
        "seconds": elapsed.as_secs_f64(),
    });
    Outcome::new(text, json)
}
