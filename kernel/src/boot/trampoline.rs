//! The way of the other cores from real mode to the kernel in the higher half.
//!
//! Sources: Intel SDM volume 3, 8.4 (start of application processors) and 9.8.5 (to 64-bit mode); AMD64 manual volume 2,
//! 14.6 and 15.27.
//!
//! A core starts in real mode at the start of a page below 1 MiB. The code there is position-independent: `ds` is set to
//! the page, and what it needs to know lies behind it in the same page. It goes straight to 64-bit mode, with page tables
//! of its own that show the lowest 2 MiB at their physical addresses and the kernel's half as it is.

use core::arch::global_asm;
use core::sync::atomic::{AtomicU64, Ordering};

use x86_64::registers::control::{Cr3, Efer, EferFlags};

use crate::arch::features;
use crate::boot::tags::{MemoryKind, Tags};
use crate::memory::{PAGE_BYTES, Physical};

global_asm!(
    r#"
    .section .rodata.trampoline, "a"
    .balign 16
    .code16
    .global trampoline_start
trampoline_start:
    cli
    cld
    mov ax, cs
    mov ds, ax
    .byte 0x66, 0x0f, 0x01, 0x16            // lgdt, 32-bit base
    .short trampoline_gdt_pointer - trampoline_start
    .byte 0xbe                              // mov si
    .short trampoline_parameters - trampoline_start
    mov eax, [si + 8]                       // page tables
    mov cr3, eax
    mov eax, 1 << 5                         // PAE
    mov cr4, eax
    cmp dword ptr [si + 40], 0              // firmware hides "execute disable"
    je 1f
    mov ecx, 0x1a0
    rdmsr
    and edx, 0xfffffffb
    wrmsr
1:  mov ecx, 0xc0000080                     // EFER, as the boot processor has it
    rdmsr
    or eax, [si]
    wrmsr
    mov eax, cr0
    and eax, 0x9fffffff                     // caches on
    or eax, 0x80010001                      // paging, write protect, protected mode
    mov cr0, eax
    .byte 0x66, 0xff, 0x2e                  // jump through a far pointer, 32-bit offset
    .short trampoline_far_pointer - trampoline_start

    .code64
trampoline_long_mode:
    mov ax, 0x10
    mov ds, ax
    mov es, ax
    mov ss, ax
    xor eax, eax
    mov fs, ax
    mov gs, ax
    mov rbx, [rip + trampoline_parameters + 16]
    mov rsp, [rip + trampoline_parameters + 24]
    mov rdi, [rip + trampoline_parameters + 32]
    mov rax, offset trampoline_high
    jmp rax

    .balign 8
trampoline_gdt:
    .quad 0
    .quad 0x00af9b000000ffff                // 0x08: 64-bit code
    .quad 0x00cf93000000ffff                // 0x10: data
trampoline_gdt_end:
    .global trampoline_gdt_pointer
trampoline_gdt_pointer:
    .short trampoline_gdt_end - trampoline_gdt - 1
    .long trampoline_gdt - trampoline_start // plus the page's address
    .balign 4
    .global trampoline_far_pointer
trampoline_far_pointer:
    .long trampoline_long_mode - trampoline_start // plus the page's address
    .short 8
    .balign 8
    .global trampoline_parameters
trampoline_parameters:
    .skip 48
    .global trampoline_end
trampoline_end:

    .text
    .code64
    .global trampoline_high
trampoline_high:
    mov cr3, rbx                            // the kernel's own tables: nothing low is mapped any more
    xor ebp, ebp
    call core_main
2:  hlt
    jmp 2b
    .text
    "#
);

unsafe extern "C" {
    static trampoline_start: u8;
    static trampoline_end: u8;
    static trampoline_gdt_pointer: u8;
    static trampoline_far_pointer: u8;
    static trampoline_parameters: u8;
}

/// Where the code of the other cores lies, with its page tables behind it; 0 for nowhere.
static PLACE: AtomicU64 = AtomicU64::new(0);
/// The code and three levels of page tables.
const PAGES: u64 = 4;
/// The first page holds the interrupt vectors and data of a BIOS.
const LOWEST: u64 = 0x1000;
/// From here on there may be video memory and firmware.
const END: u64 = 0x9_0000;

const PRESENT_WRITABLE: u64 = 3;
const LARGE_PAGE: u64 = 1 << 7;

/// Finds room for the other cores' first steps in memory below 1 MiB, which the frame allocator never hands out.
pub fn reserve(tags: &Tags<'_>, information: core::ops::Range<u64>) {
    let page = PAGE_BYTES as u64;
    let is_free = |start: u64| {
        let end = start + PAGES * page;
        let is_ram = tags.memory_map().any(|region| {
            region.kind == MemoryKind::Available && region.start <= start && end <= region.start + region.length
        });
        let is_used = information.start < end && start < information.end
            || tags
                .modules()
                .any(|module| u64::from(module.start) < end && start < u64::from(module.end));
        is_ram && !is_used
    };
    let place = (LOWEST..END).step_by(PAGE_BYTES).find(|&start| is_free(start));
    PLACE.store(place.unwrap_or(0), Ordering::Relaxed);
}

/// Where a core goes on in the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Destination {
    /// One past its stack.
    pub stack_top: usize,
    /// What `core_main` is given.
    pub argument: usize,
}

/// Puts the code and its tables in place, so that the next core that starts at the page whose number is returned goes to
/// `destination`; `None` where there was no room below 1 MiB. One core at a time.
///
/// # Safety
///
/// No core may be on its way through the trampoline.
pub unsafe fn prepare(destination: Destination) -> Option<u8> {
    let place = match PLACE.load(Ordering::Relaxed) {
        0 => return None,
        place => place,
    };
    let code = Physical(place).direct::<u8>();
    let start = &raw const trampoline_start as usize;
    let length = &raw const trampoline_end as usize - start;
    let offset_of = |symbol: *const u8| symbol as usize - start;
    // SAFETY: `reserve` found the pages free, and nobody else uses memory below 1 MiB; the code fits into one of them.
    unsafe { core::ptr::copy_nonoverlapping(start as *const u8, code, length) };
    let add_place = |offset: usize| {
        let word = code.wrapping_add(offset).cast::<u32>();
        // SAFETY: the offset lies within the code that was just copied.
        let value = unsafe { word.read_unaligned() };
        // SAFETY: as above.
        unsafe { word.write_unaligned(value + place as u32) };
    };
    // Behind the limit of two bytes.
    add_place(offset_of(&raw const trampoline_gdt_pointer) + 2);
    add_place(offset_of(&raw const trampoline_far_pointer));

    let table = |index: u64| Physical(place + (index + 1) * PAGE_BYTES as u64);
    let root = Physical(Cr3::read().0.start_address().as_u64());
    // SAFETY: the page is ours, and the kernel's own root stays as it is.
    unsafe { core::ptr::copy_nonoverlapping(root.direct::<u8>(), table(0).direct::<u8>(), PAGE_BYTES) };
    for below in [1, 2] {
        // SAFETY: the page is ours.
        unsafe { core::ptr::write_bytes(table(below).direct::<u8>(), 0, PAGE_BYTES) };
    }
    for (index, entry) in [
        (0, table(1).0 | PRESENT_WRITABLE),
        (1, table(2).0 | PRESENT_WRITABLE),
        (2, LARGE_PAGE | PRESENT_WRITABLE),
    ] {
        // SAFETY: the page is ours; the first entry of each table shows the lowest addresses.
        unsafe { table(index).direct::<u64>().write(entry) };
    }
    let parameters = [
        (Efer::read() - EferFlags::LONG_MODE_ACTIVE).bits(),
        table(0).0,
        root.0,
        destination.stack_top as u64,
        destination.argument as u64,
        u64::from(features::was_no_execute_hidden()),
    ];
    let target = code.wrapping_add(offset_of(&raw const trampoline_parameters)).cast();
    // SAFETY: the code ends behind these six words.
    unsafe { core::ptr::copy_nonoverlapping(parameters.as_ptr(), target, parameters.len()) };
    Some((place / PAGE_BYTES as u64) as u8)
}
