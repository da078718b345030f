//! The Multiboot2 header and the way from the boot loader's 32-bit mode to `kernel_main` in the higher half.
//!
//! Sources: Multiboot2 specification 2.0, sections 3.1 (header) and 3.3 (machine state); AMD64 manual volume 2, 14.6.
//!
//! The loader may place the image at any multiple of 2 MiB, so the 32-bit code finds out where it runs: it borrows the
//! reserved word of the boot information as a stack for one `call`. From then on `esi` holds the distance between the
//! real and the linked place. The first page tables map the lowest 4 GiB twice, at zero (for this code) and at the
//! direct map, and the image at its linked address; `memory::paging` replaces them.

use core::arch::global_asm;

global_asm!(
    r#"
    .section .multiboot2, "a"
    .balign 8
multiboot2_header:
    .long 0xe85250d6                        // magic
    .long 0                                 // architecture: i386, 32-bit protected mode
    .long multiboot2_header_end - multiboot2_header
    .long -(0xe85250d6 + 0 + (multiboot2_header_end - multiboot2_header))
    .balign 8
    .short 5, 1                             // framebuffer, optional: text mode is accepted
    .long 20, 0, 0, 32                      // any width and height, 32 bits preferred
    .balign 8
    .short 6, 1                             // modules on page boundaries
    .long 8
    .balign 8
    .short 10, 0                            // relocatable: lowest, highest, alignment, prefer the lowest
    .long 24, 0x200000, 0xf0000000, 0x200000, 1
    .balign 8
    .short 0, 0                             // end
    .long 8
multiboot2_header_end:

    .section .bss.boot, "aw", @nobits
    .balign 4096
    .global boot_pml4
boot_pml4:       .skip 4096
    .global boot_pdpt_low
boot_pdpt_low:   .skip 4096
    .global boot_pdpt_high
boot_pdpt_high:  .skip 4096
    .global boot_pd_low
boot_pd_low:     .skip 4096 * 4
    .global boot_pd_high
boot_pd_high:    .skip 4096
    .global boot_entry_tsc
boot_entry_tsc:  .skip 8

    .section .bss.stacks, "aw", @nobits
    .balign 4096
    .global boot_stack_guard
boot_stack_guard: .skip 4096                // unmapped once paging is up
    .skip 65536
    .global boot_stack_top
boot_stack_top:

    .section .rodata.boot, "a"
    .balign 8
    .global boot_gdt
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff                // 0x08: 64-bit code
    .quad 0x00cf93000000ffff                // 0x10: data
boot_gdt_end:
    .global boot_no_long_mode_text
boot_no_long_mode_text: .asciz "Rhaios needs a 64-bit processor.\r\n"

    .section .text.boot, "ax"
    .code32
    .global boot_entry
boot_entry:
    cli
    cld
    cmp eax, 0x36d76289                     // loaded by a Multiboot2 loader?
    jne boot_hang
    lea esp, [ebx + 8]
    call boot_here
    .global boot_here
boot_here:
    pop esi
    mov ecx, offset boot_here_physical
    sub esi, ecx
    mov ecx, offset boot_stack_top_physical
    lea esp, [esi + ecx]
    mov edi, ebx

    rdtsc
    mov ecx, offset boot_entry_tsc_physical
    mov [esi + ecx], eax
    mov [esi + ecx + 4], edx

    mov eax, 0x80000000
    cpuid
    cmp eax, 0x80000001
    jb boot_no_long_mode
    mov eax, 0x80000001
    cpuid
    bt edx, 29
    jnc boot_no_long_mode

    // PML4: slot 0 and slot 256 (the direct map) to the lowest 4 GiB, slot 511 to the image.
    mov ecx, offset boot_pml4_physical
    add ecx, esi
    mov eax, offset boot_pdpt_low_physical
    lea eax, [eax + esi + 3]
    mov [ecx], eax
    mov [ecx + 256 * 8], eax
    mov eax, offset boot_pdpt_high_physical
    lea eax, [eax + esi + 3]
    mov [ecx + 511 * 8], eax

    mov ecx, offset boot_pdpt_low_physical
    add ecx, esi
    mov eax, offset boot_pd_low_physical
    lea eax, [eax + esi + 3]
    mov [ecx], eax
    add eax, 4096
    mov [ecx + 8], eax
    add eax, 4096
    mov [ecx + 16], eax
    add eax, 4096
    mov [ecx + 24], eax

    mov ecx, offset boot_pdpt_high_physical
    add ecx, esi
    mov eax, offset boot_pd_high_physical
    lea eax, [eax + esi + 3]
    mov [ecx + 510 * 8], eax

    mov edx, offset boot_pd_low_physical    // 2048 pages of 2 MiB
    add edx, esi
    mov eax, 0x83
    mov ecx, 2048
2:  mov [edx], eax
    add eax, 0x200000
    add edx, 8
    loop 2b

    mov edx, offset boot_pd_high_physical   // the image: 64 MiB from its real place less its linked one
    add edx, esi
    lea eax, [esi + 0x83]
    mov ecx, 32
3:  mov [edx], eax
    add eax, 0x200000
    add edx, 8
    loop 3b

    mov eax, 1 << 5                         // PAE, and nothing that firmware may have left on
    mov cr4, eax
    mov eax, offset boot_pml4_physical
    add eax, esi
    mov cr3, eax
    mov ecx, 0xc0000080                     // EFER: long mode enable
    rdmsr
    or eax, 1 << 8
    wrmsr
    mov eax, cr0
    or eax, 0x80010001                      // paging, write protect, protected mode
    and eax, 0x9fffffff                     // caches on
    mov cr0, eax

    sub esp, 8
    mov word ptr [esp], 23                  // three descriptors
    mov eax, offset boot_gdt_physical
    add eax, esi
    mov [esp + 2], eax
    lgdt [esp]
    mov eax, offset boot_long_mode_physical
    add eax, esi
    push 8
    push eax
    retf

boot_no_long_mode:
    mov ebx, offset boot_no_long_mode_text_physical
    add ebx, esi
    mov edi, 0xb8000
4:  mov al, [ebx]
    test al, al
    jz boot_hang
    mov ah, 0x4f
    mov [edi], ax
    add edi, 2
    mov dx, 0x3f8
    out dx, al
    inc ebx
    jmp 4b
boot_hang:
    hlt
    jmp boot_hang

    .code64
    .global boot_long_mode
boot_long_mode:
    mov ax, 0x10
    mov ds, ax
    mov es, ax
    mov ss, ax
    xor eax, eax
    mov fs, ax
    mov gs, ax
    mov rax, offset boot_high
    jmp rax
boot_high:
    mov rsp, offset boot_stack_top
    xor ebp, ebp
    mov edi, edi                            // physical address of the boot information
    movsxd rsi, esi                         // real place of the image less its linked one
    call kernel_main
5:  hlt
    jmp 5b
    .text
    "#
);
