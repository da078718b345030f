//! A core's own interrupt controller: acknowledging, a timer, and messages to other cores.
//!
//! One value serves all cores: each reaches its own APIC by the same window (xAPIC mode) or the same model-specific
//! registers (x2APIC mode). All cores are in the same mode. Source: Intel SDM volume 3, chapter 11 (registers: 11.4.1;
//! timer: 11.5.4; x2APIC: 11.12).
//!
//! | module | what it holds |
//! |---|---|
//! | `registers` | offsets and bits |
//! | [`command`] | messages to other cores |

pub mod command;
mod registers;
#[cfg(test)]
mod tests;

use core::fmt;

use hw::known_msr::MsrIo;
use hw::{Readable, Register, RegisterIo, Writable};

use command::Message;
use registers::{
    Command, CommandDestination, CurrentCount, Divide, EndOfInterrupt, Fault, Id, InitialCount, Lint0, Spurious,
    TaskPriority, Timer, msr_of,
};

/// Where the window is, and which mode the APIC is in.
const BASE_MSR: u32 = 0x1b;
const BASE_ENABLE: u64 = 1 << 11;
const BASE_X2APIC: u64 = 1 << 10;
/// The value of the time-stamp counter that the timer waits for.
const DEADLINE_MSR: u32 = 0x6e0;
/// Looks at a message that is still on its way, before the next one is sent all the same.
const SEND_LOOKS: u32 = 1_000_000;
/// In xAPIC mode this number means all APICs.
const EVERYBODY: u32 = 0xff;

/// What the timer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerMode {
    /// Its own clock, from a number down to 0.
    CountDown,
    /// The time-stamp counter, up to a value.
    Deadline,
}

/// In xAPIC mode messages reach only APICs numbered below 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfReach {
    /// The APIC's number.
    pub apic_id: u32,
}

impl fmt::Display for OutOfReach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "processor {} is out of reach without x2APIC", self.apic_id)
    }
}

/// The local APIC of whatever core uses it.
#[derive(Debug)]
pub struct LocalApic<R, M> {
    /// The registers in xAPIC mode; none in x2APIC mode.
    window: Option<R>,
    msrs: M,
}

impl<R: RegisterIo, M: MsrIo> LocalApic<R, M> {
    /// For APICs in xAPIC mode, whose registers are in `window`.
    pub const fn xapic(window: R, msrs: M) -> Self {
        Self {
            window: Some(window),
            msrs,
        }
    }

    /// For APICs in x2APIC mode, which CPUID must report.
    pub const fn x2apic(msrs: M) -> Self {
        Self { window: None, msrs }
    }

    /// Whether the registers are reached as model-specific registers.
    pub fn is_x2apic(&self) -> bool {
        self.window.is_none()
    }

    /// Switches the running core's APIC on: every input masked, the timer silent. A timer in [`TimerMode::Deadline`]
    /// can be set once what is written here has arrived: the caller puts a fence in between (11.5.4.1).
    pub fn start(&self, mode: TimerMode, timer_vector: u8, spurious_vector: u8) {
        let base = self.msrs.read(BASE_MSR);
        self.msrs.write(BASE_MSR, base | BASE_ENABLE);
        if self.is_x2apic() {
            // Only from xAPIC mode: the way from off to here is a fault (11.12.5).
            self.msrs.write(BASE_MSR, base | BASE_ENABLE | BASE_X2APIC);
        }
        self.write(Spurious::enabled(spurious_vector));
        self.write(Lint0::MASKED);
        self.write(Fault::MASKED);
        // After the legacy controllers' input is masked: QEMU looks only now whether one of their interrupts, noted
        // while interrupts were off, still stands. Else it would deliver it as vector -1, which is a general protection
        // fault.
        self.write(TaskPriority::NOTHING_WAITS);
        self.write(Timer::masked(timer_vector));
        self.write(Divide::BY_16);
        if mode == TimerMode::Deadline {
            self.write(Timer::deadline(timer_vector));
        }
    }

    /// The running core's APIC number.
    pub fn id(&self) -> u32 {
        let id: Id = self.read();
        if self.is_x2apic() { id.bits() } else { id.of_xapic() }
    }

    /// The interrupt that is being handled is done.
    pub fn acknowledge(&self) {
        self.write(EndOfInterrupt::DONE);
    }

    /// Lets the timer raise `vector` whenever it has counted down ([`TimerMode::CountDown`]).
    pub fn unmask_timer(&self, vector: u8) {
        self.write(InitialCount::STOP);
        self.write(Timer::one_shot(vector));
    }

    /// Lets the timer count `ticks` of its divided clock down to 0, once; 0 stops it ([`TimerMode::CountDown`]).
    pub fn count_down(&self, ticks: u32) {
        self.write(InitialCount::from_bits(ticks));
    }

    /// What is left of the count-down.
    pub fn count_left(&self) -> u32 {
        self.read::<CurrentCount>().bits()
    }

    /// Lets the timer interrupt once the time-stamp counter has reached `value`; 0 stops it ([`TimerMode::Deadline`]).
    pub fn set_deadline(&self, value: u64) {
        self.msrs.write(DEADLINE_MSR, value);
    }

    /// Sends a message to the core whose APIC has the number `apic_id`. In x2APIC mode the write waits for nothing: what
    /// the other core is to find must have been stored, with a fence, before (11.12.3). No interrupt handler of the same
    /// core may send, too.
    ///
    /// # Errors
    ///
    /// [`OutOfReach`]; nothing is sent then.
    pub fn send(&self, message: Message, apic_id: u32) -> Result<(), OutOfReach> {
        let lower = command::lower_half(message);
        let Some(window) = &self.window else {
            let whole = u64::from(apic_id) << 32 | u64::from(lower.bits());
            self.msrs.write(msr_of::<Command>(), whole);
            return Ok(());
        };
        let near = u8::try_from(apic_id).ok().filter(|_| apic_id != EVERYBODY);
        let near = near.ok_or(OutOfReach { apic_id })?;
        // Bounded: a message that nobody takes must not stop the sender.
        for _ in 0..SEND_LOOKS {
            if !window.read::<Command>().is_pending() {
                break;
            }
            core::hint::spin_loop();
        }
        window.write(CommandDestination::to(near));
        window.write(lower);
        Ok(())
    }

    fn read<T: Readable<Bits = u32>>(&self) -> T {
        match &self.window {
            Some(window) => window.read(),
            None => T::from_bits(self.msrs.read(msr_of::<T>()) as u32),
        }
    }

    fn write<T: Writable<Bits = u32>>(&self, value: T) {
        match &self.window {
            Some(window) => window.write(value),
            None => self.msrs.write(msr_of::<T>(), value.bits().into()),
        }
    }
}
