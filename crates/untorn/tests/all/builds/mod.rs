//! Random pairs of builds that differ in every way builds can. On Windows there are no executable bits, and an update makes no symlinks.

use std::{collections::BTreeMap, fs, path::Path};

use crate::util::{make_executable, symlink};

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    File { bytes: Vec<u8>, executable: bool },
    Dir,
    Link { target: String },
}

/// A build in memory; parents of files are implied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Build(pub(crate) BTreeMap<String, Node>);

/// SplitMix64, after Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(crate) fn index(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        let noisy = self.below(2) == 0;
        (0..len).map(|at| if noisy { self.next() as u8 } else { (at / 7) as u8 }).collect()
    }

    fn len(&mut self) -> usize {
        match self.below(8) {
            0 => 0,
            1 => 60_000 + self.index(20_000),
            2 => 200_000 + self.index(200_000),
            _ => self.index(9_000),
        }
    }
}

impl Build {
    pub(crate) fn random(rng: &mut Rng) -> Self {
        let mut build = Self::default();
        for _ in 0..rng.below(14) {
            let path = free_path(rng, &build);
            let node = node(rng);
            build.add(path, node);
        }
        build
    }

    /// A build some changes away.
    pub(crate) fn changed(&self, rng: &mut Rng) -> Self {
        let mut build = self.clone();
        for _ in 0..rng.below(9) {
            build.change(rng);
        }
        build.drop_dangling_links();
        build
    }

    fn change(&mut self, rng: &mut Rng) {
        let Some(path) = self.any(rng) else {
            let (path, node) = (free_path(rng, self), node(rng));
            return self.add(path, node);
        };
        match rng.below(9) {
            0 => self.remove(&path),
            1 => {
                let to = free_path(rng, self);
                if !to.starts_with(&format!("{path}/")) {
                    self.rename(&path, &to);
                }
            }
            2 => {
                self.remove(&path);
                let node = node(rng);
                self.add(path, node);
            }
            3 => {
                // A file becomes a directory, or the reverse.
                self.remove(&path);
                let node = node(rng);
                self.add(format!("{path}/below"), node);
            }
            4 => {
                if let Some(other) = self.any(rng)
                    && !other.starts_with(&path)
                    && !path.starts_with(&other)
                {
                    self.rename(&other, "swap");
                    self.rename(&path, &other);
                    self.rename("swap", &path);
                }
            }
            5 => {
                let (path, node) = (free_path(rng, self), node(rng));
                self.add(path, node);
            }
            _ => self.edit(rng, &path),
        }
    }

    fn edit(&mut self, rng: &mut Rng, path: &str) {
        let Some(Node::File { bytes, executable }) = self.0.get_mut(path) else { return };
        let at = if bytes.is_empty() { 0 } else { rng.index(bytes.len()) };
        match rng.below(6) {
            0 => *executable = cfg!(unix) && !*executable,
            1 => bytes.truncate(at),
            2 => {
                let more = rng.bytes(1 + at / 3);
                bytes.extend(more);
            }
            3 => {
                let more = rng.bytes(100);
                bytes.splice(at..at, more);
            }
            _ => {
                let end = (at + 1 + rng.index(300)).min(bytes.len());
                let more = rng.bytes(end - at.min(end));
                bytes.splice(at.min(end)..end, more);
            }
        }
    }

    fn any(&self, rng: &mut Rng) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.keys().nth(rng.index(self.0.len())).unwrap().clone())
    }

    fn add(&mut self, path: String, node: Node) {
        for (at, _) in path.match_indices('/') {
            if !matches!(self.0.get(&path[..at]), None | Some(Node::Dir)) {
                return;
            }
        }
        if !self.0.contains_key(&path) && !self.below(&path) {
            self.0.insert(path, node);
        }
    }

    fn below(&self, path: &str) -> bool {
        self.0.keys().any(|other| other.starts_with(&format!("{path}/")))
    }

    fn remove(&mut self, path: &str) {
        self.0.retain(|other, _| other != path && !other.starts_with(&format!("{path}/")));
    }

    fn rename(&mut self, from: &str, to: &str) {
        let moved: Vec<_> =
            self.0.keys().filter(|path| *path == from || path.starts_with(&format!("{from}/"))).cloned().collect();
        for path in moved {
            let node = self.0.remove(&path).unwrap();
            self.add(format!("{to}{}", &path[from.len()..]), node);
        }
    }

    fn drop_dangling_links(&mut self) {
        loop {
            let build = self.clone();
            self.0.retain(|path, node| match node {
                Node::Link { target } => {
                    let dir = path.rsplit_once('/').map_or(String::new(), |(dir, _)| format!("{dir}/"));
                    (build.0.contains_key(&format!("{dir}{target}")) || build.below(&format!("{dir}{target}")))
                        && format!("{dir}{target}") != *path
                }
                _ => true,
            });
            // A link may have led to a link that is gone now.
            if *self == build {
                return;
            }
        }
    }

    /// Writes the build to an empty directory.
    pub(crate) fn write(&self, root: &Path) {
        fs::create_dir_all(root).unwrap();
        for (path, node) in &self.0 {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match node {
                Node::Dir => fs::create_dir_all(path).unwrap(),
                Node::Link { target } => symlink(target, &path),
                Node::File { bytes, executable } => {
                    fs::write(&path, bytes).unwrap();
                    make_executable(&path, *executable);
                }
            }
        }
    }
}

fn free_path(rng: &mut Rng, build: &Build) -> String {
    loop {
        let dir = ["", "", "a/", "b/", "a/c/", "d/e/f/"][rng.index(6)];
        let path = format!("{dir}{}", ["x", "y", "z", "file", "pak", "bin"][rng.index(6)]);
        if !build.0.contains_key(&path) && !build.below(&path) || rng.below(10) == 0 {
            return path + ["", "2", "3"][rng.index(3)];
        }
    }
}

fn node(rng: &mut Rng) -> Node {
    match rng.below(10) {
        0 => Node::Dir,
        1 if cfg!(unix) => Node::Link { target: ["x", "y", "file"][rng.index(3)].into() },
        _ => {
            let len = rng.len();
            Node::File { bytes: rng.bytes(len), executable: rng.below(5) == 0 && cfg!(unix) }
        }
    }
}

/// A pair of builds that differ somehow.
pub(crate) fn pair(rng: &mut Rng) -> (Build, Build) {
    let mut old = Build::random(rng);
    old.drop_dangling_links();
    let new = old.changed(rng);
    (old, new)
}
