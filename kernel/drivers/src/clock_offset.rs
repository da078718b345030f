//! How far the counters of two processors are apart, from what one sees of the other's.

/// One exchange: this side reads its counter, asks, gets the other's value, and reads its own again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Own counter before.
    pub sent: u64,
    /// The other's counter, read at some moment between.
    pub remote: u64,
    /// Own counter after.
    pub received: u64,
}

/// What to add to the own counter to have the other's, in ticks; 0 where the exchanges show no difference. `None` without
/// a single usable exchange.
///
/// The true value of each exchange lies in a range as wide as it took; the shortest one tells most.
pub fn offset_ticks(exchanges: impl IntoIterator<Item = Exchange>) -> Option<i64> {
    let usable = exchanges.into_iter().filter(|one| one.received >= one.sent);
    let best = usable.min_by_key(|one| one.received - one.sent)?;
    // The counters are the same where the other's value fits between.
    if (best.sent..=best.received).contains(&best.remote) {
        return Some(0);
    }
    let middle = best.sent + (best.received - best.sent) / 2;
    Some(best.remote.wrapping_sub(middle) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(sent: u64, remote: u64, received: u64) -> Exchange {
        Exchange { sent, remote, received }
    }

    #[test]
    fn counters_that_cannot_be_told_apart_are_the_same() {
        assert_eq!(
            offset_ticks([exchange(100, 100, 200), exchange(300, 500, 500)]),
            Some(0)
        );
        assert_eq!(offset_ticks([]), None);
        // Read in the wrong order by a processor that went back: no use.
        assert_eq!(offset_ticks([exchange(100, 100, 99)]), None);
    }

    #[test]
    fn the_shortest_exchange_decides() {
        let ahead = [exchange(100, 9_000, 5_000), exchange(6_000, 11_010, 6_020)];
        assert_eq!(offset_ticks(ahead), Some(5_000));
        let behind = [exchange(10_000, 4_010, 10_020)];
        assert_eq!(offset_ticks(behind), Some(-6_000));
    }
}
