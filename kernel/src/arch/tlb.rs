//! Telling all cores that translations of addresses have been taken away.
//!
//! Source: Intel SDM volume 3, 4.10.5 (propagation of paging-structure changes to multiple processors).
//!
//! Each removal has a number. A core forgets its cached translations and notes the last number when it starts a round of
//! its executor, when it comes out of a halt, while it waits for a lock, and when another core asks for it. Memory behind
//! a translation is used again only when every core has noted its removal; a halted core uses none.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

use x86_64::VirtAddr;

use super::core_local::{self, CoreLocal};
use super::{apic, clock, cores, interrupts};
use crate::memory::PAGE_BYTES;

/// The number of the last removal.
static REMOVALS: AtomicU64 = AtomicU64::new(0);

/// What the last removals took away, each at the place that its number gives.
static RECENT: [Recent; RECENT_REMOVALS] = [const { Recent::new() }; RECENT_REMOVALS];
const RECENT_REMOVALS: usize = 16;
/// A core that has missed no more than so many forgets only what they took away, page by page: that costs a little for
/// each page, where forgetting everything costs all that runs afterwards.
const MISSED_LIMIT: u64 = 8;
/// Pages that are forgotten one by one.
const PAGES_LIMIT: usize = 16;
/// Room for their number in one word with the first one's.
const COUNT_BITS: u32 = 5;

/// Which translations a removal took away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Any.
    Everything,
    /// Those of some pages in a row.
    Pages {
        /// The first one's address.
        start: usize,
        /// How many, at most 16.
        count: usize,
    },
}

impl Range {
    /// The `count` pages from `start` on, the address of a page.
    pub fn pages(start: usize, count: usize) -> Self {
        if count > PAGES_LIMIT {
            return Self::Everything;
        }
        Self::Pages { start, count }
    }

    /// In one word: the page's number, and how many pages in the lowest bits; 0 for everything. No word of it looks like a
    /// pointer into an arena, which the image's variables never hold.
    fn packed(self) -> usize {
        match self {
            Self::Everything => 0,
            Self::Pages { start, count } => (start / PAGE_BYTES) << COUNT_BITS | count,
        }
    }
}

/// A removal that other cores may look up. Written by one core at a time.
struct Recent {
    /// Its number; [`BEING_WRITTEN`] while the range changes.
    number: AtomicU64,
    range: AtomicUsize,
}

const BEING_WRITTEN: u64 = u64::MAX;

impl Recent {
    const fn new() -> Self {
        Self {
            number: AtomicU64::new(0),
            range: AtomicUsize::new(0),
        }
    }

    fn of(number: u64) -> &'static Self {
        &RECENT[number as usize % RECENT_REMOVALS]
    }

    /// Notes the range of the removal `number`, unless another core is about to note one here, or has noted a later one:
    /// then nobody finds this one, and forgets everything for it.
    fn note(&self, number: u64, range: Range) {
        let known = self.number.load(Ordering::Relaxed);
        let is_older = known != BEING_WRITTEN && known < number;
        let claim = || {
            self.number
                .compare_exchange(known, BEING_WRITTEN, Ordering::Acquire, Ordering::Relaxed)
        };
        if is_older && claim().is_ok() {
            // Whoever sees the new range sees that the place was claimed.
            fence(Ordering::Release);
            self.range.store(range.packed(), Ordering::Relaxed);
            self.number.store(number, Ordering::Release);
        }
    }

    /// The range of the removal `number` in one word, or 0.
    fn find(&self, number: u64) -> usize {
        if self.number.load(Ordering::Acquire) != number {
            return 0;
        }
        let range = self.range.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        if self.number.load(Ordering::Relaxed) == number {
            range
        } else {
            0
        }
    }
}

/// A core that has not answered for so long will not any more.
const ANSWER_LIMIT_NS: u64 = 30_000_000_000;

/// Lets other cores ask; once, before there are any.
pub fn start() {
    interrupts::set_handler(interrupts::TLB_VECTOR, on_request);
    services::lock::while_waiting(catch_up);
}

fn on_request() {
    core_local::get().ipis.fetch_add(1, Ordering::Relaxed);
    catch_up();
}

/// Notes that the translations of `range` have been taken out of the tables; returns the removal's number.
pub fn note_removal(range: Range) -> u64 {
    let number = REMOVALS.fetch_add(1, Ordering::SeqCst) + 1;
    Recent::of(number).note(number, range);
    number
}

/// Forgets this core's translations where any were taken away since it last did. Takes no lock.
#[inline]
pub fn catch_up() {
    let core = core_local::get();
    let last = REMOVALS.load(Ordering::SeqCst);
    let known = core.translations.load(Ordering::Relaxed);
    if known < last {
        forget(known + 1, last);
        // An interrupt may have come between and noted more.
        core.translations.fetch_max(last, Ordering::SeqCst);
    }
}

/// Forgets what the removals from `first` to `last` took away.
fn forget(first: u64, last: u64) {
    if last - first >= MISSED_LIMIT {
        x86_64::instructions::tlb::flush_all();
        return;
    }
    for number in first..=last {
        let range = Recent::of(number).find(number);
        if range == 0 {
            x86_64::instructions::tlb::flush_all();
            return;
        }
        let (start, count) = ((range >> COUNT_BITS) * PAGE_BYTES, range & ((1 << COUNT_BITS) - 1));
        for page in 0..count {
            // This also forgets all that is cached of the tables above the last level (4.10.4.1).
            x86_64::instructions::tlb::flush(VirtAddr::new((start + page * PAGE_BYTES) as u64));
        }
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
    flush_until(is_known_everywhere, |core| !core.is_halted.load(Ordering::SeqCst));
}

/// The same where page tables themselves are to be freed: on its way into a halt and out of it a core can still walk them
/// in advance, and mark what it finds as accessed (4.10.4.2), so that halted cores are asked, too.
///
/// # Panics
///
/// As [`flush_everywhere`].
pub fn flush_tables_everywhere() {
    let knows = |number| move |core: &CoreLocal| core.translations.load(Ordering::SeqCst) >= number;
    flush_until(|number| cores::online().all(knows(number)), |_| true);
}

fn flush_until(is_done: impl Fn(u64) -> bool, is_asked: impl Fn(&CoreLocal) -> bool) {
    let number = note_removal(Range::Everything);
    catch_up();
    if is_done(number) {
        return;
    }
    for core in cores::others() {
        if core.translations.load(Ordering::SeqCst) < number && is_asked(core) {
            apic::send(core.apic_id.load(Ordering::Relaxed), interrupts::TLB_VECTOR);
        }
    }
    let begin_ns = clock::now_ns();
    while !is_done(number) {
        // Another core may wait for this one in the same way.
        catch_up();
        core::hint::spin_loop();
        assert!(
            clock::now_ns().saturating_sub(begin_ns) < ANSWER_LIMIT_NS,
            "a core does not answer"
        );
    }
}
