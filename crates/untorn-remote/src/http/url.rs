//! Addresses: as much of them as untorn needs.

use untorn_format::escape;

/// An address of a web server: where it is, and a path there that ends in `/`, or names an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) is_secure: bool,
    /// `user:password` of whoever gave the address; never shown, never handed on.
    credentials: Option<String>,
    host: String,
    path: String,
}

impl Url {
    /// A base: blanks around it and a missing `/` at its end do not matter.
    pub(super) fn base(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let mut url = Self::absolute(text)?;
        if url.path.contains(['?', '#']) {
            return Err("names of objects are appended, so there can be neither ? nor #");
        }
        if !url.path.ends_with('/') {
            url.path.push('/');
        }
        Ok(url)
    }

    fn absolute(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or("it does not begin with https:// or http://")?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err("it does not begin with https:// or http://"),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (credentials, host) = match authority.rsplit_once('@') {
            Some((credentials, host)) => (Some(credentials.to_owned()), host),
            None => (None, authority),
        };
        if host.is_empty() || text.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\') {
            return Err("it names no host, or holds blanks");
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { is_secure, credentials, host: host.to_owned(), path })
    }

    /// The object `name`, which has passed [`check_name`](crate::check_name), below this base.
    pub(super) fn object(&self, name: &str) -> Self {
        Self { path: format!("{}{name}", self.path), ..self.clone() }
    }

    /// Where a redirect from here leads, without credentials.
    pub(super) fn follow(&self, location: &str) -> Result<Self, &'static str> {
        let location = location.split('#').next().unwrap_or_default().trim();
        let mut next = if let Some(rest) = location.strip_prefix("//") {
            Self::absolute(&format!("{}://{rest}", self.scheme()))?
        } else if is_absolute(location) {
            Self::absolute(location)?
        } else {
            self.beside(location)?
        };
        next.credentials = None;
        if self.is_secure && !next.is_secure {
            return Err("it would leave the secured connection");
        }
        Ok(next)
    }

    fn beside(&self, location: &str) -> Result<Self, &'static str> {
        if location.is_empty() || location.bytes().any(|byte| byte <= b' ' || byte == b'\\') {
            return Err("it names no place");
        }
        let plain = self.path.split('?').next().unwrap_or_default();
        let path = if location.starts_with('/') {
            location.to_owned()
        } else {
            let dir = plain.rfind('/').map_or("/", |at| &plain[..=at]);
            format!("{dir}{location}")
        };
        Ok(Self { path, credentials: None, ..self.clone() })
    }

    fn scheme(&self) -> &'static str {
        if self.is_secure { "https" } else { "http" }
    }

    /// For the connection.
    pub(super) fn full(&self) -> String {
        let credentials = self.credentials.as_ref().map(|text| format!("{text}@")).unwrap_or_default();
        format!("{}://{credentials}{}{}", self.scheme(), self.host, self.path)
    }

    /// For people: escaped, without credentials, and without what stands behind a `?`, which may be a key.
    pub(super) fn shown(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        escape(format!("{}://{}{path}", self.scheme(), self.host).as_bytes())
    }
}

/// Whether it begins with a scheme.
fn is_absolute(location: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    location.split_once(':').is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Url {
        Url::base(text).unwrap()
    }

    #[test]
    fn a_blank_and_a_missing_slash_do_not_matter() {
        for text in ["https://example.org/game", " https://example.org/game/\n", "HTTPS://example.org/game"] {
            assert_eq!(base(text).object("pack/aa").full(), "https://example.org/game/pack/aa", "{text}");
        }
        assert_eq!(base("http://example.org").object("a").full(), "http://example.org/a");
    }

    #[test]
    fn what_is_no_base_is_refused() {
        for text in [
            "",
            "game",
            "ftp://example.org",
            "file:///etc",
            "https://",
            "https://ex ample.org",
            "https://a/?key=1",
            "https://a/#x",
        ] {
            assert!(Url::base(text).is_err(), "{text}");
        }
    }

    #[test]
    fn credentials_are_sent_to_the_base_only_and_never_shown() {
        let url = base("https://me:secret@example.org/a").object("b");
        assert_eq!(url.full(), "https://me:secret@example.org/a/b");
        assert_eq!(url.shown(), "https://example.org/a/b");
        for location in ["/c", "c", "https://other.example/c", "//other.example/c", "https://you:too@other.example/c"] {
            assert!(!url.follow(location).unwrap().full().contains('@'), "{location}");
        }
    }

    #[test]
    fn a_redirect_stays_secured_and_on_the_web() {
        let url = base("https://example.org/a/").object("b");
        let follow = |location: &str| url.follow(location).map(|url| url.full());
        assert_eq!(follow("c").unwrap(), "https://example.org/a/c");
        assert_eq!(follow("/c?x=1#y").unwrap(), "https://example.org/c?x=1");
        assert_eq!(follow("//other.example").unwrap(), "https://other.example/");
        for location in ["http://example.org/c", "file:///etc/passwd", "ftp://a/b", "", "data:,x", "a b", "javascript:x"] {
            assert!(follow(location).is_err(), "{location}");
        }
        assert!(base("http://example.org").follow("https://example.org/").unwrap().is_secure);
    }
}
