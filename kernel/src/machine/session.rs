//! The prompt on a terminal: the services that move its bytes and that start its sessions.

use alloc::boxed::Box;

use services::host::Host;
use services::terminal::Terminal;

use crate::executor::{Executor, Factory};

/// Runs sessions on `terminal` for ever.
pub fn start(executor: &'static Executor, host: Host, terminal: &'static Terminal) {
    let pump: Factory = Box::new(move || Box::pin(terminal.pump()));
    executor.start_service("terminal", pump);
    let supervisor: Factory = Box::new(move || Box::pin(script_api::supervisor::serve(host, terminal)));
    executor.start_service("sessions", supervisor);
}
