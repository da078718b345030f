//! Reports that work before the heap does and after everything else has failed.
//!
//! | module | what it holds |
//! |---|---|
//! | [`early`] | polled output to the serial port |
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
pub mod symbols;

pub use panic::protect_stack;
