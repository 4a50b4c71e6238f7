//! A tree follows releases: installed, updated by patches, chains of them, or chunks, from a directory and from a web server, and led back.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use crate::studio::{Studio, content, host, noise, options};
use untorn::{
    Error, Extent, Observer, Phase, Policy, Route, UpdateOptions, UpdateOutcome, UpdateReport, install, installed,
    roll_back_to_release, update, verify,
};
use untorn_format::Hash;
use untorn_testhost::Action;
use untorn_txn::Status;

fn installed_from(studio: &Studio) -> UpdateOptions {
    options(&[studio.store().to_str().unwrap()])
}

/// A studio with build 1 published, and a game that is that build.
fn followed() -> Studio {
    let studio = Studio::new();
    let build = studio.first_build();
    studio.publish(&build, 0, |_| {});
    let report = install(&studio.game(), &installed_from(&studio)).unwrap();
    assert_eq!((report.outcome, report.build), (UpdateOutcome::Updated, 1));
    assert_eq!(content(&studio.game()), content(&build));
    studio
}

fn is_whole(studio: &Studio, build: &str) {
    assert_eq!(content(&studio.game()), content(&studio.path(build)));
    assert!(verify(&studio.game(), &Default::default()).unwrap().is_intact());
    let fetched = fs::read_dir(studio.game().join(".untorn/fetched")).into_iter().flatten();
    let left: Vec<_> = fetched.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.len() <= 1 && left.iter().all(|name| name.starts_with("index-")), "but for the index it is removed: {left:?}");
}

/// The number of the last transaction.
fn txid(studio: &Studio) -> u64 {
    Status::of(&studio.game()).unwrap().txid
}

fn patch_len(studio: &Studio) -> u64 {
    fs::read_dir(studio.store().join("patch")).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn a_tree_is_installed_followed_and_up_to_date() {
    let studio = followed();
    is_whole(&studio, "1");
    let report = update(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!((report.outcome, report.channel.as_str()), (UpdateOutcome::UpToDate, "stable"));
    let following = installed(&studio.game()).unwrap().unwrap().following.unwrap();
    assert_eq!((following.ratchets.len(), following.product.as_str()), (1, "game"));
}

#[test]
fn u2_an_update_with_nothing_to_do_remembers_what_it_learned_and_leaves_the_way_back() {
    let studio = followed();
    studio.publish(&studio.second_build(), 1, |_| {});
    update(&studio.game(), &UpdateOptions::default()).unwrap();
    let number = || installed(&studio.game()).unwrap().unwrap().following.unwrap().ratchets[0].seq;
    let (before, older) = (number(), fs::read(studio.store().join("channel/stable")).unwrap());
    studio.refresh();
    assert_eq!(update(&studio.game(), &UpdateOptions::default()).unwrap().outcome, UpdateOutcome::UpToDate);
    assert_eq!(number(), before + 1);
    fs::write(studio.store().join("channel/stable"), older).unwrap();
    assert_eq!(update(&studio.game(), &UpdateOptions::default()).unwrap_err().code(), "UNT-TRUST-ROLLBACK");
    assert!(untorn::Tree::open(&studio.game()).unwrap().can_roll_back());
    let mut tree = untorn::Tree::open(&studio.game()).unwrap();
    untorn::roll_back(&mut tree, &studio.game(), untorn::Options::default(), false).unwrap();
    assert_eq!(content(&studio.game()), content(&studio.path("1")));
    drop(tree);
    assert_eq!(number(), before + 1, "going back forgets nothing");
}

#[test]
fn one_patch_is_taken_where_there_is_one_and_costs_hardly_more_than_itself() {
    let studio = followed();
    studio.publish(&studio.second_build(), 1, |_| {});
    let report = update(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, Route::Patches(1)));
    is_whole(&studio, "2");
    let documents = 8 << 10;
    assert!(report.bytes_received < patch_len(&studio) + documents, "{}", report.bytes_received);
}

#[test]
fn the_pointer_comes_while_roots_are_asked_for() {
    let studio = followed();
    studio.publish(&studio.second_build(), 1, |_| {});
    let (seen, waited) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (asked, late) = (seen.clone(), waited.clone());
    let host = host(&studio, move |request| {
        if request.path.starts_with("channel/") {
            asked.fetch_add(1, SeqCst);
        } else if request.path.starts_with("root/2.root") {
            // Whoever asks for one after the other would wait in vain.
            let patience = Instant::now();
            while asked.load(SeqCst) == 0 && patience.elapsed() < Duration::from_millis(500) {
                std::thread::sleep(Duration::from_millis(2));
            }
            late.fetch_add(u64::from(asked.load(SeqCst) == 0), SeqCst);
        }
        Action::Serve
    });
    assert_eq!(update(&studio.game(), &options(&[&host.url()])).unwrap().build, 2);
    assert_eq!((seen.load(SeqCst), waited.load(SeqCst)), (1, 0), "it is asked for once, and before roots have come");
    is_whole(&studio, "2");
}

#[test]
fn a_chain_of_patches_leads_over_builds_in_between() {
    let studio = followed();
    studio.publish(&studio.second_build(), 1, |_| {});
    let third = studio.next_build("2", "3", |dir| fs::write(dir.join("data/050"), "three").unwrap());
    studio.publish(&third, 1, |_| {});
    let report = update(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!((report.outcome, report.plan.route, report.build), (UpdateOutcome::Updated, Route::Patches(2), 3));
    is_whole(&studio, "3");
}

/// Builds 2 to 4 change the same files again and again, and each has a patch from the one before it.
fn chained() -> Studio {
    let studio = followed();
    for build in 2..=4_u64 {
        let next = studio.next_build(&(build - 1).to_string(), &build.to_string(), |dir| {
            let mut large = fs::read(dir.join("data/large")).unwrap();
            let at = usize::try_from(build).unwrap() * 100_000;
            large[at..at + 20_000].copy_from_slice(&noise(100 + build, 20_000));
            fs::write(dir.join("data/large"), large).unwrap();
            fs::write(dir.join("data/050"), format!("text of build {build}")).unwrap();
            fs::write(dir.join(format!("only in {build}")), noise(200 + build, 5000)).unwrap();
            drop(fs::remove_file(dir.join(format!("only in {}", build - 1))));
        });
        studio.publish(&next, 1, |_| {});
    }
    studio
}

#[test]
fn a_chain_of_patches_is_one_transaction_and_one_way_back() {
    let studio = chained();
    let before = txid(&studio);
    let report = update(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!((report.outcome, report.plan.route, report.build), (UpdateOutcome::Updated, Route::Patches(3), 4));
    assert_eq!(report.transaction.txid, before + 1);
    is_whole(&studio, "4");
    let mut tree = untorn::Tree::open(&studio.game()).unwrap();
    untorn::roll_back(&mut tree, &studio.game(), untorn::Options::default(), false).unwrap();
    drop(tree);
    is_whole(&studio, "1");
}

/// Asks to stop from a certain question on.
struct AfterQuestions {
    asked: AtomicU64,
    stop_at: u64,
}

impl Observer for AfterQuestions {
    fn progress(&self, _: Phase, _: u64, _: u64) {}
    fn should_stop(&self) -> bool {
        self.asked.fetch_add(1, SeqCst) >= self.stop_at
    }
}

#[test]
fn a_chain_that_is_stopped_anywhere_leaves_the_first_build_and_fetches_nothing_twice() {
    let studio = chained();
    let (host, patches) = (host(&studio, |_| Action::Serve), patch_len(&studio));
    let mut stops = 0;
    for stop_at in (0..).step_by(7) {
        let mut options = options(&[&host.url()]);
        options.observer = Some(Arc::new(AfterQuestions { asked: AtomicU64::new(0), stop_at }));
        options.jobs = 1;
        match update(&studio.game(), &options) {
            Ok(report) => {
                assert_eq!((report.plan.route, report.transaction.txid), (Route::Patches(3), txid(&studio)));
                break;
            }
            Err(error) => assert_eq!(error.code(), "UNT-STOPPED", "{error}"),
        }
        assert_eq!(content(&studio.game()), content(&studio.path("1")), "stopped at question {stop_at}");
        stops += 1;
    }
    assert!(stops > 5, "{stops}: the test needs safe points");
    is_whole(&studio, "4");
    // Documents come each time, and what was under way may be lost once with each stop while patches came.
    let documents = 16 << 10;
    assert!(host.served() < 2 * patches + stops * documents, "{} of patches of {patches}, {stops} stops", host.served());
}

#[test]
fn a_chain_that_was_fetched_earlier_is_committed_in_one_step() {
    let studio = chained();
    let (mut ahead, mut commit) = (UpdateOptions::default(), UpdateOptions::default());
    (ahead.extent, commit.extent) = (Extent::Fetch, Extent::CommitFetched);
    assert_eq!(update(&studio.game(), &ahead).unwrap().outcome, UpdateOutcome::Fetched);
    fs::rename(studio.store(), studio.path("unplugged")).unwrap();
    let before = txid(&studio);
    let report = update(&studio.game(), &commit).unwrap();
    assert_eq!((report.outcome, report.transaction.txid), (UpdateOutcome::Updated, before + 1));
    is_whole(&studio, "4");
}

#[test]
fn a_chain_that_cannot_be_joined_is_applied_step_by_step() {
    let studio = chained();
    let hashes =
        fs::read_dir(studio.store().join("patch")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let hashes: Vec<Hash> = hashes.map(|hash| hash.parse().unwrap()).collect();
    // Where any two of them would be joined, something else stands.
    for (one, two) in hashes.iter().flat_map(|one| hashes.iter().map(move |two| (one, two))) {
        let joined = Hash::of(&[one.0, two.0].concat());
        fs::create_dir_all(studio.game().join(format!(".untorn/fetched/patch-{joined}"))).unwrap();
    }
    let before = txid(&studio);
    let report = update(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, Route::Patches(3)));
    assert_eq!(report.transaction.txid, before + 3);
    is_whole(&studio, "4");
}

#[test]
fn a_chain_is_weighed_against_chunks_where_looking_costs_little() {
    let studio = followed();
    // Every chunk of the large file changes a little: chunks take all of it, patches hardly anything.
    let scattered = |seed: u64, name: &'static str| {
        move |dir: &Path| {
            let mut large = fs::read(dir.join("data/large")).unwrap();
            (0..large.len()).step_by(10_000).for_each(|at| large[at] = large[at].wrapping_add(1));
            fs::write(dir.join("data/large"), large).unwrap();
            fs::write(dir.join(name), noise(seed, 1 << 20)).unwrap();
        }
    };
    studio.publish(&studio.next_build("1", "2", scattered(700, "data/two")), 1, |options| options.no_bridge = true);
    studio.publish(&studio.next_build("2", "3", scattered(701, "data/three")), 1, |options| options.no_bridge = true);
    let report = update(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, Route::Patches(2)));
    assert!(report.bytes_received < 3 << 20, "{}", report.bytes_received);
    is_whole(&studio, "3");
}

#[test]
fn without_patches_only_what_is_missing_comes() {
    let studio = followed();
    studio.publish(&studio.second_build(), 0, |_| {});
    let host = host(&studio, |_| Action::Serve);
    let report = update(&studio.game(), &options(&[&host.url()])).unwrap();
    assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, Route::Chunks));
    is_whole(&studio, "2");
    // Two or three chunks of the large file, and the small files that changed.
    assert!(report.bytes_received < 700_000, "{}", report.bytes_received);
    // But for the text that says that there is no newer root.
    assert!(host.served() - report.bytes_received < 100);
}

#[test]
fn a_plan_is_kept_and_says_what_it_takes() {
    let studio = followed();
    studio.publish(&studio.second_build(), 0, |_| {});
    let mut planning = UpdateOptions::default();
    planning.extent = Extent::Plan;
    let planned = update(&studio.game(), &planning).unwrap();
    assert_eq!((planned.outcome, planned.plan.route), (UpdateOutcome::Planned, Route::Chunks));
    assert_eq!(content(&studio.game()), content(&studio.path("1")));
    let done = update(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!(done.plan.bytes_to_fetch, planned.plan.bytes_to_fetch);
    let documents = 16 << 10;
    assert!(done.bytes_received <= planned.plan.bytes_to_fetch + documents, "{done:?}");
    assert!(done.plan.bytes_to_write.unwrap() > 6 << 20 && done.plan.bytes_at_peak > done.plan.bytes_to_write);
}

#[test]
fn what_was_fetched_ahead_is_committed_without_a_network() {
    for patch_from in [0, 1] {
        let studio = followed();
        studio.publish(&studio.second_build(), patch_from, |_| {});
        let mut ahead = UpdateOptions::default();
        ahead.extent = Extent::Fetch;
        let mut commit = UpdateOptions::default();
        commit.extent = Extent::CommitFetched;
        assert!(matches!(update(&studio.game(), &commit), Err(Error::NotFetched { .. })));
        let game = untorn::ReadGuard::acquire(&studio.game()).unwrap();
        assert_eq!(update(&studio.game(), &ahead).unwrap().outcome, UpdateOutcome::Fetched);
        drop(game);
        assert_eq!(content(&studio.game()), content(&studio.path("1")));
        fs::rename(studio.store(), studio.path("unplugged")).unwrap();
        let report = update(&studio.game(), &commit).unwrap();
        assert_eq!(report.outcome, UpdateOutcome::Updated);
        is_whole(&studio, "2");
        assert!(matches!(update(&studio.game(), &commit), Err(Error::NotFetched { .. })));
    }
}

#[test]
fn a_game_that_runs_is_waited_for_when_everything_is_ready() {
    let studio = followed();
    studio.publish(&studio.second_build(), 0, |_| {});
    let game = untorn::ReadGuard::acquire(&studio.game()).unwrap();
    let error = update(&studio.game(), &UpdateOptions::default()).unwrap_err();
    assert_eq!(error.code(), "UNT-IN-USE");
    let mut waiting = UpdateOptions::default();
    waiting.wait = true;
    std::thread::scope(|scope| {
        let updating = scope.spawn(|| update(&studio.game(), &waiting).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert!(!updating.is_finished());
        assert_eq!(content(&studio.game()), content(&studio.path("1")));
        drop(game);
        assert_eq!(updating.join().unwrap().outcome, UpdateOutcome::Updated);
    });
    is_whole(&studio, "2");
}

/// Updates a game in which the player changed what the update changes, too, and put files of his own.
fn with_changes(patch_from: usize, change: impl Fn(&mut UpdateOptions)) -> (Studio, Result<UpdateReport, Error>) {
    let studio = followed();
    studio.publish(&studio.second_build(), patch_from, |_| {});
    fs::write(studio.game().join("settings.cfg"), "volume = 11").unwrap();
    fs::write(studio.game().join("data/deep/mod"), "mine").unwrap();
    fs::write(studio.game().join("data/001"), "changed, but not by the update").unwrap();
    let mut options = UpdateOptions::default();
    change(&mut options);
    let result = update(&studio.game(), &options);
    (studio, result)
}

#[test]
fn what_somebody_changed_is_replaced_and_named_and_nothing_of_his_own_is_touched() {
    for patch_from in [0, 1] {
        let (studio, result) = with_changes(patch_from, |_| {});
        let report = result.unwrap();
        let route = if patch_from == 0 { Route::Chunks } else { Route::Mixed(1) };
        assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, route));
        let named: Vec<_> = report.replaced.iter().map(|difference| difference.path.as_str()).collect();
        assert_eq!(named, ["data/001", "settings.cfg"]);
        assert_eq!(fs::read_to_string(studio.game().join("settings.cfg")).unwrap(), "volume = 2");
        assert_eq!(fs::read_to_string(studio.game().join("data/deep/mod")).unwrap(), "mine");
        assert_eq!(report.dirs_kept, ["data/deep"]);
        assert!(verify(&studio.game(), &Default::default()).unwrap().is_intact());
    }
}

#[test]
fn what_somebody_changed_without_changing_its_length_comes_beside_the_patch() {
    let studio = followed();
    studio.publish(&studio.second_build(), 1, |_| {});
    // Of the same length: only reading it tells.
    fs::write(studio.game().join("settings.cfg"), "volume = 9").unwrap();
    let report = update(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!((report.outcome, report.plan.route), (UpdateOutcome::Updated, Route::Mixed(1)));
    assert_eq!(report.replaced.iter().map(|difference| difference.path.as_str()).collect::<Vec<_>>(), ["settings.cfg"]);
    is_whole(&studio, "2");
}

#[test]
fn what_somebody_changed_is_kept_or_refused_where_that_is_wanted() {
    let (studio, result) = with_changes(0, |options| options.policies.add(Policy::Keep, "*.cfg"));
    let report = result.unwrap();
    assert_eq!(report.kept.iter().map(|difference| difference.path.as_str()).collect::<Vec<_>>(), ["settings.cfg"]);
    assert_eq!(fs::read_to_string(studio.game().join("settings.cfg")).unwrap(), "volume = 11");

    let (studio, result) = with_changes(0, |options| options.policies.add(Policy::Refuse, "**"));
    let before = fs::read_to_string(studio.game().join("settings.cfg")).unwrap();
    let Err(Error::Modified { differences, .. }) = result else { panic!("{result:?}") };
    assert_eq!(differences.len(), 2);
    assert_eq!(before, "volume = 11");
}

#[test]
fn what_belongs_to_no_build_is_in_the_way_until_somebody_says_otherwise() {
    let studio = followed();
    studio.publish(&studio.second_build(), 0, |_| {});
    fs::write(studio.game().join("data/new"), "mine").unwrap();
    let error = update(&studio.game(), &UpdateOptions::default()).unwrap_err();
    assert_eq!(error.code(), "UNT-MODIFIED", "{error}");
    assert_eq!(fs::read_to_string(studio.game().join("data/new")).unwrap(), "mine");
    let mut options = UpdateOptions::default();
    options.policies.add(Policy::Replace, "data/new");
    update(&studio.game(), &options).unwrap();
    is_whole(&studio, "2");
}

#[test]
fn a_directory_that_another_updater_made_is_taken_over_without_fetching_it_again() {
    let studio = followed();
    let other = studio.next_build("1", "other", |_| {});
    let report = update(&other, &installed_from(&studio)).unwrap();
    assert_eq!((report.outcome, report.plan.bytes_to_fetch), (UpdateOutcome::Updated, 0));
    assert!(verify(&other, &Default::default()).unwrap().is_intact());
}

#[test]
fn the_release_before_comes_back_through_the_store_but_never_below_the_floor() {
    let studio = followed();
    studio.publish(&studio.second_build(), 1, |_| {});
    update(&studio.game(), &UpdateOptions::default()).unwrap();
    let report = roll_back_to_release(&studio.game(), &UpdateOptions::default()).unwrap();
    assert_eq!((report.outcome, report.build), (UpdateOutcome::Updated, 1));
    is_whole(&studio, "1");
    assert_eq!(update(&studio.game(), &UpdateOptions::default()).unwrap().outcome, UpdateOutcome::WasLeft);
    let mut again = UpdateOptions::default();
    again.regardless = true;
    assert_eq!(update(&studio.game(), &again).unwrap().outcome, UpdateOutcome::Updated);

    let third = studio.next_build("2", "3", |dir| fs::write(dir.join("data/050"), "three").unwrap());
    studio.publish(&third, 0, |options| options.pointer.floor = Some(3));
    update(&studio.game(), &UpdateOptions::default()).unwrap();
    let error = roll_back_to_release(&studio.game(), &UpdateOptions::default()).unwrap_err();
    assert_eq!(error.code(), "UNT-TRUST-FLOOR", "{error}");
    is_whole(&studio, "3");
}

#[test]
fn u2_an_older_pointer_is_refused() {
    let studio = followed();
    let old = fs::read(studio.store().join("channel/stable")).unwrap();
    studio.publish(&studio.second_build(), 1, |_| {});
    update(&studio.game(), &UpdateOptions::default()).unwrap();
    fs::write(studio.store().join("channel/stable"), old).unwrap();
    let error = update(&studio.game(), &UpdateOptions::default()).unwrap_err();
    assert_eq!(error.code(), "UNT-TRUST-ROLLBACK", "{error}");
    is_whole(&studio, "2");
}

#[test]
fn a_tree_that_follows_nothing_says_so() {
    let studio = Studio::new();
    studio.publish(&studio.first_build(), 0, |_| {});
    let mut options = installed_from(&studio);
    options.trust = None;
    let error = install(&studio.game(), &options).unwrap_err();
    assert_eq!(error.code(), "UNT-NOT-FOLLOWING");
}
