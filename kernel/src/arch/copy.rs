//! `memcpy`, `memmove`, `memset` and `memcmp`: 64-bit moves, eight at a time.
//!
//! `rep movsb` is fastest on recent processors and about five times slower than wide moves in QEMU's emulator, so large
//! copies use it only where [`use_string_instructions`] said that it is fast.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, Ordering};

static STRING_INSTRUCTIONS: AtomicBool = AtomicBool::new(false);
/// From this many bytes on, `rep movsb` beats wide moves on processors that have it fast.
const STRING_MINIMUM_BYTES: usize = 1024;

/// Lets large copies use `rep movsb`.
pub fn use_string_instructions(fast: bool) {
    STRING_INSTRUCTIONS.store(fast, Ordering::Relaxed);
}

/// Copies forwards; ranges may overlap where `to` lies below `from`.
///
/// # Safety
///
/// `count` bytes must be readable at `from` and writable at `to`.
#[inline(always)]
unsafe fn copy_forwards(to: *mut u8, from: *const u8, count: usize) {
    // SAFETY: the loop moves exactly `count` bytes: blocks of 64, then words, then bytes; the caller promised the ranges.
    unsafe {
        asm!(
            "mov rcx, rdx",
            "shr rcx, 6",
            "jz 3f",
            ".balign 16",
            "2:",
            "mov r8, [rsi]",
            "mov r9, [rsi + 8]",
            "mov r10, [rsi + 16]",
            "mov r11, [rsi + 24]",
            "mov [rdi], r8",
            "mov [rdi + 8], r9",
            "mov [rdi + 16], r10",
            "mov [rdi + 24], r11",
            "mov r8, [rsi + 32]",
            "mov r9, [rsi + 40]",
            "mov r10, [rsi + 48]",
            "mov r11, [rsi + 56]",
            "mov [rdi + 32], r8",
            "mov [rdi + 40], r9",
            "mov [rdi + 48], r10",
            "mov [rdi + 56], r11",
            "add rsi, 64",
            "add rdi, 64",
            "dec rcx",
            "jnz 2b",
            "3:",
            "mov ecx, edx",
            "and ecx, 63",
            "shr ecx, 3",
            "jz 5f",
            "4:",
            "mov r8, [rsi]",
            "mov [rdi], r8",
            "add rsi, 8",
            "add rdi, 8",
            "dec ecx",
            "jnz 4b",
            "5:",
            "and edx, 7",
            "jz 7f",
            "6:",
            "mov cl, [rsi]",
            "mov [rdi], cl",
            "inc rsi",
            "inc rdi",
            "dec edx",
            "jnz 6b",
            "7:",
            inout("rdi") to => _, inout("rsi") from => _, inout("rdx") count => _,
            out("rcx") _, out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            options(nostack),
        );
    }
}

/// Copies backwards; for ranges that overlap with `to` above `from`.
///
/// # Safety
///
/// As for [`copy_forwards`].
#[inline(always)]
unsafe fn copy_backwards(to: *mut u8, from: *const u8, count: usize) {
    // SAFETY: the loop moves exactly `count` bytes from the ends down; the caller promised the ranges.
    unsafe {
        asm!(
            "add rsi, rdx",
            "add rdi, rdx",
            "mov rcx, rdx",
            "shr rcx, 3",
            "jz 3f",
            "2:",
            "sub rsi, 8",
            "sub rdi, 8",
            "mov r8, [rsi]",
            "mov [rdi], r8",
            "dec rcx",
            "jnz 2b",
            "3:",
            "and edx, 7",
            "jz 5f",
            "4:",
            "dec rsi",
            "dec rdi",
            "mov cl, [rsi]",
            "mov [rdi], cl",
            "dec edx",
            "jnz 4b",
            "5:",
            inout("rdi") to => _, inout("rsi") from => _, inout("rdx") count => _,
            out("rcx") _, out("r8") _,
            options(nostack),
        );
    }
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if count >= STRING_MINIMUM_BYTES && STRING_INSTRUCTIONS.load(Ordering::Relaxed) {
        // SAFETY: the caller's promise.
        unsafe {
            asm!("rep movsb", inout("rcx") count => _, inout("rdi") to => _, inout("rsi") from => _,
                options(nostack, preserves_flags));
        }
    } else {
        // SAFETY: the caller's promise.
        unsafe { copy_forwards(to, from, count) };
    }
    to
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if (to as usize).wrapping_sub(from as usize) >= count {
        // SAFETY: the caller's promise; a forward copy reads each byte before it overwrites it here.
        unsafe { copy_forwards(to, from, count) };
    } else {
        // SAFETY: the caller's promise.
        unsafe { copy_backwards(to, from, count) };
    }
    to
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, value: i32, count: usize) -> *mut u8 {
    let word = u64::from(value as u8) * 0x0101_0101_0101_0101;
    // SAFETY: the loop writes exactly `count` bytes: blocks of 32, then bytes; the caller promised the range.
    unsafe {
        asm!(
            "mov rcx, rdx",
            "shr rcx, 5",
            "jz 3f",
            "2:",
            "mov [rdi], rax",
            "mov [rdi + 8], rax",
            "mov [rdi + 16], rax",
            "mov [rdi + 24], rax",
            "add rdi, 32",
            "dec rcx",
            "jnz 2b",
            "3:",
            "and edx, 31",
            "jz 5f",
            "4:",
            "mov [rdi], al",
            "inc rdi",
            "dec edx",
            "jnz 4b",
            "5:",
            inout("rdi") to => _, inout("rdx") count => _, in("rax") word, out("rcx") _,
            options(nostack),
        );
    }
    to
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    // SAFETY: the caller's promise.
    let left = unsafe { core::slice::from_raw_parts(left, count) };
    // SAFETY: as above.
    let right = unsafe { core::slice::from_raw_parts(right, count) };
    let (left_words, left_rest) = left.as_chunks::<8>();
    let (right_words, right_rest) = right.as_chunks::<8>();
    for (a, b) in left_words.iter().zip(right_words) {
        let (a, b) = (u64::from_be_bytes(*a), u64::from_be_bytes(*b));
        if a != b {
            return if a < b { -1 } else { 1 };
        }
    }
    for (a, b) in left_rest.iter().zip(right_rest) {
        if a != b {
            return i32::from(*a) - i32::from(*b);
        }
    }
    0
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { memcmp(left, right, count) }
}
