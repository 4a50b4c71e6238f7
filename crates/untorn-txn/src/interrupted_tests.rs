//! What of a record of progress is believed, and what becomes of a stage that cannot be set aside.

use untorn_sim::{HookFs, Method, SimFs, SimOptions, Verdict, write};

use super::*;
use crate::layout::TRANSACTIONS;

const FOLDER: TxLayout = TxLayout(3);

/// The part of that number. It says that so many bytes are made, and names one staged object of 5 bytes.
fn part(number: u64) -> Progress {
    let base = StagedBase::Object { number: 0, hash: Hash::of(b"12345") };
    let entry = StagedFile { path: TreePath::new("a").unwrap(), is_whole: true, made: 5, len: 5, base };
    let redo = Blob { len: 10 + number, hash: Hash::of(b"redo") };
    let (key, to) = (Hash::of(b"key"), Hash::of(b"to"));
    Progress { tree_id: [1; 16], key, to, number, done: 10 * (number + 1), total: 100, redo, entries: vec![entry] }
}

/// A folder with everything that the first parts name.
fn folder() -> SimFs {
    let fs = SimFs::new(SimOptions::strict());
    for dir in [".untorn", TRANSACTIONS, &FOLDER.dir(), &FOLDER.objects()] {
        fs.create_dir(dir, None).unwrap();
    }
    write(&fs, &FOLDER.redo(), &[7; 20]).unwrap();
    write(&fs, &FOLDER.object(0), b"12345").unwrap();
    fs
}

fn record(fs: &SimFs, parts: &[Progress]) {
    let parts = parts.iter().map(|part| part.encode().unwrap());
    let bytes: Vec<u8> = parts.flat_map(|part| [&u32::try_from(part.len()).unwrap().to_le_bytes()[..], &part].concat()).collect();
    write(fs, &FOLDER.progress(), &bytes).unwrap();
}

/// How many bytes are made, as far as the record is believed.
fn done(parts: &[Progress]) -> Option<u64> {
    let fs = folder();
    record(&fs, parts);
    Noted::read(&fs, &FOLDER.dir()).map(|noted| noted.done)
}

#[test]
fn a_record_of_progress_is_read_up_to_the_first_part_that_does_not_follow() {
    assert_eq!(done(&[]), None);
    assert_eq!(done(&[part(0)]), Some(10));
    assert_eq!(done(&[part(0), part(1), part(2)]), Some(30));
    // It begins in the middle; one is missing, one is there twice, the redo file got shorter.
    assert_eq!(done(&[part(1)]), None);
    assert_eq!(done(&[part(0), part(2)]), Some(10));
    assert_eq!(done(&[part(0), part(0), part(1)]), Some(10));
    let shorter = Progress { redo: Blob { len: 9, ..part(1).redo }, ..part(1) };
    assert_eq!(done(&[part(0), shorter]), Some(10));
    // That of another purpose.
    for other in [
        Progress { tree_id: [2; 16], ..part(1) },
        Progress { key: Hash::of(b"another"), ..part(1) },
        Progress { to: Hash::of(b"elsewhere"), ..part(1) },
        Progress { total: 99, ..part(1) },
    ] {
        assert_eq!(done(&[part(0), other.clone()]), Some(10), "{other:?}");
    }
}

#[test]
fn nothing_is_taken_up_of_which_a_part_is_missing() {
    let found = |damage: &dyn Fn(&SimFs)| {
        let fs = folder();
        record(&fs, &[part(0)]);
        damage(&fs);
        look(&fs, Some(FOLDER.0)).map(|found| (found.done, found.total))
    };
    let cut = |path: String, len: u64| move |fs: &SimFs| fs.open(&path, OpenMode::Write).unwrap().set_len(len).unwrap();
    let replaced = |path: String| {
        move |fs: &SimFs| {
            fs.remove_file(&path).unwrap();
            fs.create_dir(&path, None).unwrap();
        }
    };
    assert_eq!(found(&|_| {}), Some((10, 100)));
    assert_eq!(found(&cut(FOLDER.redo(), 10)), Some((10, 100)));
    assert_eq!(found(&cut(FOLDER.redo(), 9)), None);
    assert_eq!(found(&cut(FOLDER.object(0), 4)), None);
    for path in [FOLDER.redo(), FOLDER.object(0)] {
        assert_eq!(found(&|fs| fs.remove_file(&path).unwrap()), None, "{path}");
        assert_eq!(found(&replaced(path.clone())), None, "{path}");
    }
    // Where no byte of a redo file is named, none is missed.
    let fs = folder();
    record(&fs, &[Progress { redo: Blob { len: 0, hash: Hash::of(b"") }, ..part(0) }]);
    fs.remove_file(&FOLDER.redo()).unwrap();
    assert!(look(&fs, Some(FOLDER.0)).is_some());
}

#[test]
fn a_stage_that_cannot_be_set_aside_gives_its_space_back() {
    let fs = folder();
    record(&fs, &[part(0)]);
    let hook = HookFs::on_sim(&fs, |call| match call.method {
        Method::Rename if call.to == INTERRUPTED => Verdict::Refuse(std::io::ErrorKind::Other),
        _ => Verdict::Pass,
    });
    assert!(!set_aside(&hook, FOLDER));
    assert!(fs.metadata(&FOLDER.dir()).is_err() && fs.metadata(INTERRUPTED).is_err());
}
