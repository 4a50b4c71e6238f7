//! The list of chores.

use std::path::Path;

use crate::{bindings, dependencies, dist, explore, fuzz, large, powercut, repair, soak, syscalls, tidy, torture};

/// Something that is done to the repository now and then.
#[derive(Clone, Copy, Debug)]
pub struct Chore {
    /// What to type.
    pub name: &'static str,
    /// One line for the list.
    pub about: &'static str,
    /// Does it to the repository at this path.
    pub run: fn(&Path) -> Vec<String>,
}

/// All of them.
pub const CHORES: &[Chore] = &[
    Chore { name: "tidy", about: "checks the rules of the house that no compiler knows", run: tidy::check },
    Chore {
        name: "dependencies",
        about: "checks licences, bans and sources as deny.toml says, where cargo-deny is not at hand",
        run: dependencies::check,
    },
    Chore {
        name: "fuzz",
        about: "reads inputs made to harm, for --seconds N (60), from case --seed N (0) on; --corpus makes the corpora anew",
        run: fuzz::check,
    },
    Chore {
        name: "syscalls",
        about: "kills and fails the program at each of its calls into the kernel, under strace: [--every N] [--task NAME] [--seed S] [--only-nested]",
        run: syscalls::run,
    },
    Chore { name: "bindings", about: "writes the header for C and the declarations for C# anew", run: bindings::write },
    Chore {
        name: "powercut",
        about: "cuts the power of the program on real file systems, as root: [--minutes N] [--file-system A,B] ...",
        run: powercut::run,
    },
    Chore {
        name: "dist",
        about: "makes what is handed out, in target/dist; --again compares it with a second build",
        run: dist::run,
    },
    Chore { name: "torture", about: "the same for any updater, and those of the league table: --help", run: torture::run },
    Chore {
        name: "soak",
        about: "kills the program at random moments on a real disk, runs two at once, and beside a game: [--minutes N] [--seed S]",
        run: soak::run,
    },
    Chore {
        name: "large",
        about: "patches trees of 200,000 files and a sparse file of 100 GiB: [--files N] [--sparse GIB]",
        run: large::run,
    },
    Chore {
        name: "repair",
        about: "mends one flipped bit in a file of 4 GiB out of a store, and counts bytes: [--gib N] [--dir DIR]",
        run: repair::run,
    },
    Chore { name: "explore", about: "random crash tests: --minutes N [--seed S]", run: explore::run },
];
