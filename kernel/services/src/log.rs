//! The log ring: the newest lines, each with its time, in a fixed amount of memory and usable before there is a heap.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::cut_text::CutText;
use crate::lock::Lock;

/// Bytes that the ring keeps.
pub const CAPACITY_BYTES: usize = 32 * 1024;

/// One log line as it is read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Nanoseconds since the kernel's entry.
    pub time_ns: u64,
    /// The text, without a line end.
    pub text: String,
}

impl Line {
    /// The first record of `records` and what follows it.
    fn split(records: &[u8]) -> Option<(Self, &[u8])> {
        let (length, rest) = records.split_first_chunk()?;
        let (time_ns, rest) = rest.split_first_chunk()?;
        let (text, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        let text = String::from_utf8_lossy(text).into_owned();
        Some((
            Self {
                time_ns: u64::from_le_bytes(*time_ns),
                text,
            },
            rest,
        ))
    }
}

/// Keeps the newest lines. Safe to share; a writer never waits long, for lines are copied under a short lock.
#[derive(Debug)]
pub struct Ring {
    inner: Lock<Inner>,
}

#[derive(Debug)]
struct Inner {
    bytes: [u8; CAPACITY_BYTES],
    /// Total bytes ever written; the ring's head is this modulo the capacity.
    written: u64,
    /// Start of the oldest whole record, on the same scale.
    oldest: u64,
}

/// A record is its length (2 bytes), its time (8 bytes) and its text.
const HEADER_BYTES: usize = 10;
/// Longer lines are cut.
const LINE_LIMIT_BYTES: usize = 1024;

/// How often a busy ring is looked at before a line is lost: longer than any other core is busy with it.
const LOOKS: u32 = 1_000_000;

impl Ring {
    /// An empty ring.
    pub const fn new() -> Self {
        Self {
            inner: Lock::new(Inner {
                bytes: [0; CAPACITY_BYTES],
                written: 0,
                oldest: 0,
            }),
        }
    }

    /// Adds a line; the oldest ones make room. Text beyond 1,024 bytes is cut at a character's end.
    pub fn push(&self, time_ns: u64, text: fmt::Arguments<'_>) {
        let mut line = CutText::<LINE_LIMIT_BYTES>::new();
        // `CutText` accepts everything, so formatting fails only where a value's own `Display` does.
        let _ = fmt::write(&mut line, text);
        // A panic report may arrive while this core holds the lock: losing its copy here is better than hanging. Another
        // core lets go of it soon.
        for _ in 0..LOOKS {
            if let Some(mut inner) = self.inner.try_lock() {
                inner.push(time_ns, line.as_str().as_bytes());
                return;
            }
            core::hint::spin_loop();
        }
    }

    /// The newest `count` lines, oldest first.
    pub fn tail(&self, count: usize) -> Vec<Line> {
        let (mut lines, _) = self.since(0);
        lines.split_off(lines.len().saturating_sub(count))
    }

    /// The lines since `position`, oldest first, and the position for the next call; 0 for all that is kept.
    pub fn since(&self, position: u64) -> (Vec<Line>, u64) {
        if self.inner.lock().written == position {
            return (Vec::new(), position);
        }
        // Room for everything first: nothing is allocated while the ring is locked.
        let mut copy = Vec::with_capacity(CAPACITY_BYTES);
        let end = {
            let inner = self.inner.lock();
            let start = position.max(inner.oldest);
            copy.extend((start..inner.written).map(|at| inner.bytes[(at % CAPACITY_BYTES as u64) as usize]));
            inner.written
        };
        let mut lines = Vec::new();
        let mut rest = copy.as_slice();
        while let Some((line, next)) = Line::split(rest) {
            lines.push(line);
            rest = next;
        }
        (lines, end)
    }
}

impl Default for Ring {
    fn default() -> Self {
        Self::new()
    }
}

impl Inner {
    fn push(&mut self, time_ns: u64, text: &[u8]) {
        let size = (HEADER_BYTES + text.len()) as u64;
        while self.written + size - self.oldest > CAPACITY_BYTES as u64 {
            let length = u16::from_le_bytes(self.copy_out(self.oldest));
            self.oldest += HEADER_BYTES as u64 + u64::from(length);
        }
        self.copy_in(&(text.len() as u16).to_le_bytes());
        self.copy_in(&time_ns.to_le_bytes());
        self.copy_in(text);
    }

    fn copy_in(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.bytes[(self.written % CAPACITY_BYTES as u64) as usize] = byte;
            self.written += 1;
        }
    }

    fn copy_out<const N: usize>(&self, position: u64) -> [u8; N] {
        core::array::from_fn(|index| self.bytes[((position + index as u64) % CAPACITY_BYTES as u64) as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::boxed::Box;
    use std::format;

    #[test]
    fn returns_the_newest_lines_oldest_first() {
        let ring = Box::new(Ring::new());
        for number in 0..5 {
            ring.push(number, format_args!("line {number}"));
        }
        let texts: Vec<String> = ring.tail(2).into_iter().map(|line| line.text).collect();
        assert_eq!(texts, ["line 3", "line 4"]);
        assert_eq!(ring.tail(100).len(), 5);
    }

    #[test]
    fn drops_whole_old_lines_when_full() {
        let ring = Box::new(Ring::new());
        for number in 0..10_000u64 {
            ring.push(
                number,
                format_args!("line {number} {}", "x".repeat((number % 90) as usize)),
            );
        }
        let lines = ring.tail(usize::MAX);
        assert!(lines.len() > 100);
        for pair in lines.windows(2) {
            assert_eq!(pair[0].time_ns + 1, pair[1].time_ns);
        }
        for line in lines {
            assert_eq!(
                line.text,
                format!("line {} {}", line.time_ns, "x".repeat((line.time_ns % 90) as usize))
            );
        }
    }

    #[test]
    fn follows_from_a_position() {
        let ring = Box::new(Ring::new());
        let (lines, start) = ring.since(0);
        assert_eq!((lines.len(), start), (0, 0));
        ring.push(1, format_args!("one"));
        let (lines, after_one) = ring.since(start);
        assert_eq!(lines.len(), 1);
        ring.push(2, format_args!("two"));
        ring.push(3, format_args!("three"));
        let (lines, after_three) = ring.since(after_one);
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["two", "three"]);
        assert!(ring.since(after_three).0.is_empty());
        for number in 0..10_000 {
            ring.push(number, format_args!("more"));
        }
        // What has been dropped meanwhile is left out.
        assert_eq!(ring.since(after_three).0, ring.tail(usize::MAX));
    }

    #[test]
    fn cuts_a_long_line_at_a_character() {
        let ring = Box::new(Ring::new());
        ring.push(1, format_args!("{}", "ü".repeat(2000)));
        assert_eq!(ring.tail(1)[0].text, "ü".repeat(512));
    }
}
