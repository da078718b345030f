//! Numbers in tables as a person reads them, by the unit at the end of their key: `size_bytes` as `1.5 MiB`, `took_ns` as
//! `1.2 ms`, `at_unix_ms` as a date, `load_percent` with its sign, `address` in hexadecimal.

use alloc::format;
use alloc::string::String;

use chrono::{DateTime, Datelike, Timelike};
use rhai::Dynamic;

/// The number as text; `None` for what is no number, or has no unit that is known.
pub fn readable(key: &str, value: &Dynamic) -> Option<String> {
    let number = match (value.as_int(), value.as_float()) {
        (Ok(number), _) => number as f64,
        (_, Ok(number)) => number,
        _ => return None,
    };
    if let Some(address) = address(key, value) {
        return Some(address);
    }
    if !number.is_finite() {
        return None;
    }
    let has = |unit: &str| {
        key.strip_suffix(unit)
            .is_some_and(|before| before.is_empty() || before.ends_with('_'))
    };
    if has("unix_ms") {
        return value.as_int().ok().and_then(date);
    }
    let sign = if number < 0.0 { "-" } else { "" };
    let size = number.abs();
    let text = if has("bytes") {
        bytes(size)
    } else if has("ns") {
        duration(size)
    } else if has("us") {
        duration(size * 1e3)
    } else if has("ms") {
        duration(size * 1e6)
    } else if has("percent") {
        format!("{value} %").trim_start_matches('-').into()
    } else {
        return None;
    };
    Some(format!("{sign}{text}"))
}

/// An address in hexadecimal, as a script can write it, too; `None` for all else.
pub fn address(key: &str, value: &Dynamic) -> Option<String> {
    let address = value.as_int().ok()?;
    (key == "address" || key.ends_with("_address")).then(|| format!("{address:#x}"))
}

/// The same where the number itself is shown, too: `None` for small ones, which it would not make clearer.
pub fn helpful(key: &str, value: &Dynamic) -> Option<String> {
    let is_small = match (value.as_int(), value.as_float()) {
        (Ok(number), _) => number.unsigned_abs() < 1000,
        (_, Ok(number)) => number.abs() < 1000.0,
        _ => true,
    };
    if is_small || key == "percent" || key.ends_with("_percent") || address(key, value).is_some() {
        return None;
    }
    readable(key, value)
}

fn bytes(size: f64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if size < 1024.0 {
        return format!("{size} B");
    }
    let (mut size, mut unit) = (size / 1024.0, 0);
    // What would be rounded to 1024.0 goes on.
    while size >= 1023.95 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

fn duration(ns: f64) -> String {
    const SECOND_NS: f64 = 1e9;
    // The next unit begins where the one before would be rounded to it.
    if ns < 999.5 {
        return format!("{ns:.0} ns");
    } else if ns < 999_950.0 {
        return format!("{:.1} µs", ns / 1e3);
    } else if ns < 999_950_000.0 {
        return format!("{:.1} ms", ns / 1e6);
    } else if ns < 59.995 * SECOND_NS {
        return format!("{:.2} s", ns / SECOND_NS);
    }
    let seconds = (ns / SECOND_NS + 0.5) as u64;
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match hours {
        0 => format!("{minutes} min {:02} s", seconds % 60),
        1..24 => format!("{hours} h {:02} min", minutes % 60),
        _ => format!("{} d {:02} h", hours / 24, hours % 24),
    }
}

/// Date and time in UTC; `None` beyond the calendar.
fn date(unix_ms: i64) -> Option<String> {
    let date = DateTime::from_timestamp_millis(unix_ms)?;
    Some(format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        date.year(),
        date.month(),
        date.day(),
        date.hour(),
        date.minute(),
        date.second()
    ))
}
