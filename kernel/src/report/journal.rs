//! The log: every line goes to the ring, and to the serial port while the machine starts.

use core::fmt::Write;
use core::sync::atomic::{AtomicBool, Ordering};

use log::{Level, LevelFilter, Log, Metadata, Record};
use services::log::Ring;

use super::early;
use crate::arch::clock;

static RING: Ring = Ring::new();
/// Log lines also go to the serial port: until a session uses it.
static IS_ECHOED: AtomicBool = AtomicBool::new(true);

struct Journal;
static JOURNAL: Journal = Journal;

/// Takes over the `log` crate's macros.
pub fn start() {
    // The only error is a second logger, and there is none.
    let _ = log::set_logger(&JOURNAL);
    log::set_max_level(LevelFilter::Info);
}

/// Stops the echo on the serial port.
pub fn stop_echo() {
    IS_ECHOED.store(false, Ordering::Relaxed);
}

/// The ring.
pub fn ring() -> &'static Ring {
    &RING
}

impl Log for Journal {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Info
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let prefix = match record.level() {
            Level::Error => "error: ",
            Level::Warn => "warning: ",
            _ => "",
        };
        let time_ns = clock::now_ns();
        RING.push(time_ns, format_args!("{prefix}{}", record.args()));
        if IS_ECHOED.load(Ordering::Relaxed) {
            let milliseconds = time_ns / 1_000_000;
            // The early writer never fails.
            let _ = writeln!(
                early::Writer,
                "[{:5}.{:03}] {prefix}{}",
                milliseconds / 1000,
                milliseconds % 1000,
                record.args()
            );
        }
    }

    fn flush(&self) {}
}
