//! The monotonic clock: nanoseconds since the kernel's entry, by the time-stamp counter, or by another counter where that
//! one does not keep its rate.

use core::arch::x86_64::_rdtsc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::core_local;
use spin::Once;

unsafe extern "C" {
    /// The counter as the entry code found it.
    static boot_entry_tsc: u64;
}

/// Assumed until the counter has been measured, so that early log lines carry some time.
const PROVISIONAL_HZ: u64 = 2_500_000_000;

static RATE_HZ: AtomicU64 = AtomicU64::new(PROVISIONAL_HZ);
/// Nanoseconds per tick, times 2^32.
static SCALE: AtomicU64 = AtomicU64::new(scale_of(PROVISIONAL_HZ));
static IS_MEASURED: AtomicBool = AtomicBool::new(false);

const fn scale_of(rate_hz: u64) -> u64 {
    ((1_000_000_000u128 << 32) / rate_hz as u128) as u64
}

/// The processor's time-stamp counter.
#[inline]
pub fn tsc() -> u64 {
    // SAFETY: every 64-bit processor has the counter, and the kernel never forbids itself to read it.
    unsafe { _rdtsc() }
}

fn entry_tsc() -> u64 {
    // SAFETY: written once by the entry code, before any Rust code ran.
    unsafe { (&raw const boot_entry_tsc).read() }
}

/// Sets the counter's rate.
pub fn set_rate(rate_hz: u64) {
    RATE_HZ.store(rate_hz.max(1), Ordering::Relaxed);
    SCALE.store(scale_of(rate_hz.max(1)), Ordering::Relaxed);
    IS_MEASURED.store(true, Ordering::Relaxed);
}

/// The counter's rate in ticks per second.
pub fn rate_hz() -> u64 {
    RATE_HZ.load(Ordering::Relaxed)
}

/// Nanoseconds from the kernel's entry to the moment when the counter showed `tsc`.
pub fn ns_at(tsc: u64) -> u64 {
    let ticks = tsc.saturating_sub(entry_tsc());
    ((u128::from(ticks) * u128::from(SCALE.load(Ordering::Relaxed))) >> 32) as u64
}

/// The calling core's counter at `time_ns` of the clock.
pub fn tsc_at(time_ns: u64) -> u64 {
    if !is_by_tsc() {
        let wait_ns = u128::from(time_ns.saturating_sub(now_ns()));
        let ticks = wait_ns * u128::from(rate_hz()) / 1_000_000_000;
        return tsc().saturating_add(u64::try_from(ticks).unwrap_or(u64::MAX));
    }
    // The inverse of `ns_at`, rounded up: at the value returned, the clock shows `time_ns` or later.
    let ticks = (u128::from(time_ns) << 32).div_ceil(u128::from(SCALE.load(Ordering::Relaxed).max(1)));
    let common = entry_tsc().saturating_add(u64::try_from(ticks).unwrap_or(u64::MAX));
    common.saturating_add_signed(core_local::get().tsc_offset.load(Ordering::Relaxed).wrapping_neg())
}

/// The counter as the boot processor has it.
#[inline]
fn common_tsc() -> u64 {
    tsc().wrapping_add_signed(core_local::get().tsc_offset.load(Ordering::Relaxed))
}

/// Some core's counter differed from the boot processor's, so that the last moment that any core was told must be kept.
static IS_UNEVEN: AtomicBool = AtomicBool::new(false);
static LAST_NS: AtomicU64 = AtomicU64::new(0);

/// Lets the calling core's clock go with the boot processor's, whose counter is `offset_ticks` ahead of its own.
pub fn align(offset_ticks: i64) {
    if offset_ticks != 0 {
        core_local::get().tsc_offset.store(offset_ticks, Ordering::Relaxed);
        IS_UNEVEN.store(true, Ordering::Relaxed);
    }
}

/// Whether all cores' counters are the same.
pub fn is_even() -> bool {
    !IS_UNEVEN.load(Ordering::Relaxed)
}

/// Nanoseconds since the kernel's entry by the time-stamp counter; on no core less than what any core was told before.
#[inline]
fn by_tsc_ns() -> u64 {
    let now_ns = ns_at(common_tsc());
    if IS_UNEVEN.load(Ordering::Relaxed) {
        return LAST_NS.fetch_max(now_ns, Ordering::AcqRel).max(now_ns);
    }
    now_ns
}

/// A counter beside the time-stamp counter, which any core may read.
pub trait Source: Sync {
    /// Nanoseconds since some moment; never goes back.
    fn elapsed_ns(&self) -> u64;
}

struct Other {
    source: &'static dyn Source,
    /// The clock's time less the source's.
    offset_ns: u64,
}

static OTHER: Once<Other> = Once::new();

/// From now on `source` tells the time, which goes on where it is. Once, before there is a second core.
pub fn use_source(source: &'static dyn Source) {
    OTHER.call_once(|| Other {
        source,
        offset_ns: by_tsc_ns().saturating_sub(source.elapsed_ns()),
    });
}

/// Whether `source` tells the time.
pub fn is_source(source: &dyn Source) -> bool {
    OTHER
        .get()
        .is_some_and(|other| core::ptr::addr_eq(other.source, source))
}

/// Whether the time-stamp counter tells the time.
pub fn is_by_tsc() -> bool {
    OTHER.get().is_none()
}

/// Nanoseconds since the kernel's entry; never goes back, on no core.
#[inline]
pub fn now_ns() -> u64 {
    match OTHER.get() {
        None => by_tsc_ns(),
        Some(other) => other.offset_ns + other.source.elapsed_ns(),
    }
}

/// The clock as drivers see it.
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock;

impl hw::Clock for MonotonicClock {
    fn now_ns(&self) -> u64 {
        now_ns()
    }
}
