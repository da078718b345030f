//! Tests that raw noise must pass for as long as it is used.
//!
//! The repetition count and the adaptive proportion test are those of NIST SP 800-90B, 4.4.1 and 4.4.2. They miss what is
//! regular without being uneven, such as a counter, so there are predictors beside them (after 6.3.8): one for each
//! distance of up to [`LAGS`] samples that says "the same as so many samples ago", and one for each that says the same of
//! the steps between samples. A predictor may be right no more often than the claim allows.
//!
//! Each test refuses a source that keeps its claim once in 2^30 samples or windows.

use core::fmt;

/// Samples of a window.
pub const WINDOW: u16 = 512;
/// Longest distance of a predictor.
pub const LAGS: usize = 16;

/// The least entropy of each sample that a source claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Half a bit: the likeliest value comes with a probability of 0.71 at most.
    HalfBit,
    /// Four bits of the eight: the likeliest value comes with a probability of 1/16 at most.
    FourBits,
}

impl Claim {
    /// So many equal samples in a row fail: 1 + 30 / claim.
    pub(super) const fn repetition_cutoff(self) -> u16 {
        match self {
            Self::HalfBit => 61,
            Self::FourBits => 9,
        }
    }

    /// So many hits in a window fail: the least number that a binomial distribution of [`WINDOW`] trials reaches with a
    /// probability of 2^-30 at most.
    pub(super) const fn window_cutoff(self) -> u16 {
        match self {
            Self::HalfBit => 422,
            Self::FourBits => 71,
        }
    }
}

/// Why a source was switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// One value came too often in a row.
    Repetition,
    /// One value made up too much of a window.
    Proportion,
    /// The samples repeat a pattern, or count.
    Pattern,
    /// A processor's instruction gave a number that only broken ones give: all zeros, all ones, or the last one again.
    BrokenValue,
    /// The source stopped to answer, or answered nonsense.
    Silent,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Repetition => "one value repeats",
            Self::Proportion => "one value comes too often",
            Self::Pattern => "a pattern repeats",
            Self::BrokenValue => "a value that only broken sources give",
            Self::Silent => "no answer",
        })
    }
}

/// How far the tests are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// In the midst of a window.
    Going,
    /// The window is over and nothing was found.
    WindowPassed,
}

/// The tests of one source.
#[derive(Clone, Debug)]
pub struct Tests {
    claim: Claim,
    /// The newest samples, at their number modulo the length; one more than the lags, for the steps.
    newest: [u8; 2 * LAGS],
    /// Samples so far.
    count: u64,
    /// Equal samples in a row.
    run: u16,
    /// Samples of this window.
    position: u16,
    /// The window's first sample, and how often it came in it.
    first: u8,
    first_hits: u16,
    value_hits: [u16; LAGS],
    step_hits: [u16; LAGS],
}

impl Tests {
    /// Tests for a source with this claim.
    pub const fn new(claim: Claim) -> Self {
        Self {
            claim,
            newest: [0; 2 * LAGS],
            count: 0,
            run: 0,
            position: 0,
            first: 0,
            first_hits: 0,
            value_hits: [0; LAGS],
            step_hits: [0; LAGS],
        }
    }

    /// Looks at the next sample.
    ///
    /// # Errors
    ///
    /// [`Failure`]: the source does not keep its claim.
    pub fn test(&mut self, sample: u8) -> Result<Progress, Failure> {
        self.run = if self.count > 0 && sample == self.ago(1) {
            self.run + 1
        } else {
            1
        };
        self.predict(sample);
        self.newest[(self.count % self.newest.len() as u64) as usize] = sample;
        self.count += 1;
        if self.run >= self.claim.repetition_cutoff() {
            return Err(Failure::Repetition);
        }
        if self.position == 0 {
            self.first = sample;
        }
        self.first_hits += u16::from(sample == self.first);
        self.position += 1;
        self.judge()
    }

    /// The sample so many samples ago; those before the first are 0.
    fn ago(&self, distance: usize) -> u8 {
        let length = self.newest.len() as u64;
        self.newest[((self.count + length - distance as u64) % length) as usize]
    }

    fn predict(&mut self, sample: u8) {
        let step = sample.wrapping_sub(self.ago(1));
        let mut newer = self.ago(1);
        for lag in 1..=LAGS {
            let older = self.ago(lag + 1);
            self.value_hits[lag - 1] += u16::from(newer == sample);
            self.step_hits[lag - 1] += u16::from(newer.wrapping_sub(older) == step);
            newer = older;
        }
    }

    fn judge(&mut self) -> Result<Progress, Failure> {
        let cutoff = self.claim.window_cutoff();
        if self.first_hits >= cutoff {
            return Err(Failure::Proportion);
        }
        if self
            .value_hits
            .iter()
            .chain(&self.step_hits)
            .any(|hits| *hits >= cutoff)
        {
            return Err(Failure::Pattern);
        }
        if self.position < WINDOW {
            return Ok(Progress::Going);
        }
        self.position = 0;
        self.first_hits = 0;
        self.value_hits = [0; LAGS];
        self.step_hits = [0; LAGS];
        Ok(Progress::WindowPassed)
    }
}
