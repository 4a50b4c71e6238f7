//! No page shows commands that nobody tries: each block is run, or says why not; then what it names of ours is there.
#![cfg(unix)]

use std::{
    collections::BTreeMap,
    fs,
    process::{Command, Stdio},
};

use untorn_testhost::Host;

use crate::{
    pages::{Block, Mark, blocks, blocks_of, builds, pages, shell},
    util::text,
};

/// What stands for a web host: a server on loopback that serves the folder `store`.
const HOST: &str = "https://updates.example.org/game";
/// What stands for another machine: a folder.
const MACHINE: &str = "host:/";
/// Programs of others that a page shows; a machine may lack them.
const OTHERS: [&str; 2] = ["minisign", "rsync"];

/// A folder in which a block is run.
struct Stage {
    work: tempfile::TempDir,
    host: Host,
}

impl Stage {
    fn new(after: &str, place: &str) -> Self {
        let work = tempfile::tempdir().unwrap();
        builds(work.path());
        for dir in ["store", "host/srv/untorn/game"] {
            fs::create_dir_all(work.path().join(dir)).unwrap();
        }
        let stage = Self { host: Host::start(&work.path().join("store")).unwrap(), work };
        stage.play(after, place);
        stage
    }

    /// Nobody is there to type a password.
    fn play(&self, lines: &str, place: &str) {
        let lines = lines
            .replace("untorn key new ", "untorn key new --no-password ")
            .replace("untorn key split ", "untorn key split --no-password ")
            .replace(HOST, &self.host.url())
            .replace(MACHINE, "host/");
        let output = shell(self.work.path(), &lines);
        assert!(output.status.success(), "{place}:\n{lines}\n{}{}", text(&output.stdout), text(&output.stderr));
    }
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).status().is_ok()
}

/// The first program of others that the block needs and this machine does not have.
fn lack(block: &Block) -> Option<&'static str> {
    let names = |program: &str| block.commands().iter().any(|command| command.split(' ').next() == Some(program));
    OTHERS.into_iter().find(|program| names(program) && !is_there(program))
}

/// Runs a block; gives how many of its commands were run.
fn run(block: &Block) -> usize {
    if let Some(program) = lack(block) {
        eprintln!("SKIPPED: {}: no program `{program}` here; `apt-get install {program}`", block.place);
        return 0;
    }
    match &block.mark {
        Mark::Run { after } => {
            Stage::new(after, &block.place).play(&block.text, &block.place);
            block.commands().len()
        }
        Mark::RunEach { after } => {
            let (open, commands): (Vec<_>, Vec<_>) = block.commands().into_iter().partition(|command| command.contains("..."));
            assert!(open.iter().all(|command| understood(command)), "{}: {open:?}", block.place);
            commands.iter().for_each(|command| Stage::new(after, &block.place).play(command, &block.place));
            commands.len()
        }
        _ => 0,
    }
}

/// Whether untorn understands a command of its own: options and how many words there are. A help that is asked for behind them is given only then.
fn understood(command: &str) -> bool {
    let command = command.split([';', '|', '&', '>']).next().unwrap_or_default();
    let words = command.split_whitespace().filter(|word| !matches!(*word, "..." | "untorn"));
    let words: Vec<_> = words.take_while(|word| *word != "--").chain(["--help"]).collect();
    let output = Command::new(env!("CARGO_BIN_EXE_untorn")).args(&words).stdin(Stdio::null()).output().unwrap();
    output.status.success()
}

#[test]
fn a_block_without_a_word_about_it_is_none() {
    let silent: Vec<_> = blocks()
        .into_iter()
        // What is shown of an answer is no command; what README shows of Rust is compiled with the crate.
        .filter(|block| !matches!(block.language.as_str(), "" | "console" | "text" | "rust,no_run"))
        .filter(|block| block.mark == Mark::Missing || (block.mark == Mark::Served) != (block.language == "nginx"))
        .map(|block| format!("{} ({})", block.place, block.language))
        .collect();
    assert!(silent.is_empty(), "neither run nor said why not, by a comment before the block (tests/all/pages): {silent:?}");
    let shows_commands = |block: &Block| {
        let begins = |line: &String| ["$ ", "untorn ", "cargo "].iter().any(|start| line.starts_with(start));
        block.commands().iter().any(begins)
    };
    let hidden: Vec<_> = blocks()
        .into_iter()
        .filter(|block| matches!(block.language.as_str(), "" | "text") && shows_commands(block))
        .map(|block| block.place)
        .collect();
    assert!(hidden.is_empty(), "commands as mere text: {hidden:?}");
}

#[test]
fn those_that_can_are_run() {
    let blocks: Vec<_> =
        blocks().into_iter().filter(|block| matches!(block.mark, Mark::Run { .. } | Mark::RunEach { .. })).collect();
    let ran: usize = blocks.iter().map(run).sum();
    eprintln!("{ran} commands of {} blocks were run", blocks.len());
    assert!(ran >= 30 || OTHERS.iter().any(|program| !is_there(program)), "only {ran} commands were found");
}

#[test]
fn a_store_that_was_copied_as_the_page_says_is_one_and_has_no_marks() {
    let block = blocks().into_iter().find(|block| block.text.contains("\nrsync ")).unwrap();
    let Mark::Run { after } = &block.mark else { panic!("{:?}", block.mark) };
    if lack(&block).is_some() {
        eprintln!("SKIPPED: no program `rsync` here; `apt-get install rsync`");
        return;
    }
    let stage = Stage::new(after, &block.place);
    let marks = ["publishing", "collecting", ".part"];
    stage.play(block.text.lines().next().unwrap(), &block.place);
    stage.play(&marks.map(|dir| format!("mkdir -p store/{dir}; touch store/{dir}/mark\n")).concat(), &block.place);
    let (_, copy) = block.text.split_once('\n').unwrap();
    stage.play(copy, &block.place);
    let copied = stage.work.path().join("host/srv/untorn/game");
    assert!(copied.join("channel").is_dir() && marks.iter().all(|dir| !copied.join(dir).exists()));
    stage.play(&format!("untorn install {MACHINE}srv/untorn/game player --trust game.1.root"), &block.place);
    stage.play("diff -r --exclude=.untorn player build", &block.place);
}

#[test]
fn the_others_say_why_and_name_only_what_is_there() {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for block in blocks() {
        let Mark::NotRun { why } = &block.mark else { continue };
        assert!(why.len() > 10, "{}: why is it not run?", block.place);
        *reasons.entry(why.clone()).or_default() += 1;
        for command in block.commands() {
            assert!(!command.starts_with("untorn ") || understood(&command), "{}: {command}", block.place);
        }
    }
    let count: usize = reasons.values().sum();
    eprintln!("{count} blocks of the book are not run:");
    reasons.iter().for_each(|(why, count)| eprintln!("  {count}: {why}"));
}

#[test]
fn commands_within_a_sentence_or_a_table_are_understood() {
    let mut count = 0;
    for page in pages() {
        let (name, content) = (page.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&page).unwrap());
        for line in content.lines() {
            let quoted = line.split('`').skip(1).step_by(2);
            for command in quoted.filter(|words| words.starts_with("untorn ") && !words.contains(['(', '…', '<', '[', '\''])) {
                count += 1;
                assert!(
                    understood(command) || understood(&format!("{command} VALUE")) || is_abridged(command) || is_context(command),
                    "{name}: `{command}`"
                );
            }
        }
    }
    assert!(count > 40, "only {count} were found");
}

/// Of two commands that differ in one word only the names are said: `untorn verify`, `repair`.
fn is_abridged(command: &str) -> bool {
    command.split_whitespace().any(|word| word.chars().all(|letter| letter.is_ascii_uppercase()))
}

/// What stands before bytes that are signed or hashed: a word and a version, `untorn rollout 1`.
fn is_context(words: &str) -> bool {
    matches!(words.split(' ').collect::<Vec<_>>()[..], ["untorn", _, version] if version.parse::<u32>().is_ok())
}

#[test]
fn marks_are_read_as_they_stand_there() {
    let page = "a\n```sh\nx\n```\n<!-- run -->\n```sh\ny\n```\n```sh\nnot of the mark\n```\n<!-- run after:\nz\n-->\n```sh\nw \\\n  v   # why\n```\n<!-- not run: no -->\n\n```sh\nu\n```\n";
    let blocks = blocks_of("page", page);
    let marks: Vec<_> = blocks.iter().map(|block| block.mark.clone()).collect();
    let run = |after: &str| Mark::Run { after: after.to_owned() };
    assert_eq!(marks, [Mark::Missing, run(""), Mark::Missing, run("z"), Mark::Missing]);
    assert_eq!((blocks[3].commands(), blocks[3].place.as_str()), (vec!["w    v".to_owned()], "page:15"));
    assert!(understood("untorn apply 1.1.patch game/ --dry-run") && understood("untorn run game/ -- start --now"));
    for wrong in ["untorn apply a b c", "untorn apply --no-such a b", "untorn aply a b"] {
        assert!(!understood(wrong), "{wrong}");
    }
}
