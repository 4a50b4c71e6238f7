//! Stores in directories, laid out by hand: what is in them is right, but nobody has signed it.

use std::{
    fs::{self, File},
    io::{Read, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use untorn::{Hash, Manifest, ScanOptions, manifest::Kind, scan};
use untorn_format::{
    index::Head,
    release::{Channel, IndexObject, ManifestObject, Pack as PackObject, Pointer, Release, Signed},
};
use untorn_remote::{Dir, Error, Fault, Remote, RemoteOptions, Result, Transport};
use untorn_store::{BuildOptions, Pack, Published, build, layout::Name};

/// A store in a directory.
pub(crate) struct Store {
    dir: PathBuf,
    published: Published,
    packs: Vec<PackObject>,
    channels: Vec<Channel>,
}

impl Store {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), published: Published::nothing(), packs: Vec::new(), channels: Vec::new() }
    }

    pub(crate) fn path(&self, name: &Name) -> PathBuf {
        self.dir.join(name.to_string())
    }

    fn put(&self, name: &Name, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Publishes a build and points to it.
    pub(crate) fn publish(&mut self, from: &Path) -> Manifest {
        let manifest = scan(from, &ScanOptions::default()).unwrap();
        self.publish_as(from, &manifest);
        manifest
    }

    /// The same, said to be another build that has files of the same lengths.
    pub(crate) fn publish_as(&mut self, from: &Path, said: &Manifest) {
        let manifest = scan(from, &ScanOptions::default()).unwrap();
        let files: Vec<_> = manifest.entries().iter().filter(|entry| matches!(entry.kind, Kind::File { .. })).collect();
        let open =
            |file: usize| -> std::io::Result<Box<dyn Read>> { Ok(Box::new(File::open(from.join(files[file].path.as_str()))?)) };
        let lens: Vec<_> = files.iter().map(|entry| if let Kind::File { len, .. } = entry.kind { len } else { 0 }).collect();
        let mut options = BuildOptions::default();
        (options.level, options.first_pack, options.pack_len) = (1, self.packs.len() as u32, 8 << 20);
        let mut packs = Vec::new();
        let mut sink = |pack: Pack| {
            self.put(&Name::Pack(pack.hash), &pack.bytes);
            packs.push(PackObject { number: pack.number, hash: pack.hash, len: pack.bytes.len() as u64 });
            Ok(())
        };
        let built = build(&lens, &open, &self.published, &options, &mut sink).unwrap();
        self.packs.extend(packs);
        let mut index = built.index(&manifest).unwrap();
        self.published.add(&index.bytes, index.head_len, &manifest, |_| true).unwrap();
        if said != &manifest {
            let (mut head, pages) = (Head::decode(&index.bytes[..index.head_len as usize]).unwrap(), index.head_len as usize);
            head.manifest = said.hash();
            index.bytes.splice(..pages, head.encode());
            index.head_hash = Hash::of(&head.encode());
            index.hash = Hash::of(&index.bytes);
        }
        self.put(&Name::Index(index.hash), &index.bytes);
        let release = Release {
            product: "game".to_owned(),
            platform: "any".to_owned(),
            build: self.channels.len() as u64 + 1,
            label: String::new(),
            created: 1,
            manifest: ManifestObject {
                hash: said.hash(),
                len: manifest.encode().len() as u64,
                stored: Hash::of(b"x"),
                stored_len: 1,
            },
            manifest_deltas: Vec::new(),
            index: IndexObject {
                hash: index.hash,
                len: index.bytes.len() as u64,
                head_hash: index.head_hash,
                head_len: index.head_len,
            },
            packs: self.packs.clone(),
            patches: Vec::new(),
            bridges: Vec::new(),
        };
        self.put(&Name::Release(release.id()), &release.encode());
        self.point(&release);
    }

    fn point(&mut self, release: &Release) {
        let before = self.channels.last();
        let channel = Channel {
            product: "game".to_owned(),
            name: "stable".to_owned(),
            epoch: 0,
            seq: before.map_or(0, |channel| channel.seq) + 1,
            prev: before.map_or(Hash::NONE, |channel| Hash::of(&channel.encode())),
            platforms: vec![Pointer { platform: "any".to_owned(), release: release.id(), build: release.build }],
            floor: 0,
            issued: 1,
            expires: 0,
            rollout_permille: 1000,
            salt: [0; 16],
        };
        let name = untorn_store::layout::ChannelName::new("stable").unwrap();
        self.put(&Name::Log(name.clone(), channel.seq), &channel.encode());
        self.put(&Name::Channel(name), &Signed { signatures: "nobody's\n".to_owned(), document: channel.encode() }.encode());
        self.channels.push(channel);
    }

    /// The packs, by their paths.
    pub(crate) fn packs(&self) -> Vec<PathBuf> {
        self.packs.iter().map(|pack| self.path(&Name::Pack(pack.hash))).collect()
    }

    pub(crate) fn remote(&self) -> Remote {
        Remote::new(vec![Box::new(Dir::new(&self.dir))], quick()).unwrap()
    }

    /// One that gives no more than `packs` parts of packs.
    pub(crate) fn failing_remote(&self, packs: usize) -> (Remote, Arc<Asked>) {
        let asked = Arc::new(Asked { allowed: AtomicUsize::new(packs), parts: Mutex::default() });
        let transport = Counting { dir: Dir::new(&self.dir), asked: asked.clone() };
        (Remote::new(vec![Box::new(transport)], quick()).unwrap(), asked)
    }
}

fn quick() -> RemoteOptions {
    let mut options = RemoteOptions::default();
    (options.patience, options.connections) = (std::time::Duration::ZERO, 1);
    options
}

/// What was asked for.
pub(crate) struct Asked {
    allowed: AtomicUsize,
    pub(crate) parts: Mutex<Vec<(String, Range<u64>)>>,
}

struct Counting {
    dir: Dir,
    asked: Arc<Asked>,
}

impl Transport for Counting {
    fn base(&self) -> &str {
        self.dir.base()
    }

    fn get(&self, name: &str, limit: u64, sink: &mut dyn Write) -> Result<u64> {
        self.dir.get(name, limit, sink)
    }

    fn get_range(&self, name: &str, range: Range<u64>, sink: &mut dyn Write) -> Result<Option<u64>> {
        let left = |left: usize| left.checked_sub(1);
        if name.starts_with("pack/") && self.asked.allowed.fetch_update(Relaxed, Relaxed, left).is_err() {
            return Err(Error::new(self.base(), Fault::Unreachable { why: "the cable is out".to_owned() }));
        }
        self.asked.parts.lock().unwrap().push((name.to_owned(), range.clone()));
        self.dir.get_range(name, range, sink)
    }

    fn len(&self, name: &str) -> Result<Option<u64>> {
        self.dir.len(name)
    }

    fn serves_ranges(&self) -> Option<bool> {
        self.dir.serves_ranges()
    }
}
