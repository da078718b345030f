//! What a measurement prints: one JSON object per line.

use std::fmt::Write;

/// A measurement: the median of its runs, beside what it should be.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was measured, as `boot.iso`.
    pub name: String,
    /// Its unit.
    pub unit: &'static str,
    /// The most that it should be; the least, where more is better, as of a rate.
    pub goal: Option<f64>,
    /// Every run.
    pub runs: Vec<f64>,
    /// The peer's runs, in the same unit; none where it is not available; `None` where there is nothing to compare.
    pub peer: Option<Vec<f64>>,
    /// The most that it should be as a part of the peer's.
    pub ratio_goal: Option<f64>,
}

impl Figure {
    /// A figure with no goals.
    pub fn new(name: impl Into<String>, unit: &'static str, runs: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            unit,
            goal: None,
            runs,
            peer: None,
            ratio_goal: None,
        }
    }

    /// The same with a goal.
    pub fn with_goal(self, goal: f64) -> Self {
        Self {
            goal: Some(goal),
            ..self
        }
    }

    /// The same beside the peer's runs; none where there is no peer.
    pub fn beside(self, peer: Vec<f64>, ratio_goal: Option<f64>) -> Self {
        Self {
            peer: Some(peer),
            ratio_goal,
            ..self
        }
    }

    /// The median as a part of the peer's; `None` where there is nothing to compare with.
    pub fn ratio(&self) -> Option<f64> {
        Some(median(&self.runs)? / median(self.peer.as_deref()?)?)
    }

    /// The figure as a JSON object.
    pub fn json(&self) -> String {
        let mut text = format!("{{\"name\": \"{}\"", self.name);
        let mut put = |key: &str, value: f64| {
            // Writing to a string never fails.
            let _ = write!(text, ", \"{key}\": {}", rounded(value));
        };
        if let Some(value) = median(&self.runs) {
            put("value", value);
            put("least", self.runs.iter().copied().fold(f64::INFINITY, f64::min));
            put("most", self.runs.iter().copied().fold(f64::NEG_INFINITY, f64::max));
            put("runs", self.runs.len() as f64);
            if let Some(goal) = self.goal {
                put("goal", goal);
            }
            if let Some(peer) = self.peer.as_deref().and_then(median) {
                put("peer", peer);
                put("ratio", value / peer);
            }
            if let Some(goal) = self.ratio_goal {
                put("ratio_goal", goal);
            }
        }
        if self.peer.as_ref().is_some_and(Vec::is_empty) {
            text += ", \"note\": \"peer not available\"";
        }
        let _ = write!(text, ", \"unit\": \"{}\"}}", self.unit);
        text
    }
}

/// The middle one; of an even number, the higher of the two in the middle.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// Four digits are more than the noise leaves.
fn rounded(value: f64) -> f64 {
    let scale = 10_f64.powf((4.0 - value.abs().log10().ceil()).clamp(0.0, 9.0));
    if value == 0.0 {
        0.0
    } else {
        (value * scale).round() / scale
    }
}

#[cfg(test)]
mod tests {
    use super::Figure;

    #[test]
    fn prints_median_goal_and_ratio() {
        let figure = Figure::new("boot.iso", "s", vec![0.5, 0.41234567, 0.3])
            .with_goal(0.6)
            .beside(vec![2.0], Some(0.23));
        assert_eq!(
            figure.json(),
            "{\"name\": \"boot.iso\", \"value\": 0.4123, \"least\": 0.3, \"most\": 0.5, \"runs\": 3, \"goal\": 0.6, \
             \"peer\": 2, \"ratio\": 0.2062, \"ratio_goal\": 0.23, \"unit\": \"s\"}"
        );
        let alone = Figure::new("boot.iso", "s", vec![1234567.0])
            .beside(Vec::new(), Some(0.23))
            .json();
        assert!(
            alone.contains("\"value\": 1234567,") && alone.contains("peer not available"),
            "{alone}"
        );
    }
}
