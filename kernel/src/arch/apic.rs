//! The core's own interrupt controller, bound to this machine: which mode it is in, and when its timer is due.
//!
//! The registers are the driver's (`drivers::local_apic`), which is tested in both modes on the host.

use core::sync::atomic::{AtomicU64, Ordering};

use drivers::local_apic::command::Message;
use drivers::local_apic::{LocalApic, TimerMode};
use hw::known_msr::MsrIo;
use hw::mmio::Mmio;
use spin::Once;
use x86_64::registers::model_specific::Msr;

use super::features::Features;
use super::{clock, core_local, interrupts};
use crate::memory::Physical;
use crate::memory::window;

/// Where the registers are after a reset (Intel SDM volume 3, 11.4.1), for machines that do not say.
pub const USUAL_ADDRESS: u64 = 0xfee0_0000;
const WINDOW_BYTES: usize = 4096;

/// One value for all cores; none before the start.
static APIC: Once<LocalApic<Mmio, ApicMsrs>> = Once::new();
/// The timer's rate after division, in ticks per second; 0 where it waits for a TSC value instead.
static TIMER_HZ: AtomicU64 = AtomicU64::new(0);

/// The local APIC could not be reached: its registers could not be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable;

/// The model-specific registers of the local APIC, for its driver alone: it names no others.
#[derive(Debug)]
struct ApicMsrs;

impl MsrIo for ApicMsrs {
    fn read(&self, number: u32) -> u64 {
        // SAFETY: every 64-bit processor has the base register; the driver reads the others in x2APIC mode only, which
        // is chosen where CPUID reports it.
        unsafe { Msr::new(number).read() }
    }

    fn write(&self, number: u32, value: u64) {
        // SAFETY: as for reading; the deadline is written only where CPUID reports it. None of them touches memory but
        // what the kernel set up for the interrupts that they cause.
        unsafe { Msr::new(number).write(value) }
    }
}

/// Switches the boot processor's APIC on, timer masked.
///
/// # Errors
///
/// [`Unreachable`] where its registers cannot be mapped.
pub fn start(features: &Features, base: Physical) -> Result<(), Unreachable> {
    let apic = if features.x2apic {
        LocalApic::x2apic(ApicMsrs)
    } else {
        let registers = window::registers(base, WINDOW_BYTES).map_err(|_| Unreachable)?;
        LocalApic::xapic(registers, ApicMsrs)
    };
    start_timer(APIC.call_once(|| apic), features);
    Ok(())
}

/// Switches the APIC of another core than the boot processor on, in the same way.
pub fn start_on_this_core(features: &Features) {
    let Some(apic) = APIC.get() else { return };
    start_timer(apic, features);
    if !features.tsc_deadline {
        apic.unmask_timer(interrupts::TIMER_VECTOR);
    }
}

fn start_timer(apic: &LocalApic<Mmio, ApicMsrs>, features: &Features) {
    let mode = if features.tsc_deadline {
        TimerMode::Deadline
    } else {
        TimerMode::CountDown
    };
    apic.start(mode, interrupts::TIMER_VECTOR, interrupts::SPURIOUS_VECTOR);
    // The mode must have arrived before the first deadline is written (11.5.4.1).
    // SAFETY: a fence changes nothing.
    unsafe { core::arch::asm!("mfence", options(nostack, preserves_flags)) };
}

/// Raises `vector` on the core whose APIC has the number `apic_id`.
pub fn send(apic_id: u32, vector: u8) {
    send_message(Message::Interrupt(vector), apic_id);
}

/// Resets a core; it waits for [`send_startup`] then.
pub fn send_init(apic_id: u32) {
    send_message(Message::Init, apic_id);
}

/// Lets a core that was reset run from the start of the page `page`, below 1 MiB, in real mode.
pub fn send_startup(apic_id: u32, page: u8) {
    send_message(Message::Startup(page), apic_id);
}

/// Interrupts a core whatever it does. Never all others at once: those that were not started are the firmware's.
pub fn send_nmi(apic_id: u32) {
    send_message(Message::Nmi, apic_id);
}

fn send_message(message: Message, apic_id: u32) {
    let Some(apic) = APIC.get() else { return };
    if apic.is_x2apic() {
        // What was stored before must be there when the other core looks: this write waits for nothing (11.12.3).
        // SAFETY: a fence changes nothing.
        unsafe { core::arch::asm!("mfence", "lfence", options(nostack, preserves_flags)) };
    }
    // Cores out of reach are never started, so nothing is sent to them.
    let _ = apic.send(message, apic_id);
}

/// Starts the timer's count-down from its highest value, to find out its rate.
pub fn start_timer_measurement() {
    if let Some(apic) = APIC.get() {
        apic.count_down(u32::MAX);
    }
}

/// Ticks since [`start_timer_measurement`].
pub fn measured_timer_ticks() -> u64 {
    let left = APIC.get().map_or(u32::MAX, LocalApic::count_left);
    u64::from(u32::MAX - left)
}

/// Ends the measurement and lets the timer raise interrupts at `rate_hz`.
pub fn set_timer_rate(rate_hz: u64) {
    TIMER_HZ.store(rate_hz.max(1), Ordering::Relaxed);
    if let Some(apic) = APIC.get() {
        apic.unmask_timer(interrupts::TIMER_VECTOR);
    }
}

/// The timer's interrupt is waited for so long; where it has not come then, the timer is armed anew.
const LATE_NS: u64 = 1_000_000;

/// Raises the timer's interrupt once at `deadline_ns` of the clock or before, or at once where that has passed; `u64::MAX`
/// never. `now_ns` is the clock.
///
/// A timer that is due before is left alone: the access to the device costs more than an interrupt that finds nothing to
/// do, after which whoever waits arms the timer again. Most deadlines are ends of slices that nobody lives to see.
pub fn arm(deadline_ns: u64, now_ns: u64) {
    let due_ns = &core_local::get().timer_due_ns;
    let known_ns = due_ns.load(Ordering::Relaxed);
    if known_ns <= deadline_ns && now_ns < known_ns.saturating_add(LATE_NS) {
        return;
    }
    // Noted before: an interrupt that comes at once takes the note back.
    due_ns.store(deadline_ns, Ordering::Relaxed);
    arm_device(deadline_ns);
}

/// The timer has raised its interrupt, and raises no other. For its handler.
pub fn note_timer() {
    core_local::get().timer_due_ns.store(u64::MAX, Ordering::Relaxed);
}

fn arm_device(deadline_ns: u64) {
    let Some(apic) = APIC.get() else { return };
    let rate_hz = TIMER_HZ.load(Ordering::Relaxed);
    if rate_hz == 0 {
        let value = if deadline_ns == u64::MAX {
            0
        } else {
            clock::tsc_at(deadline_ns).max(1)
        };
        apic.set_deadline(value);
        return;
    }
    if deadline_ns == u64::MAX {
        apic.count_down(0);
        return;
    }
    let wait_ns = deadline_ns.saturating_sub(clock::now_ns());
    // Rounded up: a timer that comes early finds nothing due, and must be armed again.
    let ticks = (u128::from(wait_ns) * u128::from(rate_hz)).div_ceil(1_000_000_000) as u64;
    // A deadline beyond the counter's range is met in steps: the interrupt finds nothing due and the executor rearms.
    apic.count_down(ticks.clamp(1, u64::from(u32::MAX)) as u32);
}

/// Tells the APIC that the interrupt being handled is done.
pub fn acknowledge() {
    if let Some(apic) = APIC.get() {
        apic.acknowledge();
    }
}

/// The core's APIC number; 0 before the start.
pub fn id() -> u32 {
    APIC.get().map_or(0, LocalApic::id)
}

/// Whether the registers are reached as model-specific registers.
pub fn is_x2apic() -> bool {
    APIC.get().is_some_and(LocalApic::is_x2apic)
}
