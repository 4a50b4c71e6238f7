//! A report is the patch to the last byte, down to the members of archives, and what it advises was counted.

use crate::{
    place::{Place, noise, words},
    zips::archive,
};
use untorn_studio::{Basis, MemberKind, Report, Topic};

fn topic(report: &Report, topic: Topic) -> &untorn_studio::Advice {
    report.advice.iter().find(|advice| advice.topic == topic).unwrap_or_else(|| panic!("{topic:?}: {:#?}", report.advice))
}

fn check(report: &Report) {
    let paths: u64 = report.items.iter().map(|item| item.bytes).sum();
    assert_eq!(paths + report.bytes_index, report.bytes);
    for item in report.items.iter().filter(|item| !item.members.is_empty()) {
        assert_eq!(item.members.iter().map(|member| member.bytes).sum::<u64>(), item.bytes, "{}", item.path);
        assert_eq!(item.members.iter().map(|member| member.written).sum::<u64>(), item.written(), "{}", item.path);
    }
}

#[test]
fn of_an_archive_that_was_compressed_again() {
    let place = Place::new();
    let texts: Vec<_> = (0..20).map(|seed| words(30_000, seed)).collect();
    let names: Vec<_> = (0..20).map(|number| format!("{number}.txt")).collect();
    let make = |level| {
        let members: Vec<_> =
            names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_slice(), Some(level))).collect();
        archive(&members)
    };
    place.write("old/data.zip", make(1));
    place.write("new/data.zip", make(9));
    let report = place.report_as_stored();
    check(&report);
    let advice = topic(&report, Topic::Recompressed);
    assert_eq!((advice.count, advice.basis, advice.then), (20, Basis::Measured, Some(0)));
    let kinds: Vec<_> = report.items[0].members.iter().map(|member| member.kind).collect();
    assert!(kinds.iter().filter(|kind| **kind == MemberKind::Recompressed).count() == 20, "{kinds:?}");
    let of_members: u64 =
        report.items[0].members.iter().filter(|member| !member.name.is_empty()).map(|member| member.bytes).sum();
    assert_eq!(advice.now, of_members);
    // Diffed as what they hold, the same members cost next to nothing: then there is nothing to advise.
    let report = place.report();
    check(&report);
    let item = &report.items[0];
    assert!(item.bytes * 20 < of_members && item.restored > item.new_len / 10 * 9, "{item:?}");
    assert_eq!(item.members.iter().map(|member| member.restored).sum::<u64>(), item.restored);
    assert!(report.advice.iter().all(|advice| advice.topic != Topic::Recompressed), "{:?}", report.advice);
}

#[test]
fn of_a_patch_that_was_joined() {
    let place = Place::new();
    let (text, other) = (words(200_000, 1), noise(50_000, 5));
    let mut edited = text.clone();
    place.write("builds/0/data.zip", archive(&[("text", &text, Some(6)), ("other", &other, None)]));
    for build in 1..3 {
        (0..20).for_each(|at| edited[at * 9000 + build] ^= 1);
        let more = noise(20_000, 7);
        place.write(
            &format!("builds/{build}/data.zip"),
            archive(&[("text", &edited, Some(6)), ("more", &more, None), ("other", &other, None)]),
        );
        place.write(&format!("builds/{build}/fresh"), &more[build..]);
    }
    let at = |name: &str| place.path("builds").join(name);
    for (old, new, patch) in [("0", "1", "first"), ("1", "2", "second")] {
        untorn::diff(&at(old), &at(new), &at(patch), &untorn::DiffOptions::default()).unwrap();
    }
    untorn::merge(&at("first"), &at("second"), &at("joined"), None).unwrap();
    let patch = std::fs::read(at("joined")).unwrap();
    let report = untorn_studio::inspect_patch(&patch[..], Some((&at("0"), &at("2")))).unwrap();
    check(&report);
    assert_eq!(report.bytes, patch.len() as u64);
    // What the first patch brought, the second uses: the archive pays for it, and the file that has a copy.
    let cost = |path: &str| report.items.iter().find(|item| item.path == path).unwrap().bytes;
    assert!(cost("data.zip") > 5000 && cost("fresh") > 5000, "{:#?}", report.items);
}

#[test]
fn of_gzip_files_and_pictures_that_count_as_plain_bytes() {
    let place = Place::new();
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    // An empty member of gzip: its block, checksum and length.
    let empty = [&header[..], &[3, 0], &[0; 8]].concat();
    for (build, seed) in [("old", 1), ("new", 2)] {
        place.write(&format!("{build}/two.gz"), [&empty[..], &empty, &noise(9000, seed)].concat());
        place.write(&format!("{build}/broken.gz"), [&header[..], &noise(9000, seed)].concat());
        place.write(&format!("{build}/cut.png"), [b"\x89PNG\r\n\x1a\n", &noise(9000, seed)[..]].concat());
    }
    let notes = place.report().notes;
    for path in ["two.gz", "broken.gz", "cut.png"] {
        assert!(notes.iter().any(|note| note.starts_with(path) && note.contains("plain bytes")), "{path}: {notes:?}");
    }
}

#[test]
fn of_members_that_changed_a_little_under_their_compression() {
    let place = Place::new();
    let text = words(400_000, 1);
    let mut edited = text.clone();
    edited[1000] ^= 1;
    let other = noise(50_000, 5);
    place.write("old/data.zip", archive(&[("text", &text, Some(6)), ("other", &other, None)]));
    place.write("new/data.zip", archive(&[("text", &edited, Some(6)), ("other", &other, None)]));
    let report = place.report_as_stored();
    check(&report);
    let advice = topic(&report, Topic::Deflated);
    assert_eq!(advice.paths, ["data.zip"]);
    assert!(advice.then.unwrap() < 1000 && advice.now > 16 << 10, "{advice:?}");
    // And it is so: with the member stored, the patch is about as small as was said.
    place.write("old/data.zip", archive(&[("text", &text, None), ("other", &other, None)]));
    place.write("new/data.zip", archive(&[("text", &edited, None), ("other", &other, None)]));
    let after = place.report();
    assert!(after.items[0].bytes <= advice.then.unwrap() * 2, "{} {advice:?}", after.items[0].bytes);
}

#[test]
fn of_content_that_moved() {
    let place = Place::new();
    let (one, two) = (noise(2 << 20, 1), noise(3 << 20, 2));
    place.write("old/data.zip", archive(&[("one", &one, None), ("two", &two, None)]));
    place.write("new/data.zip", archive(&[("two", &two, None), ("one", &one, None), ("three", b"3", None)]));
    let report = place.report();
    check(&report);
    let advice = topic(&report, Topic::Moved);
    assert!(advice.is_written && advice.now >= 5 << 20 && advice.then.unwrap() < 1 << 20, "{advice:?}");
    assert!(report.items[0].members.iter().any(|member| member.kind == MemberKind::Moved));
    // Without builds, too: it stands in the patch.
    let bare = untorn_studio::inspect_patch(&place.patch()[..], None).unwrap();
    assert_eq!(topic(&bare, Topic::Moved).now, advice.now);
    assert!(bare.items[0].members.is_empty() && !bare.has_builds);
}

#[test]
fn of_files_that_changed_only_where_they_begin() {
    let place = Place::new();
    for number in 0..400_u32 {
        let mut texture = noise(60_000, u64::from(number));
        place.write(&format!("old/{number}.dds"), &texture);
        texture[16..64].copy_from_slice(&noise(48, u64::from(number) + 1000));
        place.write(&format!("new/{number}.dds"), &texture);
    }
    let report = place.report();
    check(&report);
    let advice = topic(&report, Topic::Headers);
    assert_eq!((advice.count, advice.basis), (400, Basis::Measured));
    assert_eq!(advice.now, report.items.iter().map(|item| item.bytes).sum::<u64>());
    assert!(advice.text.contains("400 .dds files"), "{}", advice.text);
}

#[test]
fn of_files_that_are_encrypted_anew() {
    let place = Place::new();
    place.write("old/game.bundle", noise(400_000, 1));
    place.write("new/game.bundle", noise(400_000, 2));
    let report = place.report();
    check(&report);
    let advice = topic(&report, Topic::Opaque);
    assert_eq!((advice.paths.as_slice(), advice.then), (["game.bundle".to_owned()].as_slice(), None));
}

#[test]
fn and_of_what_is_fine_it_says_nothing() {
    let place = Place::new();
    let mut bytes = noise(400_000, 1);
    place.write("old/game.pak", &bytes);
    bytes[200_000..200_100].fill(0);
    place.write("new/game.pak", &bytes);
    place.write("new/more.txt", words(5000, 1));
    let report = place.report();
    check(&report);
    assert_eq!(report.advice, []);
}
