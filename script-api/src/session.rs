//! The prompt: reads, evaluates and prints until the person ends it.

use services::host::{self, Host};
use services::task::{Outcome, TaskError};
use services::terminal::{Input, Terminal};
use services::value::Value;

/// The body of a prompt's task: serves the person at `terminal` until Ctrl-D (`Ok`) or until the task is killed.
///
/// # Errors
///
/// `killed` where the task was asked to end.
pub fn run(host: Host, terminal: &'static Terminal) -> Outcome {
    loop {
        match host::block_on(host.tasks, terminal.read_line(|_| true)) {
            Ok(Input::EndOfInput) => return Ok(Value::Unit),
            Ok(Input::Line(_) | Input::Interrupted) => {}
            Err(_) => return Err(TaskError::new("killed", "the session was killed")),
        }
    }
}
