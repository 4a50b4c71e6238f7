//! What became of a tree.

use std::time::Duration;

use super::{
    line::{self, Said},
    place::Place,
    recipe::Recipe,
    tally::Judged,
    trees::{Found, Trees},
};

/// The judge of one updater.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) trees: &'a Trees,
    pub(super) limit: Duration,
}

impl Judge<'_> {
    /// Looks at the tree as it is, lets the updater recover it, and looks again; where it is not the new one, the updater is run once more.
    ///
    /// # Errors
    /// What keeps a line from being run at all.
    pub(super) fn judge(&self, place: &Place, was_done: bool) -> Result<Judged, String> {
        let mut hung = 0;
        let (found, mut left, mut why) = self.look(place);
        let mut recovered = found;
        if !self.recipe.recover.is_empty() {
            let (is_hung, said) = self.run(place, &self.recipe.recover)?;
            hung += is_hung;
            let after;
            (recovered, left, after) = self.look(place);
            why = after.map(|why| why + &said).or(why);
        }
        let mut last = recovered;
        if last != Found::New {
            let again = if self.recipe.again.is_empty() { &self.recipe.update } else { &self.recipe.again };
            let (is_hung, said) = self.run(place, again)?;
            hung += is_hung;
            let after;
            (last, left, after) = self.look(place);
            why = match after {
                None if last == Found::Old => Some(format!("still the old tree{said}")),
                after => after.map(|why| why + &said).or(why),
            };
        }
        Ok(Judged { found, recovered, last, was_done, left, hung, why })
    }

    fn look(&self, place: &Place) -> (Found, Vec<String>, Option<String>) {
        self.trees.look(&place.tree(), &self.recipe.ignore)
    }

    /// Whatever it says, the tree is looked at. 1 if it did not end; and what it said when it failed.
    fn run(&self, place: &Place, line: &str) -> Result<(u64, String), String> {
        Ok(match line::run(place, line, self.limit)? {
            Said::Hung => (1, "; it did not end".into()),
            Said::Ended(ended) if ended.code == Some(0) => (0, String::new()),
            Said::Ended(ended) => (0, format!("; ends with {:?}: {}", ended.code, line::shortened(&ended.said))),
        })
    }

    /// Runs the update; whether it reported success, and what it said.
    ///
    /// # Errors
    /// As [`Judge::judge`]; and it hangs.
    pub(super) fn update(&self, place: &Place) -> Result<(bool, String), String> {
        match line::run(place, &self.recipe.update, self.limit)? {
            Said::Ended(ended) => Ok((self.is_success(ended.code, &ended.said), ended.said)),
            Said::Hung => Err(format!("the update did not end within {} s", self.limit.as_secs())),
        }
    }

    pub(super) fn is_success(&self, code: Option<i32>, said: &str) -> bool {
        if self.recipe.success.is_empty() { code == Some(0) } else { said.contains(&self.recipe.success) }
    }
}
