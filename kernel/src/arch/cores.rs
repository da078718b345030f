//! The cores that run tasks, and telling each other something.

use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering, fence};

use super::core_local::{self, CoreLocal};
use super::{apic, clock, interrupts, vectors};

/// Cores that can be used at most.
pub const CORE_LIMIT: usize = vectors::CORES;

/// The cores that are online, by their numbers; null elsewhere.
static CORES: [AtomicPtr<CoreLocal>; CORE_LIMIT] = [const { AtomicPtr::new(core::ptr::null_mut()) }; CORE_LIMIT];
/// One more than the highest number in the list.
static END: AtomicU32 = AtomicU32::new(0);
static ONLINE: AtomicU32 = AtomicU32::new(0);

/// Adds a core that runs its executor from now on.
pub fn publish(core: &'static CoreLocal) {
    let index = core.index.load(Ordering::Relaxed);
    if let Some(place) = CORES.get(index as usize) {
        place.store(core::ptr::from_ref(core).cast_mut(), Ordering::Release);
        END.fetch_max(index + 1, Ordering::AcqRel);
        ONLINE.fetch_add(1, Ordering::AcqRel);
    }
}

/// How many cores are online.
pub fn online_count() -> u32 {
    ONLINE.load(Ordering::Acquire)
}

/// The core with the number `index`, where it is online.
pub fn find(index: u32) -> Option<&'static CoreLocal> {
    let core = CORES.get(index as usize)?.load(Ordering::Acquire);
    // SAFETY: `publish` stores only pointers made from static references.
    unsafe { core.as_ref() }
}

/// All cores that are online, by their numbers.
pub fn online() -> impl Iterator<Item = &'static CoreLocal> {
    (0..END.load(Ordering::Acquire)).filter_map(find)
}

/// All cores that are online but the calling one.
pub fn others() -> impl Iterator<Item = &'static CoreLocal> {
    let own = core::ptr::from_ref(core_local::get());
    online().filter(move |core| !core::ptr::eq(*core, own))
}

/// Lets interrupts of other cores come in; once, before there are any.
pub fn start() {
    interrupts::set_handler(interrupts::WAKE_VECTOR, on_wake);
}

/// Another core has left something in this one's queues. It comes out of its halt by the interrupt itself.
fn on_wake() {
    core_local::get().ipis.fetch_add(1, Ordering::Relaxed);
}

/// A called core answers within this time, or is not waited for.
const CALL_LIMIT_NS: u64 = 100_000_000;

/// Calls another core and waits until it has come, in nanoseconds; `None` where it does not, or is this one.
pub fn call(core: &CoreLocal) -> Option<u64> {
    if core::ptr::eq(core, core_local::get()) {
        return None;
    }
    let before = core.ipis.load(Ordering::Relaxed);
    let begin_ns = clock::now_ns();
    apic::send(core.apic_id.load(Ordering::Relaxed), interrupts::WAKE_VECTOR);
    loop {
        let took_ns = clock::now_ns() - begin_ns;
        if core.ipis.load(Ordering::Relaxed) != before {
            return Some(took_ns);
        }
        if took_ns > CALL_LIMIT_NS {
            return None;
        }
        core::hint::spin_loop();
    }
}

/// Makes `core` look into its queues, where it may be halted.
pub fn wake(core: &CoreLocal) {
    // What was put there must be seen before the core halts, or its halt be seen here.
    fence(Ordering::SeqCst);
    if core.is_halted.load(Ordering::SeqCst) {
        apic::send(core.apic_id.load(Ordering::Relaxed), interrupts::WAKE_VECTOR);
    }
}
