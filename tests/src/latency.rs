//! How long it takes until what is typed appears.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::machine::Machine;

/// What is typed: letters that make no word, so that a completion would be seen.
const LETTERS: &[u8] = b"qwzxkvqj";
const LIMIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(7);

/// Types `count` letters on the serial line, one after the other, and returns how long the echo of each took; then
/// abandons the line.
///
/// # Errors
///
/// Where an echo does not come within five seconds.
pub fn echoes(machine: &mut Machine, count: usize) -> Result<Vec<Duration>, Error> {
    let mut echoes = Vec::with_capacity(count);
    for (index, letter) in LETTERS.iter().cycle().take(count).enumerate() {
        // A line of its own for each twenty, so that none wraps.
        if index % 20 == 19 {
            machine.send(b"\x03")?;
            machine.expect(crate::machine::PROMPT, LIMIT)?;
        }
        let started = Instant::now();
        machine.send(&[*letter])?;
        machine.expect(&char::from(*letter).to_string(), LIMIT)?;
        echoes.push(started.elapsed());
        // So that the letters come at no fixed distance from the frames.
        std::thread::sleep(PAUSE);
    }
    machine.send(b"\x03")?;
    machine.expect(crate::machine::PROMPT, LIMIT)?;
    Ok(echoes)
}

/// The time that `percent` of all stay below or meet.
pub fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_percentiles() {
        let times: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 99), Duration::from_millis(198));
        assert_eq!(percentile(&times, 100), Duration::from_millis(200));
        assert_eq!(percentile(&times[..1], 50), Duration::from_millis(200));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
