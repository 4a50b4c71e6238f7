//! The servers of the rivals, as their users run them.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

const PATIENCE: Duration = Duration::from_secs(5);

/// A server that runs as long as this lives.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
}

impl Server {
    /// nginx, for the files in `dir`.
    pub fn nginx(dir: &Path, work: &Path) -> anyhow::Result<Self> {
        let addr = free_addr()?;
        let place = |name: &str| work.join(name).display().to_string();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {};\n", place("nginx.tmp")))
            .collect();
        let config = format!(
            "daemon off;\nmaster_process off;\npid {};\nerror_log {};\nevents {{}}\nhttp {{\naccess_log off;\nsendfile on;\n{temporary}server {{ listen {addr}; root {}; }}\n}}\n",
            place("nginx.pid"),
            place("nginx.log"),
            dir.display(),
        );
        fs::write(work.join("nginx.conf"), config)?;
        let mut nginx = Command::new("nginx");
        nginx.arg("-e").arg(work.join("nginx.log")).arg("-c").arg(work.join("nginx.conf"));
        Self::start(nginx, addr)
    }

    /// rsync, for the directory `dir` under the name `new`.
    pub fn rsync(dir: &Path, work: &Path) -> anyhow::Result<Self> {
        let addr = free_addr()?;
        let root = if rustix::process::getuid().is_root() { "uid = 0\ngid = 0\n" } else { "" };
        let config = format!("{root}use chroot = no\n[new]\npath = {}\nread only = yes\n", dir.display());
        fs::write(work.join("rsyncd.conf"), config)?;
        let mut rsync = Command::new("rsync");
        rsync.args(["--daemon", "--no-detach", "--address=127.0.0.1"]).arg(format!("--port={}", addr.port()));
        rsync.arg(format!("--config={}", work.join("rsyncd.conf").display()));
        Self::start(rsync, addr)
    }

    fn start(mut command: Command, addr: SocketAddr) -> anyhow::Result<Self> {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
        let mut server = Self { child, addr };
        let began = Instant::now();
        while TcpStream::connect(addr).is_err() {
            anyhow::ensure!(server.child.try_wait()?.is_none(), "{:?} ended at once", command.get_program());
            anyhow::ensure!(began.elapsed() < PATIENCE, "{:?} does not answer", command.get_program());
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port that nobody has right now.
fn free_addr() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}
