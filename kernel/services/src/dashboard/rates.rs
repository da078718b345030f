//! What has happened from one moment to the next, by the second.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::snapshot::Snapshot;
use crate::cores::CoreInfo;
use crate::task::{TaskId, TaskInfo, TaskState};

/// One core since the moment before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreRow {
    /// The core's number.
    pub index: u32,
    /// It runs tasks.
    pub is_online: bool,
    /// Share of the time that it was busy, in thousandths.
    pub load_permille: u32,
}

/// One task since the moment before, or since it was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// The task.
    pub id: TaskId,
    /// Its name.
    pub name: String,
    /// Where it is in its life.
    pub state: TaskState,
    /// Share of one core's time, in thousandths.
    pub share_permille: u32,
    /// Its arena and stack.
    pub memory_bytes: u64,
    /// Rhai operations in a second.
    pub operations_per_s: u64,
    /// All processor time that it has used, in microseconds.
    pub cpu_time_us: u64,
}

/// One source of interrupts since the moment before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterruptRow {
    /// Who raises it.
    pub source: String,
    /// The core that takes it.
    pub core: u32,
    /// Its vector there.
    pub vector: u8,
    /// How often in a second.
    pub per_s: u64,
    /// How often since the start.
    pub count: u64,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// In the machine's order.
    pub cores: Vec<CoreRow>,
    /// In the machine's order.
    pub tasks: Vec<TaskRow>,
    /// The busiest first.
    pub interrupts: Vec<InterruptRow>,
}

impl Rates {
    /// What happened between two moments; without the first one, since the start.
    pub fn between(before: Option<&Snapshot>, now: &Snapshot) -> Self {
        let since_ns = before.map_or(0, |before| before.uptime_ns);
        let passed_ns = now.uptime_ns.saturating_sub(since_ns);
        Self {
            cores: now.cores.iter().map(|core| core_row(before, core)).collect(),
            tasks: task_rows(before, now),
            interrupts: interrupt_rows(before, now, passed_ns),
        }
    }

    /// The mean load of the cores that run tasks, in thousandths; `None` where the machine cannot tell.
    pub fn load_permille(&self) -> Option<u32> {
        let online = self.cores.iter().filter(|core| core.is_online);
        let (sum, count) = online.fold((0, 0), |(sum, count), core| {
            (sum + u64::from(core.load_permille), count + 1)
        });
        sum.checked_div(count).map(|mean| mean as u32)
    }
}

fn core_row(before: Option<&Snapshot>, core: &CoreInfo) -> CoreRow {
    let earlier = before.and_then(|before| before.cores.iter().find(|other| other.index == core.index));
    let passed_ns = earlier.map_or(0, |earlier| core.online_ns.saturating_sub(earlier.online_ns));
    let load_permille = match earlier {
        Some(earlier) if passed_ns > 0 => permille(core.busy_ns.saturating_sub(earlier.busy_ns), passed_ns),
        _ => core.load_permille.min(1000),
    };
    CoreRow {
        index: core.index,
        is_online: core.is_online,
        load_permille,
    }
}

fn task_rows(before: Option<&Snapshot>, now: &Snapshot) -> Vec<TaskRow> {
    let known = before.map_or(&[][..], |before| &before.tasks);
    let earlier: BTreeMap<TaskId, &TaskInfo> = known.iter().map(|task| (task.id, task)).collect();
    let row = |task: &TaskInfo| {
        let known = earlier.get(&task.id);
        // A new one is looked at since its start.
        let since_ns = match (known, before) {
            (Some(_), Some(before)) => before.uptime_ns,
            _ => task.started_ns,
        };
        let (cpu_time_us, operations) = known.map_or((0, 0), |known| (known.cpu_time_us, known.operations));
        let passed_ns = now.uptime_ns.saturating_sub(since_ns);
        let used_ns = task.cpu_time_us.saturating_sub(cpu_time_us).saturating_mul(1000);
        TaskRow {
            id: task.id,
            name: task.name.clone(),
            state: task.state,
            share_permille: permille(used_ns, passed_ns),
            memory_bytes: task.arena_bytes.saturating_add(task.stack_peak_bytes),
            operations_per_s: per_second(task.operations.saturating_sub(operations), passed_ns),
            cpu_time_us: task.cpu_time_us,
        }
    };
    now.tasks.iter().map(row).collect()
}

fn interrupt_rows(before: Option<&Snapshot>, now: &Snapshot, passed_ns: u64) -> Vec<InterruptRow> {
    let known = before.map_or(&[][..], |before| &before.interrupts);
    let earlier: BTreeMap<(u32, u8), u64> = known.iter().map(|one| ((one.core, one.vector), one.count)).collect();
    let mut rows: Vec<InterruptRow> = now
        .interrupts
        .iter()
        .map(|one| {
            let count = earlier.get(&(one.core, one.vector)).copied().unwrap_or(0);
            InterruptRow {
                source: one.source.clone(),
                core: one.core,
                vector: one.vector,
                per_s: per_second(one.count.saturating_sub(count), passed_ns),
                count: one.count,
            }
        })
        .collect();
    rows.sort_unstable_by_key(|row| (core::cmp::Reverse((row.per_s, row.count)), row.core, row.vector));
    rows
}

/// `part` of `whole` in thousandths, 1000 at most.
fn permille(part: u64, whole: u64) -> u32 {
    let share = u128::from(part) * 1000 / u128::from(whole.max(1));
    share.min(1000) as u32
}

fn per_second(count: u64, passed_ns: u64) -> u64 {
    let rate = u128::from(count) * 1_000_000_000 / u128::from(passed_ns.max(1));
    rate.min(u128::from(u64::MAX)) as u64
}
