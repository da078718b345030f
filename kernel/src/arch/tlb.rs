//! Telling all cores that translations of addresses have been taken away.
//!
//! Source: Intel SDM volume 3, 4.10.5 (propagation of paging-structure changes to multiple processors).
//!
//! Each removal has a number. A core forgets its cached translations and notes the last number when it starts a round of
//! its executor, when it comes out of a halt, while it waits for a lock, and when another core asks for it. Memory behind
//! a translation is used again only when every core has noted its removal; a halted core uses none.

use core::sync::atomic::{AtomicU64, Ordering, fence};

use super::core_local::{self, CoreLocal};
use super::{apic, clock, cores, interrupts};

/// The number of the last removal.
static REMOVALS: AtomicU64 = AtomicU64::new(0);

/// A core that has not answered for so long will not any more.
const ANSWER_LIMIT_NS: u64 = 10_000_000_000;

/// Lets other cores ask; once, before there are any.
pub fn start() {
    interrupts::set_handler(interrupts::TLB_VECTOR, on_request);
    services::lock::while_waiting(catch_up);
}

fn on_request() {
    core_local::get().ipis.fetch_add(1, Ordering::Relaxed);
    catch_up();
}

/// Notes that translations have been taken out of the tables; returns the removal's number.
pub fn note_removal() -> u64 {
    REMOVALS.fetch_add(1, Ordering::SeqCst) + 1
}

/// Forgets this core's translations where any were taken away since it last did. Takes no lock.
#[inline]
pub fn catch_up() {
    let core = core_local::get();
    let last = REMOVALS.load(Ordering::SeqCst);
    if core.translations.load(Ordering::Relaxed) < last {
        x86_64::instructions::tlb::flush_all();
        // An interrupt may have come between and noted more.
        core.translations.fetch_max(last, Ordering::SeqCst);
    }
}

/// The core comes out of a halt: called by the first code that runs then, interrupt handlers included.
#[inline]
pub fn leave_halt(core: &CoreLocal) {
    if core.is_halted.load(Ordering::Relaxed) {
        core.is_halted.store(false, Ordering::SeqCst);
        // Orders the store before the look at the last removal: whoever took the core for halted has counted it before.
        fence(Ordering::SeqCst);
        catch_up();
    }
}

/// Whether no core can use what the removal `number` took away.
pub fn is_known_everywhere(number: u64) -> bool {
    let knows =
        |core: &CoreLocal| core.translations.load(Ordering::SeqCst) >= number || core.is_halted.load(Ordering::SeqCst);
    match cores::online_count() {
        0 | 1 => core_local::get().translations.load(Ordering::Relaxed) >= number,
        _ => cores::online().all(knows),
    }
}

/// Takes away what was taken out of the tables from every core's cache, and returns when that is done.
///
/// # Panics
///
/// Where a core does not answer: memory cannot be given away safely any more.
pub fn flush_everywhere() {
    let number = note_removal();
    catch_up();
    if is_known_everywhere(number) {
        return;
    }
    for core in cores::others() {
        if core.translations.load(Ordering::SeqCst) < number && !core.is_halted.load(Ordering::SeqCst) {
            apic::send(core.apic_id.load(Ordering::Relaxed), interrupts::TLB_VECTOR);
        }
    }
    let begin_ns = clock::now_ns();
    while !is_known_everywhere(number) {
        // Another core may wait for this one in the same way.
        catch_up();
        core::hint::spin_loop();
        assert!(
            clock::now_ns().saturating_sub(begin_ns) < ANSWER_LIMIT_NS,
            "a core does not answer"
        );
    }
}
