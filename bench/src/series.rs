//! All runs of one case on one file system.

use serde::Serialize;

use crate::contenders::Name;
use crate::sample::{Sample, median};

/// What one contender did, run by run.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Who.
    pub contender: Name,
    /// What it does and promises.
    pub about: &'static str,
    /// One a round, in order.
    pub samples: Vec<Sample>,
    /// Why there are no (more) samples.
    pub missing: Option<String>,
}

/// All runs of one case on one file system.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    /// The name of the case.
    pub case: String,
    /// Its heading.
    pub title: String,
    /// The file system.
    pub file_system: String,
    /// The bytes that change.
    pub change_bytes: u64,
    /// Its contenders.
    pub entries: Vec<Entry>,
}

impl Entry {
    /// A contender before its first run.
    pub fn new(contender: Name) -> Self {
        let who = contender.contender();
        Self { contender, about: who.about(), samples: Vec::new(), missing: who.missing().map(str::to_owned) }
    }

    /// The median of one figure; `None` where it was not measured.
    pub fn median(&self, figure: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        median(self.samples.iter().filter_map(figure))
    }

    /// The smallest and the largest time.
    pub fn seconds_range(&self) -> Option<(f64, f64)> {
        let seconds = || self.samples.iter().map(|sample| sample.seconds);
        Some((seconds().min_by(f64::total_cmp)?, seconds().max_by(f64::total_cmp)?))
    }
}

impl Series {
    /// How many times the time of untorn `entry` took: the median over rounds, each compared within itself.
    pub fn times_untorn(&self, entry: &Entry) -> Option<f64> {
        let untorn = self.entries.iter().find(|entry| entry.contender.is_untorn())?;
        median(entry.samples.iter().zip(&untorn.samples).map(|(other, own)| other.seconds / own.seconds))
    }
}
