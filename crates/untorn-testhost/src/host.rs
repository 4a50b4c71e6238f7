//! The server.

use std::{
    io::{self, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use crate::{Action, Request, answer::Way, line::Line, tls::Tls};

/// Decides how a question is answered.
pub type Decide = dyn Fn(&Request) -> Action + Send + Sync;

/// How a host behaves.
pub struct HostOptions {
    /// How long each question, and each connection, takes longer than it must.
    pub latency: Duration,
    /// How many bytes a second go out at most, over all connections.
    pub rate_max: Option<u64>,
    /// Whether to talk HTTPS, with a certificate made for it.
    pub is_secure: bool,
    /// How each question is answered: see [`HostOptions::deciding`].
    pub decide: Box<Decide>,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self { latency: Duration::ZERO, rate_max: None, is_secure: false, decide: Box::new(|_| Action::Serve) }
    }
}

impl HostOptions {
    /// The same, answering each question as `decide` says.
    #[must_use]
    pub fn deciding(mut self, decide: impl Fn(&Request) -> Action + Send + Sync + 'static) -> Self {
        self.decide = Box::new(decide);
        self
    }
}

/// A question and what went out for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Served {
    /// What was asked.
    pub request: Request,
    /// Bytes that went out, those of the head among them; 0 until the answer is complete.
    pub bytes: u64,
}

struct State {
    dir: PathBuf,
    options: HostOptions,
    line: Line,
    log: Mutex<Vec<Served>>,
    count: AtomicUsize,
    is_over: AtomicBool,
    tls: Option<Tls>,
}

impl State {
    fn begin(&self, request: &Request) -> usize {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push(Served { request: request.clone(), bytes: 0 });
        log.len() - 1
    }

    fn end(&self, place: usize, bytes: u64) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)[place].bytes = bytes;
    }
}

/// A server that is running.
pub struct Host {
    addr: SocketAddr,
    state: Arc<State>,
}

impl Host {
    /// Serves the directory `dir` well.
    ///
    /// # Errors
    /// Of the system.
    pub fn start(dir: &Path) -> io::Result<Self> {
        Self::start_with(dir, HostOptions::default())
    }

    /// Serves the directory `dir` as `options` say.
    ///
    /// # Errors
    /// Of the system.
    pub fn start_with(dir: &Path, options: HostOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let addr = listener.local_addr()?;
        let state = Arc::new(State {
            dir: dir.to_owned(),
            line: Line::new(options.rate_max),
            log: Mutex::default(),
            count: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            tls: if options.is_secure { Some(Tls::new()?) } else { None },
            options,
        });
        let shared = state.clone();
        thread::spawn(move || listen(&listener, &shared));
        Ok(Self { addr, state })
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.state.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.addr)
    }

    /// Its certificate, in PEM, where it talks HTTPS.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.state.tls.as_ref().map(|tls| tls.pem.as_str())
    }

    /// How many bytes of bodies went out so far.
    #[must_use]
    pub fn served(&self) -> u64 {
        self.state.line.served()
    }

    /// Every question so far, and what has gone out for it.
    #[must_use]
    pub fn log(&self) -> Vec<Served> {
        self.state.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.state.is_over.store(true, Relaxed);
        // Wakes the thread that listens.
        drop(TcpStream::connect(self.addr));
    }
}

fn listen(listener: &TcpListener, state: &Arc<State>) {
    while let Ok((stream, _)) = listener.accept() {
        if state.is_over.load(Relaxed) {
            return;
        }
        let state = state.clone();
        // A client that goes away is nothing to report.
        thread::spawn(move || drop(talk(stream, &state)));
    }
}

fn talk(stream: TcpStream, state: &State) -> io::Result<()> {
    stream.set_nodelay(true)?;
    thread::sleep(state.options.latency);
    match &state.tls {
        None => converse(&mut BufReader::new(stream.try_clone()?), &mut &stream, state),
        Some(tls) => {
            let connection = rustls::ServerConnection::new(tls.config.clone()).map_err(io::Error::other)?;
            let both = Mutex::new(rustls::StreamOwned::new(connection, stream));
            converse(&mut BufReader::new(Half(&both)), &mut Half(&both), state)
        }
    }
}

fn converse(from: &mut impl io::BufRead, to: &mut dyn Write, state: &State) -> io::Result<()> {
    while let Some(mut request) = Request::read(from)? {
        request.number = state.count.fetch_add(1, Relaxed);
        thread::sleep(state.options.latency);
        // Written down first: a client that has its answer may look at once.
        let place = state.begin(&request);
        let mut counted = Counted { to, bytes: 0 };
        let way = &mut Way { to: &mut counted, line: &state.line, dir: &state.dir };
        let goes_on = way.answer(&request, &(state.options.decide)(&request));
        state.end(place, counted.bytes);
        if !goes_on? || state.is_over.load(Relaxed) {
            return Ok(());
        }
    }
    Ok(())
}

/// Counts what goes out, heads among it.
struct Counted<'c> {
    to: &'c mut dyn Write,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.to.write(bytes)?;
        self.bytes += len as u64;
        Ok(len)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// One direction of a secured connection: there is only one of it for both.
struct Half<'h>(&'h Mutex<rustls::StreamOwned<rustls::ServerConnection, TcpStream>>);

impl Read for Half<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read(buf)
    }
}

impl Write for Half<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}
