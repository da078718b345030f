//! Calibrating the clock, and choosing the counter that tells the time.

use alloc::vec::Vec;

use drivers::calibrate::{self, Rate};
use drivers::counter::ReferenceCounter;
use drivers::endless::Endless;
use drivers::hpet::Hpet;
use drivers::pit::Pit;
use drivers::pm_timer::PmTimer;
use hw::mmio::Mmio;
use raw_cpuid::CpuId;
use services::clocks::ClockInfo;
use spin::Once;

use super::firmware::Firmware;
use super::wall_clock;
use crate::arch::features::Features;
use crate::arch::port::Ports;
use crate::arch::{apic, clock, features};
use crate::boot::command_line::ClockChoice;
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

static HPET: Once<Endless<Hpet<Mmio>>> = Once::new();
static PM_TIMER: Once<Endless<PmTimer<Ports>>> = Once::new();

impl<C: ReferenceCounter + Sync> clock::Source for Endless<C> {
    fn elapsed_ns(&self) -> u64 {
        Self::elapsed_ns(self)
    }
}

/// Finds out the rates of the time-stamp counter and of the APIC timer, and which counter is to tell the time.
pub fn calibrate(features: &Features, firmware: &Firmware, choice: ClockChoice) {
    if let Some(counter) = hpet(firmware) {
        HPET.call_once(|| Endless::new(counter));
    }
    if let Some(counter) = pm_timer(firmware) {
        PM_TIMER.call_once(|| Endless::new(counter));
    }
    let (rate, source) = match rate_by_cpuid(features) {
        Some(rate) => (rate, "CPUID"),
        None => measured_rate(),
    };
    clock::set_rate(rate.ticks_per_second);
    log::info!(
        "clock: time-stamp counter at {} kHz by {source}{}{}",
        rate.ticks_per_second / 1000,
        if rate.is_certain { "" } else { ", uncertain" },
        if features.tsc_invariant { "" } else { ", not invariant" },
    );
    choose(features, rate.is_certain, choice);
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

/// The time-stamp counter is the cheapest to read by far. Processors of before 2008 let it slow down with the core, or
/// stand still in its sleep; a hypervisor or emulator keeps it steady whatever it says of it.
fn choose(features: &Features, is_rate_certain: bool, choice: ClockChoice) {
    let is_virtual = features::hypervisor(&CpuId::new()).is_some();
    let is_steady = (features.tsc_invariant || is_virtual) && is_rate_certain;
    let hpet = HPET.get().map(|counter| counter as &'static dyn clock::Source);
    let pm_timer = PM_TIMER.get().map(|counter| counter as &'static dyn clock::Source);
    let (name, source) = match choice {
        ClockChoice::Auto if is_steady => return,
        ClockChoice::Tsc => return,
        ClockChoice::PmTimer if pm_timer.is_some() => ("the PM timer", pm_timer),
        _ if hpet.is_some() => ("the HPET", hpet),
        _ => ("the PM timer", pm_timer),
    };
    match source {
        Some(source) => {
            clock::use_source(source);
            log::info!("clock: {name} tells the time");
        }
        None => log::warn!("clock: no other counter answers; the time-stamp counter tells the time"),
    }
}

/// All clocks: what scripts see.
pub fn list(features: &Features) -> Vec<ClockInfo> {
    let mut clocks = Vec::new();
    let by_tsc = clock::is_by_tsc();
    let counter = |name, rate_hz, bits, is_used, note| ClockInfo {
        name,
        rate_hz,
        bits,
        is_used,
        note,
        drift_ppm: if is_used { wall_clock::drift_ppm() } else { None },
    };
    let note = if features.tsc_invariant { "invariant" } else { "" };
    clocks.push(counter("tsc", clock::rate_hz(), 64, by_tsc, note));
    let used = |source: &dyn clock::Source| clock::is_source(source);
    if let Some(hpet) = HPET.get() {
        clocks.push(counter("hpet", hpet.counter().frequency_hz(), 32, used(hpet), ""));
    }
    if let Some(timer) = PM_TIMER.get() {
        let bits = timer.counter().mask().trailing_ones();
        clocks.push(counter("pm", timer.counter().frequency_hz(), bits, used(timer), ""));
    }
    if wall_clock::unix_ms().is_some() {
        let mut rtc = counter("rtc", 1, 0, true, "the date");
        rtc.drift_ppm = None;
        clocks.push(rtc);
    }
    clocks
}

fn measured_rate() -> (Rate, &'static str) {
    if let Some(hpet) = HPET.get()
        && let Some(rate) = measure(hpet.counter(), "HPET")
    {
        return (rate, "HPET");
    }
    if let Some(timer) = PM_TIMER.get()
        && let Some(rate) = measure(timer.counter(), "PM timer")
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
