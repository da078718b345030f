//! The registers of a 16550 (National Semiconductor PC16550D data sheet, table II and section 8).

hw::registers! {
    /// Receiver buffer: the oldest byte received.
    Received(u8) @ 0: Readable;
    /// Transmitter holding register: the next byte to send.
    Transmit(u8) @ 0: Writable;
    /// Low half of the baud rate divisor, while `LineControl` opens it.
    DivisorLow(u8) @ 0: Writable;
    /// High half of the baud rate divisor, while `LineControl` opens it.
    DivisorHigh(u8) @ 1: Writable;
    /// Which events interrupt.
    InterruptEnable(u8) @ 1: Readable Writable;
    /// Why it interrupts; reading it takes back a transmitter interrupt that it reports.
    InterruptIdentity(u8) @ 2: Readable;
    /// Control of the two FIFOs.
    FifoControl(u8) @ 2: Writable;
    /// The form of a character.
    LineControl(u8) @ 3: Writable;
    /// Outputs to the modem.
    ModemControl(u8) @ 4: Writable;
    /// State of both directions; reading it clears its error bits.
    LineStatus(u8) @ 5: Readable;
    /// Inputs from the modem; reading it clears its change bits.
    ModemStatus(u8) @ 6: Readable;
    /// A byte without a function.
    Scratch(u8) @ 7: Readable Writable;
}

impl Received {
    /// The byte.
    pub(super) fn byte(self) -> u8 {
        self.0
    }
}

impl Transmit {
    /// Sends `byte`.
    pub(super) fn byte(byte: u8) -> Self {
        Self(byte)
    }
}

/// The clock divisor of 115200 bits a second.
pub(super) const DIVISOR_115200: (DivisorLow, DivisorHigh) = (DivisorLow(1), DivisorHigh(0));

impl InterruptEnable {
    /// No interrupts.
    pub(super) const NONE: Self = Self(0);
    /// The transmitter needs bytes.
    pub(super) const TRANSMITTER: Self = Self(1 << 1);
    /// Bytes have come, and the transmitter needs bytes.
    pub(super) const BOTH: Self = Self(1 << 0 | 1 << 1);
    /// Bytes have come.
    pub(super) const RECEIVER: Self = Self(1 << 0);

    /// The four bits that every chip has; the others may read as anything.
    pub(super) fn events(self) -> Self {
        Self(self.0 & 0x0F)
    }
}

/// What an interrupt is about, in the order of the chip's priorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A line error; reading `LineStatus` ends it.
    LineStatus,
    /// Bytes have come, or wait in the FIFO with the line silent; reading them ends it.
    Received,
    /// The transmitter is empty; reading `InterruptIdentity` has ended it.
    TransmitterEmpty,
    /// A modem input changed; reading `ModemStatus` ends it.
    ModemStatus,
    /// A value that the data sheet does not list.
    Unknown,
}

impl InterruptIdentity {
    /// The most urgent cause, or `None` if nothing interrupts.
    pub(super) fn cause(self) -> Option<Cause> {
        match self.0 & 0x0F {
            0b0110 => Some(Cause::LineStatus),
            0b0100 | 0b1100 => Some(Cause::Received),
            0b0010 => Some(Cause::TransmitterEmpty),
            0b0000 => Some(Cause::ModemStatus),
            bits if bits & 1 == 1 => None,
            _ => Some(Cause::Unknown),
        }
    }

    /// The chip's FIFOs are on and work (the 16550 without A reports only one of the two bits).
    pub(super) fn has_fifo(self) -> bool {
        self.0 & 0xC0 == 0xC0
    }
}

impl FifoControl {
    /// FIFOs on and emptied; the receiver interrupts at 8 of 16 bytes, which leaves 8 bytes' time (0.7 ms) to answer.
    pub(super) const RESET_AND_ENABLE: Self = Self(0b1000_0111);
    /// FIFOs off.
    pub(super) const DISABLE: Self = Self(0);
}

impl LineControl {
    /// Opens the divisor registers.
    pub(super) const DIVISOR_ACCESS: Self = Self(0x80);
    /// Eight data bits, no parity, one stop bit.
    pub(super) const EIGHT_NONE_ONE: Self = Self(0x03);
}

impl ModemControl {
    /// Ready to talk, and the interrupt line connected (OUT2 gates it on PCs).
    pub(super) const ONLINE: Self = Self(1 << 0 | 1 << 1 | 1 << 3);
    /// The chip talks to itself, RTS and OUT2 set.
    pub(super) const LOOPBACK: Self = Self(1 << 1 | 1 << 3 | 1 << 4);
}

impl ModemStatus {
    /// The inputs show exactly what [`ModemControl::LOOPBACK`] feeds them: CTS and DCD.
    pub(super) fn shows_loopback(self) -> bool {
        self.0 & 0xF0 == 0x90
    }
}

impl LineStatus {
    /// A byte waits in `Received`.
    pub(super) fn has_byte(self) -> bool {
        self.0 & 1 << 0 != 0
    }

    /// A byte came while there was no room for it, and is lost.
    pub(super) fn has_overrun(self) -> bool {
        self.0 & 1 << 1 != 0
    }

    /// The oldest byte came with a wrong stop bit.
    pub(super) fn has_framing_error(self) -> bool {
        self.0 & 1 << 3 != 0
    }

    /// The oldest byte is no byte: the line was held at break.
    pub(super) fn has_break(self) -> bool {
        self.0 & 1 << 4 != 0
    }

    /// The transmitter's FIFO (or holding register) is empty.
    pub(super) fn can_send(self) -> bool {
        self.0 & 1 << 5 != 0
    }

    /// Nothing is left to send, not even in the shifter.
    pub(super) fn is_idle(self) -> bool {
        self.0 & 1 << 6 != 0
    }
}

impl Scratch {
    /// A pattern of bits.
    pub(super) fn pattern(bits: u8) -> Self {
        Self(bits)
    }
}
