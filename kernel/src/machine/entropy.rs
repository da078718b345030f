//! The service that collects noise for random numbers: much right after the start, then some every half a minute.
//!
//! Nothing here waits for a person or a device. On a processor without instructions for it, some 3,000 timed walks
//! through memory are enough, a few at a time beside everything else.

use alloc::boxed::Box;

use services::random::health::{Failure, WINDOW};
use services::random::jitter::Jitter;
use services::random::{Kind, Root};

use crate::arch::{clock, noise};
use crate::executor::{Executor, Factory, run};

/// The machine's random numbers.
pub static ROOT: Root = Root::new();

/// Walks through memory in one poll of the service.
const WALKS: usize = 32;
/// Numbers from the processor in one poll.
const WORDS: usize = 64;
/// Before the first poll: the prompts come first.
const FIRST_PAUSE_NS: u64 = 50_000_000;
/// Between two polls, while random numbers are waited for.
const SHORT_PAUSE_NS: u64 = 200_000;
/// Between two rounds, once there are random numbers.
const LONG_PAUSE_NS: u64 = 30_000_000_000;
/// In a long pause, between two looks whether random numbers are wanted again.
const LOOK_NS: u64 = 500_000_000;

/// Mixes in what differs between machines and boots, and starts the service.
pub fn start(executor: &'static Executor, wall_ms: Option<i64>) {
    ROOT.personalize(&clock::tsc().to_le_bytes());
    ROOT.personalize(&wall_ms.unwrap_or_default().to_le_bytes());
    let factory: Factory = Box::new(|| Box::pin(collect()));
    executor.start_service("random", factory);
}

async fn collect() {
    run::sleep_until(clock::now_ns() + FIRST_PAUSE_NS).await;
    let mut jitter = Jitter::new(clock::tsc);
    if jitter.is_none() {
        ROOT.switch_off(Kind::Jitter, Failure::Silent);
    }
    loop {
        let mut walks = 0;
        while walks < usize::from(WINDOW) || !ROOT.is_ready() {
            let has_given = take_processor() | take_jitter(&mut jitter);
            take_arrivals();
            walks += WALKS;
            // Where all sources have failed, only devices can help, and they report by themselves.
            let pause_ns = if has_given { SHORT_PAUSE_NS } else { LOOK_NS };
            run::sleep_until(clock::now_ns() + pause_ns).await;
        }
        let next_ns = clock::now_ns() + LONG_PAUSE_NS;
        while ROOT.is_ready() && clock::now_ns() < next_ns {
            run::sleep_until(clock::now_ns() + LOOK_NS).await;
            take_arrivals();
        }
    }
}

/// True where the processor has given something.
fn take_processor() -> bool {
    let seeds = noise::has_rdseed() && take_words(Kind::Rdseed, noise::rdseed);
    let numbers = noise::has_rdrand() && take_words(Kind::Rdrand, noise::rdrand);
    seeds || numbers
}

fn take_words(kind: Kind, instruction: fn() -> Option<u64>) -> bool {
    for _ in 0..WORDS {
        let Some(word) = instruction() else {
            // RDSEED may be dry while other cores use it: the rest comes with the next poll.
            return true;
        };
        if ROOT.contribute_word(kind, word).is_err() {
            return false;
        }
    }
    true
}

/// True while the walks through memory tell something.
fn take_jitter(jitter: &mut Option<Jitter>) -> bool {
    let Some(walker) = jitter else { return false };
    let (mut samples, mut raw) = ([0; WALKS], [0; WALKS * 8]);
    for (sample, ticks) in samples.iter_mut().zip(raw.chunks_exact_mut(8)) {
        let (value, difference) = walker.sample(clock::tsc);
        *sample = value;
        ticks.copy_from_slice(&difference.to_le_bytes());
    }
    let result = ROOT.contribute(Kind::Jitter, &samples, &raw);
    if result.is_err() {
        *jitter = None;
    }
    result.is_ok()
}

fn take_arrivals() {
    noise::ARRIVALS.collect(|stamp| {
        // A failure was logged; the stamps are mixed in still.
        let _ = ROOT.contribute(Kind::Interrupts, &[stamp as u8], &stamp.to_le_bytes());
    });
}
