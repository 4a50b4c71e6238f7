//! Writing an answer, well or badly.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::Path,
    thread,
    time::Duration,
};

use crate::{
    Action, Request,
    line::{Line, PIECE_LEN},
};

/// Whether the connection may go on.
pub(crate) type GoesOn = bool;

/// Where an answer goes.
pub(crate) struct Way<'w> {
    pub(crate) to: &'w mut dyn Write,
    pub(crate) line: &'w Line,
    pub(crate) dir: &'w Path,
}

impl Way<'_> {
    /// Answers. Bytes that went out are counted.
    pub(crate) fn answer(&mut self, request: &Request, action: &Action) -> io::Result<GoesOn> {
        match action {
            Action::Hang => {
                thread::sleep(Duration::from_secs(3600));
                return Ok(false);
            }
            Action::Say(status, lines, body) => return self.say(*status, lines, body),
            Action::Endless => return self.endless(),
            _ => {}
        }
        let Ok(mut file) = self.open(&request.path) else { return self.say(404, &[], b"no such file") };
        let whole = file.metadata()?.len();
        let asked = request.range.clone().filter(|_| !matches!(action, Action::WithoutRange | Action::CutWithoutRange(_)));
        let Some(range) = asked else {
            self.head("200 OK", whole, &[])?;
            return self.body(&mut file, 0..whole, action, request);
        };
        let range = range.start..range.end.min(whole);
        if range.start >= range.end {
            return self.say(416, &[format!("Content-Range: bytes */{whole}")], b"");
        }
        let range = if let Action::OtherPart(other) = action { other.clone() } else { range };
        let told = match action {
            Action::SayPart(text) => text.clone(),
            _ => format!("bytes {}-{}/{whole}", range.start, range.end - 1),
        };
        self.head("206 Partial Content", range.end - range.start, &[format!("Content-Range: {told}")])?;
        self.body(&mut file, range, action, request)
    }

    fn open(&self, path: &str) -> io::Result<File> {
        if path.split('/').any(|part| part == ".." || part.is_empty()) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let path = self.dir.join(path);
        if path.is_file() { File::open(path) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn head(&mut self, status: &str, len: u64, lines: &[String]) -> io::Result<()> {
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let kind =
            if lines.to_ascii_lowercase().contains("content-type:") { "" } else { "Content-Type: application/octet-stream\r\n" };
        let head = format!("HTTP/1.1 {status}\r\n{kind}Content-Length: {len}\r\n{lines}\r\n");
        self.to.write_all(head.as_bytes())?;
        self.to.flush()
    }

    fn say(&mut self, status: u16, lines: &[String], body: &[u8]) -> io::Result<GoesOn> {
        self.head(&format!("{status} -"), body.len() as u64, lines)?;
        self.line.write(self.to, body)?;
        self.to.flush()?;
        Ok(true)
    }

    fn endless(&mut self) -> io::Result<GoesOn> {
        self.to.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n")?;
        loop {
            self.line.write(self.to, &[b'x'; PIECE_LEN])?;
        }
    }

    fn body(&mut self, file: &mut File, range: Range<u64>, action: &Action, request: &Request) -> io::Result<GoesOn> {
        if request.method == "HEAD" {
            return Ok(true);
        }
        let (piece_len, pause) = match action {
            Action::Trickle(len, pause) => (*len, *pause),
            Action::Stall(pause) => {
                thread::sleep(*pause);
                (PIECE_LEN, Duration::ZERO)
            }
            _ => (PIECE_LEN, Duration::ZERO),
        };
        let end = if let Action::Cut(len) | Action::CutWithoutRange(len) = action {
            range.end.min(range.start + len)
        } else {
            range.end
        };
        file.seek(SeekFrom::Start(range.start))?;
        let (mut at, mut piece) = (range.start, vec![0; piece_len]);
        while at < end {
            let want = usize::try_from(end - at).unwrap_or(piece_len).min(piece_len);
            file.read_exact(&mut piece[..want])?;
            if let Action::Flip(place) = action
                && (at..at + want as u64).contains(place)
            {
                piece[usize::try_from(place - at).unwrap_or_default()] ^= 1;
            }
            self.line.write(self.to, &piece[..want])?;
            at += want as u64;
            if !pause.is_zero() {
                self.to.flush()?;
                thread::sleep(pause);
            }
        }
        self.to.flush()?;
        Ok(end == range.end)
    }
}
