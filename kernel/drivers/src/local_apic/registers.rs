//! The local APIC's registers, by their offset in the xAPIC window (Intel SDM volume 3, table 11-1). x2APIC has each as
//! the model-specific register of [`msr_of`] (table 11-6).

use hw::Register;

hw::registers! {
    /// The APIC's number.
    Id @ 0x020: Readable;
    /// Interrupts of this class and below wait.
    TaskPriority @ 0x080: Writable;
    /// Written when an interrupt has been handled.
    EndOfInterrupt @ 0x0b0: Writable;
    /// The spurious interrupt's vector, and the switch of the whole APIC.
    Spurious @ 0x0f0: Writable;
    /// The lower half of a message to other cores; writing it sends. In x2APIC mode, both halves at once.
    Command @ 0x300: Readable Writable;
    /// The upper half, in xAPIC mode only.
    CommandDestination @ 0x310: Writable;
    /// The timer's vector and mode.
    Timer @ 0x320: Writable;
    /// The input that the legacy controllers are connected to.
    Lint0 @ 0x350: Writable;
    /// The APIC's own errors.
    Fault @ 0x370: Writable;
    /// Where the timer counts down from; writing it starts the timer.
    InitialCount @ 0x380: Writable;
    /// Where the timer is.
    CurrentCount @ 0x390: Readable;
    /// By how much the timer's clock is divided.
    Divide @ 0x3e0: Writable;
}

const MASKED: u32 = 1 << 16;

/// The model-specific register that `R` is in x2APIC mode.
pub(super) const fn msr_of<R: Register>() -> u32 {
    0x800 + (R::OFFSET as u32 >> 4)
}

impl Id {
    /// The number, in xAPIC mode.
    pub(super) fn of_xapic(self) -> u32 {
        self.0 >> 24
    }
}

impl TaskPriority {
    /// No interrupt waits.
    pub(super) const NOTHING_WAITS: Self = Self(0);
}

impl EndOfInterrupt {
    /// The only value that may be written.
    pub(super) const DONE: Self = Self(0);
}

impl Spurious {
    /// The APIC is on, and `vector` means that an interrupt has vanished.
    pub(super) fn enabled(vector: u8) -> Self {
        Self(1 << 8 | u32::from(vector))
    }
}

impl Command {
    /// The last message is still on its way (xAPIC mode only).
    pub(super) fn is_pending(self) -> bool {
        self.0 & 1 << 12 != 0
    }
}

impl CommandDestination {
    /// To the APIC with this number.
    pub(super) fn to(apic_id: u8) -> Self {
        Self(u32::from(apic_id) << 24)
    }
}

impl Timer {
    /// Counts down once, and says nothing.
    pub(super) fn masked(vector: u8) -> Self {
        Self(MASKED | u32::from(vector))
    }

    /// Counts down once.
    pub(super) fn one_shot(vector: u8) -> Self {
        Self(vector.into())
    }

    /// Waits for a value of the time-stamp counter.
    pub(super) fn deadline(vector: u8) -> Self {
        Self(2 << 17 | u32::from(vector))
    }
}

impl Lint0 {
    /// Nothing comes in.
    pub(super) const MASKED: Self = Self(MASKED);
}

impl Fault {
    /// Errors raise no interrupt.
    pub(super) const MASKED: Self = Self(MASKED);
}

impl InitialCount {
    /// Stops the timer.
    pub(super) const STOP: Self = Self(0);
}

impl Divide {
    /// The timer takes a sixteenth of its clock.
    pub(super) const BY_16: Self = Self(3);
}
