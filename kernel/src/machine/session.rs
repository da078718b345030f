//! The prompt: a script task that runs a session, and the service that starts it again when it has ended.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use services::host::Host;
use services::task::{Outcome, TaskSpec};
use services::terminal::Terminal;

use crate::arch::clock;
use crate::executor::{Executor, Factory, tasks};

/// Between two sessions, so that one that cannot even start does not keep the machine busy.
const PAUSE_NS: u64 = 100_000_000;

/// Runs sessions on `terminal` for ever.
pub fn start(executor: &'static Executor, host: Host, terminal: &'static Terminal) {
    let pump: Factory = Box::new(move || Box::pin(terminal.pump()));
    executor.start_service("terminal", pump);
    let supervisor: Factory = Box::new(move || Box::pin(supervise(executor, host, terminal)));
    executor.start_service("sessions", supervisor);
}

async fn supervise(executor: &'static Executor, host: Host, terminal: &'static Terminal) {
    loop {
        let spec = TaskSpec {
            name: String::from("prompt"),
            body: Box::new(move || script_api::session::run(host, terminal)),
        };
        let outcome = match tasks::start(spec) {
            Ok(id) => tasks::wait(id).await,
            Err(error) => {
                terminal.print(format!("\nno session: {error}\n")).await;
                None
            }
        };
        terminal.forget_evaluation();
        if let Some(text) = farewell(outcome) {
            terminal.print(text).await;
        }
        executor
            .timers
            .sleep_until(clock::now_ns() + PAUSE_NS, clock::now_ns)
            .await;
    }
}

/// What the next session is told of the last one's end.
fn farewell(outcome: Option<Outcome>) -> Option<String> {
    match outcome {
        Some(Err(error)) => {
            log::error!("the session ended: {error}");
            let report = error.report.trim_end();
            Some(format!(
                "\n{report}\nerror[{}]: {}\nThe session was restarted; its variables are lost.\n",
                error.code, error.message
            ))
        }
        Some(Ok(_)) => Some(String::from("\nThe session was restarted.\n")),
        None => None,
    }
}
