//! The pages of the book, and README, as blocks; and what a page says is to become of each.
//!
//! A block of `console` is run and prints what it shows. Before any other block that has a language stands a comment, which no reader of the page sees:
//! - `<!-- run -->`: its lines are run, in a folder with two builds. `<!-- run after:` and lines of a shell: those before.
//! - `<!-- run each after:`: each line by itself, so that they need not follow from each other.
//! - `<!-- served -->`: a web server with this configuration is asked.
//! - `<!-- not run: WHY -->`: what it names must be there all the same.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// What is to become of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nobody said.
    Missing,
    Run {
        after: String,
    },
    RunEach {
        after: String,
    },
    Served,
    NotRun {
        why: String,
    },
}

/// A block of a page.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// Page and line, for messages.
    pub(crate) place: String,
    pub(crate) language: String,
    pub(crate) mark: Mark,
    pub(crate) text: String,
}

impl Block {
    /// The commands, those that go on in the next line as one, without what is said about them.
    pub(crate) fn commands(&self) -> Vec<String> {
        let joined = self.text.replace("\\\n", " ");
        let lines = joined.lines().map(|line| line.split(" # ").next().unwrap_or_default().trim());
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
    }
}

/// All pages, sorted.
pub(crate) fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    for dir in ["docs", "docs/format"] {
        pages.extend(fs::read_dir(root.join(dir)).unwrap().map(|entry| entry.unwrap().path()));
    }
    pages.retain(|page| page.extension().is_some_and(|ext| ext == "md"));
    pages.sort();
    pages
}

/// The blocks of all pages.
pub(crate) fn blocks() -> Vec<Block> {
    pages()
        .iter()
        .flat_map(|page| blocks_of(page.file_name().unwrap().to_str().unwrap(), &fs::read_to_string(page).unwrap()))
        .collect()
}

/// The blocks of a page.
pub(crate) fn blocks_of(name: &str, page: &str) -> Vec<Block> {
    let (mut blocks, mut before, mut open): (Vec<Block>, Vec<&str>, bool) = (Vec::new(), Vec::new(), false);
    for (number, line) in page.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), open) {
            (Some(language), false) => {
                let (place, language) = (format!("{name}:{}", number + 1), language.trim().to_owned());
                blocks.push(Block { place, language, mark: mark(&before), text: String::new() });
                open = true;
            }
            (Some(_), true) => {
                open = false;
                before.clear();
            }
            (None, true) => blocks.last_mut().unwrap().text.extend([line, "\n"]),
            (None, false) => before.push(line),
        }
    }
    assert!(!open, "{name}: the last block has no end");
    blocks
}

/// What the comment says that ends right before a block.
fn mark(before: &[&str]) -> Mark {
    let text = before.join("\n");
    let Some((_, comment)) = text.strip_suffix("-->").and_then(|text| text.rsplit_once("<!--")) else { return Mark::Missing };
    let comment = comment.trim();
    let after = |rest: &str| rest.trim().to_owned();
    if comment == "run" {
        Mark::Run { after: String::new() }
    } else if let Some(rest) = comment.strip_prefix("run after:") {
        Mark::Run { after: after(rest) }
    } else if let Some(rest) = comment.strip_prefix("run each after:") {
        Mark::RunEach { after: after(rest) }
    } else if comment == "served" {
        Mark::Served
    } else if let Some(why) = comment.strip_prefix("not run:") {
        Mark::NotRun { why: after(why) }
    } else {
        Mark::Missing
    }
}

/// The two builds that every page begins with.
pub(crate) fn builds(work: &Path) {
    for version in ["1.0", "1.1"] {
        let dir = work.join(version);
        fs::create_dir_all(dir.join("data")).unwrap();
        let mut world: Vec<u8> = (0..2_000_000_u32).map(|at| (at.wrapping_mul(at) % 251) as u8).collect();
        if version == "1.1" {
            world[1_000_000..1_000_100].fill(0);
        }
        fs::write(dir.join("data/world.pak"), world).unwrap();
        fs::write(dir.join("readme.txt"), format!("Version {version}\n")).unwrap();
        fs::write(dir.join("start"), format!("#!/bin/sh\necho playing {version}\n")).unwrap();
        fs::set_permissions(dir.join("start"), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Runs lines of a shell in `work`, with this untorn before any other.
pub(crate) fn shell(work: &Path, lines: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_untorn")).parent().unwrap();
    let before = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    let path = std::env::join_paths(std::iter::once(program.to_owned()).chain(before)).unwrap();
    let mut command = Command::new("sh");
    command.args(["-e", "-c", lines]).current_dir(work).env("PATH", path).stdin(Stdio::null()).output().unwrap()
}
