//! The same as text, once, for terminals that show nothing else: means since the start.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::rates::Rates;
use super::snapshot::Snapshot;
use super::table::Sort;
use super::{bars, figures};
use crate::task::TaskState;

/// Tasks that are listed; the busiest.
const TASK_LIMIT: usize = 20;

/// The moment as lines of text, without an LF at the end.
pub fn text(now: &Snapshot) -> String {
    let rates = Rates::between(None, now);
    let mut out = format!("{}, up {}", now.system, figures::uptime(now.uptime_ns));
    if let Some(unix_ms) = now.unix_ms {
        out.push_str(&format!(", {}", figures::wall_clock(unix_ms)));
    }
    for core in &rates.cores {
        match core.is_online {
            true => out.push_str(&format!(
                "\ncore {}: {} %",
                core.index,
                figures::percent(core.load_permille)
            )),
            false => out.push_str(&format!("\ncore {}: offline", core.index)),
        }
    }
    out.push_str(&format!("\n{}", bars::memory_text(&now.memory)));
    let mut tasks: Vec<_> = rates
        .tasks
        .iter()
        .filter(|task| task.state != TaskState::Ended)
        .collect();
    tasks.sort_by(|one, other| Sort::Processor.compare(other, one));
    out.push_str("\n    id state    cpu % memory ops/s name");
    for task in tasks.iter().take(TASK_LIMIT) {
        out.push_str(&format!(
            "\n{:>6} {:<8} {:>5} {:>6} {:>5} ",
            task.id.0,
            task.state.name(),
            figures::percent(task.share_permille),
            figures::bytes(task.memory_bytes),
            figures::count(task.operations_per_s),
        ));
        push_visible(&task.name, &mut out);
    }
    if tasks.len() > TASK_LIMIT {
        out.push_str(&format!("\nand {} more tasks", tasks.len() - TASK_LIMIT));
    }
    let silent = rates.interrupts.iter().filter(|row| row.count == 0).count();
    for row in rates.interrupts.iter().filter(|row| row.count > 0) {
        out.push_str("\ninterrupt ");
        push_visible(&row.source, &mut out);
        out.push_str(&format!(
            " (core {}, vector {}): {}, {}/s",
            row.core,
            row.vector,
            row.count,
            figures::count(row.per_s)
        ));
    }
    if silent > 0 {
        let plural = if silent == 1 { "" } else { "s" };
        out.push_str(&format!("\nand {silent} more source{plural} that nothing came from"));
    }
    out
}

/// Adds a name without what would steer the terminal.
fn push_visible(name: &str, out: &mut String) {
    out.extend(name.chars().filter(|character| !character.is_control()));
}
