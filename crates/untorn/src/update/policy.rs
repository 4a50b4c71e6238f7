//! What to do with files that somebody changed.

/// What to do with a file that somebody changed, or put where an update brings one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Policy {
    /// It stays as it is, and is named in the report.
    Keep,
    /// Nothing is updated.
    Refuse,
    /// It becomes what the release says, and is named in the report. What it was can be had back as long as the way back is kept.
    Replace,
}

/// Which files are treated how. Where several patterns fit, the first of keep, refuse and replace wins.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    rules: Vec<(Policy, String)>,
}

impl Policies {
    /// Adds files whose path fits `pattern`: `?` stands for one character, `*` for any number of them but `/`, `**` for any number of any; a pattern without `/` fits the last
    /// component of a path, too.
    pub fn add(&mut self, policy: Policy, pattern: impl Into<String>) {
        self.rules.push((policy, pattern.into()));
    }

    /// What to do with the file at `path`, where somebody said so.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<Policy> {
        let last = path.rsplit('/').next().unwrap_or(path);
        let fits = |pattern: &str| fits(pattern, path) || (!pattern.contains('/') && fits(pattern, last));
        self.rules.iter().filter(|(_, pattern)| fits(pattern)).map(|(policy, _)| *policy).min()
    }
}

/// Where in pattern and text to go on.
type Step = Option<(usize, usize)>;

/// Whether a text fits a pattern. No recursion: a step back leads to the last star only, and to the last double star behind it.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on after a star that takes one character more: of each kind, the last one.
    let (mut single, mut double): (Step, Step) = (None, None);
    while t < text.len() || p < pattern.len() {
        let is_double = pattern.get(p) == Some(&'*') && pattern.get(p + 1) == Some(&'*');
        if is_double {
            p += 2;
            (double, single) = (Some((p, t)), None);
        } else if pattern.get(p) == Some(&'*') {
            p += 1;
            single = Some((p, t));
        } else if t < text.len() && p < pattern.len() && (pattern[p] == text[t] || (pattern[p] == '?' && text[t] != '/')) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((after, at)) = single.filter(|(_, at)| text.get(*at).is_some_and(|next| *next != '/')) {
            (p, t, single) = (after, at + 1, Some((after, at + 1)));
        } else if let Some((after, at)) = double.filter(|(_, at)| *at < text.len()) {
            (p, t, double, single) = (after, at + 1, Some((after, at + 1)), None);
        } else {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stop_at_slashes_and_double_stars_do_not() {
        for (pattern, text) in [
            ("a", "a"),
            ("*", "abc"),
            ("**", "a/b/c"),
            ("a/*", "a/b"),
            ("a/**", "a/b/c"),
            ("**/c", "a/b/c"),
            ("*.cfg", "x.cfg"),
            ("a?c", "abc"),
            ("**.cfg", "a/b.cfg"),
            ("a*b*c", "aXbYbZc"),
            ("**/*.lua", "mods/x/y.lua"),
            ("", ""),
            ("a**z", "a/b/z"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("a", "b"),
            ("*", "a/b"),
            ("a/*", "a/b/c"),
            ("?", "/"),
            ("?", ""),
            ("*.cfg", "x.cfgs"),
            ("a", ""),
            ("", "a"),
            ("a*b", "a/b"),
            ("**/c", "c/d"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn keep_comes_before_refuse_before_replace() {
        let mut policies = Policies::default();
        policies.add(Policy::Replace, "**");
        policies.add(Policy::Refuse, "data/**");
        policies.add(Policy::Keep, "*.cfg");
        assert_eq!(policies.of("data/a.cfg"), Some(Policy::Keep));
        assert_eq!(policies.of("data/a.pak"), Some(Policy::Refuse));
        assert_eq!(policies.of("a.exe"), Some(Policy::Replace));
        assert_eq!(Policies::default().of("a"), None);
    }
}
