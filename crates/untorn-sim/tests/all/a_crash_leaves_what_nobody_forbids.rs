//! The model against known facts: what real file systems were seen to leave after a power cut must be among the crash states, and what a
//! barrier promises must be in all of them.

use std::{collections::BTreeSet, io};

use untorn_fs::{Fs, OpenMode};
use untorn_sim::{Entry, Sampling, SimFs, SimOptions, Snapshot, read, write};

const OLD: [u8; 1024] = [b'o'; 1024];
const NEW: [u8; 1024] = [b'n'; 1024];

/// A disk with `A` and `B` of old bytes, on which `work` then ran.
fn after(options: SimOptions, work: impl Fn(&SimFs) -> io::Result<()>) -> SimFs {
    let fs = SimFs::new(options);
    write(&fs, "A", &OLD).unwrap();
    write(&fs, "B", &OLD).unwrap();
    fs.settle();
    work(&fs).unwrap();
    fs
}

/// Everything that `path` may hold after crashes that come after the last mark; `None` for no file.
fn left_at(fs: &SimFs, path: &str) -> BTreeSet<Option<Vec<u8>>> {
    let recording = fs.recording();
    let marks = recording.crashes(&Sampling::default()).map(|state| state.marks().len()).max().unwrap();
    let states = recording.crashes(&Sampling { torn: 200, ..Sampling::default() }).filter(|state| state.marks().len() == marks);
    states.map(|state| read(&state.fs(), path).ok()).collect()
}

fn full(byte: u8) -> Option<Vec<u8>> {
    Some(vec![byte; 1024])
}

fn replace(fs: &SimFs, sync_file: bool) -> io::Result<()> {
    let file = fs.open("tmp", OpenMode::CreateNew { executable: false })?;
    file.write_all_at(&NEW, 0)?;
    if sync_file {
        file.sync_data()?;
    }
    fs.rename("tmp", "A")?;
    fs.sync_dir("")
}

#[test]
fn a_rename_of_an_unsynced_file_may_leave_zeros_or_nothing() {
    for options in [SimOptions::strict(), SimOptions::ext4_like(), SimOptions::btrfs_like(), SimOptions::ntfs_like()] {
        let left = left_at(&after(options, |fs| replace(fs, false).map(|()| fs.mark(1))), "A");
        assert!(left.contains(&full(0)) && left.contains(&Some(vec![])) && left.contains(&full(b'n')), "{}", left.len());
        assert!(!left.contains(&full(b'o')), "the name was synced");
    }
}

#[test]
fn a_rename_of_a_synced_file_leaves_old_or_new_and_after_the_sync_of_the_directory_new() {
    let left = left_at(&after(SimOptions::strict(), |fs| replace(fs, true)), "A");
    assert_eq!(left, BTreeSet::from([full(b'o'), full(b'n')]));
    let left = left_at(&after(SimOptions::strict(), |fs| replace(fs, true).map(|()| fs.mark(1))), "A");
    assert_eq!(left, BTreeSet::from([full(b'n')]));
}

#[test]
fn an_overwrite_in_place_may_tear_between_sectors_only() {
    let fs =
        after(SimOptions { garbage: false, ..SimOptions::strict() }, |fs| fs.open("A", OpenMode::Write)?.write_all_at(&NEW, 0));
    let sectors: BTreeSet<Vec<u8>> = left_at(&fs, "A")
        .into_iter()
        .flat_map(|left| left.unwrap().chunks(512).map(<[u8]>::to_vec).collect::<Vec<_>>())
        .collect();
    assert_eq!(sectors, BTreeSet::from([vec![0; 512], vec![b'n'; 512], vec![b'o'; 512]]));
    let mixed = [[b'n'; 512], [b'o'; 512]].concat();
    assert!(left_at(&fs, "A").contains(&Some(mixed)));
}

#[test]
fn garbage_hits_only_sectors_that_are_being_written() {
    let fs = after(SimOptions::strict(), |fs| fs.open("A", OpenMode::Write)?.write_all_at(&NEW[..512], 512));
    let left = left_at(&fs, "A");
    assert!(left.iter().flatten().all(|bytes| bytes[..512] == OLD[..512]));
    assert!(left.iter().flatten().any(|bytes| !matches!(bytes[512], 0 | b'n' | b'o')));
}

#[test]
fn files_are_not_ordered_among_each_other() {
    let fs = after(SimOptions::strict(), |fs| {
        fs.open("A", OpenMode::Write)?.write_all_at(&NEW, 0)?;
        fs.open("B", OpenMode::Write)?.write_all_at(&NEW, 0)?;
        fs.open("B", OpenMode::Write)?.sync_data()?;
        fs.mark(1);
        Ok(())
    });
    assert!(left_at(&fs, "A").contains(&full(b'o')));
    assert_eq!(left_at(&fs, "B"), BTreeSet::from([full(b'n')]));
}

#[test]
fn an_unsynced_journal_may_be_gone_when_the_overwrite_it_covers_is_torn() {
    let fs = after(SimOptions::ext4_like(), |fs| {
        write(fs, "journal", &OLD)?;
        fs.sync_dir("")?;
        let file = fs.open("A", OpenMode::Write)?;
        file.write_all_at(&NEW, 0)?;
        file.sync_data()
    });
    let torn_and_empty = fs.recording().crashes(&Sampling { torn: 100, ..Sampling::default() }).any(|state| {
        let fs = state.fs();
        let a = read(&fs, "A").unwrap();
        read(&fs, "journal").is_ok_and(|journal| journal != OLD) && a != OLD && a != NEW
    });
    assert!(torn_and_empty);
}

#[test]
fn a_file_renamed_across_directories_has_both_names_or_one_but_never_none() {
    let names = |options: SimOptions| -> BTreeSet<(bool, bool)> {
        let fs = after(options, |fs| {
            fs.create_dir("new", None)?;
            fs.create_dir("new/deep", None)?;
            fs.rename("A", "new/deep/A")
        });
        let states = fs.recording();
        let states = states.crashes(&Sampling::default());
        states.map(|state| (state.fs().metadata("A").is_ok(), state.fs().metadata("new/deep/A").is_ok())).collect()
    };
    assert_eq!(names(SimOptions::strict()), BTreeSet::from([(true, false), (true, true), (false, true)]));
    assert_eq!(names(SimOptions::ext4_like()), BTreeSet::from([(true, false), (false, true)]));
    assert!(names(SimOptions::fat_like()).contains(&(false, false)));
}

#[test]
fn an_exchange_and_the_move_of_a_directory_are_atomic() {
    let fs = after(SimOptions::strict(), |fs| {
        fs.create_dir("d", None)?;
        write(fs, "d/x", b"x")?;
        fs.settle();
        fs.exchange("A", "d")
    });
    let left: BTreeSet<bool> = fs
        .recording()
        .crashes(&Sampling::default())
        .map(|state| state.fs().metadata("A").unwrap().is_dir() && state.fs().metadata("d").unwrap().is_file())
        .collect();
    assert_eq!(left, BTreeSet::from([false, true]));
    assert!(
        fs.recording()
            .crashes(&Sampling::default())
            .all(|state| state.fs().metadata("A").unwrap().is_dir() != state.fs().metadata("d").unwrap().is_dir())
    );
}

#[test]
fn a_sync_of_the_file_does_not_sync_its_name_and_the_other_way_round() {
    let fs = after(SimOptions::strict(), |fs| {
        let file = fs.open("new", OpenMode::CreateNew { executable: false })?;
        file.write_all_at(&NEW, 0)?;
        file.sync_data()?;
        fs.mark(1);
        Ok(())
    });
    assert_eq!(left_at(&fs, "new"), BTreeSet::from([None, full(b'n')]));
}

#[test]
fn a_sync_of_everything_settles_everything() {
    let fs = after(SimOptions::strict(), |fs| {
        let sync = fs.sync_handle()?;
        fs.create_dir("d", None)?;
        write(fs, "d/x", b"x")?;
        fs.rename("A", "d/A")?;
        fs.symlink("B", "d/s")?;
        sync.sync_all()?;
        fs.mark(1);
        Ok(())
    });
    for state in fs.recording().crashes(&Sampling::default()).filter(|state| !state.marks().is_empty()) {
        assert!(fs.same_tree(state.image(), ""), "{}", state.id());
    }
}

#[test]
fn after_a_failed_sync_the_bytes_are_seen_but_a_second_sync_does_not_write_them() {
    let fs = after(SimOptions::strict(), |fs| {
        let file = fs.open("A", OpenMode::Write)?;
        let earlier = fs.open("A", OpenMode::Read)?;
        let sync = fs.sync_handle()?;
        file.write_all_at(&NEW, 0)?;
        fs.fail_next_sync(io::ErrorKind::Other);
        assert!(file.sync_data().is_err());
        assert!(file.sync_data().is_ok(), "the second sync knows nothing");
        assert!(earlier.sync_data().is_err() && earlier.sync_data().is_ok(), "each earlier handle hears of it once");
        assert!(fs.open("A", OpenMode::Write)?.sync_data().is_ok(), "a later handle does not");
        assert!(sync.sync_all().is_err() && sync.sync_all().is_ok());
        assert!(fs.sync_handle()?.sync_all().is_ok());
        assert_eq!(read(fs, "A")?, NEW);
        fs.mark(1);
        Ok(())
    });
    let left = left_at(&fs, "A");
    assert!(left.contains(&full(b'o')) && left.contains(&full(b'n')));
    assert_eq!(read(&fs.restart(), "A").unwrap(), NEW, "the page cache outlives the process");
}

#[test]
fn a_rewrite_after_a_failed_sync_is_durable_and_stays_on_top_of_what_was_lost() {
    let fs = after(SimOptions::strict(), |fs| {
        let file = fs.open("A", OpenMode::Write)?;
        file.write_all_at(&[b'x'; 1024], 0)?;
        fs.fail_next_sync(io::ErrorKind::Other);
        assert!(file.sync_data().is_err());
        file.write_all_at(&NEW, 0)?;
        file.sync_data()?;
        fs.mark(1);
        Ok(())
    });
    assert_eq!(left_at(&fs, "A"), BTreeSet::from([full(b'n')]));
}

#[test]
fn names_whose_sync_failed_are_synced_next_where_there_is_a_journal() {
    for journaled_names in [true, false] {
        let fs = after(SimOptions { journaled_names, ..SimOptions::strict() }, |fs| {
            fs.create_dir("new", None)?;
            fs.fail_next_sync(io::ErrorKind::Other);
            assert!(fs.sync_dir("").is_err());
            fs.sync_dir("")?;
            fs.mark(1);
            Ok(())
        });
        let recording = fs.recording();
        let mut later = recording.crashes(&Sampling::default()).filter(|state| !state.marks().is_empty());
        assert_eq!(later.all(|state| state.fs().metadata("new").is_ok()), journaled_names);
    }
}

#[test]
fn a_failed_writeback_is_told_to_those_who_ask_later() {
    let fs = after(SimOptions::strict(), |fs| fs.open("A", OpenMode::Write)?.write_all_at(&NEW, 0));
    fs.fail_writeback("A").unwrap();
    let late = fs.open("A", OpenMode::Read).unwrap();
    assert!(late.sync_data().is_err() && late.sync_data().is_ok(), "nobody had heard of it");
    assert!(fs.open("A", OpenMode::Read).unwrap().sync_data().is_ok());
}

#[test]
fn a_file_that_shrank_and_grew_reads_zeros_once_both_are_durable() {
    let fs = after(SimOptions::strict(), |fs| {
        let file = fs.open("A", OpenMode::Write)?;
        file.set_len(100)?;
        file.set_len(1024)?;
        file.sync_data()?;
        fs.mark(1);
        Ok(())
    });
    let wanted = [vec![b'o'; 100], vec![0; 924]].concat();
    assert_eq!(left_at(&fs, "A"), BTreeSet::from([Some(wanted)]));
}

#[test]
fn every_state_is_found_again_by_its_name() {
    let fs = after(SimOptions::strict(), |fs| {
        for n in 0..8 {
            write(fs, &format!("n{n}"), &[n; 700])?;
        }
        fs.mark(3);
        fs.sync_dir("")
    });
    let recording = fs.recording();
    let mut count = 0;
    for state in recording.crashes(&Sampling::default()) {
        let again = recording.replay(&state.id().to_string().parse().unwrap()).unwrap();
        assert_eq!(Snapshot::of_image(again.image(), ""), Snapshot::of_image(state.image(), ""), "{}", state.id());
        assert_eq!(again.marks(), state.marks());
        count += 1;
    }
    assert!(count > 500, "{count}");
}

#[test]
fn a_crash_in_the_middle_shows_only_what_came_before_it() {
    let fs = after(SimOptions::strict(), |fs| {
        fs.remove_file("A")?;
        fs.mark(1);
        fs.remove_file("B")
    });
    for state in fs.recording().crashes(&Sampling::default()).filter(|state| state.marks().is_empty()) {
        assert!(matches!(Snapshot::of(&state.fs(), "").unwrap().0.get("B"), Some(Entry::File { .. })));
    }
}

#[test]
fn a_sector_carries_earlier_writes_to_it_along() {
    let fs = after(SimOptions { garbage: false, ..SimOptions::strict() }, |fs| {
        let file = fs.open("A", OpenMode::Write)?;
        file.write_all_at(&NEW[..100], 0)?;
        file.write_all_at(&NEW[..100], 100)
    });
    let left: BTreeSet<_> = left_at(&fs, "A").into_iter().flatten().map(|bytes| (bytes[0], bytes[100])).collect();
    assert!(!left.contains(&(b'o', b'n')), "no device writes half a sector");
    assert!(left.contains(&(b'n', b'o')) && left.contains(&(b'n', b'n')) && left.contains(&(b'o', b'o')));
}

#[test]
fn behind_the_end_of_a_shortened_file_a_sector_holds_zeros() {
    let fs = after(SimOptions::strict(), |fs| {
        let file = fs.open("A", OpenMode::Write)?;
        file.set_len(100)?;
        file.write_all_at(&NEW[..50], 100)
    });
    let wanted = [vec![b'o'; 100], vec![b'n'; 50], vec![0; 362], vec![b'o'; 512]].concat();
    assert!(left_at(&fs, "A").contains(&Some(wanted)), "the sector arrived, the lengths did not");
}

#[test]
fn bytes_that_arrived_without_their_length_do_not_come_back_when_the_file_grows() {
    let fs = after(SimOptions::strict(), |fs| fs.open("A", OpenMode::Write)?.write_all_at(&NEW, 1024));
    for state in fs.recording().crashes(&Sampling::default()) {
        let fs = state.fs();
        let file = fs.open("A", OpenMode::Write).unwrap();
        if file.metadata().unwrap().len == 1024 {
            file.set_len(2048).unwrap();
            assert_eq!(read(&fs, "A").unwrap(), [OLD, [0; 1024]].concat(), "{}", state.id());
        }
    }
}

#[test]
fn an_error_that_somebody_heard_is_not_told_to_those_who_come_later() {
    let fs = after(SimOptions::strict(), |fs| fs.open("A", OpenMode::Write)?.write_all_at(&NEW, 0));
    let early = fs.sync_handle().unwrap();
    fs.fail_writeback("A").unwrap();
    assert!(fs.open("A", OpenMode::Read).unwrap().sync_data().is_err());
    assert!(fs.sync_handle().unwrap().sync_all().is_ok() && early.sync_all().is_err());

    let early = fs.sync_handle().unwrap();
    fs.fail_next_sync(io::ErrorKind::Other);
    assert!(fs.sync_dir("").is_err() && fs.sync_dir("").is_ok());
    assert!(fs.sync_handle().unwrap().sync_all().is_ok() && early.sync_all().is_err());
}

#[test]
fn names_whose_sync_failed_stay_in_doubt() {
    let fs = after(SimOptions::strict(), |fs| {
        fs.remove_file("A")?;
        fs.fail_next_sync(io::ErrorKind::Other);
        assert!(fs.sync_dir("").is_err());
        fs.sync_dir("")?;
        fs.mark(1);
        Ok(())
    });
    assert_eq!(left_at(&fs, "A"), BTreeSet::from([None, full(b'o')]));
}

#[test]
fn the_time_of_a_change_is_durable_with_its_barrier_and_may_be_old_before() {
    let changed = |sync: bool| -> BTreeSet<bool> {
        let fs = after(SimOptions::strict(), |fs| {
            let file = fs.open("A", OpenMode::Write)?;
            file.write_all_at(&NEW, 0)?;
            if sync { file.sync_data() } else { Ok(()) }
        });
        fs.mark(1);
        let now = fs.metadata("A").unwrap().changed;
        let recording = fs.recording();
        let new = recording
            .crashes(&Sampling { torn: 0, ..Sampling::default() })
            .filter(|state| !state.marks().is_empty() && read(&state.fs(), "A").unwrap() == NEW);
        new.map(|state| state.fs().metadata("A").unwrap().changed == now).collect()
    };
    assert_eq!((changed(true), changed(false)), ([true].into(), [false].into()));
}

#[test]
fn all_subsets_are_taken_up_to_the_limit_even_when_more_effects_follow() {
    let fs = after(SimOptions::strict(), |fs| "abcdef".chars().try_for_each(|name| fs.create_dir(&name.to_string(), None)));
    let sampling = Sampling { exhaustive_max: 3, samples: 0, samples_between: 0, torn: 0, seed: 1 };
    let left: BTreeSet<Vec<String>> = fs
        .recording()
        .crashes(&sampling)
        .map(|state| {
            Snapshot::of_image(state.image(), "").0.into_keys().filter(|path| path.len() == 1 && *path >= "a".into()).collect()
        })
        .collect();
    for subset in ["", "a", "b", "c", "ab", "ac", "bc", "abc", "abcdef", "f", "abcde", "acdef"] {
        assert!(left.contains(&subset.chars().map(String::from).collect::<Vec<_>>()), "{subset:?}");
    }
}

#[test]
fn crashes_after_some_events_are_the_last_ones_of_all() {
    let fs = after(SimOptions::strict(), |fs| {
        fs.create_dir("one", None)?;
        fs.sync_dir("")?;
        fs.create_dir("two", None)?;
        fs.sync_dir("")
    });
    let (recording, sampling) = (fs.recording(), Sampling::default());
    let all: Vec<_> = recording.crashes(&sampling).map(|state| state.id().clone()).collect();
    let late: Vec<_> = recording.crashes_after(4, &sampling).map(|state| state.id().clone()).collect();
    assert!(!late.is_empty() && late.len() < all.len(), "{late:?} of {all:?}");
    assert!(
        late.iter().all(|id| id
            .to_string()
            .split(':')
            .next()
            .is_some_and(|point| point.parse::<usize>().is_ok_and(|at| at >= 4)))
    );
    assert!(recording.crashes_after(4, &sampling).all(|state| state.fs().metadata("one").is_ok()));
}
