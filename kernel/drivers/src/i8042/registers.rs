//! The registers of an 8042 and its commands (IBM Personal System/2 Hardware Interface Technical Reference, "Keyboard
//! and Auxiliary Device Controller"), counted from port 60h.

use super::Leds;

hw::registers! {
    /// The oldest byte for the host, or a byte to the keyboard or the controller's last command.
    Data(u8) @ 0: Readable Writable;
    /// What waits on either side.
    Status(u8) @ 4: Readable;
    /// A command to the controller itself.
    Command(u8) @ 4: Writable;
}

impl Data {
    /// What the controller answers to a passed self test.
    pub(super) const SELF_TEST_PASSED: Self = Self(0x55);

    /// Sends `byte`.
    pub(super) const fn new(byte: u8) -> Self {
        Self(byte)
    }

    /// The byte.
    pub(super) const fn byte(self) -> u8 {
        self.0
    }
}

impl Status {
    /// Nothing drives the bus: all bits read as one.
    pub(super) fn is_absent(self) -> bool {
        self.0 == 0xFF
    }

    /// A byte waits in `Data`.
    pub(super) fn has_byte(self) -> bool {
        self.0 & 1 << 0 != 0
    }

    /// The controller has not taken the last byte yet.
    pub(super) fn is_busy(self) -> bool {
        self.0 & 1 << 1 != 0
    }

    /// The waiting byte comes from the auxiliary device (the mouse).
    pub(super) fn is_auxiliary(self) -> bool {
        self.0 & 1 << 5 != 0
    }

    /// The waiting byte came damaged or too late.
    pub(super) fn has_line_error(self) -> bool {
        self.0 & (1 << 6 | 1 << 7) != 0
    }
}

impl Command {
    /// The controller puts its configuration byte into `Data`.
    pub(super) const READ_CONFIGURATION: Self = Self(0x20);
    /// The next byte to `Data` is the configuration.
    pub(super) const WRITE_CONFIGURATION: Self = Self(0x60);
    /// Holds the auxiliary device's clock.
    pub(super) const DISABLE_AUXILIARY: Self = Self(0xA7);
    /// The controller tests itself; some forget their configuration over it.
    pub(super) const SELF_TEST: Self = Self(0xAA);
    /// The controller tests the keyboard's lines.
    pub(super) const TEST_INTERFACE: Self = Self(0xAB);
    /// Holds the keyboard's clock.
    pub(super) const DISABLE_KEYBOARD: Self = Self(0xAD);
    /// Lets the keyboard send.
    pub(super) const ENABLE_KEYBOARD: Self = Self(0xAE);
}

/// The controller's configuration byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Configuration(u8);

impl Configuration {
    const KEYBOARD_INTERRUPT: u8 = 1 << 0;
    const AUXILIARY_INTERRUPT: u8 = 1 << 1;
    const SYSTEM: u8 = 1 << 2;
    const KEYBOARD_DISABLED: u8 = 1 << 4;
    const AUXILIARY_DISABLED: u8 = 1 << 5;
    const TRANSLATION: u8 = 1 << 6;

    /// The configuration that the controller reports.
    pub(super) const fn new(byte: u8) -> Self {
        Self(byte)
    }

    /// The byte to write.
    pub(super) const fn byte(self) -> u8 {
        self.0
    }

    /// For the time of start-up: no interrupts, no mouse, no translation; bits unknown to us stay.
    pub(super) const fn quiet(self) -> Self {
        let cleared = Self::KEYBOARD_INTERRUPT | Self::AUXILIARY_INTERRUPT | Self::TRANSLATION;
        Self(self.0 & !cleared | Self::SYSTEM | Self::AUXILIARY_DISABLED | Self::KEYBOARD_DISABLED)
    }

    /// The same with the keyboard connected.
    pub(super) const fn connected(self) -> Self {
        Self(self.0 & !Self::KEYBOARD_DISABLED)
    }

    /// The same with keyboard interrupts.
    pub(super) const fn interrupting(self) -> Self {
        Self(self.0 | Self::KEYBOARD_INTERRUPT)
    }

    /// The controller turns set 2 into set 1.
    pub(super) const fn translates(self) -> bool {
        self.0 & Self::TRANSLATION != 0
    }
}

impl Leds {
    /// The argument of the keyboard's LED command.
    pub(super) const fn byte(self) -> u8 {
        (self.scroll_lock as u8) | (self.num_lock as u8) << 1 | (self.caps_lock as u8) << 2
    }
}
