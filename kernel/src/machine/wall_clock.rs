//! The date: read once at the start, made exact at the clock's next second, set by scripts.
//!
//! The clock on the battery shows whole seconds. The start does not wait for one to end; a service does, and from then on
//! looks now and then how far the two clocks have come apart.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use drivers::rtc::{self, CivilTime, Divider};
use raw_cpuid::CpuId;
use services::clocks::SetError;

use super::firmware::{self, Firmware};
use crate::arch::clock;
use crate::arch::port::Ports;
use crate::executor::{Executor, Factory, run};

/// The date less the monotonic clock, in milliseconds; the least value where there is no date.
static OFFSET_MS: AtomicI64 = AtomicI64::new(i64::MIN);
/// How often the date was set: what was measured before then holds no more.
static SETTINGS: AtomicU64 = AtomicU64::new(0);
/// Millionths that the monotonic clock runs ahead of the clock on the battery; the least value where not measured.
static DRIFT_PPM: AtomicI64 = AtomicI64::new(i64::MIN);
/// Somebody uses the clock's two ports.
static IS_BUSY: AtomicBool = AtomicBool::new(false);

const MS: u64 = 1_000_000;
/// Between two looks at the clock's seconds: how exact the date is.
const LOOK_NS: u64 = 4 * MS;
/// A second has ended within this time, or the clock stands still.
const EDGE_LIMIT_NS: u64 = 5_000 * MS;
/// The second ended between two looks so far apart at most: on a busy machine they come late.
const EDGE_GAP_NS: u64 = 250 * MS;
/// Drift is measured between seconds that ended between two looks so far apart at most.
const TIGHT_GAP_NS: u64 = 4 * LOOK_NS;
/// Until the first measurement of the drift; each further one comes after a time twice as long as the last.
const FIRST_DRIFT_NS: u64 = 60_000 * MS;
const LONGEST_DRIFT_NS: u64 = 3_600_000 * MS;
/// Sleeps no longer at once: a counter that wraps wants to be read.
const STEP_NS: u64 = 1_000 * MS;
/// More drift than this is worth a line in the log.
const NOTABLE_PPM: i64 = 1_000;

fn uptime_ms() -> i64 {
    (clock::now_ns() / MS) as i64
}

/// Uses the clock's ports unless somebody does; `work` does not suspend.
fn with_ports<T>(work: impl FnOnce(&Ports) -> T) -> Option<T> {
    if IS_BUSY.swap(true, Ordering::Acquire) {
        return None;
    }
    let result = work(&Ports::CMOS);
    IS_BUSY.store(false, Ordering::Release);
    Some(result)
}

fn century_register(firmware: &Firmware) -> Option<u8> {
    firmware.fadt.and_then(|fadt| fadt.century_register)
}

fn has_clock(firmware: &Firmware) -> bool {
    !firmware.fadt.is_some_and(|fadt| fadt.has_no_rtc)
}

/// Reads the date once; from then on it follows the monotonic clock.
pub fn read(firmware: &Firmware) {
    if !has_clock(firmware) {
        log::warn!("clock: the machine has no wall clock");
        return;
    }
    match read_seconds(firmware) {
        Ok((time, seconds)) => {
            OFFSET_MS.store(seconds * 1000 - uptime_ms(), Ordering::Relaxed);
            log::info!("clock: it is {time} UTC");
        }
        Err(error) => log::warn!("clock: {error}"),
    }
}

fn read_seconds(firmware: &Firmware) -> Result<(CivilTime, i64), rtc::Error> {
    let time = rtc::read(&Ports::CMOS, century_register(firmware), &clock::MonotonicClock)?;
    let seconds = time.unix_seconds().ok_or(rtc::Error::BadTime(time))?;
    Ok((time, seconds as i64))
}

/// Milliseconds since 1970-01-01 00:00 UTC; `None` where the machine has no valid clock.
pub fn unix_ms() -> Option<i64> {
    let offset_ms = OFFSET_MS.load(Ordering::Relaxed);
    (offset_ms != i64::MIN).then(|| offset_ms + uptime_ms())
}

/// Millionths that our time runs ahead of the battery's clock, once that was measured.
pub fn drift_ppm() -> Option<i64> {
    let drift_ppm = DRIFT_PPM.load(Ordering::Relaxed);
    (drift_ppm != i64::MIN).then_some(drift_ppm)
}

/// Starts the service that makes the date exact and measures the drift.
pub fn start_service(executor: &'static Executor, firmware: &'static Firmware) {
    if !has_clock(firmware) || unix_ms().is_none() {
        return;
    }
    let factory: Factory = Box::new(move || Box::pin(follow(firmware)));
    executor.start_service("wall clock", factory);
}

/// A moment on both clocks.
#[derive(Clone, Copy)]
struct Edge {
    rtc_seconds: i64,
    now_ns: u64,
    is_tight: bool,
}

async fn follow(firmware: &'static Firmware) {
    let mut wait_ns = FIRST_DRIFT_NS;
    let mut settings = SETTINGS.load(Ordering::Relaxed);
    let Some(mut first) = next_edge(firmware).await else {
        log::warn!("clock: the clock on the battery stands still");
        return;
    };
    if settings == SETTINGS.load(Ordering::Relaxed) {
        OFFSET_MS.store(first.rtc_seconds * 1000 - (first.now_ns / MS) as i64, Ordering::Relaxed);
    }
    loop {
        pause(wait_ns).await;
        wait_ns = (wait_ns * 2).min(LONGEST_DRIFT_NS);
        let Some(edge) = next_edge(firmware).await else {
            continue;
        };
        let known = SETTINGS.load(Ordering::Relaxed);
        if known != settings || !first.is_tight {
            (settings, first, wait_ns) = (known, edge, FIRST_DRIFT_NS);
            continue;
        }
        let rtc_us = (edge.rtc_seconds - first.rtc_seconds) * 1_000_000;
        let ours_us = (edge.now_ns - first.now_ns) as i64 / 1000;
        if rtc_us > 0 && edge.is_tight {
            let ppm = (i128::from(ours_us - rtc_us) * 1_000_000 / i128::from(rtc_us)) as i64;
            DRIFT_PPM.store(ppm, Ordering::Relaxed);
            if ppm.abs() > NOTABLE_PPM {
                log::warn!("clock: the time runs {ppm} millionths ahead of the clock on the battery");
            }
        }
    }
}

async fn pause(time_ns: u64) {
    let end_ns = clock::now_ns() + time_ns;
    while clock::now_ns() < end_ns {
        let step_ns = end_ns.min(clock::now_ns() + STEP_NS);
        run::sleep_until(step_ns).await;
    }
}

/// Waits for the end of one of the clock's seconds.
async fn next_edge(firmware: &'static Firmware) -> Option<Edge> {
    let limit_ns = clock::now_ns() + EDGE_LIMIT_NS;
    let mut before = None;
    while clock::now_ns() < limit_ns {
        // None: busy, or the clock is just moving on.
        let second = with_ports(|ports| (clock::now_ns(), rtc::raw_second(ports)));
        if let Some((now_ns, Some(second))) = second {
            match before.replace((second, now_ns)) {
                // Only if the look before was a moment ago: else the second may have ended long since.
                Some((earlier, at_ns)) if earlier != second && now_ns - at_ns < EDGE_GAP_NS => {
                    let is_tight = now_ns - at_ns < TIGHT_GAP_NS;
                    let read = with_ports(|_| read_seconds(firmware));
                    if let Some(Ok((_, rtc_seconds))) = read {
                        return Some(Edge {
                            rtc_seconds,
                            now_ns,
                            is_tight,
                        });
                    }
                }
                _ => {}
            }
        }
        run::sleep_until(clock::now_ns() + LOOK_NS).await;
    }
    None
}

/// Sets the date, and in the middle of the next second the clock on the battery.
///
/// # Errors
///
/// [`SetError::NotKept`]: the date is set all the same.
pub async fn set(unix_ms: i64) -> Result<(), SetError> {
    OFFSET_MS.store(unix_ms - uptime_ms(), Ordering::Relaxed);
    SETTINGS.fetch_add(1, Ordering::Relaxed);
    DRIFT_PPM.store(i64::MIN, Ordering::Relaxed);
    let Some(firmware) = firmware::get().filter(|firmware| has_clock(firmware)) else {
        log::warn!("clock: the machine has no clock on a battery");
        return Err(SetError::NotKept);
    };
    let divider = divider();
    // Where the divider starts anew, the next second begins half a second after the setting; else at any time.
    let right_ms = if divider == Divider::Reset { 500 } else { 0 };
    let now_ms = self::unix_ms().unwrap_or(unix_ms);
    let wait_ms = (right_ms - now_ms).rem_euclid(1000) as u64;
    let begin_ns = clock::now_ns() + wait_ms * MS;
    run::sleep_until(begin_ns).await;
    loop {
        let now_ms = self::unix_ms().unwrap_or(unix_ms);
        let time = CivilTime::from_unix_seconds((now_ms / 1000).max(0) as u64).ok_or(SetError::NotKept)?;
        let century_register = century_register(firmware);
        let result = with_ports(|ports| rtc::set(ports, century_register, divider, &clock::MonotonicClock, time));
        match result {
            Some(Ok(())) => {
                log::info!("clock: set to {time} UTC");
                return Ok(());
            }
            Some(Err(error)) => {
                log::warn!("clock: {error}");
                return Err(SetError::NotKept);
            }
            None => run::sleep_until(clock::now_ns() + MS).await,
        }
    }
}

/// AMD's chips keep another meaning in the divider's bits.
fn divider() -> Divider {
    let vendor = CpuId::new().get_vendor_info();
    match vendor.as_ref().map(|vendor| vendor.as_str()) {
        Some("AuthenticAMD" | "HygonGenuine") => Divider::Keep,
        _ => Divider::Reset,
    }
}
