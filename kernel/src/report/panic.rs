//! Rust panics: the end of a task or a service's poll where one runs, else the end of the machine.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering};

use services::task::TaskError;

use super::crash;
use crate::arch::{core_local, tlb};
use crate::executor::recovery;
use crate::memory::static_stack::StaticStack;

/// The core that makes a panic's report, plus one: a panic in the making of it ends the machine, and other cores wait.
static REPORTER: AtomicU32 = AtomicU32::new(0);
/// So often another core looks whether the report is made, each time for a moment.
const LOOKS: u32 = 100_000_000;

/// Waits until this core is the one that may make a report; false where it makes one already, or the wait is in vain.
fn begin_report() -> bool {
    let own = core_local::get().number() + 1;
    for _ in 0..LOOKS {
        match REPORTER.compare_exchange(0, own, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return true,
            Err(reporter) if reporter == own => return false,
            Err(_) => tlb::catch_up(),
        }
        core::hint::spin_loop();
    }
    false
}

const REPORT_STACK_BYTES: usize = 32 * 1024;
/// The stack that a task's report is made on. [`REPORTER`] keeps a second user off it.
#[unsafe(link_section = ".bss.stacks")]
static REPORT_STACK: StaticStack<REPORT_STACK_BYTES> = StaticStack::new();

/// Unmaps the guard below the stack that reports are made on.
pub(super) fn protect_stack() {
    REPORT_STACK.protect();
}

#[panic_handler]
fn panic(information: &PanicInfo<'_>) -> ! {
    let (rsp, rbp): (usize, u64);
    // SAFETY: only reads two registers.
    unsafe {
        core::arch::asm!("mov {}, rsp", "mov {}, rbp", out(reg) rsp, out(reg) rbp, options(nomem, nostack, preserves_flags));
    }
    let rip = panic as *const () as u64;
    if recovery::is_possible(rsp) && begin_report() {
        // The dying fiber may have little stack left; the report is made on one of its own.
        let error = corosensei::on_stack(REPORT_STACK.range(), || {
            recovery::on_kernel_heap(|| describe(information, rip, rbp))
        });
        REPORTER.store(0, Ordering::Release);
        recovery::resume_with(recovery::abandon(error));
    }
    crash::stop_machine(format_args!("{information}"), None, rip, rbp)
}

fn describe(information: &PanicInfo<'_>, rip: u64, rbp: u64) -> TaskError {
    let mut message = String::new();
    let _ = write!(message, "{}", information.message());
    // The words of `alloc`'s handler for a failed allocation; there is no other way to tell on stable Rust.
    let code = if message.starts_with("memory allocation of") {
        "out_of_memory"
    } else {
        "native_panic"
    };
    if let Some(place) = information.location() {
        message = format!("{message} (at {}:{})", place.file(), place.line());
    }
    TaskError {
        report: crash::describe(None, rip, rbp, None),
        message,
        ..TaskError::new(code, "")
    }
}
