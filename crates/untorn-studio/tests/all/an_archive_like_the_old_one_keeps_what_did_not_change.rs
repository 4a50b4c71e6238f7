//! An archive that is packed like the old one has what did not change in its place, byte for byte, and can be read by everybody.

use std::{collections::HashMap, fs, process::Command};

use crate::{
    place::{Place, files, noise, words},
    zips::{archive, members},
};
use untorn_studio::{Format, Method, PackOptions, PackReport, pack};

fn like(place: &Place, old: Option<&str>, new: &str, change: impl FnOnce(&mut PackOptions)) -> PackReport {
    let mut options = PackOptions::default();
    options.like = old.map(|old| place.path(old));
    change(&mut options);
    pack(&place.path("dir"), &place.path(new), &options).unwrap()
}

fn fill(place: &Place) {
    for number in 0..40 {
        place.write(&format!("dir/maps/{number}.map"), words(3000 + number * 700, number as u64));
    }
    place.write("dir/big.bin", noise(300_000, 7));
    place.write("dir/ümlaut.txt", "text");
    place.write("dir/empty", "");
    fs::create_dir_all(place.path("dir/nothing")).unwrap();
}

fn change(place: &Place) {
    let mut big = noise(300_000, 7);
    big[150_000] ^= 1;
    place.write("dir/big.bin", big);
    place.write("dir/maps/3.map", words(9000, 99));
    place.write("dir/maps/5.map", words(90, 98));
    fs::remove_file(place.path("dir/maps/20.map")).unwrap();
    place.write("dir/maps/new.map", words(4000, 97));
}

/// What is in the archive is what is in the directory.
fn check(place: &Place, name: &str) {
    let mut found: Vec<_> =
        members(&fs::read(place.path(name)).unwrap()).into_iter().map(|(name, _, _, content)| (name, content)).collect();
    found.retain(|(name, _)| !name.ends_with('/'));
    found.sort();
    assert!(found == files(&place.path("dir")), "{name} holds something else");
}

#[test]
fn byte_for_byte() {
    for method in [Method::Store, Method::Deflate] {
        let place = Place::new();
        fill(&place);
        like(&place, None, "1.zip", |options| options.method = method);
        check(&place, "1.zip");
        change(&place);
        let report = like(&place, Some("1.zip"), "2.zip", |_| {});
        check(&place, "2.zip");
        assert_eq!((report.members, report.kept, report.no_guide.clone()), (44, 40, None), "{report:?}");
        let [old_bytes, new] = ["1.zip", "2.zip"].map(|name| fs::read(place.path(name)).unwrap());
        let before: HashMap<_, _> =
            members(&old_bytes).into_iter().map(|(name, header, _, content)| (name, (header, content))).collect();
        for (name, header, data, content) in members(&new) {
            match before.get(&name) {
                Some((old_header, old)) if *old == content => {
                    assert_eq!(header, *old_header, "{name} moved");
                    assert_eq!(new[header..data], old_bytes[header..data], "{name}");
                }
                _ => assert!(["big.bin", "maps/3.map", "maps/5.map", "maps/new.map"].contains(&name.as_str()), "{name}"),
            }
        }
        // Of one changed byte in a member that is stored, one byte changes.
        if method == Method::Store {
            let place_of = |bytes: &[u8]| members(bytes).into_iter().find(|found| found.0 == "big.bin").unwrap().2;
            assert_eq!(place_of(&old_bytes), place_of(&new));
            assert_eq!(place_of(&new) % 4096, 0);
        }
    }
}

#[test]
fn and_the_update_writes_what_changed() {
    let place = Place::new();
    fill(&place);
    // Sorted by name, one behind the other, as simple tools do; what is longer pushes the rest along.
    let plain = |place: &Place| {
        let files = files(&place.path("dir"));
        archive(&files.iter().map(|(name, content)| (name.as_str(), content.as_slice(), None)).collect::<Vec<_>>())
    };
    place.write("old/data.zip", plain(&place));
    change(&place);
    place.write("new/data.zip", plain(&place));
    let simple = place.report();
    like(&place, Some("old/data.zip"), "new/data.zip", |_| {});
    let careful = place.report();
    assert!(simple.written() > 400_000, "{}", simple.written());
    assert!(careful.written() < 60_000, "{}", careful.written());
    assert!(careful.bytes <= simple.bytes + simple.bytes / 5, "{} {}", careful.bytes, simple.bytes);
}

#[test]
fn also_where_it_was_compressed_by_somebody_else() {
    let place = Place::new();
    fill(&place);
    let all = files(&place.path("dir"));
    let hard = archive(&all.iter().map(|(name, content)| (name.as_str(), content.as_slice(), Some(9))).collect::<Vec<_>>());
    place.write("old.zip", &hard);
    let report = like(&place, Some("old.zip"), "new.zip", |options| options.method = Method::Store);
    assert_eq!(report.kept, all.len() as u64);
    let new = fs::read(place.path("new.zip")).unwrap();
    let end = members(&hard).last().map(|(_, _, data, _)| *data).unwrap();
    assert_eq!(hard[..end], new[..end]);
}

#[test]
fn twice_the_same_is_the_same_on_any_number_of_threads() {
    let place = Place::new();
    fill(&place);
    like(&place, None, "1.zip", |options| options.jobs = 1);
    like(&place, None, "2.zip", |options| options.jobs = 4);
    let again = like(&place, Some("1.zip"), "3.zip", |_| {});
    let [one, two, three] = ["1.zip", "2.zip", "3.zip"].map(|name| fs::read(place.path(name)).unwrap());
    assert!(one == two && one == three);
    assert_eq!(again.kept, again.members);
    // Over itself, too.
    like(&place, Some("1.zip"), "1.zip", |_| {});
    assert!(fs::read(place.path("1.zip")).unwrap() == one);
}

#[test]
fn other_programs_read_it() {
    let place = Place::new();
    fill(&place);
    like(&place, None, "1.zip", |_| {});
    change(&place);
    like(&place, Some("1.zip"), "2.zip", |options| options.method = Method::Deflate);
    let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(len(z.namelist()))";
    let archive = place.path("2.zip");
    for (program, args) in [("unzip", vec!["-tq"]), ("python3", vec!["-c", script])] {
        match Command::new(program).args(args).arg(&archive).output() {
            Ok(output) => assert!(
                output.status.success(),
                "{program}: {}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ),
            Err(_) => eprintln!("SKIPPED: there is no {program}"),
        }
    }
}

#[test]
fn it_begins_with_a_member_and_may_lose_that() {
    let place = Place::new();
    place.write("dir/a", noise(20_000, 1));
    place.write("dir/b", noise(30_000, 2));
    like(&place, None, "1.zip", |_| {});
    assert!(fs::read(place.path("1.zip")).unwrap().starts_with(b"PK\x03\x04"));
    fs::remove_file(place.path("dir/a")).unwrap();
    let report = like(&place, Some("1.zip"), "2.zip", |_| {});
    assert_eq!((report.kept, report.no_guide), (1, None));
    let report = like(&place, Some("2.zip"), "3.zip", |_| {});
    assert_eq!((report.kept, report.no_guide), (1, None), "a hole at the beginning is no prefix");
    place.write("dir/c", noise(5000, 3));
    like(&place, Some("3.zip"), "4.zip", |_| {});
    assert!(fs::read(place.path("4.zip")).unwrap().starts_with(b"PK\x03\x04"));
    check(&place, "4.zip");
}

#[test]
fn a_plain_one_keeps_places_as_well() {
    let place = Place::new();
    fill(&place);
    like(&place, None, "1.pak", |options| options.format = Format::Plain);
    change(&place);
    let report = like(&place, Some("1.pak"), "2.pak", |options| options.format = Format::Plain);
    assert_eq!((report.members, report.kept, report.no_guide), (43, 39, None));
    let (bytes, list) = (fs::read(place.path("2.pak")).unwrap(), fs::read_to_string(place.path("2.pak.list")).unwrap());
    let mut found = Vec::new();
    for line in list.lines().skip(1) {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        let (at, len): (usize, usize) = (words[0].parse().unwrap(), words[1].parse().unwrap());
        assert_eq!(format!("{:08x}", crc32fast::hash(&bytes[at..at + len])), words[2]);
        found.push((words[3].to_owned(), bytes[at..at + len].to_vec()));
    }
    found.sort();
    assert!(found == files(&place.path("dir")));
    // Over itself, too.
    let report = like(&place, Some("2.pak"), "2.pak", |options| options.format = Format::Plain);
    assert_eq!((report.kept, fs::read(place.path("2.pak")).unwrap() == bytes), (43, true));
    // A list that lies is no guide.
    place.write("1.pak.list", "untorn plain archive 1\n0 99999999999999 00000000 big.bin\n");
    let report = like(&place, Some("1.pak"), "3.pak", |options| options.format = Format::Plain);
    assert!(report.no_guide.is_some());
}

#[test]
fn an_archive_inside_the_directory_is_refused() {
    let place = Place::new();
    fill(&place);
    let error = pack(&place.path("dir"), &place.path("dir/data.zip"), &PackOptions::default()).unwrap_err();
    assert_eq!(error.code(), "UNT-OUTPUT");
    let mut options = PackOptions::default();
    options.like = Some(place.path("missing.zip"));
    assert_eq!(pack(&place.path("dir"), &place.path("x.zip"), &options).unwrap_err().code(), "UNT-IO");
    assert!(!place.path("x.zip").exists());
}
