//! Whatever is renamed, exchanged and linked, in whatever order: an object that nobody removed has a name after every crash.

use std::collections::BTreeSet;

use untorn_fs::Fs;
use untorn_sim::{Entry, Rng, Sampling, SimFs, SimOptions, Snapshot, write};

const DIRS: [&str; 4] = ["", "x", "y", "x/z"];

/// Six files, each with its own byte, and four directories.
fn disk(options: SimOptions) -> SimFs {
    let fs = SimFs::new(options);
    for dir in &DIRS[1..] {
        fs.create_dir(dir, None).unwrap();
    }
    for (n, path) in ["a", "b", "x/c", "x/z/d", "y/e", "y/f"].iter().enumerate() {
        write(&fs, path, &[u8::try_from(n).unwrap() + 1]).unwrap();
    }
    fs.settle();
    fs
}

fn contents(snapshot: &Snapshot) -> BTreeSet<u8> {
    snapshot
        .0
        .values()
        .filter_map(|entry| if let Entry::File { bytes, .. } = entry { bytes.first().copied() } else { None })
        .collect()
}

/// Random moves onto free names, exchanges, new directories, removals of empty ones; many of them are refused.
fn move_about(fs: &SimFs, rng: &mut Rng, count: u32) {
    for n in 0..count {
        let paths: Vec<String> = Snapshot::of(fs, "").unwrap().0.into_keys().collect();
        let pick = |rng: &mut Rng| paths[usize::try_from(rng.below(paths.len() as u64)).unwrap()].clone();
        let (from, near) = (pick(rng), pick(rng));
        let dir = near.rsplit_once('/').map_or("", |(dir, _)| dir);
        let free = if dir.is_empty() { format!("n{n}") } else { format!("{dir}/n{n}") };
        let refused = match rng.below(8) {
            0 => fs.create_dir(&free, None),
            1 => fs.remove_dir(&from),
            2 => fs.exchange(&from, &near),
            3 => fs.sync_dir(dir),
            _ => fs.rename(&from, &free),
        };
        drop(refused);
    }
}

#[test]
fn objects_keep_a_name() {
    let mut states = 0;
    for seed in 0..300 {
        let options = if seed % 4 == 0 { SimOptions::ext4_like() } else { SimOptions::strict() };
        let fs = disk(options);
        move_about(&fs, &mut Rng::new(seed), 14);
        for state in fs.recording().crashes(&Sampling { samples: 64, torn: 0, ..Sampling::default() }) {
            let left = Snapshot::of_image(state.image(), "");
            assert_eq!(contents(&left), (1..=6).collect(), "seed {seed}, crash {}", state.id());
            states += 1;
        }
    }
    assert!(states > 10_000, "{states}");
}

#[test]
fn without_atomic_renames_something_is_lost() {
    let lost = (0..20).any(|seed| {
        let fs = disk(SimOptions::fat_like());
        move_about(&fs, &mut Rng::new(seed), 14);
        let complete = |state: untorn_sim::CrashState| contents(&Snapshot::of_image(state.image(), "")).len() == 6;
        !fs.recording().crashes(&Sampling::default()).all(complete)
    });
    assert!(lost);
}
