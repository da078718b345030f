//! The core's own interrupt controller: acknowledging, and a one-shot timer.
//!
//! Source: Intel SDM volume 3, chapter 11 (registers: 11.4.1; timer: 11.5.4; x2APIC: 11.12).

use core::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use x86_64::registers::model_specific::Msr;

use super::features::Features;
use super::{clock, interrupts};
use crate::memory::Physical;
use crate::memory::window;

const BASE_MSR: u32 = 0x1b;
const BASE_ENABLE: u64 = 1 << 11;
const BASE_X2APIC: u64 = 1 << 10;
const X2APIC_MSRS: u32 = 0x800;
const TSC_DEADLINE_MSR: u32 = 0x6e0;

/// Registers by their offset in the xAPIC window; x2APIC uses a sixteenth of it as an MSR number.
mod register {
    pub(super) const ID: u32 = 0x20;
    pub(super) const TASK_PRIORITY: u32 = 0x80;
    pub(super) const END_OF_INTERRUPT: u32 = 0xb0;
    pub(super) const SPURIOUS: u32 = 0xf0;
    pub(super) const COMMAND: u32 = 0x300;
    pub(super) const COMMAND_DESTINATION: u32 = 0x310;
    pub(super) const TIMER: u32 = 0x320;
    pub(super) const LINT0: u32 = 0x350;
    pub(super) const ERROR: u32 = 0x370;
    pub(super) const INITIAL_COUNT: u32 = 0x380;
    pub(super) const CURRENT_COUNT: u32 = 0x390;
    pub(super) const DIVIDE: u32 = 0x3e0;
}

const MASKED: u32 = 1 << 16;
const TIMER_TSC_DEADLINE: u32 = 2 << 17;
const DIVIDE_BY_16: u32 = 3;
const SOFTWARE_ENABLE: u32 = 1 << 8;

const XAPIC: u8 = 1;
const X2APIC: u8 = 2;

/// How the registers are reached: 0 before start.
static MODE: AtomicU8 = AtomicU8::new(0);
static WINDOW: AtomicUsize = AtomicUsize::new(0);
/// The timer's rate after division, in ticks per second; 0 where it waits for a TSC value instead.
static TIMER_HZ: AtomicU64 = AtomicU64::new(0);

/// The local APIC could not be reached: its registers could not be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable;

/// Switches the boot processor's APIC on, timer masked.
///
/// # Errors
///
/// [`Unreachable`] where its registers cannot be mapped.
pub fn start(features: &Features, base: Physical) -> Result<(), Unreachable> {
    let mut msr = Msr::new(BASE_MSR);
    // SAFETY: every 64-bit processor has this register.
    let value = unsafe { msr.read() };
    if features.x2apic {
        // SAFETY: CPUID reports x2APIC; enabling goes through xAPIC mode as 11.12.5 asks.
        unsafe { msr.write(value | BASE_ENABLE) };
        // SAFETY: as above.
        unsafe { msr.write(value | BASE_ENABLE | BASE_X2APIC) };
        MODE.store(X2APIC, Ordering::Relaxed);
    } else {
        // SAFETY: only the enable bit changes.
        unsafe { msr.write(value | BASE_ENABLE) };
        let address = window::map_device(base, 4096).map_err(|_| Unreachable)?;
        WINDOW.store(address, Ordering::Relaxed);
        MODE.store(XAPIC, Ordering::Relaxed);
    }
    prepare(features.tsc_deadline);
    Ok(())
}

/// Switches the APIC of another core than the boot processor on, in the same way.
pub fn start_on_this_core(features: &Features) {
    let mut msr = Msr::new(BASE_MSR);
    // SAFETY: every 64-bit processor has this register.
    let value = unsafe { msr.read() };
    // SAFETY: only the enable bit changes.
    unsafe { msr.write(value | BASE_ENABLE) };
    if is_x2apic() {
        // SAFETY: the boot processor has found x2APIC; enabling goes through xAPIC mode as 11.12.5 asks.
        unsafe { msr.write(value | BASE_ENABLE | BASE_X2APIC) };
    }
    prepare(features.tsc_deadline);
    if !features.tsc_deadline {
        write(register::TIMER, u32::from(interrupts::TIMER_VECTOR));
    }
}

/// Sets up what every core's APIC has: all inputs masked, the timer's mode.
fn prepare(has_tsc_deadline: bool) {
    write(
        register::SPURIOUS,
        SOFTWARE_ENABLE | u32::from(interrupts::SPURIOUS_VECTOR),
    );
    write(register::LINT0, MASKED);
    write(register::ERROR, MASKED);
    // After the legacy controllers' input is masked: QEMU looks only now whether one of their interrupts, noted while
    // interrupts were off, still stands. Else it would deliver it as vector -1, which is a general protection fault.
    write(register::TASK_PRIORITY, 0);
    write(register::TIMER, MASKED | u32::from(interrupts::TIMER_VECTOR));
    write(register::DIVIDE, DIVIDE_BY_16);
    if has_tsc_deadline {
        write(
            register::TIMER,
            TIMER_TSC_DEADLINE | u32::from(interrupts::TIMER_VECTOR),
        );
        // The mode must have arrived before the first deadline is written (11.5.4.1).
        // SAFETY: a fence changes nothing.
        unsafe { core::arch::asm!("mfence", options(nostack, preserves_flags)) };
    }
}

/// Messages to other cores: the interrupt command register (10.6.1; 11.12.9 for x2APIC).
mod command {
    pub(super) const NMI: u32 = 4 << 8;
    pub(super) const INIT: u32 = 5 << 8;
    pub(super) const STARTUP: u32 = 6 << 8;
    pub(super) const IS_PENDING: u32 = 1 << 12;
    pub(super) const ASSERT: u32 = 1 << 14;
    pub(super) const ALL_OTHERS: u32 = 3 << 18;
}

/// Looks at a message that is still on its way before the next one is sent all the same.
const SEND_LOOKS: u32 = 1_000_000;

/// Raises `vector` on the core whose APIC has the number `apic_id`.
pub fn send(apic_id: u32, vector: u8) {
    send_command(apic_id, command::ASSERT | u32::from(vector));
}

/// Resets a core; it waits for [`send_startup`] then.
pub fn send_init(apic_id: u32) {
    send_command(apic_id, command::INIT | command::ASSERT);
}

/// Lets a core that was reset run from the start of the page `page`, below 1 MiB, in real mode.
pub fn send_startup(apic_id: u32, page: u8) {
    send_command(apic_id, command::STARTUP | command::ASSERT | u32::from(page));
}

/// Interrupts all other cores whatever they do.
pub fn send_nmi_to_others() {
    send_command(0, command::NMI | command::ASSERT | command::ALL_OTHERS);
}

fn send_command(apic_id: u32, command: u32) {
    if is_x2apic() {
        // What was stored before must be there when the other core looks: this write waits for nothing (11.12.3).
        // SAFETY: a fence changes nothing.
        unsafe { core::arch::asm!("mfence", "lfence", options(nostack, preserves_flags)) };
        // SAFETY: x2APIC mode is on; the command is one of those above.
        unsafe { msr(register::COMMAND).write(u64::from(apic_id) << 32 | u64::from(command)) };
        return;
    }
    // No handler sends anything, so nothing comes between the two writes.
    for _ in 0..SEND_LOOKS {
        if read(register::COMMAND) & command::IS_PENDING == 0 {
            break;
        }
        core::hint::spin_loop();
    }
    write(register::COMMAND_DESTINATION, apic_id << 24);
    write(register::COMMAND, command);
}

/// Starts the timer's count-down from its highest value, to find out its rate.
pub fn start_timer_measurement() {
    write(register::INITIAL_COUNT, u32::MAX);
}

/// Ticks since [`start_timer_measurement`].
pub fn measured_timer_ticks() -> u64 {
    u64::from(u32::MAX - read(register::CURRENT_COUNT))
}

/// Ends the measurement and lets the timer raise interrupts at `rate_hz`.
pub fn set_timer_rate(rate_hz: u64) {
    write(register::INITIAL_COUNT, 0);
    TIMER_HZ.store(rate_hz.max(1), Ordering::Relaxed);
    write(register::TIMER, u32::from(interrupts::TIMER_VECTOR));
}

/// Raises the timer's interrupt once at `deadline_ns` of the clock, or at once where that has passed; `u64::MAX` never.
pub fn arm(deadline_ns: u64) {
    let rate_hz = TIMER_HZ.load(Ordering::Relaxed);
    if rate_hz == 0 {
        let value = if deadline_ns == u64::MAX {
            0
        } else {
            clock::tsc_at(deadline_ns).max(1)
        };
        // SAFETY: the timer is in TSC-deadline mode, which CPUID reports; any value is allowed.
        unsafe { Msr::new(TSC_DEADLINE_MSR).write(value) };
        return;
    }
    if deadline_ns == u64::MAX {
        write(register::INITIAL_COUNT, 0);
        return;
    }
    let wait_ns = deadline_ns.saturating_sub(clock::now_ns());
    let ticks = (u128::from(wait_ns) * u128::from(rate_hz) / 1_000_000_000) as u64;
    // A deadline beyond the counter's range is met in steps: the interrupt finds nothing due and the executor rearms.
    write(register::INITIAL_COUNT, ticks.clamp(1, u64::from(u32::MAX)) as u32);
}

/// Tells the APIC that the interrupt being handled is done.
pub fn acknowledge() {
    write(register::END_OF_INTERRUPT, 0);
}

/// The core's APIC number.
pub fn id() -> u32 {
    let value = read(register::ID);
    if MODE.load(Ordering::Relaxed) == X2APIC {
        value
    } else {
        value >> 24
    }
}

/// Whether the registers are reached as model-specific registers.
pub fn is_x2apic() -> bool {
    MODE.load(Ordering::Relaxed) == X2APIC
}

/// The MSR of the register at `offset` of the xAPIC window.
fn msr(offset: u32) -> Msr {
    Msr::new(X2APIC_MSRS + (offset >> 4))
}

fn read(offset: u32) -> u32 {
    match MODE.load(Ordering::Relaxed) {
        // SAFETY: x2APIC mode is on, and only registers that it has are read.
        X2APIC => unsafe { msr(offset).read() as u32 },
        // SAFETY: the window maps the APIC's 4 KiB of registers, uncached.
        XAPIC => unsafe { ((WINDOW.load(Ordering::Relaxed) + offset as usize) as *const u32).read_volatile() },
        _ => 0,
    }
}

fn write(offset: u32, value: u32) {
    match MODE.load(Ordering::Relaxed) {
        // SAFETY: x2APIC mode is on, and only registers that it has are written.
        X2APIC => unsafe { msr(offset).write(u64::from(value)) },
        // SAFETY: the window maps the APIC's 4 KiB of registers, uncached.
        XAPIC => unsafe { ((WINDOW.load(Ordering::Relaxed) + offset as usize) as *mut u32).write_volatile(value) },
        _ => {}
    }
}
