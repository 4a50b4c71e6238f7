//! Inspecting a patch names every path with its reason, and all costs together are the patch.

use std::{fs, path::Path};

use crate::{
    builds::{Rng, pair},
    util::{Place, noise, write},
};
use untorn::{DiffOptions, Error, Inspection, Reason, diff, inspect, inspect_index, merge};

fn inspected() -> (Vec<u8>, Inspection) {
    let place = Place::new();
    let pak = noise(200_000, 1);
    let mut edited = pak.clone();
    edited[100_000..100_100].fill(7);
    let old = place.dir(
        "old",
        &[("data.pak", &pak), ("gone", &noise(500, 2)), ("name", &noise(5000, 3)), ("here/a", &noise(5000, 4)), ("tool", b"#!")],
    );
    let new = place.dir(
        "new",
        &[
            ("data.pak", &edited),
            ("fresh", &noise(9000, 5)),
            ("other name", &noise(5000, 3)),
            ("there/a", &noise(5000, 4)),
            ("tool", b"#!"),
        ],
    );
    write(&old, "same", b"same");
    write(&new, "same", b"same");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(new.join("tool"), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let patch = place.patch("old", "new");
    let inspection = inspect(&patch[..]).unwrap();
    (patch, inspection)
}

#[test]
fn with_the_reason_of_each() {
    let (_, inspection) = inspected();
    let found: Vec<_> = inspection.paths.iter().map(|cost| (cost.path.as_str(), cost.reason, cost.from.as_deref())).collect();
    let mut expected = vec![
        ("data.pak", Reason::Changed, None),
        ("fresh", Reason::New, None),
        ("gone", Reason::Removed, None),
        ("here", Reason::Removed, None),
        ("other name", Reason::Renamed, Some("name")),
        ("there", Reason::New, None),
        ("there/a", Reason::Moved, Some("here/a")),
    ];
    if cfg!(unix) {
        expected.push(("tool", Reason::Metadata, None));
    }
    assert_eq!(found, expected);
}

#[test]
fn to_the_last_byte() {
    let (patch, inspection) = inspected();
    assert_eq!(inspection.bytes, patch.len() as u64);
    let of_paths: u64 = inspection.paths.iter().map(|cost| cost.bytes).sum();
    assert_eq!(of_paths + inspection.bytes_index, inspection.bytes);
    let cost = |path: &str| inspection.paths.iter().find(|cost| cost.path == path).unwrap();
    assert_eq!((cost("fresh").len, cost("fresh").literal, cost("fresh").kept), (9000, 9000, 0));
    assert!(cost("fresh").bytes >= 9000, "noise does not compress");
    assert!(cost("data.pak").bytes < 1000 && cost("data.pak").kept > 190_000);
    for cost in &inspection.paths {
        assert_eq!(cost.literal + cost.copied + cost.kept, cost.len, "{}", cost.path);
        assert_eq!(cost.bytes == 0, cost.literal == 0, "{}", cost.path);
    }
}

/// The patch in a file, which is exactly what it says it is made of.
fn counted(patch: &Path) -> Inspection {
    let bytes = fs::read(patch).unwrap();
    let inspection = inspect(&bytes[..]).unwrap();
    let of_paths: u64 = inspection.paths.iter().map(|cost| cost.bytes).sum();
    assert_eq!(of_paths + inspection.bytes_index + inspection.bytes_preface, bytes.len() as u64, "{inspection:#?}");
    inspection
}

#[test]
fn of_any_builds_also_where_patches_are_joined() {
    let (mut joined, mut in_between) = (0, 0);
    for seed in 0..40 {
        let (place, mut rng) = (Place::new(), Rng(seed));
        let (first, second) = pair(&mut rng);
        let builds = [&first, &second, &second.changed(&mut rng), &first];
        builds.iter().zip(["0", "1", "2", "3"]).for_each(|(build, name)| build.write(&place.path(name)));
        let mut options = DiffOptions::default();
        options.level = [1, 6][rng.index(2)];
        for step in 0..3 {
            let (old, new) = (place.path(&step.to_string()), place.path(&(step + 1).to_string()));
            diff(&old, &new, &place.path(&format!("patch{step}")), &options).unwrap();
            counted(&place.path(&format!("patch{step}")));
        }
        merge(&place.path("patch0"), &place.path("patch1"), &place.path("two"), None).unwrap();
        merge(&place.path("two"), &place.path("patch2"), &place.path("three"), None).unwrap();
        for name in ["two", "three"] {
            counted(&place.path(name));
            let (_, index) = inspect_index(&fs::read(place.path(name)).unwrap()[..]).unwrap();
            joined += usize::from(index.is_joined());
            in_between += usize::from(index.passing().contains(&true));
        }
    }
    assert!(joined > 20 && in_between > 5, "{joined} were joined, {in_between} have something in between");
}

#[test]
fn what_is_in_between_belongs_to_the_files_that_are_made_of_it_in_proportion() {
    let place = Place::new();
    let (big, other) = (noise(120_000, 1), noise(5000, 2));
    let mut edited = big.clone();
    edited[60_000..60_100].fill(7);
    place.dir("0", &[("stays", b"the same")]);
    place.dir("1", &[("stays", b"the same"), ("big", &big)]);
    place.dir("2", &[("stays", b"the same"), ("big", &edited), ("half", &big[..60_000]), ("other", &other)]);
    for step in 0..2 {
        let (old, new) = (place.path(&step.to_string()), place.path(&(step + 1).to_string()));
        diff(&old, &new, &place.path(&format!("patch{step}")), &DiffOptions::default()).unwrap();
    }
    merge(&place.path("patch0"), &place.path("patch1"), &place.path("joined"), None).unwrap();
    let inspection = counted(&place.path("joined"));
    let cost = |path: &str| inspection.paths.iter().find(|cost| cost.path == path).unwrap().bytes;
    // It shares a frame with bytes of the other file, and that one is compressed against what is in between.
    assert!((5000..6000).contains(&cost("other")), "{inspection:#?}");
    assert!((78_000..82_000).contains(&cost("big")) && (39_000..41_000).contains(&cost("half")), "{inspection:#?}");
}

#[test]
fn and_a_damaged_patch_is_refused() {
    let (patch, _) = inspected();
    for at in [0, 50, patch.len() / 2, patch.len() - 1] {
        let mut damaged = patch.clone();
        damaged[at] ^= 1;
        assert!(matches!(inspect(&damaged[..]), Err(Error::Patch(_))), "byte {at}");
    }
}
