//! The functions that wait, each with a line that waits in it, and Ctrl-C.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::machine::{Machine, PROMPT};

/// See the file; a test of the script interface compares it with the registry.
const BLOCKING: &str = include_str!("../../script-api/tests/blocking.txt");
const LIMIT: Duration = Duration::from_secs(20);
/// Until a line has come to where it waits.
const PAUSE: Duration = Duration::from_millis(200);

/// Names and lines; those without a line are left out.
pub fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = BLOCKING
        .lines()
        .filter(|line| !line.starts_with('#') && !line.contains(" ! "));
    lines.filter_map(|line| line.split_once(": "))
}

/// What came of Ctrl-C.
#[derive(Debug)]
pub struct Interrupted {
    /// Until the prompt was back.
    pub took: Duration,
    /// What was said meanwhile.
    pub said: String,
}

/// Types `line`, and Ctrl-C while it runs.
///
/// # Errors
///
/// Where the prompt does not come back.
pub fn interrupt(machine: &mut Machine, line: &str) -> Result<Interrupted, Error> {
    machine.send(line.as_bytes())?;
    machine.send(b"\r")?;
    machine.expect("\n", LIMIT)?;
    let typed = Instant::now();
    while typed.elapsed() < PAUSE {
        machine.listen(PAUSE / 10)?;
        // A line that prints without end says more than is worth searching.
        machine.forget();
    }
    let started = Instant::now();
    machine.send(b"\x03")?;
    let said = machine.expect(PROMPT, LIMIT)?;
    let took = started.elapsed();
    Ok(Interrupted { took, said })
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn the_list_has_lines_for_most_functions() {
        assert!(lines().any(|(path, line)| path == "time::sleep_ms" && line.contains("sleep_ms(")));
        assert!(lines().count() > 15);
    }
}
