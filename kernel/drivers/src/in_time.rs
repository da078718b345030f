//! For tests: work that damaged input must not make long.

use std::time::{Duration, Instant};

/// Longest that damaged input may take.
const LIMIT: Duration = Duration::from_millis(100);
/// A host that does other things too stops a test for longer now and then; work that is too long is so each time.
const TRIES: usize = 10;

/// Does `action` in time.
pub(crate) fn in_time<T>(mut action: impl FnMut() -> T) -> T {
    let mut shortest = Duration::MAX;
    for _ in 0..TRIES {
        let started = Instant::now();
        let result = action();
        shortest = shortest.min(started.elapsed());
        if shortest < LIMIT {
            return result;
        }
    }
    panic!("it takes {shortest:?}")
}
