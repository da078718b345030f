//! The log: every line goes to the ring, and to the serial port and the screen while the machine starts.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};

use log::{Level, LevelFilter, Log, Metadata, Record};
use services::cut_text::CutText;
use services::log::Ring;

use super::{early, screen};
use crate::arch::clock;

static RING: Ring = Ring::new();
/// Log lines also go to the serial port and the screen: until sessions use them.
static IS_ECHOED: AtomicBool = AtomicBool::new(true);

/// Longer lines are cut where they are echoed.
const LINE_LIMIT_BYTES: usize = 512;

struct Journal;
static JOURNAL: Journal = Journal;

/// Takes over the `log` crate's macros.
pub fn start() {
    // The only error is a second logger, and there is none.
    let _ = log::set_logger(&JOURNAL);
    log::set_max_level(LevelFilter::Info);
}

/// Stops the echo on the serial port and the screen.
pub fn stop_echo() {
    IS_ECHOED.store(false, Ordering::Relaxed);
    screen::stop_log();
}

/// Shows where the log is echoed, but does not keep, that a step of the start-up begins: in a dead boot, the last of
/// them is the one that it died in.
pub fn show_step(name: &str) {
    if IS_ECHOED.load(Ordering::Relaxed) {
        echo(clock::now_ns(), format_args!("... {name}"));
    }
}

fn echo(time_ns: u64, text: fmt::Arguments<'_>) {
    let milliseconds = time_ns / 1_000_000;
    let (seconds, milliseconds) = (milliseconds / 1000, milliseconds % 1000);
    // Put together first: drawing many small pieces takes longer. Too long a line is cut, and nothing fails.
    let mut line = CutText::<LINE_LIMIT_BYTES>::new();
    let _ = write!(line, "[{seconds:5}.{milliseconds:03}] {text}");
    let _ = writeln!(early::Writer, "{}", line.as_str());
    screen::write_log(line.as_str());
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
            echo(time_ns, format_args!("{prefix}{}", record.args()));
        }
    }

    fn flush(&self) {}
}
