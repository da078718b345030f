//! From an interrupt handler's bit to a waiting service.
//!
//! A handler calls [`raise`], which only sets a bit of its core. The core's executor turns bits into wakes
//! ([`deliver`]); the service that waits may live on another core.
//!
//! The first sources are the machine's own; drivers get theirs from [`allocate`].

use core::fmt;
use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::task::Poll;

use services::waker_slot::WakerSlot;

use crate::arch::core_local;
use crate::arch::vectors::CORES;

/// An interrupt source that one service can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source(u8);

impl Source {
    /// The core's timer.
    pub const TIMER: Self = Self(0);
    /// The serial console.
    pub const SERIAL: Self = Self(1);
    /// The PS/2 keyboard.
    pub const KEYBOARD: Self = Self(2);
    /// Interrupt lines that nobody answers.
    pub const LINES: Self = Self(3);

    /// The source as a handler's argument: see [`raise_number`].
    pub fn number(self) -> usize {
        self.0.into()
    }
}

/// Sources that are not allocated.
const FIXED: u64 = 4;
const WORDS: usize = 4;
const SOURCES: usize = 64 * WORDS;

struct Line {
    is_raised: AtomicBool,
    waker: WakerSlot,
}

/// What one core's handlers have noted, one bit a source; cores do not share a cache line.
#[repr(align(64))]
struct Noted([AtomicU64; WORDS]);

static LINES: [Line; SOURCES] = [const {
    Line {
        is_raised: AtomicBool::new(false),
        waker: WakerSlot::new(),
    }
}; SOURCES];

static NOTED: [Noted; CORES] = [const { Noted([const { AtomicU64::new(0) }; WORDS]) }; CORES];

/// Which sources have an owner.
static TAKEN: [AtomicU64; WORDS] = {
    let mut words = [const { AtomicU64::new(0) }; WORDS];
    words[0] = AtomicU64::new((1 << FIXED) - 1);
    words
};

/// All sources have an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSource;

impl fmt::Display for NoSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("all interrupt sources are taken")
    }
}

/// A source of one driver; free again when dropped. Drop what raises it first.
#[derive(Debug, PartialEq, Eq)]
pub struct OwnSource(Source);

impl OwnSource {
    /// The source, to be raised and waited for while it is owned.
    pub fn source(&self) -> Source {
        self.0
    }
}

impl Drop for OwnSource {
    fn drop(&mut self) {
        let (word, bit) = place(self.0);
        TAKEN[word].fetch_and(!bit, Ordering::Release);
    }
}

/// A source that nobody else has. Its first wait may end though it was not raised: look at the device.
///
/// # Errors
///
/// [`NoSource`]
pub fn allocate() -> Result<OwnSource, NoSource> {
    for (index, word) in TAKEN.iter().enumerate() {
        let mut taken = word.load(Ordering::Relaxed);
        while taken != u64::MAX {
            let bit = taken.trailing_ones();
            match word.compare_exchange_weak(taken, taken | 1 << bit, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return Ok(OwnSource(Source((64 * index) as u8 + bit as u8))),
                Err(changed) => taken = changed,
            }
        }
    }
    Err(NoSource)
}

fn place(source: Source) -> (usize, u64) {
    (usize::from(source.0) / 64, 1 << (source.0 % 64))
}

fn noted() -> &'static [AtomicU64; WORDS] {
    &NOTED[core_local::get().index.get() as usize % CORES].0
}

/// Notes that `source` has something to say. The only call here for interrupt handlers.
pub fn raise(source: Source) {
    let (word, bit) = place(source);
    noted()[word].fetch_or(bit, Ordering::Release);
}

/// [`raise`] as a device's whole interrupt handler: the argument is [`Source::number`].
pub fn raise_number(number: usize) {
    raise(Source(number as u8));
}

/// Whether this core's handlers have noted something that was not delivered yet.
pub fn is_pending() -> bool {
    noted().iter().any(|word| word.load(Ordering::Acquire) != 0)
}

/// Wakes the services whose sources were raised on this core.
pub fn deliver() {
    for (index, word) in noted().iter().enumerate() {
        // Most are empty, and a load is cheaper than an exchange.
        if word.load(Ordering::Relaxed) == 0 {
            continue;
        }
        let mut bits = word.swap(0, Ordering::AcqRel);
        while bits != 0 {
            let line = &LINES[64 * index + bits.trailing_zeros() as usize];
            bits &= bits - 1;
            line.is_raised.store(true, Ordering::Release);
            line.waker.wake();
        }
    }
}

/// Waits until `source` is raised; one service a source.
pub async fn wait(source: Source) {
    let line = &LINES[source.number()];
    poll_fn(|context| {
        if line.is_raised.swap(false, Ordering::AcqRel) {
            return Poll::Ready(());
        }
        line.waker.set(context.waker());
        // Raised between the look and the waker's arrival?
        if line.is_raised.swap(false, Ordering::AcqRel) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use core::pin::pin;
    use core::task::{Context, Waker};

    #[test]
    fn sources_have_one_owner_and_can_be_had_again() {
        let all: Vec<OwnSource> = core::iter::from_fn(|| allocate().ok()).collect();
        let mut numbers: Vec<usize> = all.iter().map(|own| own.source().number()).collect();
        numbers.dedup();
        assert_eq!(numbers, (FIXED as usize..SOURCES).collect::<Vec<_>>());
        assert_eq!(allocate(), Err(NoSource));

        // A high one reaches its waiter, and only once.
        let last = all.last().expect("there are some").source();
        let mut context = Context::from_waker(Waker::noop());
        let mut wait = pin!(wait(last));
        assert!(wait.as_mut().poll(&mut context).is_pending());
        raise_number(last.number());
        assert!(is_pending());
        deliver();
        assert!(!is_pending());
        assert!(wait.as_mut().poll(&mut context).is_ready());
        assert!(pin!(super::wait(last)).poll(&mut context).is_pending());

        drop(all);
        assert_eq!(allocate().expect("free again").source().number(), FIXED as usize);
    }
}
