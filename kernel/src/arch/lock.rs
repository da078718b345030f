//! The counted spin lock, by the kernel's own name for it.

pub use services::lock::{Guard, Lock as KernelLock};

use super::core_local;

/// Lets each core count the locks it holds.
pub fn start() {
    services::lock::count_with(|| &core_local::get().locks_held);
}
