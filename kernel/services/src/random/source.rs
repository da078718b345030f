//! The kinds of noise, what is believed of each, and what became of it.

use super::health::{Claim, Failure, Progress, Tests, WINDOW};

/// Windows that a source must pass before what it gives counts (NIST SP 800-90B, 4.3: 1024 samples).
const START_WINDOWS: u32 = 2;

/// Where noise comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The processor's noise source (RDSEED).
    Rdseed,
    /// The processor's generator (RDRAND).
    Rdrand,
    /// How long memory accesses take.
    Jitter,
    /// When interrupts arrive.
    Interrupts,
    /// The host's noise through a virtio device.
    VirtioRng,
    /// The developer's machine, where the system runs on one.
    Host,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Rdseed,
        Self::Rdrand,
        Self::Jitter,
        Self::Interrupts,
        Self::VirtioRng,
        Self::Host,
    ];

    /// The name that scripts see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rdseed => "rdseed",
            Self::Rdrand => "rdrand",
            Self::Jitter => "jitter",
            Self::Interrupts => "interrupts",
            Self::VirtioRng => "virtio-rng",
            Self::Host => "host",
        }
    }

    /// What each sample (a byte) is tested for.
    const fn claim(self) -> Claim {
        match self {
            Self::Jitter | Self::Interrupts => Claim::HalfBit,
            Self::Rdseed | Self::Rdrand | Self::VirtioRng | Self::Host => Claim::FourBits,
        }
    }

    /// What a window that has passed counts, in bits: a quarter of the claim for what we measure, a half for generators
    /// that we cannot look into, and less for one that stretches its own seed.
    const fn bits_of_window(self) -> u32 {
        let window = WINDOW as u32;
        match self {
            Self::Jitter | Self::Interrupts => window / 8,
            Self::Rdrand => window,
            Self::Rdseed | Self::VirtioRng | Self::Host => window * 2,
        }
    }
}

/// What became of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has given nothing.
    Absent,
    /// It has given less than what the tests want to see first.
    Testing,
    /// It counts.
    Good,
    /// It is switched off.
    Failed(Failure),
}

impl State {
    /// The word that scripts see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Testing => "testing",
            Self::Good => "good",
            Self::Failed(_) => "failed",
        }
    }
}

/// A source as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// Which.
    pub kind: Kind,
    /// What became of it.
    pub state: State,
    /// Samples taken.
    pub samples: u64,
    /// Bits that they counted.
    pub bits: u64,
}

/// One source.
#[derive(Clone, Debug)]
pub(super) struct Source {
    kind: Kind,
    tests: Tests,
    state: State,
    samples: u64,
    bits: u64,
    windows: u32,
    last_word: u64,
}

impl Source {
    pub(super) const fn new(kind: Kind) -> Self {
        Self {
            kind,
            tests: Tests::new(kind.claim()),
            state: State::Absent,
            samples: 0,
            bits: 0,
            windows: 0,
            last_word: 0,
        }
    }

    pub(super) fn info(&self) -> SourceInfo {
        SourceInfo {
            kind: self.kind,
            state: self.state,
            samples: self.samples,
            bits: self.bits,
        }
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        match self.state {
            State::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    pub(super) fn switch_off(&mut self, failure: Failure) {
        self.state = State::Failed(failure);
    }

    /// Tests a sample; the bits that now count.
    pub(super) fn take(&mut self, sample: u8) -> Result<u32, Failure> {
        if let State::Failed(failure) = self.state {
            return Err(failure);
        }
        self.samples += 1;
        if self.state == State::Absent {
            self.state = State::Testing;
        }
        match self.tests.test(sample) {
            Ok(Progress::Going) => Ok(0),
            Ok(Progress::WindowPassed) => Ok(self.pass_window()),
            Err(failure) => {
                self.switch_off(failure);
                Err(failure)
            }
        }
    }

    fn pass_window(&mut self) -> u32 {
        self.windows = self.windows.saturating_add(1);
        if self.windows <= START_WINDOWS {
            return 0;
        }
        self.state = State::Good;
        let bits = self.kind.bits_of_window();
        self.bits += u64::from(bits);
        bits
    }

    /// Looks at a whole number from a processor's instruction, before its bytes are taken.
    ///
    /// An honest one is refused once in 2^62 numbers. After sleep, some AMD processors give all ones for ever and say
    /// that this is fine.
    pub(super) fn check_word(&mut self, word: u64) -> Result<(), Failure> {
        if word == 0 || word == u64::MAX || word == self.last_word {
            self.switch_off(Failure::BrokenValue);
            return Err(Failure::BrokenValue);
        }
        self.last_word = word;
        Ok(())
    }
}
