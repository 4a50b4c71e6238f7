//! A line between a program and a server: so far away, so fast, and every byte on it is counted.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const PIECE_LEN: usize = 16 << 10;
/// Pieces under way on a connection, at most: 4 MiB, more than any line here holds.
const PIECES_MAX: usize = 256;

/// How a line is.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// There and back.
    pub latency: Duration,
    /// Bytes a second each way, over all connections.
    pub rate: f64,
}

/// One direction of a line.
#[derive(Debug)]
struct Direction {
    line: Line,
    next: Mutex<Instant>,
    bytes: AtomicU64,
}

impl Direction {
    fn new(line: Line) -> Self {
        Self { line, next: Mutex::new(Instant::now()), bytes: AtomicU64::new(0) }
    }

    /// When a piece that is sent now arrives.
    fn arrival(&self, len: usize) -> Instant {
        self.bytes.fetch_add(len as u64, Relaxed);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = (*next).max(Instant::now()) + Duration::from_secs_f64(len as f64 / self.line.rate);
        *next + self.line.latency / 2
    }
}

/// Listens on loopback, and hands everything on to a server there.
pub struct Relay {
    /// Where it listens.
    pub addr: SocketAddr,
    down: Arc<Direction>,
    up: Arc<Direction>,
    is_over: Arc<AtomicBool>,
}

impl Relay {
    /// Begins to listen.
    pub fn start(to: SocketAddr, line: Line) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let relay = Self {
            addr: listener.local_addr()?,
            down: Arc::new(Direction::new(line)),
            up: Arc::new(Direction::new(line)),
            is_over: Arc::default(),
        };
        let (down, up, is_over) = (relay.down.clone(), relay.up.clone(), relay.is_over.clone());
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                if is_over.load(Relaxed) {
                    return;
                }
                let (down, up) = (down.clone(), up.clone());
                thread::spawn(move || {
                    // Whoever connects waits for the answer to that, too.
                    thread::sleep(line.latency);
                    // A connection that fails is the program's to report.
                    drop(connect(&client, to, &down, &up));
                });
            }
        });
        Ok(relay)
    }

    /// Bytes towards the program and from it, since this was asked last.
    pub fn take(&self) -> (u64, u64) {
        (self.down.bytes.swap(0, Relaxed), self.up.bytes.swap(0, Relaxed))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
        drop(TcpStream::connect(self.addr));
    }
}

fn connect(client: &TcpStream, to: SocketAddr, down: &Arc<Direction>, up: &Arc<Direction>) -> std::io::Result<()> {
    let server = TcpStream::connect(to)?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    hand_on(client.try_clone()?, server.try_clone()?, up.clone());
    hand_on(server, client.try_clone()?, down.clone());
    Ok(())
}

/// Each piece arrives when the line would have brought it.
fn hand_on(mut from: TcpStream, mut to: TcpStream, direction: Arc<Direction>) {
    let (sender, pieces) = sync_channel::<(Instant, Vec<u8>)>(PIECES_MAX);
    thread::spawn(move || {
        let mut piece = vec![0; PIECE_LEN];
        while let Ok(len) = from.read(&mut piece) {
            if len == 0 || sender.send((direction.arrival(len), piece[..len].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (arrival, piece) in pieces {
            thread::sleep(arrival.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                break;
            }
        }
        // The other side may have closed it first.
        drop(to.shutdown(Shutdown::Write));
    });
}
