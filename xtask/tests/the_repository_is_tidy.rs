//! The chores that check something, as an ordinary test.

use std::{fs, io, path::PathBuf};

use xtask::{CHORES, Understood, bindings, dependencies, repository, tidy};

#[test]
fn the_rules_of_the_house_hold() {
    let findings = tidy::check(&repository());
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

#[test]
fn every_dependency_is_one_that_deny_toml_allows() {
    let findings = dependencies::check(&repository());
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

#[test]
fn the_header_and_the_declarations_for_c_sharp_are_what_the_interface_says() {
    let findings = bindings::check(&repository());
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

/// The pages that tell how to do something.
fn pages() -> io::Result<Vec<PathBuf>> {
    let root = repository();
    let mut pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md"].map(|page| root.join(page)).to_vec();
    for entry in fs::read_dir(root.join("docs"))? {
        pages.push(entry?.path());
    }
    pages.retain(|page| page.extension().is_some_and(|ext| ext == "md"));
    Ok(pages)
}

/// Blocks of chores are not run by the tests of the book: they take hours, or root.
#[test]
fn every_chore_that_a_page_shows_is_there_and_understands_its_options() {
    let mut count = 0;
    for page in pages().unwrap() {
        let text = fs::read_to_string(&page).unwrap();
        for line in text.split("```").skip(1).step_by(2).flat_map(str::lines) {
            let Some(words) = line.strip_prefix("cargo xtask") else { continue };
            let words = words.split(" # ").next().unwrap_or_default();
            let words: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
            let Some((name, options)) = words.split_first() else { continue };
            count += 1;
            let chore = CHORES.iter().find(|chore| chore.name == *name);
            let understood = chore.map(|chore| chore.understands(options));
            assert!(
                matches!(understood, Some(Understood::Right | Understood::Help)),
                "{}: {line}: {understood:?}",
                page.display()
            );
        }
    }
    assert!(count > 15, "only {count} were found");
}
