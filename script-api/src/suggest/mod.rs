//! What was meant by a name that is not there: the nearest of all that could have stood in its place.

pub mod habits;
pub mod names;

use alloc::string::String;

/// Longer names are not compared.
const NAME_BYTES_MAX: usize = 40;
/// Mistakes in a name that is still recognised: letters changed, left out, added, or two swapped.
const DISTANCE_MAX: usize = 2;

/// How many letters were mistyped between two names, large and small letters being the same; `None` for more than
/// two (in short names, one), and for names too long to compare.
#[inline(never)]
pub fn distance(one: &str, other: &str) -> Option<usize> {
    let limit = if one.len().min(other.len()) <= 3 {
        1
    } else {
        DISTANCE_MAX
    };
    if one.len().abs_diff(other.len()) > limit || one.len().max(other.len()) > NAME_BYTES_MAX {
        return None;
    }
    let (one, other) = (one.as_bytes(), other.as_bytes());
    // Rows of the usual table (optimal string alignment): the one before the last, the last, and this one.
    let mut rows = [[0usize; NAME_BYTES_MAX + 1]; 3];
    for (column, cell) in rows[1].iter_mut().enumerate() {
        *cell = column;
    }
    for (row, left) in one.iter().enumerate() {
        rows[2][0] = row + 1;
        for (column, above) in other.iter().enumerate() {
            let is_same = left.eq_ignore_ascii_case(above);
            let mut best = (rows[1][column] + usize::from(!is_same))
                .min(rows[1][column + 1] + 1)
                .min(rows[2][column] + 1);
            let is_swapped = row > 0
                && column > 0
                && left.eq_ignore_ascii_case(&other[column - 1])
                && one[row - 1].eq_ignore_ascii_case(above);
            if is_swapped {
                best = best.min(rows[0][column - 1] + 1);
            }
            rows[2][column + 1] = best;
        }
        rows.rotate_left(1);
    }
    Some(rows[1][other.len()]).filter(|&distance| distance <= limit)
}

/// The nearest of the names that were offered.
pub struct Nearest<'a> {
    wanted: &'a str,
    best: Option<(usize, String)>,
}

impl<'a> Nearest<'a> {
    /// Nothing offered yet.
    pub fn new(wanted: &'a str) -> Self {
        Self { wanted, best: None }
    }

    /// Offers `name`; `shown` is how it would be written.
    pub fn offer(&mut self, name: &str, shown: impl FnOnce() -> String) {
        let Some(distance) = distance(self.wanted, name) else {
            return;
        };
        if self.best.as_ref().is_none_or(|(best, _)| distance < *best) {
            self.best = Some((distance, shown()));
        }
    }

    /// Offers a name that is written as it is.
    pub fn offer_name(&mut self, name: &str) {
        self.offer(name, || name.into());
    }

    /// Whether there is one that is a single mistake away.
    pub fn is_close(&self) -> bool {
        self.best.as_ref().is_some_and(|(distance, _)| *distance <= 1)
    }

    /// The first of the nearest names.
    pub fn found(self) -> Option<String> {
        self.best.map(|(_, name)| name)
    }

    /// The question to end a message with; empty where nothing is near.
    pub fn question(self) -> String {
        self.found().map(|name| did_you_mean(&name)).unwrap_or_default()
    }
}

/// The question to end a message with.
pub fn did_you_mean(name: &str) -> String {
    alloc::format!("; did you mean \"{name}\"?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_mistakes() {
        assert_eq!(distance("sleep_ms", "sleep_ms"), Some(0));
        assert_eq!(distance("Sleep_ms", "sleep_ms"), Some(0));
        assert_eq!(distance("slep_ms", "sleep_ms"), Some(1));
        assert_eq!(distance("lsit", "list"), Some(1));
        assert_eq!(distance("lsti", "list"), Some(2));
        assert_eq!(distance("raed_byts", "read_bytes"), Some(2));
        assert_eq!(distance("abcd", "wxyz"), None);
        assert_eq!(distance("ab", "xy"), None);
        assert_eq!(distance("fx", "fs"), Some(1));
        assert_eq!(distance("", "a"), Some(1));
        assert_eq!(distance(&"a".repeat(41), &"a".repeat(41)), None);
    }

    #[test]
    fn finds_the_nearest() {
        let mut nearest = Nearest::new("pusj");
        ["pop", "pus", "push", "put"]
            .into_iter()
            .for_each(|name| nearest.offer_name(name));
        assert_eq!(nearest.question(), "; did you mean \"pus\"?");
        assert_eq!(Nearest::new("x").question(), "");
    }
}
