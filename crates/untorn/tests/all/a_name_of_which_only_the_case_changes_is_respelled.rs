//! A patch after which files and directories are spelled otherwise is applied also where case is ignored (Windows, macOS), and the new spelling is there afterwards.

use untorn::{Error, LowDiskOptions, Tree, TreeState, apply_low_disk_on};
use untorn_fs::Fs;
use untorn_sim::{SimFs, SimOptions, Snapshot, write};

use crate::util::{Place, unsigned};

const OLD: [(&str, &[u8]); 4] = [("readme.txt", b"read me"), ("maps/a.map", b"a map"), ("maps/b.map", b"b"), ("same", b"same")];
const NEW: [(&str, &[u8]); 4] =
    [("README.txt", b"read me"), ("Maps/A.map", b"a map"), ("Maps/b.map", b"another b"), ("same", b"same")];

fn disk(options: SimOptions, files: &[(&str, &[u8])]) -> SimFs {
    let fs = SimFs::new(options);
    for (path, bytes) in files {
        if let Some((dir, _)) = path.split_once('/') {
            // Made for the first of its files.
            drop(fs.create_dir(dir, None));
        }
        write(&fs, path, bytes).unwrap();
    }
    fs
}

fn applied(fs: &SimFs) -> Result<(), Error> {
    let place = Place::new();
    place.dir("old", &OLD);
    place.dir("new", &NEW);
    place.patch("old", "new");
    let mut tree = Tree::open_on(std::sync::Arc::new(fs.clone())).unwrap();
    apply_low_disk_on(&place.path("patch"), &mut tree, &unsigned(), &LowDiskOptions::default()).map(drop)
}

#[test]
fn n13_n14_in_one_update() {
    for options in [SimOptions::ntfs_like(), SimOptions::strict()] {
        let fs = disk(options, &OLD);
        applied(&fs).unwrap();
        let wanted = Snapshot::of(&disk(SimOptions::strict(), &NEW), "").unwrap();
        assert_eq!(wanted.difference(&Snapshot::of(&fs, ".untorn").unwrap()), Vec::<String>::new());
    }
}

#[test]
fn n13_n14_what_is_not_of_the_build_is_no_old_spelling() {
    // Where case counts, both can be there: this one is of the player.
    let fs = disk(SimOptions::strict(), &[&OLD[..], &[("README.txt", b"mine")]].concat());
    assert!(matches!(applied(&fs), Err(Error::WrongBase(_))));
    // Somebody spelled the old name in a third way: the update may be refused, and loses nothing.
    let fs = disk(SimOptions::ntfs_like(), &OLD);
    fs.rename("readme.txt", "ReadMe.txt").unwrap();
    match applied(&fs) {
        Ok(()) => assert!(fs.metadata("README.txt").is_ok()),
        Err(error) => assert_eq!(error.state(), TreeState::Unchanged, "{error}"),
    }
}
