//! `cargo xtask repair`: one flipped bit in a file of 4 GiB, mended out of a store by the program itself: how many bytes are fetched, and written.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::Value;

use crate::{arguments, cargo, fuzz::rng::Rng, watch::watched};

/// What may be typed behind the chore.
pub(crate) const OPTIONS: &[&str] = &["--gib N", "--dir DIR"];
/// How long the file is, when nothing else is said.
const GIB: u64 = 4;
/// What is written at once.
const PIECE_LEN: usize = 1 << 20;
/// The most bytes that may be fetched, and as many written, besides as many into the journal.
const BYTES_MAX: u64 = 256 << 10;

/// The chore: `cargo xtask repair [--gib N] [--dir DIR]`. Takes twice as much disk as the file is long, in `DIR` or `target/repair`, and gives it back.
pub(crate) fn run(root: &Path) -> Vec<String> {
    let words: Vec<String> = std::env::args().collect();
    let gib = match arguments::number(&words, "--gib", GIB, &(1..=1024)) {
        Ok(gib) => gib,
        Err(error) => return vec![error],
    };
    let dir = arguments::text(&words, "--dir").map_or_else(|| root.join("target/repair"), PathBuf::from);
    let work = dir.join(format!("repair-{}", std::process::id()));
    let findings =
        cargo::program(root, "untorn-cli", "untorn").and_then(|program| measured(&Place { program, work: work.clone() }, gib));
    // What cannot be removed is said by nobody's need.
    drop(fs::remove_dir_all(&work));
    findings.unwrap_or_else(|error| vec![error])
}

struct Place {
    program: PathBuf,
    work: PathBuf,
}

fn measured(place: &Place, gib: u64) -> Result<Vec<String>, String> {
    let len = gib << 30;
    place.prepare(len)?;
    let (mut findings, spots) = (Vec::new(), [len / 5 * 4 + 12_345, len / 3, len - 1]);
    for (number, spot) in spots.into_iter().enumerate() {
        place.flip(spot).map_err(|error| format!("flip a bit: {error}"))?;
        let (answer, peak) = place.untorn(&["repair", "tree", "--json"])?;
        let result = &answer["result"];
        let (fetched, transaction) = (&result["fetched_bytes"], &result["transaction"]);
        let (fetched, in_place) =
            (fetched.as_u64().unwrap_or(u64::MAX), transaction["in_place_bytes"].as_u64().unwrap_or(u64::MAX));
        let written = transaction["written_bytes"].as_u64().unwrap_or(u64::MAX);
        let line = format!(
            "bit {number}, byte {spot}: {fetched} bytes fetched, {in_place} written in place, {written} with the journal, {:.1} s, {} MiB of memory",
            result["seconds"].as_f64().unwrap_or_default(),
            peak >> 20
        );
        say(&line);
        if result["outcome"] != "repaired" || fetched > BYTES_MAX || in_place > BYTES_MAX || written > 2 * BYTES_MAX {
            findings.push(line);
        }
    }
    let began = Instant::now();
    let (_, peak) = place.untorn(&["verify", "tree", "--json"])?;
    say(&format!("verified in {:.1} s, {} MiB of memory", began.elapsed().as_secs_f64(), peak >> 20));
    Ok(findings)
}

impl Place {
    /// A store with the build, and a tree that is it: the build itself, so that nothing is there three times.
    fn prepare(&self, len: u64) -> Result<(), String> {
        let fill = || -> std::io::Result<()> {
            fs::create_dir_all(self.work.join("tree"))?;
            fs::write(self.work.join("tree/readme.txt"), "a game")?;
            let (mut file, mut rng) = (File::create(self.work.join("tree/data.pak"))?, Rng::new(len));
            let mut done = 0;
            while done < len {
                file.write_all(&rng.bytes(PIECE_LEN))?;
                done += PIECE_LEN as u64;
            }
            Ok(())
        };
        fill().map_err(|error| format!("make a file of {len} bytes: {error}"))?;
        self.untorn(&["key", "new", ".", "--product", "game", "--no-password", "--json"])?;
        self.untorn(&["publish", "tree", "store", "--key", "game.key", "--root", "game.1.root", "--level", "1", "--json"])?;
        self.untorn(&["install", "store", "tree", "--trust", "game.1.root", "--json"])?;
        // As on a player's disk that keeps no index: the worst case.
        drop(fs::remove_dir_all(self.work.join("tree/.untorn/fetched")));
        Ok(())
    }

    fn flip(&self, at: u64) -> std::io::Result<()> {
        let mut file = File::options().read(true).write(true).open(self.work.join("tree/data.pak"))?;
        let mut byte = [0];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut byte)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&[byte[0] ^ 0x10])
    }

    /// Runs it, and gives its answer and the most memory it held, in bytes.
    fn untorn(&self, arguments: &[&str]) -> Result<(Value, u64), String> {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.work).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().map_err(|error| format!("start {}: {error}", self.program.display()))?;
        let peak = watched(&mut child).map_err(|error| error.to_string())?;
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        let answer: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("untorn {arguments:?}: {error}"))?;
        if output.status.success() { Ok((answer, peak)) } else { Err(format!("untorn {arguments:?}: {answer}")) }
    }
}

#[expect(clippy::print_stdout, reason = "a campaign for people at a terminal")]
fn say(line: &str) {
    println!("{line}");
}
