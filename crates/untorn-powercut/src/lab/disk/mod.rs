//! The disk: a process of its own, so that whoever waits for it can be freed by ending it.
//!
//! `powercut disk DIR BYTES` serves a file `disk` in `DIR` through FUSE, and takes commands from standard input, one a line, answered with one line each: see
//! [`client::Disk`] for what they mean.

mod blocks;
pub(super) mod client;
pub(super) mod fault;
mod image;
mod media;
mod serve;

use std::{
    io::{self, BufRead, Write as _},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use self::media::Media;
use super::state::{Event, State};

/// The name of the file.
pub(super) const NAME: &str = "disk";

type Shared = Arc<Mutex<Media>>;

fn lock(media: &Shared) -> MutexGuard<'_, Media> {
    media.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves until standard input ends.
///
/// # Errors
/// What is wrong with FUSE here, or with the arguments.
pub(super) fn main(words: &[String]) -> Result<(), String> {
    let [dir, len] = words else { return Err("disk DIR BYTES".into()) };
    let len = len.parse().map_err(|_| "how many bytes?")?;
    let media = Shared::default();
    let session = serve::mount(media.clone(), Path::new(dir), len).map_err(|error| format!("FUSE: {error}"))?;
    let answer = obey(&media).map_err(|error| format!("commands: {error}"));
    drop(session);
    answer
}

fn obey(media: &Shared) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "ready")?;
    output.flush()?;
    for line in io::stdin().lock().lines() {
        let answer = command(media, &line?).unwrap_or_else(|why| format!("error {why}"));
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

fn command(media: &Shared, line: &str) -> Result<String, String> {
    let words: Vec<&str> = line.split(' ').collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<usize>().ok()).ok_or("a number is missing");
    let path = || line.split_once(' ').map(|(_, path)| Path::new(path)).ok_or("a path is missing");
    let mut media = lock(media);
    match words[0] {
        "load" => image::load(&mut media, path()?).map_err(|error| error.to_string())?,
        "save" => image::save(&media, path()?).map_err(|error| error.to_string())?,
        "record" => media.record(),
        "mark" => media.mark(),
        "halt" => return Ok(outline(media.halt())),
        "forget" => media.forget(),
        "heal" => media.set_fault(None),
        "fail" => media.set_fault(Some(line["fail ".len()..].parse().map_err(|()| "which fault?")?)),
        "failed" => return Ok(media.failed().to_string()),
        "phases" => return Ok(media.phases.map(|count| count.to_string()).join(" ")),
        "cut" => {
            let torn = words.get(3).and_then(|seed| Some((number(2).ok()?, seed.parse().ok()?)));
            let kept = words[4..].iter().filter_map(|word| word.parse().ok()).collect();
            media.cut(&State { flushed: number(1)?, kept, torn, done: 0 });
        }
        _ => return Err(format!("no such command: {}", words[0])),
    }
    Ok("done".into())
}

/// A word for each event.
fn outline(events: &[Event]) -> String {
    let word = |event: &Event| match event {
        Event::Write { offset, len } => format!("{offset}:{len}"),
        Event::Flush => "flush".into(),
        Event::Mark => "mark".into(),
    };
    events.iter().map(word).collect::<Vec<_>>().join(" ")
}
