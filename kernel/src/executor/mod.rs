//! The executor: one per core, for services (plain futures) and script tasks (futures that resume a fiber).
//!
//! | module | what it holds |
//! |---|---|
//! | `queue` | tasks, wakers and the ready queues |
//! | `timers` | sleeping until a moment |
//! | `interrupt` | from an interrupt handler's bit to a waiting service |
//! | `record` | what the machine knows of a script task |
//! | `fiber` | running a script task's code on its own stack |
//! | `tasks` | all script tasks: start, wait, kill, list |
//! | `recovery` | going on after a panic or a fault |
//!
//! Services come before script tasks: what a device reports is dealt with before the next script's slice. Interrupt
//! handlers set bits; only the executor turns bits into wakes.

pub mod fiber;
pub mod interrupt;
pub mod queue;
pub mod record;
#[cfg(target_os = "none")]
pub mod recovery;
#[cfg(target_os = "none")]
pub mod run;
#[cfg(target_os = "none")]
pub mod tasks;
#[cfg(test)]
mod tests;
pub mod timers;

pub use queue::{Executor, Factory};

/// How a coroutine came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its code returned.
    Finished,
    /// A panic or a fault ended it; nothing on its stack was dropped.
    Abandoned,
}
