//! The machine at one moment.

use alloc::string::String;
use alloc::vec::Vec;

use crate::cores::CoreInfo;
use crate::host::{Host, MemoryInfo};
use crate::interrupts::InterruptInfo;
use crate::task::{TaskId, TaskInfo};

/// What the machine says of itself at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Name and version of the system.
    pub system: String,
    /// Nanoseconds since the start.
    pub uptime_ns: u64,
    /// Milliseconds since 1970 in UTC, where the machine knows.
    pub unix_ms: Option<i64>,
    /// The cores; none where the machine cannot tell.
    pub cores: Vec<CoreInfo>,
    /// Memory in use.
    pub memory: MemoryInfo,
    /// All tasks that have not been forgotten.
    pub tasks: Vec<TaskInfo>,
    /// The task that looks.
    pub own_task: Option<TaskId>,
    /// All interrupts that somebody handles.
    pub interrupts: Vec<InterruptInfo>,
}

impl Snapshot {
    /// Asks the machine; *task*: call it on a task.
    pub fn take(host: &Host, system: &str) -> Self {
        Self {
            system: system.into(),
            uptime_ns: host.clock.uptime_ns(),
            unix_ms: host.clock.unix_ms(),
            cores: host.machine.cores(),
            memory: host.machine.memory(),
            tasks: host.tasks.list(),
            own_task: Some(host.tasks.current()),
            interrupts: host.machine.interrupts(),
        }
    }
}
