//! Why a test failed.

use std::fmt;
use std::time::Duration;

/// Why a test failed.
#[derive(Debug)]
pub enum Error {
    /// The awaited text did not come in time.
    TimedOut {
        /// What was awaited.
        awaited: String,
        /// How long.
        limit: Duration,
    },
    /// The kernel reported a panic that the test did not ask for.
    Panicked(String),
    /// The machine was reset, or went off, and the test did not ask for it.
    Event(String),
    /// The emulator ended; what it said on standard error.
    Exited(String),
    /// The emulator's monitor refused a command.
    Monitor(String),
    /// A file, pipe or program failed.
    System(String),
    /// What was found is not what was promised.
    Wrong(String),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { awaited, limit } => write!(out, "no {awaited:?} within {limit:?}"),
            Self::Panicked(line) => write!(out, "a panic that nobody asked for: {line}"),
            Self::Event(event) => write!(out, "an event that nobody asked for: {event}"),
            Self::Exited(said) => write!(out, "the emulator ended: {said}"),
            Self::Monitor(answer) => write!(out, "the monitor answered {answer}"),
            Self::System(what) | Self::Wrong(what) => out.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::System(error.to_string())
    }
}

impl From<xtask::error::Error> for Error {
    fn from(error: xtask::error::Error) -> Self {
        Self::System(error.to_string())
    }
}

/// Fails with the text that the rest formats, unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::error::Error::Wrong(format!($($message)+)));
        }
    };
}
