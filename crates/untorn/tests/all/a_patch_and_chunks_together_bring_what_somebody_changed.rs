//! Where somebody changed or lost a few files, patches bring the rest, and chunks bring these and what would have been made from them, in one transaction.

use std::{fs, path::Path};

use crate::studio::{Studio, content, noise, options};
use untorn::{
    Extent, Policy, Route, TreeState, UpdateOptions, UpdateOutcome, UpdateReport, install, roll_back_to_release, update, verify,
};
use untorn_testhost::{Action, Host, HostOptions};

/// A game that is build 1, while there is a build 2.
fn followed() -> Studio {
    let studio = Studio::new();
    studio.publish(&studio.first_build(), 0, |_| {});
    install(&studio.game(), &options(&[studio.store().to_str().unwrap()])).unwrap();
    studio.publish(&studio.second_build(), 1, |_| {});
    studio
}

/// Three files are not as they were: one that the patch changes, and compresses others against; one that it removes; one that it does not speak of.
fn changed() -> Studio {
    let studio = followed();
    let game = studio.game();
    fs::write(game.join("settings.cfg"), "volume = 7").unwrap();
    fs::write(game.join("data/deep/gone"), "was kept").unwrap();
    fs::remove_file(game.join("data/050")).unwrap();
    studio
}

fn from(host: &Host) -> UpdateOptions {
    options(&[&host.url()])
}

fn named(report: &UpdateReport) -> Vec<&str> {
    report.replaced.iter().map(|difference| difference.path.as_str()).collect()
}

fn is_whole(studio: &Studio, build: &str) {
    assert_eq!(content(&studio.game()), content(&studio.path(build)));
    assert!(verify(&studio.game(), &Default::default()).unwrap().is_intact());
}

#[test]
fn in_few_bytes_and_in_one_step() {
    let (studio, other) = (changed(), changed());
    let hosts = [&studio, &other].map(|studio| Host::start(&studio.store()).unwrap());
    let report = update(&studio.game(), &from(&hosts[0])).unwrap();
    assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, Route::Mixed(1)));
    is_whole(&studio, "2");
    assert_eq!(named(&report), ["data/050", "data/deep/gone", "settings.cfg"]);
    let installed = untorn::installed(&studio.game()).unwrap().unwrap();
    assert_eq!(installed.following.unwrap().release.map(|_| ()), Some(()), "it knows its release");
    // What chunks would have taken alone.
    let mut without = from(&hosts[1]);
    without.no_patches = true;
    assert_eq!(update(&other.game(), &without).unwrap().plan.route, Route::Chunks);
    let (mixed, by_chunks) = (hosts[0].served(), hosts[1].served());
    assert!(mixed < 270_000 && mixed * 5 < by_chunks * 4, "{mixed}, and {by_chunks} by chunks");
    // The way back leads to what stood there.
    let mut tree = untorn::Tree::open(&studio.game()).unwrap();
    untorn::roll_back(&mut tree, &studio.game(), untorn::Options::default(), false).unwrap();
    drop(tree);
    assert_eq!(fs::read(studio.game().join("settings.cfg")).unwrap(), b"volume = 7");
    assert!(!studio.game().join("data/050").exists());
    roll_back_to_release(&studio.game(), &UpdateOptions::default()).unwrap_err();
}

#[test]
fn as_the_plan_says_beforehand() {
    let studio = changed();
    let host = Host::start(&studio.store()).unwrap();
    let mut planning = from(&host);
    planning.extent = Extent::Plan;
    let planned = update(&studio.game(), &planning).unwrap();
    assert_eq!((planned.outcome, planned.plan.route), (UpdateOutcome::Planned, Route::Mixed(1)));
    assert!(planned.plan.files_by_chunks >= 2 && planned.plan.bytes_by_chunks > 0, "{:?}", planned.plan);
    let done = update(&studio.game(), &from(&host)).unwrap();
    assert_eq!(
        (done.plan.bytes_to_fetch, done.plan.bytes_by_chunks),
        (planned.plan.bytes_to_fetch, planned.plan.bytes_by_chunks)
    );
    let documents = 16 << 10;
    assert!(done.bytes_received <= planned.plan.bytes_to_fetch + documents, "{done:?}");
    is_whole(&studio, "2");
}

#[test]
fn ahead_and_then_without_a_network() {
    let studio = changed();
    let (mut ahead, mut commit) = (UpdateOptions::default(), UpdateOptions::default());
    (ahead.extent, commit.extent) = (Extent::Fetch, Extent::CommitFetched);
    assert_eq!(update(&studio.game(), &ahead).unwrap().outcome, UpdateOutcome::Fetched);
    fs::rename(studio.store(), studio.path("unplugged")).unwrap();
    let report = update(&studio.game(), &commit).unwrap();
    assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, Route::Mixed(1)));
    is_whole(&studio, "2");
}

#[test]
fn over_a_chain_of_patches_in_its_last_step() {
    let studio = followed();
    let third = studio.next_build("2", "3", |dir| fs::write(dir.join("data/050"), "three").unwrap());
    studio.publish(&third, 1, |_| {});
    let game = studio.game();
    fs::remove_file(game.join("data/051")).unwrap();
    fs::write(game.join("data/052"), "shorter").unwrap();
    let report = update(&game, &options(&[studio.store().to_str().unwrap()])).unwrap();
    assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, Route::Mixed(2)));
    assert_eq!(named(&report), ["data/051", "data/052"]);
    is_whole(&studio, "3");
}

#[test]
fn also_what_a_patch_before_the_last_needs() {
    let studio = changed();
    let third = studio.next_build("2", "3", |dir| fs::write(dir.join("data/050"), "three").unwrap());
    studio.publish(&third, 1, |_| {});
    let report = update(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, Route::Mixed(2)));
    is_whole(&studio, "3");
}

#[test]
fn unless_most_of_the_patch_would_be_of_no_use() {
    let studio = Studio::new();
    studio.publish(&studio.first_build(), 0, |_| {});
    install(&studio.game(), &options(&[studio.store().to_str().unwrap()])).unwrap();
    let change = |dir: &Path| {
        let mut large = noise(1, 6 << 20);
        large[..2 << 20].copy_from_slice(&noise(500, 2 << 20));
        fs::write(dir.join("data/large"), large).unwrap();
        fs::write(dir.join("settings.cfg"), "volume = 2").unwrap();
    };
    studio.publish(&studio.next_build("1", "2", change), 1, |_| {});
    let slow = HostOptions { rate_max: Some(2 << 20), ..HostOptions::default() };
    let host = Host::start_with(&studio.store(), slow).unwrap();
    // Whether that is seen at once, or when the patch has been looked into.
    for large in [None, Some(noise(501, 6 << 20))] {
        let game = studio.next_build("game", if large.is_some() { "read" } else { "seen" }, |_| {});
        match large {
            Some(bytes) => fs::write(game.join("data/large"), bytes).unwrap(),
            None => fs::remove_file(game.join("data/large")).unwrap(),
        }
        let report = update(&game, &from(&host)).unwrap();
        assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, Route::Chunks));
        assert_eq!(content(&game), content(&studio.path("2")));
    }
}

#[test]
fn what_needs_none_of_its_old_bytes_comes_by_the_patch_all_the_same() {
    let studio = Studio::new();
    studio.publish(&studio.first_build(), 0, |_| {});
    install(&studio.game(), &options(&[studio.store().to_str().unwrap()])).unwrap();
    let next = studio.next_build("1", "2", |dir| fs::write(dir.join("data/large"), noise(500, 2 << 20)).unwrap());
    studio.publish(&next, 1, |_| {});
    fs::write(studio.game().join("data/large"), noise(501, 6 << 20)).unwrap();
    let report = update(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!((report.plan.route, named(&report)), (Route::Patches(1), vec!["data/large"]));
    is_whole(&studio, "2");
}

#[test]
fn and_what_moves_comes_so_where_it_was_changed() {
    let studio = Studio::new();
    studio.publish(&studio.first_build(), 0, |_| {});
    install(&studio.game(), &options(&[studio.store().to_str().unwrap()])).unwrap();
    let next = studio.next_build("1", "2", |dir| {
        fs::rename(dir.join("data/060"), dir.join("moved")).unwrap();
        fs::rename(dir.join("data/061"), dir.join("data/deep/moved")).unwrap();
    });
    studio.publish(&next, 1, |_| {});
    let game = studio.game();
    fs::write(game.join("data/060"), "mine").unwrap();
    fs::remove_file(game.join("data/061")).unwrap();
    let report = update(&game, &options(&[studio.store().to_str().unwrap()])).unwrap();
    assert_eq!((report.plan.route, report.plan.files_by_chunks), (Route::Mixed(1), 2));
    assert_eq!(named(&report), ["data/060"], "what is gone was to go");
    is_whole(&studio, "2");
}

#[test]
fn but_what_is_compressed_against_what_was_changed_comes_by_the_patch() {
    let texts = |dir: &Path, word: &str| {
        for name in ["a.cfg", "b.cfg"] {
            fs::write(dir.join(name), format!("{word} {name} = value\n").repeat(400)).unwrap();
        }
    };
    let studio = Studio::new();
    texts(&studio.first_build(), "old");
    studio.publish(&studio.path("1"), 0, |_| {});
    install(&studio.game(), &options(&[studio.store().to_str().unwrap()])).unwrap();
    let next = studio.next_build("1", "2", |dir| {
        texts(dir, "new");
        // A patch copies all of it; by chunks, those at the seams are new.
        let mut large = noise(1, 6 << 20);
        large.rotate_left(1_000_003);
        fs::write(dir.join("data/large"), large).unwrap();
    });
    studio.publish(&next, 1, |options| options.no_bridge = true);
    let game = studio.game();
    let mut own = fs::read(game.join("a.cfg")).unwrap();
    own[5000..5003].copy_from_slice(b"own");
    // Of the same length, and of another one: seen when the patch has been looked into, and before. At last, the store does not have any more what the old build consists of.
    let longer = [&own[..], b"and more"].concat();
    for (own, files) in [(&own, 1), (&longer, 1), (&longer, 3)] {
        fs::write(game.join("a.cfg"), own).unwrap();
        if files > 1 {
            let index = untorn::installed(&game).unwrap().unwrap().following.unwrap().release.unwrap();
            let index = untorn_format::release::Release::decode(&index.document).unwrap().index.hash;
            fs::remove_file(studio.store().join(format!("index/{index}"))).unwrap();
            // Perhaps there is none.
            drop(fs::remove_dir_all(game.join(".untorn/fetched")));
        }
        let mut options = options(&[studio.store().to_str().unwrap()]);
        options.regardless = true;
        let report = update(&game, &options).unwrap();
        // Then what a frame is compressed against is lost, and what is in it.
        let route = if files > 1 { Route::Chunks } else { Route::Mixed(1) };
        assert_eq!((report.plan.route, report.plan.files_by_chunks), (route, if files > 1 { 0 } else { files }));
        assert_eq!(named(&report), ["a.cfg"]);
        is_whole(&studio, "2");
        let mut tree = untorn::Tree::open(&game).unwrap();
        untorn::roll_back(&mut tree, &game, untorn::Options::default(), false).unwrap();
        drop(tree);
    }
}

#[test]
fn what_is_somebodys_own_is_in_the_way_until_somebody_says_otherwise() {
    let studio = changed();
    fs::write(studio.game().join("data/new"), "mine").unwrap();
    let before = content(&studio.game());
    let error = update(&studio.game(), &UpdateOptions::default()).unwrap_err();
    assert_eq!((error.code(), error.state()), ("UNT-MODIFIED", TreeState::Unchanged), "{error}");
    assert_eq!(content(&studio.game()), before);
    let mut options = UpdateOptions::default();
    options.policies.add(Policy::Replace, "data/new");
    assert_eq!(update(&studio.game(), &options).unwrap().plan.route, Route::Mixed(1));
    is_whole(&studio, "2");
}

#[test]
fn what_is_to_stay_stays_and_what_is_to_refuse_refuses() {
    let studio = changed();
    let host = Host::start(&studio.store()).unwrap();
    let before = content(&studio.game());
    let mut options = from(&host);
    options.policies.add(Policy::Refuse, "settings.cfg");
    let error = update(&studio.game(), &options).unwrap_err();
    assert_eq!((error.code(), error.state()), ("UNT-MODIFIED", TreeState::Unchanged), "{error}");
    assert_eq!(content(&studio.game()), before);
    let mut options = from(&host);
    options.policies.add(Policy::Keep, "*.cfg");
    let report = update(&studio.game(), &options).unwrap();
    assert_eq!(report.kept.iter().map(|difference| difference.path.as_str()).collect::<Vec<_>>(), ["settings.cfg"]);
    let mut wanted = content(&studio.path("2"));
    wanted.insert("settings.cfg".into(), b"volume = 7".to_vec());
    assert_eq!(content(&studio.game()), wanted);
}

#[test]
fn what_cannot_be_fetched_leaves_everything_as_it_was() {
    let studio = changed();
    let before = content(&studio.game());
    let without_packs = HostOptions::default().deciding(|request| {
        if request.path.starts_with("pack") { Action::Say(404, Vec::new(), b"gone".to_vec()) } else { Action::Serve }
    });
    let host = Host::start_with(&studio.store(), without_packs).unwrap();
    let error = update(&studio.game(), &from(&host)).unwrap_err();
    assert_eq!((error.code(), error.state()), ("UNT-NET-MISSING", TreeState::Unchanged), "{error}");
    assert_eq!(content(&studio.game()), before);
    // With them, it goes on with what has come: the patch does not come again.
    let host = Host::start(&studio.store()).unwrap();
    update(&studio.game(), &from(&host)).unwrap();
    assert_eq!(content(&studio.game()), content(&studio.path("2")));
    assert!(!host.log().iter().any(|served| served.request.path.starts_with("patch")));
}

#[test]
fn a_large_file_that_somebody_changed_comes_by_its_chunks_only() {
    let studio = changed();
    let large = studio.game().join("data/large");
    let mut bytes = fs::read(&large).unwrap();
    bytes[3_000_000] ^= 1;
    fs::write(&large, bytes).unwrap();
    let host = Host::start(&studio.store()).unwrap();
    update(&studio.game(), &from(&host)).unwrap();
    assert_eq!(content(&studio.game()), content(&studio.path("2")));
    assert!(host.served() < 1 << 20, "{}", host.served());
}

/// Numbers that look random, always the same for a seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Texts, which are compressed against each other, and noise, short and long, in a few directories.
fn mixed_build(dir: &Path, draw: &mut Draw) {
    for number in 0..40 {
        let text = format!("line {number} of a text that resembles others, and {}\n", draw.below(9)).repeat(20 + draw.below(400));
        let bytes = if number % 4 == 0 { noise(number, 500 << draw.below(10)) } else { text.into_bytes() };
        let path = dir.join(format!("d{}/f{number:02}", number % 5));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Changes some files as the next build does, or as whatever damages a tree.
fn change_some(dir: &Path, draw: &mut Draw, count: usize, is_build: bool) {
    for number in 0..count {
        let path = dir.join(format!("d{0}/f{1:02}", draw.below(5), draw.below(40)));
        let Ok(mut bytes) = fs::read(&path) else { continue };
        let at = draw.below(bytes.len().max(1));
        match draw.below(if is_build { 7 } else { 6 }) {
            0 | 1 if !bytes.is_empty() => bytes[at] ^= 1,
            2 => drop(bytes.splice(at..at, *b"inserted here")),
            3 => bytes.truncate(at),
            4 => {
                fs::remove_file(&path).unwrap();
                continue;
            }
            5 => bytes = noise(900 + number as u64, 3000),
            _ => {
                fs::rename(&path, dir.join(format!("d{}/moved{number}", draw.below(5)))).unwrap();
                continue;
            }
        }
        fs::write(&path, bytes).unwrap();
    }
}

#[test]
fn whatever_was_damaged_the_tree_is_the_release_afterwards() {
    let (mut mixed, mut rounds) = (0, 0);
    for seed in 0..18 {
        let (studio, mut draw) = (Studio::new(), Draw(seed));
        let first = studio.path("1");
        mixed_build(&first, &mut draw);
        studio.publish(&first, 0, |_| {});
        let from = options(&[studio.store().to_str().unwrap()]);
        install(&studio.game(), &from).unwrap();
        let last = 2 + (seed % 3) as usize;
        for build in 2..=last {
            let (before, next) = ((build - 1).to_string(), build.to_string());
            let dir = studio.next_build(&before, &next, |_| {});
            change_some(&dir, &mut draw, 12, true);
            studio.publish(&dir, 1, |options| options.no_bridge = draw.0 % 2 == 0);
        }
        let damaged = 1 + draw.below(4);
        change_some(&studio.game(), &mut draw, damaged, false);
        let damaged = content(&studio.game());
        let before = untorn_txn::Status::of(&studio.game()).unwrap().txid;
        let report = update(&studio.game(), &from).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(report.transaction.txid, before + 1, "seed {seed}: all of it in one step");
        let new = content(&studio.path(&last.to_string()));
        let (first, mut wanted) = (content(&first), new.clone());
        // What the release does not change is not read: of the same length, it stays as it is, until somebody verifies.
        for (path, bytes) in &mut wanted {
            let (found, is_old) = (damaged.get(path).filter(|found| found.len() == bytes.len()), first.get(path) == Some(bytes));
            if let Some(found) = found.filter(|_| is_old) {
                bytes.clone_from(found);
            }
        }
        let found = content(&studio.game());
        let differing: Vec<_> = wanted.keys().chain(found.keys()).filter(|path| wanted.get(*path) != found.get(*path)).collect();
        let is_mended = |path: &&String| found.get(*path) == new.get(*path);
        assert!(differing.iter().all(is_mended), "seed {seed}, {:?}: {differing:?}", report.plan.route);
        rounds += 1;
        mixed += usize::from(matches!(report.plan.route, Route::Mixed(_)));
    }
    assert!(mixed > 3, "{mixed} of {rounds} came both ways");
}
