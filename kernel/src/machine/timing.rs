//! Calibrating the clock, and the wall clock.

use core::sync::atomic::{AtomicI64, Ordering};

use drivers::calibrate::{self, Rate};
use drivers::counter::ReferenceCounter;
use drivers::hpet::Hpet;
use drivers::pit::Pit;
use drivers::pm_timer::PmTimer;
use drivers::rtc;
use hw::mmio::Mmio;
use raw_cpuid::CpuId;

use super::firmware::Firmware;
use crate::arch::features::Features;
use crate::arch::port::Ports;
use crate::arch::{apic, clock};
use crate::memory::{Physical, window};

/// One of three windows in which the time-stamp counter is compared with a reference.
const WINDOW_US: u64 = 1_500;
/// One of three windows in which the APIC timer is compared with the time-stamp counter.
const TIMER_WINDOW_US: u64 = 700;
const HPET_BYTES: usize = 1024;

/// The time-stamp counter, once its rate is known, as the reference for the core's timer.
struct TimeStamps;

impl ReferenceCounter for TimeStamps {
    fn read(&self) -> u64 {
        clock::tsc()
    }

    fn frequency_hz(&self) -> u64 {
        clock::rate_hz()
    }

    fn mask(&self) -> u64 {
        u64::MAX
    }
}

/// Finds out the rates of the time-stamp counter and of the APIC timer.
pub fn calibrate(features: &Features, firmware: &Firmware) {
    let (rate, source) = match rate_by_cpuid(features) {
        Some(rate) => (rate, "CPUID"),
        None => measured_rate(firmware),
    };
    clock::set_rate(rate.ticks_per_second);
    log::info!(
        "clock: time-stamp counter at {} kHz by {source}{}{}",
        rate.ticks_per_second / 1000,
        if rate.is_certain { "" } else { ", uncertain" },
        if features.tsc_invariant { "" } else { ", not invariant" },
    );
    if !features.tsc_deadline {
        apic::start_timer_measurement();
        match calibrate::measure(&TimeStamps, apic::measured_timer_ticks, TIMER_WINDOW_US) {
            Ok(rate) => apic::set_timer_rate(rate.ticks_per_second),
            Err(error) => log::error!("clock: the core's timer: {error}"),
        }
    }
}

/// What the processor itself says (Intel SDM volume 3, 20.7.3): exact, but many processors leave it out.
fn rate_by_cpuid(features: &Features) -> Option<Rate> {
    if features.is_emulated {
        return None;
    }
    let ticks_per_second = CpuId::new().get_tsc_info()?.tsc_frequency().filter(|&rate| rate > 0)?;
    Some(Rate {
        ticks_per_second,
        is_certain: true,
    })
}

fn measured_rate(firmware: &Firmware) -> (Rate, &'static str) {
    if let Some(hpet) = hpet(firmware)
        && let Some(rate) = measure(&hpet, "HPET")
    {
        return (rate, "HPET");
    }
    if let Some(timer) = pm_timer(firmware)
        && let Some(rate) = measure(&timer, "PM timer")
    {
        return (rate, "PM timer");
    }
    let pit = Pit::start(Ports::PIT, Ports::PIT_GATE);
    if let Some(rate) = measure(&pit, "PIT") {
        return (rate, "PIT");
    }
    log::error!("clock: nothing to calibrate the time-stamp counter with; times will be wrong");
    (
        Rate {
            ticks_per_second: clock::rate_hz(),
            is_certain: false,
        },
        "guess",
    )
}

fn measure(reference: &impl ReferenceCounter, name: &str) -> Option<Rate> {
    match calibrate::measure(reference, clock::tsc, WINDOW_US) {
        Ok(rate) => Some(rate),
        Err(error) => {
            log::warn!("clock: {name}: {error}");
            None
        }
    }
}

fn hpet(firmware: &Firmware) -> Option<Hpet<Mmio>> {
    let address = firmware.hpet?.address;
    let registers = window::registers(Physical(address), HPET_BYTES).ok()?;
    Hpet::start(registers)
        .map_err(|error| log::warn!("clock: {error}"))
        .ok()
}

fn pm_timer(firmware: &Firmware) -> Option<PmTimer<Ports>> {
    let timer = firmware.fadt?.timer?;
    let port = timer.register.port()?;
    Some(PmTimer::new(Ports::of_device(port), timer.is_32_bit))
}

/// The wall clock's time less the monotonic clock's, in milliseconds; the least value where there is none.
static WALL_OFFSET_MS: AtomicI64 = AtomicI64::new(i64::MIN);

/// Reads the wall clock once; from then on it follows the monotonic clock.
pub fn read_wall_clock(firmware: &Firmware) {
    if firmware.fadt.is_some_and(|fadt| fadt.has_no_rtc) {
        log::warn!("clock: the machine has no wall clock");
        return;
    }
    let century_register = firmware.fadt.and_then(|fadt| fadt.century_register);
    match rtc::read(&Ports::CMOS, century_register, &clock::MonotonicClock) {
        Ok(time) => match time.unix_seconds() {
            Some(seconds) => {
                let uptime_ms = (clock::now_ns() / 1_000_000) as i64;
                WALL_OFFSET_MS.store(seconds as i64 * 1000 - uptime_ms, Ordering::Relaxed);
                log::info!("clock: it is {time} UTC");
            }
            None => log::warn!("clock: the wall clock shows no valid date: {time}"),
        },
        Err(error) => log::warn!("clock: {error}"),
    }
}

/// Milliseconds since 1970-01-01 00:00 UTC; `None` where the machine has no valid clock.
pub fn unix_ms() -> Option<i64> {
    let offset_ms = WALL_OFFSET_MS.load(Ordering::Relaxed);
    (offset_ms != i64::MIN).then(|| offset_ms + (clock::now_ns() / 1_000_000) as i64)
}
