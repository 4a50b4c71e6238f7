//! Objects of a web server.

mod attentive;
mod body;
mod failure;
mod head;
mod meter;
mod options;
mod url;

use std::{
    io::Write,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering::Relaxed},
    },
};

use ureq::{
    Agent, Body,
    http::{Response, header},
    tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem},
    unversioned::{
        resolver::DefaultResolver,
        transport::{ConnectProxyConnector, Connector, RustlsConnector, TcpConnector},
    },
};

use crate::{Error, Fault, Result, Transport, check_name, error::Answer};
use attentive::Attentive;
use body::Pour;
use head::{Head, Verdict};
use meter::Meter;
pub use options::HttpOptions;
use url::Url;

/// How many redirects are followed.
const REDIRECTS_MAX: usize = 5;
/// How many connections are kept for the next question.
const IDLE_MAX: usize = 16;

/// Objects of a web server, below one address.
pub struct Http {
    agent: Agent,
    base: Url,
    shown: String,
    options: HttpOptions,
    /// Whether ranges are served: see `RANGES`.
    ranges: AtomicU8,
    is_cancelled: Arc<AtomicBool>,
}

/// Not known yet, no, yes.
const RANGES: [Option<bool>; 3] = [None, Some(false), Some(true)];

impl Http {
    /// Objects below the address `base`, which begins with `https://` or `http://`. Nothing is asked yet.
    ///
    /// # Errors
    /// [`Fault::Url`] for an address, or certificates, that cannot be used.
    pub fn new(base: &str, options: HttpOptions) -> Result<Self> {
        let refuse = |why| Error::new(untorn_format::escape(without_credentials(base).as_bytes()), Fault::Url { why });
        let url = Url::base(base).map_err(refuse)?;
        let roots = match &options.roots {
            Some(pem) => RootCerts::new_with_certs(&certificates(pem).ok_or_else(|| refuse("the certificates cannot be read"))?),
            None => RootCerts::PlatformVerifier,
        };
        let (shown, is_cancelled) = (url.shown(), Arc::new(AtomicBool::new(false)));
        Ok(Self {
            agent: agent(&options, roots, is_cancelled.clone()),
            base: url,
            shown,
            options,
            ranges: AtomicU8::new(0),
            is_cancelled,
        })
    }

    /// Asks, follows redirects, and gives the first answer that is none.
    fn ask(&self, name: &str, range: Option<&Range<u64>>) -> Result<(Response<Body>, Url)> {
        if !check_name(name) {
            return Err(self.error(&self.base, Fault::Name));
        }
        let mut url = self.base.object(name);
        for _ in 0..=REDIRECTS_MAX {
            let mut request = self.agent.get(url.full()).header(header::ACCEPT_ENCODING, "identity");
            if let Some(range) = range {
                request = request.header(header::RANGE, format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
            }
            let answer = request.call().map_err(|error| self.error(&url, failure::of(error)))?;
            if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok((answer, url));
            }
            let location = text(&answer, &header::LOCATION);
            let refused = |why| self.error(&url, Fault::Redirect { to: crate::error::first_of(location.as_bytes()), why });
            url = url.follow(&location).map_err(refused)?;
        }
        Err(self.error(&self.base.object(name), Fault::Redirect { to: url.shown(), why: "there were too many before it" }))
    }

    /// The body, if it is what was asked for. Says how long it is, and how long the whole object is.
    fn judged(
        &self,
        answer: Response<Body>,
        url: &Url,
        range: Option<&Range<u64>>,
        limit: u64,
    ) -> Result<(Pour, Option<u64>, Option<u64>)> {
        let head = head_of(&answer);
        let meter = Meter::new(self.options.rate_min, self.options.patience);
        let mut pour = Pour::new(answer.into_body(), meter, self.options.patience);
        match head.judge(range, limit) {
            Verdict::Take { len, whole } => Ok((pour, len, whole)),
            Verdict::Fail(fault) => Err(self.error(url, fault)),
            Verdict::Refuse(make) => {
                let first = pour.first(crate::error::FIRST_LEN);
                Err(self.error(url, make(Answer::new(head.status, &head.kind, &first))))
            }
        }
    }

    fn error(&self, url: &Url, fault: Fault) -> Error {
        let fault = if self.is_cancelled.load(Relaxed) && !matches!(fault, Fault::Sink(_)) { Fault::Stopped } else { fault };
        Error::new(url.shown(), fault)
    }

    fn learn(&self, serves_ranges: bool) {
        self.ranges.store(if serves_ranges { 2 } else { 1 }, Relaxed);
    }
}

impl Transport for Http {
    fn base(&self) -> &str {
        &self.shown
    }

    fn get(&self, name: &str, limit: u64, sink: &mut dyn Write) -> Result<u64> {
        let (answer, url) = self.ask(name, None)?;
        let (pour, len, _) = self.judged(answer, &url, None, limit)?;
        pour.all_into(len, limit, sink).map_err(|fault| self.error(&url, fault))
    }

    fn get_range(&self, name: &str, range: Range<u64>, sink: &mut dyn Write) -> Result<Option<u64>> {
        if range.start >= range.end {
            return Ok(None);
        }
        let (answer, url) = self.ask(name, Some(&range))?;
        let is_part = answer.status().as_u16() == 206;
        let judged = self.judged(answer, &url, Some(&range), range.end);
        if let Err(error) = &judged
            && matches!(error.fault(), Fault::NoRange { .. })
        {
            self.learn(false);
        }
        let (pour, _, whole) = judged?;
        if is_part {
            self.learn(true);
        }
        let len = range.end - range.start;
        pour.all_into(Some(len), len, sink).map_err(|fault| self.error(&url, fault))?;
        Ok(whole)
    }

    fn len(&self, name: &str) -> Result<Option<u64>> {
        // A single byte: what HEAD says is not what GET does on every server.
        match self.get_range(name, 0..1, &mut std::io::sink()) {
            Err(error) => match error.fault() {
                Fault::NoRange { len } => Ok(*len),
                _ => Err(error),
            },
            other => other,
        }
    }

    fn serves_ranges(&self) -> Option<bool> {
        RANGES[usize::from(self.ranges.load(Relaxed)).min(RANGES.len() - 1)]
    }

    fn cancel(&self) {
        self.is_cancelled.store(true, Relaxed);
        self.agent.clone().shutdown();
    }
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("base", &self.shown).finish_non_exhaustive()
    }
}

fn agent(options: &HttpOptions, roots: RootCerts, is_cancelled: Arc<AtomicBool>) -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls =
        TlsConfig::builder().provider(TlsProvider::Rustls).unversioned_rustls_crypto_provider(provider).root_certs(roots).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("untorn/", env!("CARGO_PKG_VERSION")))
        .accept_encoding("")
        .timeout_resolve(Some(options.patience_to_connect))
        .timeout_connect(Some(options.patience_to_connect))
        .timeout_recv_response(Some(options.patience))
        .timeout_per_read(Some(options.patience))
        .timeout_per_write(Some(options.patience))
        .max_idle_connections(IDLE_MAX)
        .max_idle_connections_per_host(IDLE_MAX)
        .build();
    // As by default, but that no wait is longer than somebody who cancels would wait.
    let connector =
        ().chain(ConnectProxyConnector::default())
            .chain(TcpConnector::default())
            .chain(Attentive(is_cancelled))
            .chain(RustlsConnector::default());
    Agent::with_parts(config, connector, DefaultResolver::default())
}

/// Every certificate in a PEM file; `None` when there is none, or one that cannot be read.
fn certificates(pem: &[u8]) -> Option<Vec<Certificate<'static>>> {
    let items: Result<Vec<_>, _> = parse_pem(pem).collect();
    let found = items.ok()?.into_iter().filter_map(|item| match item {
        PemItem::Certificate(certificate) => Some(certificate),
        _ => None,
    });
    Some(found.collect::<Vec<_>>()).filter(|found| !found.is_empty())
}

/// An address that may be none, for messages.
fn without_credentials(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, host)| host)
}

fn head_of(answer: &Response<Body>) -> Head {
    Head {
        status: answer.status().as_u16(),
        kind: text(answer, &header::CONTENT_TYPE),
        encoding: text(answer, &header::CONTENT_ENCODING),
        len: answer.body().content_length(),
        range: text(answer, &header::CONTENT_RANGE),
    }
}

fn text(answer: &Response<Body>, name: &header::HeaderName) -> String {
    answer.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}
