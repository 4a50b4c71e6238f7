//! Updaters as data: how each is used, as its own documentation says.

use std::{collections::BTreeMap, path::Path};

use super::place;

/// One way of updating a tree. All lines go to a shell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recipe {
    pub(super) name: String,
    /// One line for a table.
    pub(super) about: String,
    /// What its own documentation promises.
    pub(super) promise: String,
    /// Programs that must be there.
    needs: Vec<String>,
    /// Prints which version it is.
    pub(super) version: String,
    /// Makes what it needs, once, in `{work}`.
    pub(super) setup: String,
    /// Puts the old tree on the disk.
    pub(super) install: String,
    /// Updates it.
    pub(super) update: String,
    /// What is run after a crash; empty where its documentation knows of nothing.
    pub(super) recover: String,
    /// What is run when the tree is not the new one after that.
    pub(super) again: String,
    /// What it says when it reports success; empty where that is the exit code 0.
    pub(super) success: String,
    /// Names at the top of the tree that are its own.
    pub(super) ignore: Vec<String>,
}

/// Those that come with the laboratory.
const RECIPES: &[(&str, &str)] = &[
    ("untorn", include_str!("../../../recipes/untorn.recipe")),
    ("untorn-put", include_str!("../../../recipes/untorn-put.recipe")),
    ("untorn-patch", include_str!("../../../recipes/untorn-patch.recipe")),
    ("untorn-clone", include_str!("../../../recipes/untorn-clone.recipe")),
    ("untorn-update", include_str!("../../../recipes/untorn-update.recipe")),
    ("fstx", include_str!("../../../recipes/fstx.recipe")),
    ("fs-transaction", include_str!("../../../recipes/fs-transaction.recipe")),
    ("ostree", include_str!("../../../recipes/ostree.recipe")),
    ("ostree-sync", include_str!("../../../recipes/ostree-sync.recipe")),
    ("dpkg", include_str!("../../../recipes/dpkg.recipe")),
    ("git-checkout", include_str!("../../../recipes/git-checkout.recipe")),
    ("git-checkout-fsync", include_str!("../../../recipes/git-checkout-fsync.recipe")),
    ("rsync", include_str!("../../../recipes/rsync.recipe")),
    ("rsync-checksum", include_str!("../../../recipes/rsync-checksum.recipe")),
    ("rsync-fsync", include_str!("../../../recipes/rsync-fsync.recipe")),
    ("rsync-inplace", include_str!("../../../recipes/rsync-inplace.recipe")),
    ("rsync-delay-updates", include_str!("../../../recipes/rsync-delay-updates.recipe")),
    ("rsync-delay-updates-fsync", include_str!("../../../recipes/rsync-delay-updates-fsync.recipe")),
    ("casync", include_str!("../../../recipes/casync.recipe")),
    ("hpatchz", include_str!("../../../recipes/hpatchz.recipe")),
    ("hpatchz-newdir", include_str!("../../../recipes/hpatchz-newdir.recipe")),
    ("rename", include_str!("../../../recipes/rename.recipe")),
    ("rename-fsync", include_str!("../../../recipes/rename-fsync.recipe")),
    ("batched", include_str!("../../../recipes/batched.recipe")),
    ("cp", include_str!("../../../recipes/cp.recipe")),
    ("cp-sync", include_str!("../../../recipes/cp-sync.recipe")),
    ("tar", include_str!("../../../recipes/tar.recipe")),
];

impl Recipe {
    /// One of which nothing is known but this.
    pub(super) fn named(name: &str) -> Self {
        Self { name: name.into(), install: "cp -a {old} {tree}".into(), ..Self::default() }
    }

    /// All that come with the laboratory.
    pub(super) fn all() -> Vec<Self> {
        RECIPES.iter().filter_map(|(name, text)| Self::parse(name, text).ok()).collect()
    }

    /// The one of this name; else the one in this file.
    ///
    /// # Errors
    /// There is neither, or it is not understood.
    pub(super) fn find(name: &str) -> Result<Self, String> {
        if let Some((name, text)) = RECIPES.iter().find(|(known, _)| *known == name) {
            return Self::parse(name, text);
        }
        let text = std::fs::read_to_string(name)
            .map_err(|error| format!("no recipe and no file {name:?}: {error}; --list lists recipes"))?;
        let stem = Path::new(name).file_stem().map_or(name.into(), |stem| stem.to_string_lossy().into_owned());
        Self::parse(&stem, &text)
    }

    /// Lines `key: value`; what is indented belongs to the line before, what begins with `#` to nobody.
    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut recipe = Self::named(name);
        let joined = text.replace("\n  ", "\n\u{0}");
        let mut last = String::new();
        let mut values: Vec<(String, String)> = Vec::new();
        for line in joined.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(more) = line.strip_prefix('\u{0}') {
                let (_, value) = values.last_mut().ok_or_else(|| format!("{name}: begins with {more:?}"))?;
                value.push('\n');
                value.push_str(more);
                continue;
            }
            let (key, value) =
                line.split_once(':').ok_or_else(|| format!("{name}: {line:?} is no `key: value`, after {last:?}"))?;
            last = key.into();
            values.push((key.into(), value.trim().into()));
        }
        for (key, value) in values {
            recipe.set(&key, value).ok_or_else(|| format!("{name}: what is {key:?}?"))?;
        }
        if recipe.update.is_empty() { Err(format!("{name}: has no update")) } else { Ok(recipe) }
    }

    fn set(&mut self, key: &str, value: String) -> Option<()> {
        let words = || value.split_whitespace().map(str::to_owned).collect();
        match key {
            "needs" => self.needs = words(),
            "ignore" => self.ignore = words(),
            "about" => self.about = value,
            "promise" => self.promise = value,
            "version" => self.version = value,
            "setup" => self.setup = value,
            "install" => self.install = value,
            "update" => self.update = value,
            "recover" => self.recover = value,
            "again" => self.again = value,
            "success" => self.success = value,
            _ => return None,
        }
        Some(())
    }

    /// Why it cannot be tried here: a program is missing, or nobody said where it is.
    pub(super) fn lacks(&self, with: &BTreeMap<String, String>) -> Option<String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let is_there = |program: &&String| std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
        if let Some(program) = self.needs.iter().find(|program| !is_there(program)) {
            return Some(format!("there is no {program} here"));
        }
        let lines = [&self.version, &self.setup, &self.install, &self.update, &self.recover, &self.again];
        let unknown = lines
            .into_iter()
            .flat_map(|line| place::names(line))
            .find(|name| !place::NAMES.contains(name) && !with.contains_key(*name));
        unknown.map(|name| format!("needs --with {name}=PATH"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_is_understood_and_says_what_was_promised() {
        for (name, text) in RECIPES {
            let recipe = Recipe::parse(name, text).unwrap();
            assert!(!recipe.about.is_empty() && !recipe.promise.is_empty() && !recipe.version.is_empty(), "{name}");
        }
        assert_eq!(Recipe::all().len(), RECIPES.len());
    }

    #[test]
    fn every_recipe_is_in_the_league_table() {
        let league = include_str!("../../../../../docs/league.md");
        for (name, _) in RECIPES {
            assert!(league.contains(&format!("`{name}`")) || league.contains(&format!("`{name} ")), "{name}");
        }
    }

    #[test]
    fn a_line_goes_on_where_it_is_indented() {
        let recipe = Recipe::parse("x", "# note\nabout: a\nupdate: cp a &&\n  cp b\nignore: .x .y\n").unwrap();
        assert_eq!(recipe.update, "cp a &&\ncp b");
        assert_eq!(recipe.ignore, [".x", ".y"]);
        for wrong in ["about: a", "update: x\nfoo: y", "update: x\nnothing"] {
            assert!(Recipe::parse("x", wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let recipe = Recipe::parse("x", "update: {tool} {tree}\n").unwrap();
        assert_eq!(recipe.lacks(&BTreeMap::new()).unwrap(), "needs --with tool=PATH");
        assert_eq!(recipe.lacks(&BTreeMap::from([("tool".into(), "/bin/true".into())])), None);
        let recipe = Recipe::parse("x", "needs: no-such-program\nupdate: x\n").unwrap();
        assert!(recipe.lacks(&BTreeMap::new()).unwrap().contains("no-such-program"));
    }
}
