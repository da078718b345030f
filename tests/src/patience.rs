//! Second chances: what a pause of the host has spoiled succeeds the next time, and what the machine does wrong fails again.

use std::thread;
use std::time::{Duration, Instant};

use crate::ensure;
use crate::error::Error;
use crate::machine::Machine;

const TRIES: u32 = 3;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// How much a busy host may put between two clocks.
pub const SLACK_MS: i64 = 500;

/// Makes `attempt` until it succeeds, three times at most.
///
/// # Errors
///
/// The last attempt's.
pub fn best_of_three<T>(
    machine: &mut Machine,
    mut attempt: impl FnMut(&mut Machine) -> Result<T, Error>,
) -> Result<T, Error> {
    for _ in 1..TRIES {
        if let Ok(value) = attempt(machine) {
            return Ok(value);
        }
    }
    attempt(machine)
}

/// Looks until `look` finds what it looks for, for `limit` at most.
///
/// # Errors
///
/// The last look's.
pub fn until<T>(
    machine: &mut Machine,
    limit: Duration,
    mut look: impl FnMut(&mut Machine) -> Result<T, Error>,
) -> Result<T, Error> {
    let started = Instant::now();
    loop {
        let found = look(machine);
        if found.is_ok() || started.elapsed() >= limit {
            return found;
        }
        thread::sleep(LOOK);
    }
}

/// Sleeps `time_ms` on the machine: no less by its own clock, and by both clocks about the same.
///
/// # Errors
///
/// Where that is not so three times.
pub fn sleeps_right(machine: &mut Machine, time_ms: i64) -> Result<(), Error> {
    best_of_three(machine, |machine| {
        let started = Instant::now();
        let slept_ms = machine.number(&format!(
            "let start = time::uptime_ms(); time::sleep_ms({time_ms}); time::uptime_ms() - start"
        ))?;
        let real_ms = started.elapsed().as_millis() as i64;
        let is_right = (time_ms..=real_ms).contains(&slept_ms) && real_ms - slept_ms < SLACK_MS;
        let is_soon = real_ms < time_ms + SLACK_MS * 2;
        ensure!(
            is_right && is_soon,
            "{time_ms} ms took {slept_ms} ms by the machine's clock and {real_ms} ms by ours"
        );
        Ok(())
    })
}
