//! Numbers in few characters.

use alloc::format;
use alloc::string::String;

/// A count in five characters at most: `999`, `12.3k`, `456M`.
pub(super) fn count(number: u64) -> String {
    scaled(number, 1000, &["", "k", "M", "G", "T", "P", "E"])
}

/// Bytes in five characters at most: `512B`, `12.3M`, `456G`.
pub(super) fn bytes(number: u64) -> String {
    scaled(number, 1024, &["B", "K", "M", "G", "T", "P", "E"])
}

fn scaled(number: u64, base: u64, units: &[&str]) -> String {
    let (mut whole, mut rest, mut unit) = (number, 0, 0);
    while whole >= 1000 && unit + 1 < units.len() {
        rest = whole % base;
        whole /= base;
        unit += 1;
    }
    let unit = units.get(unit).copied().unwrap_or_default();
    match whole {
        0..100 if number >= 1000 => format!("{whole}.{}{unit}", rest * 10 / base),
        _ => format!("{whole}{unit}"),
    }
}

/// Thousandths as a percentage: `0.4`, `37.5`, `100`.
pub(super) fn percent(permille: u32) -> String {
    match permille {
        1000.. => String::from("100"),
        _ => format!("{}.{}", permille / 10, permille % 10),
    }
}

/// A time since the start: `4:05`, `3:04:05`, `2d 03:04:05`.
pub(super) fn uptime(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}:{seconds:02}"),
        (0, _) => format!("{hours}:{minutes:02}:{seconds:02}"),
        _ => format!("{days}d {hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// Processor time in eight characters, up to a hundred thousand hours: `1:02.345`, `12:34:56`.
pub(super) fn cpu_time(us: u64) -> String {
    let (seconds, ms) = (us / 1_000_000, us / 1000 % 1000);
    match seconds {
        0..600 => format!("{}:{:02}.{ms:03}", seconds / 60, seconds % 60),
        _ => format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
    }
}

/// The time of the day in UTC.
pub(super) fn wall_clock(unix_ms: i64) -> String {
    let seconds = unix_ms.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02} UTC", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// An interval in milliseconds: `0.2 s`, `5 s`.
pub(super) fn interval(ms: u64) -> String {
    match ms % 1000 {
        0 => format!("{} s", ms / 1000),
        rest => format!("{}.{} s", ms / 1000, rest / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_few_characters() {
        let counts = [0, 7, 999, 1000, 1049, 99_999, 100_000, 999_999, 1_000_000, u64::MAX].map(count);
        assert_eq!(
            counts,
            [
                "0", "7", "999", "1.0k", "1.0k", "99.9k", "100k", "999k", "1.0M", "18.4E"
            ]
        );
        let sizes = [0, 999, 1000, 1024, 1536, 1 << 20, 999 << 20, 1000 << 20, u64::MAX].map(bytes);
        assert_eq!(
            sizes,
            ["0B", "999B", "0.9K", "1.0K", "1.5K", "1.0M", "999M", "0.9G", "15.9E"]
        );
        assert!(sizes.iter().chain(&counts).all(|text| text.len() <= 5));
        assert_eq!(
            [0, 4, 375, 999, 1000, 5000].map(percent),
            ["0.0", "0.4", "37.5", "99.9", "100", "100"]
        );
    }

    #[test]
    fn times_are_read_as_clocks() {
        assert_eq!(
            [0, 245, 11_045, 183_845].map(|seconds| uptime(seconds * 1_000_000_000)),
            ["0:00", "4:05", "3:04:05", "2d 03:04:05"]
        );
        assert_eq!(
            [0, 62_345_000, 45_296_000_000].map(cpu_time),
            ["0:00.000", "1:02.345", "12:34:56"]
        );
        assert_eq!(
            [0, -1, 1_700_000_000_000].map(wall_clock),
            ["00:00:00 UTC", "23:59:59 UTC", "22:13:20 UTC"]
        );
        assert_eq!([100, 1000, 10_000].map(interval), ["0.1 s", "1 s", "10 s"]);
    }
}
