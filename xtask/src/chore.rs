//! The list of chores.

use std::path::Path;

use crate::{
    arguments, bindings, dependencies, dist, explore, fuzz, large, mutants, powercut, repair, soak, syscalls, tidy, torture,
};

/// Something that is done to the repository now and then.
#[derive(Clone, Copy, Debug)]
pub struct Chore {
    /// What to type.
    pub name: &'static str,
    /// One line for the list.
    pub about: &'static str,
    /// All that can be typed behind it, with examples.
    pub usage: &'static str,
    /// Its options, each with what its value is called; `None` where another program looks at them.
    pub options: Option<&'static [&'static str]>,
    /// Does it to the repository at this path.
    pub run: fn(&Path) -> Vec<String>,
}

/// What is typed behind a chore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Understood {
    /// Its usage is asked for.
    Help,
    /// It makes no sense, and why.
    Wrong(String),
    /// It can be done.
    Right,
}

impl Chore {
    /// Looks at what is typed behind it.
    #[must_use]
    pub fn understands(&self, words: &[String]) -> Understood {
        if arguments::ask_for_help(words) {
            return Understood::Help;
        }
        match self.options.map_or(Ok(()), |options| arguments::check(words, options)) {
            Ok(()) => Understood::Right,
            Err(why) => Understood::Wrong(why),
        }
    }
}

/// All of them.
pub const CHORES: &[Chore] = &[
    Chore {
        name: "tidy",
        about: "checks the rules of the house that no compiler knows",
        usage: include_str!("tidy/usage.txt"),
        options: Some(&[]),
        run: tidy::check,
    },
    Chore {
        name: "dependencies",
        about: "checks licences, bans and sources as deny.toml says, where cargo-deny is not at hand",
        usage: "cargo xtask dependencies\n\nExamples:\n  cargo xtask dependencies\n",
        options: Some(&[]),
        run: dependencies::check,
    },
    Chore {
        name: "fuzz",
        about: "inputs made to harm, for every decoder: no panic, bounded memory",
        usage: include_str!("fuzz/usage.txt"),
        options: Some(fuzz::OPTIONS),
        run: fuzz::check,
    },
    Chore {
        name: "syscalls",
        about: "kills and fails the program at each of its calls into the kernel, under strace",
        usage: include_str!("syscalls/usage.txt"),
        options: Some(syscalls::OPTIONS),
        run: syscalls::run,
    },
    Chore {
        name: "bindings",
        about: "writes the header for C and the declarations for C# anew",
        usage: "cargo xtask bindings\n\nExamples:\n  cargo xtask bindings && git diff --stat\n",
        options: Some(&[]),
        run: bindings::write,
    },
    Chore {
        name: "powercut",
        about: "cuts the power of the program on real file systems, as root",
        usage: include_str!("../../crates/untorn-powercut/src/lab/usage.txt"),
        options: None,
        run: powercut::run,
    },
    Chore {
        name: "dist",
        about: "makes what is handed out, in target/dist; --again compares it with a second build",
        usage: "cargo xtask dist [--again]\n  --again                builds it once more from a clone; the bytes must be the same\n\nExamples:\n  cargo xtask dist\n  cargo xtask dist --again\n",
        options: Some(&["--again"]),
        run: dist::run,
    },
    Chore {
        name: "torture",
        about: "the same for any updater, and those of the league table",
        usage: include_str!("../../crates/untorn-powercut/src/lab/torture/usage.txt"),
        options: None,
        run: torture::run,
    },
    Chore {
        name: "soak",
        about: "kills the program at random moments on a real disk, runs two at once, and beside a game",
        usage: include_str!("../../crates/untorn-powercut/src/lab/soak/usage.txt"),
        options: None,
        run: soak::run,
    },
    Chore {
        name: "large",
        about: "patches trees of 200,000 files and a sparse file of 100 GiB",
        usage: include_str!("large/usage.txt"),
        options: Some(large::OPTIONS),
        run: large::run,
    },
    Chore {
        name: "repair",
        about: "mends one flipped bit in a file of 4 GiB out of a store, and counts bytes",
        usage: include_str!("repair/usage.txt"),
        options: Some(repair::OPTIONS),
        run: repair::run,
    },
    Chore {
        name: "mutants",
        about: "mutation testing: which mistakes no test notices; needs cargo-mutants",
        usage: include_str!("mutants/usage.txt"),
        options: Some(mutants::OPTIONS),
        run: mutants::run,
    },
    Chore {
        name: "explore",
        about: "random crash tests, for as long as anybody likes",
        usage: include_str!("../../crates/untorn-crash/src/bin/explore.txt"),
        options: None,
        run: explore::run,
    },
];

#[cfg(test)]
mod tests {
    use super::CHORES;

    #[test]
    fn every_chore_says_what_can_be_typed_with_examples() {
        for chore in CHORES {
            let (usage, examples) = chore.usage.split_once("Examples:").unwrap_or_default();
            assert!(examples.contains(&format!("cargo xtask {}", chore.name)), "{}: no example", chore.name);
            for option in chore.options.unwrap_or_default() {
                assert!(usage.contains(option), "{}: its usage does not tell {option}", chore.name);
            }
        }
    }
}
