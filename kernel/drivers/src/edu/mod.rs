//! The device for teaching in the emulator QEMU (`-device edu`; its `docs/specs/edu`): it computes factorials and
//! interrupts. Nobody needs it; it is the smallest whole driver, and the one to read first.

mod registers;

use core::fmt;

use hw::{Clock, Register, RegisterIo, TimedOut};

use registers::{Acknowledge, Factorial, Identification, Interrupts, Liveness, Raise, Status};

/// Bytes of its registers that are used.
pub const WINDOW_BYTES: usize = 0x100;
/// A factorial takes some microseconds.
const FACTORIAL_LIMIT_US: u64 = 100_000;
/// What tells whether the device is alive.
const PROBE: u32 = 0x5a5a_1234;

/// Why the device cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It says that it is something else.
    Unknown(u32),
    /// It did not return the complement of what it was given.
    Dead {
        /// What it returned.
        answer: u32,
    },
    /// It computes for ever.
    NeverDone,
    /// A factorial of 32 bits exists up to 12 only.
    TooLarge(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(bits) => write!(out, "it says that it is {bits:#010x}"),
            Self::Dead { answer } => write!(out, "it does not answer rightly: {answer:#010x}"),
            Self::NeverDone => out.write_str("it computes for ever"),
            Self::TooLarge(number) => write!(out, "the factorial of {number} has more than 32 bits"),
        }
    }
}

/// The device, ready for use.
#[derive(Debug)]
pub struct Edu<R> {
    registers: R,
    /// Major and minor version.
    pub version: (u8, u8),
}

impl<R: RegisterIo> Edu<R> {
    /// Makes sure that the device is there and alive, and that it does not interrupt.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn start(registers: R) -> Result<Self, Error> {
        let identification: Identification = registers.read();
        if !identification.is_edu() {
            return Err(Error::Unknown(identification.bits()));
        }
        registers.write(Liveness::from_bits(PROBE));
        let answer = registers.read::<Liveness>().bits();
        if answer != !PROBE {
            return Err(Error::Dead { answer });
        }
        registers.write(Status::QUIET);
        let device = Self {
            registers,
            version: identification.version(),
        };
        device.acknowledge();
        Ok(device)
    }

    /// The factorial of `number`, waited for; the device interrupts when it has it.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] above 12, [`Error::NeverDone`].
    pub fn factorial(&self, number: u32, clock: &impl Clock) -> Result<u32, Error> {
        if number > 12 {
            return Err(Error::TooLarge(number));
        }
        self.registers.write(Status::INTERRUPT);
        self.registers.write(Factorial::from_bits(number));
        clock
            .wait_until_us(FACTORIAL_LIMIT_US, || !self.registers.read::<Status>().is_computing())
            .map_err(|TimedOut| Error::NeverDone)?;
        Ok(self.registers.read::<Factorial>().bits())
    }

    /// Lets the device interrupt, for the reasons `bits`, which are not 0.
    pub fn interrupt(&self, bits: u32) {
        self.registers.write(Raise::from_bits(bits));
    }

    /// *Interrupt*: why the device interrupts; it stops doing so.
    pub fn acknowledge(&self) -> u32 {
        let bits = self.registers.read::<Interrupts>().bits();
        if bits != 0 {
            self.registers.write(Acknowledge::from_bits(bits));
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hw::fake::{FakeClock, FakeRegisters, RegisterBehaviour};

    /// The device as its specification has it.
    struct Model {
        identification: u32,
        liveness: u32,
        is_dead: bool,
        factorial: u32,
        /// Reads of the status until it is computed.
        busy_reads: u32,
        status: u32,
        interrupts: u32,
    }

    impl Default for Model {
        fn default() -> Self {
            Self {
                identification: 0x0100_00ed,
                liveness: 0,
                is_dead: false,
                factorial: 0,
                busy_reads: 0,
                status: 0,
                interrupts: 0x40,
            }
        }
    }

    impl RegisterBehaviour for Model {
        fn read32(&mut self, offset: usize) -> u32 {
            match offset {
                0x00 => self.identification,
                0x04 if self.is_dead => u32::MAX,
                0x04 => !self.liveness,
                0x08 => self.factorial,
                0x20 if self.busy_reads > 0 => {
                    self.busy_reads -= 1;
                    if self.busy_reads == 0 {
                        self.factorial = (1..=self.factorial).product();
                        self.interrupts |= if self.status & 0x80 != 0 { 1 } else { 0 };
                    }
                    self.status | 1
                }
                0x20 => self.status,
                0x24 => self.interrupts,
                _ => panic!("read of {offset:#x}"),
            }
        }

        fn write32(&mut self, offset: usize, value: u32) {
            match offset {
                0x04 => self.liveness = value,
                0x08 => {
                    self.factorial = value;
                    self.busy_reads = if self.is_dead { u32::MAX } else { 3 };
                }
                0x20 => self.status = value & !1,
                0x60 => self.interrupts |= value,
                0x64 => self.interrupts &= !value,
                _ => panic!("write of {offset:#x}"),
            }
        }
    }

    #[test]
    fn starts_computes_and_interrupts() {
        let device = Edu::start(FakeRegisters::new(Model::default())).expect("it is there");
        assert_eq!(device.version, (1, 0));
        assert_eq!(device.acknowledge(), 0);
        let clock = FakeClock::with_step_ns(1_000);
        assert_eq!(device.factorial(10, &clock), Ok(3_628_800));
        assert_eq!(device.acknowledge(), 1);
        device.interrupt(0x10);
        assert_eq!(device.acknowledge(), 0x10);
        assert_eq!(device.acknowledge(), 0);
        assert_eq!(device.factorial(13, &clock), Err(Error::TooLarge(13)));
        device.registers.with(|model| model.is_dead = true);
        assert_eq!(device.factorial(3, &clock), Err(Error::NeverDone));
    }

    #[test]
    fn refuses_a_stranger_and_one_that_does_not_answer() {
        let with = |change: fn(&mut Model)| {
            let mut model = Model::default();
            change(&mut model);
            Edu::start(FakeRegisters::new(model)).map(|device| device.version)
        };
        assert_eq!(with(|model| model.identification = 7), Err(Error::Unknown(7)));
        let dead = Err(Error::Dead { answer: u32::MAX });
        assert_eq!(with(|model| model.is_dead = true), dead);
    }
}
