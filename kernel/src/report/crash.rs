//! The machine's last words, and a task's.

use alloc::string::String;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use x86_64::registers::control::{Cr2, Cr3, Cr4};

use super::{backtrace, early, journal};
use crate::arch::interrupts::Frame;
use crate::arch::{clock, core_local};
use crate::machine::power;

/// Seconds between a report and the reboot.
static REBOOT_SECONDS: AtomicU32 = AtomicU32::new(30);
/// A report is being made; another one would not end.
static IS_STOPPING: AtomicBool = AtomicBool::new(false);

/// Sets the seconds between a report and the reboot.
pub fn set_reboot_seconds(seconds: u32) {
    REBOOT_SECONDS.store(seconds, Ordering::Relaxed);
}

/// Registers, backtrace and task as text on the kernel heap.
pub fn describe(frame: Option<&Frame>, rip: u64, rbp: u64, cause: Option<fmt::Arguments<'_>>) -> String {
    let mut text = String::new();
    // Writing to a string never fails.
    let _ = write(&mut text, frame, rip, rbp, cause);
    text
}

fn write(
    out: &mut dyn Write,
    frame: Option<&Frame>,
    rip: u64,
    rbp: u64,
    cause: Option<fmt::Arguments<'_>>,
) -> fmt::Result {
    if let Some(cause) = cause {
        writeln!(out, "{cause}")?;
    }
    write_context(out)?;
    if let Some(frame) = frame {
        write_registers(out, frame)?;
    }
    out.write_str("backtrace:\n")?;
    backtrace::write(out, rip, rbp)
}

fn write_context(out: &mut dyn Write) -> fmt::Result {
    let core = core_local::get();
    write!(out, "core {}, ", core.index.get())?;
    let record = core.record.get();
    if record.is_null() {
        out.write_str("no task")?;
    } else {
        // SAFETY: the running fiber's future holds the record.
        let record = unsafe { &*record };
        write!(out, "task {} `{}`", record.id.0, record.name)?;
    }
    writeln!(out, ", kernel locks held {}", core.locks_held.load(Ordering::Relaxed))
}

fn write_registers(out: &mut dyn Write, frame: &Frame) -> fmt::Result {
    writeln!(
        out,
        "rip {:016x} rsp {:016x} rbp {:016x} flags {:08x}",
        frame.rip, frame.rsp, frame.rbp, frame.rflags
    )?;
    writeln!(
        out,
        "rax {:016x} rbx {:016x} rcx {:016x} rdx {:016x}",
        frame.rax, frame.rbx, frame.rcx, frame.rdx
    )?;
    writeln!(
        out,
        "rsi {:016x} rdi {:016x} r8  {:016x} r9  {:016x}",
        frame.rsi, frame.rdi, frame.r8, frame.r9
    )?;
    writeln!(
        out,
        "r10 {:016x} r11 {:016x} r12 {:016x} r13 {:016x}",
        frame.r10, frame.r11, frame.r12, frame.r13
    )?;
    writeln!(
        out,
        "r14 {:016x} r15 {:016x} cr2 {:016x} cr3 {:016x}",
        frame.r14,
        frame.r15,
        Cr2::read_raw(),
        Cr3::read_raw().0.start_address().as_u64()
    )?;
    writeln!(
        out,
        "vector {} error {:#x} cs {:#x} ss {:#x} cr4 {:#x}",
        frame.vector,
        frame.error_code,
        frame.cs,
        frame.ss,
        Cr4::read_raw()
    )
}

/// Reports why the machine cannot go on, waits, and reboots.
pub fn stop_machine(cause: fmt::Arguments<'_>, frame: Option<&Frame>, rip: u64, rbp: u64) -> ! {
    x86_64::instructions::interrupts::disable();
    if IS_STOPPING.swap(true, Ordering::AcqRel) {
        let _ = writeln!(early::Writer, "\nKERNEL PANIC while reporting a panic: {cause}");
        wait_and_reboot();
    }
    journal::ring().push(clock::now_ns(), format_args!("KERNEL PANIC: {cause}"));
    // The early writer never fails.
    let _ = writeln!(early::Writer, "\n\nKERNEL PANIC: {cause}");
    let _ = write(&mut early::Writer, frame, rip, rbp, None);
    let _ = writeln!(
        early::Writer,
        "rebooting in {} s",
        REBOOT_SECONDS.load(Ordering::Relaxed)
    );
    wait_and_reboot()
}

fn wait_and_reboot() -> ! {
    let wait_ns = u64::from(REBOOT_SECONDS.load(Ordering::Relaxed)) * 1_000_000_000;
    let end_ns = clock::now_ns().saturating_add(wait_ns);
    while clock::now_ns() < end_ns {
        core::hint::spin_loop();
    }
    power::reset_at_once()
}
