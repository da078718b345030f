//! Model-specific registers that the processor may refuse: a refused access says so and harms nobody.
//!
//! The two instructions stand at known addresses. A general protection fault at one of them goes on at the end of its
//! function with "refused" as the answer (`exceptions` asks [`resume_after`]).

use core::arch::global_asm;

use hw::msr::ModelSpecific;

global_asm!(
    r#"
    .text
    // edi: register; rsi: where the value goes. Returns 1 where it was read.
    .global guarded_read_msr
    .type guarded_read_msr, @function
guarded_read_msr:
    mov ecx, edi
    .global guarded_rdmsr
guarded_rdmsr:
    rdmsr
    shl rdx, 32
    or rax, rdx
    mov [rsi], rax
    mov eax, 1
    ret

    // edi: register; rsi: value. Returns 1 where it was written.
    .global guarded_write_msr
    .type guarded_write_msr, @function
guarded_write_msr:
    mov ecx, edi
    mov rax, rsi
    mov rdx, rsi
    shr rdx, 32
    .global guarded_wrmsr
guarded_wrmsr:
    wrmsr
    mov eax, 1
    ret

    .global guarded_refused
guarded_refused:
    xor eax, eax
    ret
    "#
);

unsafe extern "C" {
    fn guarded_read_msr(register: u32, value: *mut u64) -> u32;
    fn guarded_write_msr(register: u32, value: u64) -> u32;
    static guarded_rdmsr: u8;
    static guarded_wrmsr: u8;
    static guarded_refused: u8;
}

/// Where a general protection fault at `instruction` goes on, if the instruction is one that may be refused.
pub fn resume_after(instruction: u64) -> Option<u64> {
    let guarded = [&raw const guarded_rdmsr, &raw const guarded_wrmsr];
    let is_guarded = guarded.into_iter().any(|address| address as u64 == instruction);
    is_guarded.then_some(&raw const guarded_refused as u64)
}

/// The registers of the core that runs.
#[derive(Clone, Copy, Debug)]
pub struct Guarded;

impl ModelSpecific for Guarded {
    fn read(&self, register: u32) -> Option<u64> {
        let mut value = 0;
        // SAFETY: the function reads a register or is refused; it writes the one word that it is given.
        let is_read = unsafe { guarded_read_msr(register, &raw mut value) };
        (is_read == 1).then_some(value)
    }

    fn write(&self, register: u32, value: u64) -> Option<()> {
        // SAFETY: the function writes a register or is refused. What the processor does with a value that it takes is the
        // caller's business: the kernel writes only registers that it knows, and a person at the prompt was told.
        let is_written = unsafe { guarded_write_msr(register, value) };
        (is_written == 1).then_some(())
    }
}
