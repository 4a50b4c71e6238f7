//! What is said before there is a patch is near what the patch comes to.

use crate::{
    place::{Place, noise, words},
    zips::archive,
};
use untorn::Reason;
use untorn_studio::{EstimateOptions, Report, estimate};

fn estimated(place: &Place, jobs: usize) -> Report {
    let mut options = EstimateOptions::default();
    options.jobs = jobs;
    estimate(&place.path("old"), &place.path("new"), &options).unwrap()
}

fn fill(place: &Place) {
    for number in 0..60 {
        let text = words(4000 + number * 300, number as u64);
        place.write(&format!("old/maps/{number}.map"), &text);
        match number % 6 {
            0 => drop(place.write(&format!("new/maps/{number}.map"), [&text[..2000], b"new", &text[2000..]].concat())),
            1 => {}
            2 => drop(place.write(&format!("new/levels/{number}.map"), &text)),
            _ => drop(place.write(&format!("new/maps/{number}.map"), &text)),
        }
    }
    let mut pak = noise(3 << 20, 1);
    place.write("old/data.pak", &pak);
    pak[100_000..140_000].copy_from_slice(&noise(40_000, 2));
    pak.splice(2_000_000..2_000_000, noise(5000, 3));
    place.write("new/data.pak", &pak);
    let (small, big) = (words(700, 5), noise(200_000, 6));
    place.write("old/data.zip", archive(&[("a", &small, None), ("b", &big, None), ("c", &small, Some(6))]));
    place.write("new/data.zip", archive(&[("c", &small, Some(6)), ("b", &big, None), ("d", &noise(9000, 8), None)]));
    place.write("new/added.txt", words(60_000, 7000));
}

#[test]
fn in_all_and_by_reason() {
    let place = Place::new();
    fill(&place);
    let (guess, truth) = (estimated(&place, 0), place.report());
    assert_eq!((guess.from, guess.to), (truth.from, truth.to));
    let kinds =
        |report: &Report| report.items.iter().map(|item| (item.path.clone(), item.reason, item.from.clone())).collect::<Vec<_>>();
    assert_eq!(kinds(&guess), kinds(&truth));
    assert!(guess.bytes >= truth.bytes * 9 / 10 && guess.bytes <= truth.bytes * 13 / 10, "{} {}", guess.bytes, truth.bytes);
    assert!(guess.items.iter().any(|item| item.reason == Reason::Moved));
    let zip = guess.items.iter().find(|item| item.path == "data.zip").unwrap();
    assert!(zip.literal < 12_000, "members that only moved are known by name: {zip:?}");
}

#[test]
fn members_that_were_deflated_anew_cost_next_to_nothing() {
    let place = Place::new();
    let (texts, changed): (Vec<_>, _) = ((0..20).map(|number| words(30_000, 900 + number)).collect(), words(20_000, 7));
    let names: Vec<_> = (0..20).map(|number| format!("text/{number}")).collect();
    let make = |level, last: &[u8]| {
        let mut members: Vec<_> = names.iter().zip(&texts).map(|(name, text)| (&name[..], &text[..], Some(level))).collect();
        members.push(("last", last, Some(level)));
        archive(&members)
    };
    place.write("old/data.zip", make(6, &changed));
    place.write("new/data.zip", make(1, &[&changed[..], b"and more"].concat()));
    let (guess, truth) = (estimated(&place, 0), place.report());
    println!("{} beside {}", guess.bytes, truth.bytes);
    assert!(guess.items[0].restored > truth.items[0].restored / 2, "{:?}", guess.items);
    assert!(guess.notes[0].starts_with("data.zip: 1 member that changed is deflated"), "{:?}", guess.notes);
    assert!(guess.bytes < 20_000, "{}", guess.bytes);
}

/// A texture of one level, which zstd compressed.
fn texture(raw: &[u8], level: i32) -> Vec<u8> {
    let frame = zstd::bulk::compress(raw, level).unwrap();
    let mut head = b"\xabKTX 20\xbb\r\n\x1a\n".to_vec();
    [0, 1, 64, 64, 0, 0, 1, 1, 2].iter().for_each(|number: &u32| head.extend(number.to_le_bytes()));
    head.resize(80, 0);
    [104, frame.len(), raw.len()].iter().for_each(|number| head.extend((*number as u64).to_le_bytes()));
    [head, frame].concat()
}

#[test]
fn textures_that_were_compressed_anew_cost_next_to_nothing() {
    let place = Place::new();
    let pixels: Vec<_> = (0..12).map(|number| words(60_000, 300 + number)).collect();
    for (build, level) in [("old", 19), ("new", 3)] {
        let stored: Vec<_> = pixels.iter().map(|raw| texture(raw, level)).collect();
        let names: Vec<_> = (0..pixels.len()).map(|number| format!("texpages/{number}.ktx2")).collect();
        let members: Vec<_> = names.iter().zip(&stored).map(|(name, bytes)| (&name[..], &bytes[..], None)).collect();
        place.write(&format!("{build}/base.wz"), archive(&members));
        place.write(&format!("{build}/loose.ktx2"), texture(&words(90_000, 7), level));
    }
    let (guess, truth) = (estimated(&place, 0), place.report());
    println!("{} beside {}", guess.bytes, truth.bytes);
    assert_eq!(guess.items.iter().map(|item| item.restored > item.new_len / 2).collect::<Vec<_>>(), [true, true]);
    assert!(guess.bytes < 20_000 && truth.bytes < 20_000, "{} {}", guess.bytes, truth.bytes);
}

#[test]
fn the_same_on_any_number_of_threads() {
    let place = Place::new();
    fill(&place);
    let (one, four) = (estimated(&place, 1), estimated(&place, 4));
    assert_eq!((one.bytes, one.items, one.advice), (four.bytes, four.items, four.advice));
}

#[test]
fn of_equal_builds_nothing() {
    let place = Place::new();
    place.write("old/a", "a");
    place.write("new/a", "a");
    let report = estimated(&place, 0);
    assert_eq!((report.items.len(), report.written()), (0, 0));
    assert!(report.bytes < 100);
}
