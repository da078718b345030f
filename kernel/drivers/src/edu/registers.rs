//! The registers of the teaching device (QEMU, `docs/specs/edu`).

hw::registers! {
    /// What device this is, and its version.
    Identification @ 0x00: Readable;
    /// Reads as the complement of what was written.
    Liveness @ 0x04: Readable Writable;
    /// Reads as the factorial of what was written, once it is computed.
    Factorial @ 0x08: Readable Writable;
    /// What goes on.
    Status @ 0x20: Readable Writable;
    /// Why the device interrupts.
    Interrupts @ 0x24: Readable;
    /// Raises interrupts.
    Raise @ 0x60: Writable;
    /// Ends interrupts.
    Acknowledge @ 0x64: Writable;
}

impl Identification {
    /// The lower half is the same in all versions.
    pub(super) fn is_edu(self) -> bool {
        self.0 & 0xffff == 0x00ed
    }

    /// Major and minor version.
    pub(super) fn version(self) -> (u8, u8) {
        ((self.0 >> 24) as u8, (self.0 >> 16) as u8)
    }
}

impl Status {
    /// The factorial is being computed. Not writable.
    pub(super) fn is_computing(self) -> bool {
        self.0 & 1 != 0
    }

    /// Interrupt when it has been computed.
    pub(super) const INTERRUPT: Self = Self(0x80);
    /// Interrupt for nothing.
    pub(super) const QUIET: Self = Self(0);
}
