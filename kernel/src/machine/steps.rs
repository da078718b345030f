//! How long each start-up step took. Usable before there is a heap: times are kept as counter values and become
//! nanoseconds when they are read, for the counter's rate is known only later.

use alloc::vec::Vec;

use services::host::BootStep;

use crate::arch::lock::KernelLock;
use crate::arch::{clock, provoke};
use crate::boot::command_line::Ending;
use crate::report::journal;

const STEP_LIMIT: usize = 32;

struct Steps {
    entries: [(&'static str, u64); STEP_LIMIT],
    count: usize,
    /// The step that has begun last; empty before the first, and after the last has ended.
    current: &'static str,
    ending: Option<(Ending, &'static str)>,
}

static STEPS: KernelLock<Steps> = KernelLock::new(Steps {
    entries: [("", 0); STEP_LIMIT],
    count: 0,
    current: "",
    ending: None,
});

/// Makes the start-up end after a step: a test asks for it.
pub fn end_after(ending: Option<(Ending, &'static str)>) {
    STEPS.lock().ending = ending;
}

/// Notes that the step `name` begins, and shows it.
pub fn begin(name: &'static str) {
    STEPS.lock().current = name;
    journal::show_step(name);
}

/// Notes that the start-up is over.
pub fn finish() {
    STEPS.lock().current = "";
}

/// The step that the start-up is in or has just ended; `None` once it is over, or while another changes that.
pub fn current() -> Option<&'static str> {
    let current = STEPS.try_lock()?.current;
    (!current.is_empty()).then_some(current)
}

/// Notes that the step `name` has just ended.
pub fn done(name: &'static str) {
    let ending = {
        let mut steps = STEPS.lock();
        let count = steps.count;
        if let Some(entry) = steps.entries.get_mut(count) {
            *entry = (name, clock::tsc());
            steps.count += 1;
        }
        steps.ending
    };
    match ending {
        Some((Ending::Panic, last)) if last == name => panic!("the command line asked for a panic after `{name}`"),
        Some((Ending::Hang, last)) if last == name => provoke::hang(),
        _ => {}
    }
}

/// The steps so far, in order.
pub fn list() -> Vec<BootStep> {
    let (entries, count) = {
        let steps = STEPS.lock();
        (steps.entries, steps.count)
    };
    entries[..count]
        .iter()
        .map(|&(name, tsc)| BootStep {
            name,
            end_ns: clock::ns_at(tsc),
        })
        .collect()
}
