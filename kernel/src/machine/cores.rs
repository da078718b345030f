//! Starting the other cores, and what scripts see of all of them.
//!
//! Source: Intel SDM volume 3, 8.4.4 (the sequence of interrupts that starts a core).
//!
//! The prompt does not wait for them: they are started one after the other on a fiber beside it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use hw::Clock;
use services::cores::CoreInfo;
use spin::Once;

use super::driver_task::{self, FiberClock};
use super::firmware::{self, Firmware};
use crate::arch::features::Features;
use crate::arch::{apic, clock, core_local, cores, tlb};
use crate::boot::other_core::{Error, Startup};
use crate::executor::{Executor, Factory, run};

/// Between a core's reset and its start, as processors without a better rule need it.
const RESET_US: u64 = 10_000;
/// A core is waited for without rest for so long.
const SPIN_NS: u64 = 2_000_000;
/// A core that has not shown itself for so long is asked a second time.
const FIRST_LIMIT_US: u64 = 10_000;
/// One that does not even then is left alone.
const LAST_LIMIT_US: u64 = 5_000_000;

/// The processors as the firmware lists them, the boot processor first.
static APIC_IDS: Once<Vec<u32>> = Once::new();
static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

/// Starts the service that starts the cores, at most `limit` of them in all.
pub fn start(executor: &'static Executor, features: Features, limit: u32) {
    let boot_id = apic::id();
    core_local::boot_core().apic_id.store(boot_id, Ordering::Relaxed);
    let ids = APIC_IDS.call_once(|| list_processors(firmware::get(), boot_id));
    if firmware::get().is_none_or(|firmware| firmware.madt.is_none()) {
        log::warn!("cores: the firmware lists no processors (no MADT); only the boot processor is used");
    }
    let count = ids.len().min(limit as usize).min(cores::CORE_LIMIT);
    if count < 2 {
        return;
    }
    tlb::start();
    cores::start();
    let ids = &ids[1..count];
    let factory: Factory = Box::new(move || {
        Box::pin(async move {
            driver_task::run("cores", move || start_all(ids, features)).await;
        })
    });
    executor.start_service("cores", factory);
}

fn list_processors(firmware: Option<&Firmware>, boot_id: u32) -> Vec<u32> {
    let madt = firmware.and_then(|firmware| firmware.madt.as_ref());
    let listed = madt.into_iter().flat_map(|madt| madt.start_order(boot_id));
    let others = listed
        .map(|processor| processor.apic_id)
        // Without x2APIC mode there is no way to name one with a higher number.
        .filter(|&apic_id| apic_id != boot_id && (apic_id < 255 || apic::is_x2apic()));
    core::iter::once(boot_id).chain(others).collect()
}

/// *Task*.
fn start_all(ids: &[u32], features: Features) {
    // Once: a reset would stop a core that runs.
    if HAS_BEGUN.swap(true, Ordering::AcqRel) {
        return;
    }
    for &apic_id in ids {
        apic::send_init(apic_id);
    }
    // All at once; the wait ends by time only.
    let _ = FiberClock.wait_until_us(RESET_US, || false);
    let mut longest_ns = 0;
    for (index, &apic_id) in (1..).zip(ids) {
        let begin_ns = clock::now_ns();
        if let Err(reason) = start_one(index, apic_id, features) {
            log::warn!("cores: the one with APIC number {apic_id} does not start: {reason}");
        }
        longest_ns = longest_ns.max(clock::now_ns() - begin_ns);
    }
    let longest_us = longest_ns / 1000;
    log::info!(
        "cores: {} of {} run after {} ms; each came in {}.{:03} ms or less{}",
        cores::online_count(),
        ids.len() + 1,
        clock::now_ns() / 1_000_000,
        longest_us / 1000,
        longest_us % 1000,
        if clock::is_even() {
            ""
        } else {
            "; their time-stamp counters differ"
        },
    );
}

/// *Task*: starts one core and waits until it runs its executor.
fn start_one(index: u32, apic_id: u32, features: Features) -> Result<(), Error> {
    let startup = Startup::prepare(index, apic_id, features)?;
    for limit_us in [FIRST_LIMIT_US, LAST_LIMIT_US] {
        startup.send();
        // A core that works is there within a fraction of this; whoever sleeps meanwhile may wake late.
        let spin_end_ns = clock::now_ns() + SPIN_NS;
        while !startup.has_arrived() && clock::now_ns() < spin_end_ns {
            core::hint::spin_loop();
        }
        if FiberClock.wait_until_us(limit_us, || startup.has_arrived()).is_ok() {
            return startup.answer_until_online();
        }
    }
    startup.give_up();
    Err(Error::Silent)
}

/// All cores that the firmware lists.
pub fn list() -> Vec<CoreInfo> {
    let ids = APIC_IDS.get().map_or(&[][..], Vec::as_slice);
    (0..)
        .zip(ids)
        .map(|(index, &apic_id)| describe(index, apic_id))
        .collect()
}

fn describe(index: u32, apic_id: u32) -> CoreInfo {
    let Some(core) = cores::find(index) else {
        return CoreInfo {
            index,
            apic_id,
            ..CoreInfo::default()
        };
    };
    let share = core.load.share(clock::now_ns());
    CoreInfo {
        index,
        apic_id,
        is_online: true,
        busy_ns: share.busy_ns,
        online_ns: share.online_ns,
        load_permille: share.permille,
        tasks: run::of(core).map_or(0, |executor| executor.crowd().1 as u64),
        operations: core.operations.load(Ordering::Relaxed),
        timer_interrupts: core.timer_interrupts.load(Ordering::Relaxed),
        ipis: core.ipis.load(Ordering::Relaxed),
    }
}
