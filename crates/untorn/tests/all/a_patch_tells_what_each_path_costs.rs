//! Inspecting a patch names every path with its reason, and all costs together are the patch.

use crate::util::{Place, noise, write};
use untorn::{Error, Inspection, Reason, inspect};

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

#[test]
fn and_a_damaged_patch_is_refused() {
    let (patch, _) = inspected();
    for at in [0, 50, patch.len() / 2, patch.len() - 1] {
        let mut damaged = patch.clone();
        damaged[at] ^= 1;
        assert!(matches!(inspect(&damaged[..]), Err(Error::Patch(_))), "byte {at}");
    }
}
