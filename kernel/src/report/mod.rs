//! Reports that work before the heap does and after everything else has failed.
//!
//! | module | what it holds |
//! |---|---|
//! | [`early`] | polled output to the serial port |
//! | [`screen`] | the screen without heap or locks: the log of the start-up, the page of a panic |
//! | [`journal`] | the log: ring and boot-time echo |
//! | [`symbols`] | names of addresses |
//! | [`backtrace`] | who called whom |
//! | [`crash`] | the machine's last words, and a task's |
//! | [`panic`] | Rust panics |

pub mod backtrace;
pub mod crash;
pub mod early;
pub mod journal;
mod panic;
pub mod screen;
pub mod symbols;

/// Unmaps the guards below the stacks that reports are made on.
pub fn protect_stacks() {
    panic::protect_stack();
    crash::protect_stack();
}
