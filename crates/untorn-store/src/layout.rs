//! Every name in a store. Nothing else spells one.
//!
//! ```text
//! untorn.store                     the mark of a store, and whose it is
//! channel/<name>                   THE pointer of a channel: signatures and document in one; the only name whose content changes
//! log/<name>/<seq>                 every channel document that was ever pointed to
//! root/<n>.root                    the root documents, from 1 on
//! release/<id>                     release documents, by the hash of their bytes
//! manifest/<hash>                  manifests, compressed, by the hash of the manifest
//! manifest/<hash>-from-<hash>      the same, compressed against an older one
//! index/<hash>                     indexes, by the hash of their bytes
//! pack/<hash>                      packs, by the hash of their bytes
//! bridge/<hash>                    bridges, by the hash of their bytes
//! patch/<hash>                     patches, by the hash of their bytes
//! <document>.minisig               the signatures of a root, release or log document
//! publishing/<hash>                somebody publishes: what he sends is not to be collected. Of no meaning to readers
//! collecting/<hash>                somebody collects what nothing reaches: nobody is to publish. Of no meaning to readers
//! ```

use std::fmt;

use untorn_format::{Hash, release::is_name};

/// The ending of signatures.
const SIGNATURES: &str = ".minisig";

/// The name of an object of a store. Its text, which [`fmt::Display`] gives, is a relative path with `/`, good for a file system and for a URL as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Name {
    /// The mark of a store.
    Mark,
    /// The pointer of a channel.
    Channel(ChannelName),
    /// A channel document, by its number.
    Log(ChannelName, u64),
    /// The signatures of a channel document.
    LogSignatures(ChannelName, u64),
    /// A root document, by its version.
    Root(u64),
    /// The signatures of a root document.
    RootSignatures(u64),
    /// A release document.
    Release(Hash),
    /// The signatures of a release document.
    ReleaseSignatures(Hash),
    /// A manifest.
    Manifest(Hash),
    /// A manifest, compressed against an older one.
    ManifestDelta {
        /// The older one.
        from: Hash,
        /// This one.
        to: Hash,
    },
    /// An index.
    Index(Hash),
    /// A pack.
    Pack(Hash),
    /// A bridge.
    Bridge(Hash),
    /// A patch.
    Patch(Hash),
    /// The mark of a publication that goes on.
    Publishing(Hash),
    /// The mark of a collection that goes on.
    Collecting(Hash),
}

impl Name {
    /// The name whose text this is; `None` where a store of this version has no such name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = parse(text)?;
        // One text for each name.
        (name.to_string() == text).then_some(name)
    }

    /// Whether what it names never changes: such an object may be cached forever.
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        !matches!(self, Self::Channel(_))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mark => f.write_str("untorn.store"),
            Self::Channel(name) => write!(f, "channel/{name}"),
            Self::Log(name, seq) => write!(f, "log/{name}/{seq}"),
            Self::LogSignatures(name, seq) => write!(f, "log/{name}/{seq}{SIGNATURES}"),
            Self::Root(version) => write!(f, "root/{version}.root"),
            Self::RootSignatures(version) => write!(f, "root/{version}.root{SIGNATURES}"),
            Self::Release(id) => write!(f, "release/{id}"),
            Self::ReleaseSignatures(id) => write!(f, "release/{id}{SIGNATURES}"),
            Self::Manifest(hash) => write!(f, "manifest/{hash}"),
            Self::ManifestDelta { from, to } => write!(f, "manifest/{to}-from-{from}"),
            Self::Index(hash) => write!(f, "index/{hash}"),
            Self::Pack(hash) => write!(f, "pack/{hash}"),
            Self::Bridge(hash) => write!(f, "bridge/{hash}"),
            Self::Patch(hash) => write!(f, "patch/{hash}"),
            Self::Publishing(hash) => write!(f, "publishing/{hash}"),
            Self::Collecting(hash) => write!(f, "collecting/{hash}"),
        }
    }
}

fn parse(text: &str) -> Option<Name> {
    if text == "untorn.store" {
        return Some(Name::Mark);
    }
    let (folder, rest) = text.split_once('/')?;
    let (document, is_signed) = match rest.strip_suffix(SIGNATURES) {
        Some(document) if matches!(folder, "log" | "root" | "release") => (document, true),
        _ => (rest, false),
    };
    Some(match (folder, is_signed) {
        ("channel", _) => Name::Channel(ChannelName::new(document)?),
        ("log", is_signed) => {
            let (channel, seq) = document.split_once('/')?;
            let (channel, seq) = (ChannelName::new(channel)?, seq.parse().ok()?);
            if is_signed { Name::LogSignatures(channel, seq) } else { Name::Log(channel, seq) }
        }
        ("root", is_signed) => {
            let version = document.strip_suffix(".root")?.parse().ok()?;
            if is_signed { Name::RootSignatures(version) } else { Name::Root(version) }
        }
        ("release", true) => Name::ReleaseSignatures(document.parse().ok()?),
        ("release", false) => Name::Release(document.parse().ok()?),
        ("manifest", _) => match document.split_once("-from-") {
            Some((to, from)) => Name::ManifestDelta { from: from.parse().ok()?, to: to.parse().ok()? },
            None => Name::Manifest(document.parse().ok()?),
        },
        ("index", _) => Name::Index(document.parse().ok()?),
        ("pack", _) => Name::Pack(document.parse().ok()?),
        ("bridge", _) => Name::Bridge(document.parse().ok()?),
        ("patch", _) => Name::Patch(document.parse().ok()?),
        ("publishing", _) => Name::Publishing(document.parse().ok()?),
        ("collecting", _) => Name::Collecting(document.parse().ok()?),
        _ => return None,
    })
}

/// The name of a channel, which keeps the rule of [`is_name`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelName(String);

impl ChannelName {
    /// Checks a name; `None` when it breaks the rule.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        is_name(name).then(|| Self(name.to_owned()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Name> {
        let (one, other, stable) = (Hash::of(b"1"), Hash::of(b"2"), ChannelName::new("stable").unwrap());
        vec![
            Name::Mark,
            Name::Channel(stable.clone()),
            Name::Log(stable.clone(), 7),
            Name::LogSignatures(stable, u64::MAX),
            Name::Root(1),
            Name::RootSignatures(20),
            Name::Release(one),
            Name::ReleaseSignatures(one),
            Name::Manifest(one),
            Name::ManifestDelta { from: other, to: one },
            Name::Index(one),
            Name::Pack(one),
            Name::Bridge(one),
            Name::Patch(one),
            Name::Publishing(one),
            Name::Collecting(one),
        ]
    }

    #[test]
    fn every_name_is_read_as_it_is_written_and_can_stand_in_a_tree() {
        for name in all() {
            let text = name.to_string();
            assert_eq!(Name::parse(&text), Some(name));
            untorn_format::TreePath::new(&text).unwrap();
        }
    }

    #[test]
    fn there_is_one_text_for_each_name() {
        let hash = Hash::of(b"1").to_string();
        let texts =
            ["", "pack", "pack/", "root/01.root", "root/1", "log/stable", "log/stable/+7", "channel/../x", "channel/Stable"];
        for text in texts.into_iter().map(str::to_owned).chain([
            format!("pack/{}", hash.to_uppercase()),
            format!("pack/{hash}.minisig"),
            format!("pack/{hash}/"),
            format!("/pack/{hash}"),
            format!("other/{hash}"),
        ]) {
            assert_eq!(Name::parse(&text), None, "{text}");
        }
    }

    #[test]
    fn only_a_pointer_changes() {
        assert_eq!(all().iter().filter(|name| !name.is_immutable()).count(), 1);
    }
}
