//! What one run cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a contender says about its own run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How often the thing was done; 0 counts as once.
    pub iterations: u64,
    /// Its own figures, by name.
    pub details: BTreeMap<String, u64>,
}

/// What one run cost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Wall time of one iteration.
    pub seconds: f64,
    /// How many iterations the counters below cover.
    pub iterations: u64,
    /// Bytes written to the device, including what had to be flushed after the contender returned.
    pub written_bytes: Option<u64>,
    /// Bytes read from the device.
    pub read_bytes: Option<u64>,
    /// Cache flushes the device was asked for until the contender returned.
    pub flushes: Option<u64>,
    /// The largest resident set of the process.
    pub peak_memory_bytes: u64,
    /// The most space that was taken at once beyond what was taken before.
    pub peak_extra_disk_bytes: u64,
    /// The contender's own figures.
    pub details: BTreeMap<String, u64>,
}

/// The middle value; of an even number, the mean of the two in the middle. `None` of nothing.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        len if len % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([]), None);
        assert_eq!(median([3.0]), Some(3.0));
        assert_eq!(median([9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }
}
