//! What a processor exception does: a stack grows, a task dies, or the machine stops with a report.
//!
//! Source: Intel SDM volume 3, chapter 6.

use core::fmt;

use services::task::TaskError;
use x86_64::registers::control::Cr2;

use super::interrupts::Frame;
use super::msr;
use crate::executor::recovery;
use crate::memory::{arena, image, stack};
use crate::report;

/// Short and long names of the exceptions, by vector.
const NAMES: [(&str, &str); 32] = [
    ("DE", "division error"),
    ("DB", "debug exception"),
    ("NMI", "non-maskable interrupt"),
    ("BP", "breakpoint"),
    ("OF", "overflow"),
    ("BR", "bound range exceeded"),
    ("UD", "invalid instruction"),
    ("NM", "floating-point unit not available"),
    ("DF", "double fault"),
    ("9", "coprocessor segment overrun"),
    ("TS", "invalid task state segment"),
    ("NP", "segment not present"),
    ("SS", "stack segment fault"),
    ("GP", "general protection fault"),
    ("PF", "page fault"),
    ("15", "reserved exception"),
    ("MF", "floating-point error"),
    ("AC", "alignment check"),
    ("MC", "machine check"),
    ("XM", "vector floating-point error"),
    ("VE", "virtualisation exception"),
    ("CP", "control protection exception"),
    ("22", "reserved exception"),
    ("23", "reserved exception"),
    ("24", "reserved exception"),
    ("25", "reserved exception"),
    ("26", "reserved exception"),
    ("27", "reserved exception"),
    ("HV", "hypervisor injection exception"),
    ("VC", "hypervisor communication exception"),
    ("SX", "security exception"),
    ("31", "reserved exception"),
];

/// Flags that would raise the same exception again.
const TRAP_FLAG: u64 = 1 << 8;
const ALIGNMENT_FLAG: u64 = 1 << 18;

const NMI: u64 = 2;
const DOUBLE_FAULT: u64 = 8;
const PROTECTION_FAULT: u64 = 13;
const PAGE_FAULT: u64 = 14;
const MACHINE_CHECK: u64 = 18;

/// The exception that `name` (as `gp`) stands for.
pub fn vector_of(name: &str) -> Option<u8> {
    NAMES
        .iter()
        .position(|(short, _)| short.eq_ignore_ascii_case(name))
        .map(|vector| vector as u8)
}

/// An exception in words.
pub struct Cause<'a>(pub &'a Frame);

impl fmt::Display for Cause<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frame = self.0;
        let (short, long) = NAMES[frame.vector as usize & 31];
        write!(out, "#{short} {long}")?;
        if frame.vector == PAGE_FAULT {
            let action = match (frame.error_code & 16 != 0, frame.error_code & 2 != 0) {
                (true, _) => "executing",
                (_, true) => "writing",
                _ => "reading",
            };
            let state = if frame.error_code & 1 != 0 {
                "protected"
            } else {
                "unmapped"
            };
            let address = Cr2::read_raw() as usize;
            write!(out, " {action} {state} address {address:#018x}")?;
            if image::is_stack(address) {
                out.write_str(", below a kernel stack, which is full")?;
            }
            if let Some(owner) = arena::owner_of(address) {
                write!(
                    out,
                    ", in the arena of task {}{}",
                    owner.task,
                    if owner.is_dead { ", which has ended" } else { "" }
                )?;
            }
        } else if frame.error_code != 0 {
            write!(out, ", error code {:#x}", frame.error_code)?;
        }
        Ok(())
    }
}

/// Answers an exception; called on its own stack with interrupts off.
pub fn handle(frame: &mut Frame) {
    let address = Cr2::read_raw() as usize;
    if frame.vector == PAGE_FAULT && stack::grow(address) {
        return;
    }
    if frame.vector == NMI {
        report::crash::stop_if_asked(frame);
    }
    if frame.vector == PROTECTION_FAULT
        && let Some(next) = msr::resume_after(frame.rip)
    {
        frame.rip = next;
        return;
    }
    let may_end_task = !matches!(frame.vector, NMI | DOUBLE_FAULT | MACHINE_CHECK);
    if may_end_task && recovery::is_possible(frame.rsp as usize) {
        let error = recovery::on_kernel_heap(|| describe(frame, address));
        let registers = recovery::abandon(error);
        frame.rflags &= !(TRAP_FLAG | ALIGNMENT_FLAG);
        frame.rip = registers.rip;
        frame.rsp = registers.rsp;
        frame.rbp = registers.rbp;
        frame.rdi = registers.rdi;
        frame.rsi = registers.rsi;
        return;
    }
    report::crash::stop_machine(format_args!("{}", Cause(frame)), Some(frame), frame.rip, frame.rbp);
}

/// Why a task ends by the exception in `frame`; made on the kernel heap.
fn describe(frame: &Frame, address: usize) -> TaskError {
    let is_page_fault = frame.vector == PAGE_FAULT;
    let mut error = if is_page_fault && stack::is_guard(address) {
        TaskError::new("stack_overflow", "the stack is full")
    } else if is_page_fault && stack::is_usable(address) {
        TaskError::new("out_of_memory", "no memory is left for the stack to grow")
    } else {
        TaskError::new("cpu_exception", Cause(frame))
    };
    error.report = report::crash::describe(Some(frame), frame.rip, frame.rbp, None);
    error
}
