//! Raising processor exceptions on purpose, for tests: by their real cause where there is one, else by their entry stub.

use core::arch::asm;

use x86_64::registers::control::{Cr0, Cr0Flags};

use super::{exceptions, interrupts, segments};
use crate::memory::static_stack;

/// An address that no page table can map.
const NON_CANONICAL: u64 = 0x8000_0000_0000_0000;
/// An address in the null page.
const NULL_PAGE: u64 = 16;

/// Raises the exception `name` (as `gp`; `boot_stack` for a boot stack that runs over) in the caller's context; false
/// where there is no such exception.
pub fn raise(name: &str) -> bool {
    if name == "boot_stack" {
        overflow_boot_stack();
    }
    let Some(vector) = exceptions::vector_of(name) else {
        return false;
    };
    match vector {
        0 => divide_by_zero(),
        1 => step(),
        // SAFETY: raises a breakpoint, nothing else.
        3 => unsafe { asm!("int3") },
        // SAFETY: raises an invalid instruction, nothing else.
        6 => unsafe { asm!("ud2") },
        7 => use_absent_unit(),
        8 => {
            interrupts::break_protection_gate();
            read(NON_CANONICAL);
        }
        // SAFETY: raises segment not present: the data segment is never loaded.
        11 => unsafe { asm!("mov ds, {0:x}", in(reg) segments::ABSENT_SELECTOR) },
        // SAFETY: raises a stack segment fault: the stack segment is never loaded.
        12 => unsafe { asm!("mov ss, {0:x}", in(reg) segments::ABSENT_SELECTOR) },
        13 => read(NON_CANONICAL),
        14 => read(NULL_PAGE),
        _ => call_stub(vector),
    }
    true
}

/// Does nothing any more, for ever.
pub fn hang() -> ! {
    x86_64::instructions::interrupts::disable();
    loop {
        x86_64::instructions::hlt();
    }
}

fn overflow_boot_stack() {
    // SAFETY: pushes onto a full stack, which faults; nothing comes back from there.
    unsafe {
        asm!("mov rsp, {floor}", "push rax", "2: hlt", "jmp 2b", floor = in(reg) static_stack::boot_stack_floor(), options(noreturn));
    }
}

fn divide_by_zero() {
    // SAFETY: raises a division error; the registers are given up.
    unsafe { asm!("div {zero}", zero = in(reg) 0u64, inout("rax") 1u64 => _, inout("rdx") 0u64 => _) };
}

fn step() {
    // SAFETY: sets the trap flag, so that the next instruction raises a debug exception.
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq", "nop", "nop") };
}

fn use_absent_unit() {
    // SAFETY: the kernel never uses the floating-point unit, so its absence harms nobody.
    unsafe { Cr0::update(|flags| flags.insert(Cr0Flags::TASK_SWITCHED)) };
    // SAFETY: raises device not available.
    unsafe { asm!("fld1") };
}

fn read(address: u64) {
    // SAFETY: raises a fault: no page is mapped there.
    unsafe { asm!("mov {0}, [{0}]", inout(reg) address => _) };
}

/// Enters an exception's stub as the processor would.
fn call_stub(vector: u8) {
    let stub = interrupts::stub_address(vector);
    let has_error_code = matches!(vector, 8 | 10..=14 | 17 | 21 | 29 | 30);
    // SAFETY: builds the frame that the processor would, aligned as it would be, and the stub returns by `iretq`.
    unsafe {
        asm!(
            "mov r8, rsp",
            "and rsp, -16",
            "mov eax, ss",
            "push rax",
            "push r8",
            "pushfq",
            "mov eax, cs",
            "push rax",
            "lea rax, [rip + 3f]",
            "push rax",
            "test {has_error_code}, {has_error_code}",
            "jz 2f",
            "push 0",
            "2:",
            "jmp {stub}",
            "3:",
            stub = in(reg) stub,
            has_error_code = in(reg) u64::from(has_error_code),
            out("rax") _,
            out("r8") _,
        );
    }
}
