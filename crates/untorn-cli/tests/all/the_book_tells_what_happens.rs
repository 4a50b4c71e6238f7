//! Every command of the book is run, in the order of its page, and prints what the page says.
#![cfg(unix)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::pages::{builds, shell};

/// What stands for anything else.
const ANYTHING: &str = "...";

/// The folder that the pages of the book lie in.
fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// A command of a page and the lines that it is said to print.
struct Scene<'p> {
    command: &'p str,
    prints: Vec<&'p str>,
}

fn scenes(page: &str) -> Vec<Scene<'_>> {
    let mut scenes: Vec<Scene<'_>> = Vec::new();
    for block in page.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap_or_default().lines() {
            match (line.strip_prefix("$ "), scenes.last_mut()) {
                (Some(command), _) => scenes.push(Scene { command, prints: Vec::new() }),
                (None, Some(scene)) => scene.prints.push(line),
                (None, None) => panic!("a block that begins without a command: {line}"),
            }
        }
    }
    scenes
}

/// Whether `line` is `wanted`, in which `...` stands for anything.
fn fits(line: &str, wanted: &str) -> bool {
    let mut parts = wanted.split(ANYTHING);
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let mut open = false;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        (rest, open) = (&rest[at + part.len()..], part.is_empty());
    }
    rest.is_empty() || open
}

/// Whether the lines are the ones that are wanted; a line that is `...` stands for any number of them.
fn all_fit(lines: &[&str], wanted: &[&str]) -> bool {
    match (wanted.split_first(), lines.split_first()) {
        (None, _) => lines.is_empty(),
        (Some((&ANYTHING, wanted)), _) => (0..=lines.len()).any(|skipped| all_fit(&lines[skipped..], wanted)),
        (Some((wanted, more_wanted)), Some((line, more))) => fits(line, wanted) && all_fit(more, more_wanted),
        (Some(_), None) => false,
    }
}

fn play(page: &Path) -> usize {
    let text = fs::read_to_string(page).unwrap();
    let scenes = scenes(&text);
    if scenes.is_empty() {
        return 0;
    }
    let work = tempfile::tempdir().unwrap();
    builds(work.path());
    for scene in &scenes {
        let output = shell(work.path(), scene.command);
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let (page, lines) = (page.display(), printed.lines().collect::<Vec<_>>());
        assert!(output.status.success(), "{page}: $ {}\n{printed}", scene.command);
        assert!(
            all_fit(&lines, &scene.prints),
            "{page}: $ {}\nprints:\n{printed}\nnot:\n{}",
            scene.command,
            scene.prints.join("\n")
        );
    }
    scenes.len()
}

#[test]
fn what_the_pages_show_is_what_is_printed() {
    let pages = fs::read_dir(docs()).unwrap().map(|entry| entry.unwrap().path());
    let played: usize = pages.filter(|page| page.extension().is_some_and(|ext| ext == "md")).map(|page| play(&page)).sum();
    assert!(played >= 20, "only {played} commands were found");
}

#[test]
fn every_page_is_in_the_table_of_contents_and_every_entry_is_a_page() {
    let summary = fs::read_to_string(docs().join("SUMMARY.md")).unwrap();
    let listed: Vec<&str> = summary.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    for page in &listed {
        assert!(docs().join(page).is_file(), "{page} is listed, but not there");
    }
    for dir in ["", "format/"] {
        for entry in fs::read_dir(docs().join(dir)).unwrap().map(Result::unwrap) {
            let name = format!("{dir}{}", entry.file_name().to_str().unwrap());
            let is_page = name.ends_with(".md") && name != "SUMMARY.md";
            assert!(!is_page || listed.contains(&name.as_str()), "{name} is missing from docs/SUMMARY.md");
        }
    }
}

#[test]
fn dots_stand_for_anything_and_nothing_else_does() {
    for (line, wanted) in [("a b c", "a ... c"), ("a", "a..."), ("a b", "..."), ("ab", "a...b"), ("x: 5 KiB, y", "x: ..., y")] {
        assert!(fits(line, wanted), "{line} {wanted}");
    }
    for (line, wanted) in [("a b", "a"), ("a b c", "a ... d"), ("b a", "a..."), ("", "a")] {
        assert!(!fits(line, wanted), "{line} {wanted}");
    }
    assert!(all_fit(&["a", "b", "c"], &["...", "c"]) && all_fit(&["c"], &["...", "c"]) && !all_fit(&["a", "b"], &["a"]));
}
