//! How long each start-up step took. Usable before there is a heap: times are kept as counter values and become
//! nanoseconds when they are read, for the counter's rate is known only later.

use alloc::vec::Vec;

use services::host::BootStep;

use crate::arch::clock;
use crate::arch::lock::KernelLock;

const STEP_LIMIT: usize = 32;

struct Steps {
    entries: [(&'static str, u64); STEP_LIMIT],
    count: usize,
}

static STEPS: KernelLock<Steps> = KernelLock::new(Steps {
    entries: [("", 0); STEP_LIMIT],
    count: 0,
});

/// Notes that the step `name` has just ended.
pub fn done(name: &'static str) {
    let mut steps = STEPS.lock();
    let count = steps.count;
    if let Some(entry) = steps.entries.get_mut(count) {
        *entry = (name, clock::tsc());
        steps.count += 1;
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
