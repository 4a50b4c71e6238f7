//! Serves a directory on loopback, as far away and as fast as asked for, until it is killed: `serve DIR LATENCY_MS BYTES_PER_SECOND`. Prints its address, and, for each line it
//! reads, how many bytes have gone out since the last one.

use std::{
    env,
    io::{self, BufRead, Write},
    path::Path,
    time::Duration,
};

use untorn_testhost::{Host, HostOptions};

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let options = HostOptions {
        latency: Duration::from_millis(number(1)),
        rate_max: Some(number(2)).filter(|rate| *rate > 0),
        ..HostOptions::default()
    };
    let host = Host::start_with(Path::new(args.first().map_or(".", String::as_str)), options)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", host.url())?;
    out.flush()?;
    let mut before = 0;
    for _ in io::stdin().lock().lines() {
        writeln!(out, "{}", host.served() - before)?;
        out.flush()?;
        before = host.served();
    }
    Ok(())
}
