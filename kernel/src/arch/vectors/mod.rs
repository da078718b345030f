//! The device vectors of all cores: who has which, what handles it, and how often it came.
//!
//! Each core has a page of its own, made when it comes online and never given back, so that a handler finds its entry
//! without a lock. Only the core itself counts in its page. A vector is freed in three steps: its handler is taken
//! away, what runs on its core is waited for, and only then may somebody else have it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`places`] | which vectors are taken, and by whom |

pub mod places;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use services::interrupts::Delivery;

use super::handler_cell::HandlerCell;
use super::lock::KernelLock;
use places::Places;
pub use places::{DEVICE_VECTORS, Error, Owner, Place};

/// Cores that can have vectors; those numbered higher take no interrupts of devices.
pub const CORES: usize = 256;
const SLOTS: usize = (*DEVICE_VECTORS.end() - *DEVICE_VECTORS.start()) as usize + 1;

/// One core's handlers and counters.
#[derive(Debug)]
pub struct Page {
    handlers: [HandlerCell<()>; SLOTS],
    /// Interrupts taken, by vector.
    counts: [AtomicU64; 256],
    /// Interrupts of devices that nobody handles.
    unclaimed: AtomicU64,
    /// Handlers begun plus handlers ended: odd while one runs. They do not nest.
    turns: AtomicU64,
}

impl Page {
    /// No handlers, nothing counted.
    pub const fn new() -> Self {
        Self {
            handlers: [const { HandlerCell::empty() }; SLOTS],
            counts: [const { AtomicU64::new(0) }; 256],
            unclaimed: AtomicU64::new(0),
            turns: AtomicU64::new(0),
        }
    }

    /// *The page's core, in an interrupt handler*: counts one.
    pub fn count(&self, vector: u8) {
        add_one(&self.counts[usize::from(vector)]);
    }

    /// *The page's core, in an interrupt handler*: counts one of a device, and calls its handler if it has one.
    pub fn dispatch(&self, vector: u8) {
        self.count(vector);
        let Some(handler) = slot(vector).and_then(|slot| self.handlers.get(slot)) else {
            add_one(&self.unclaimed);
            return;
        };
        // Before the handler is looked up: see `HandlerCell::clear`.
        self.turns.fetch_add(1, Ordering::SeqCst);
        if handler.call().is_none() {
            add_one(&self.unclaimed);
        }
        // What the handler did has happened for whoever waits for its end.
        self.turns.fetch_add(1, Ordering::Release);
    }

    fn counted(&self, vector: u8) -> u64 {
        self.counts[usize::from(vector)].load(Ordering::Relaxed)
    }

    /// Waits until the handler that runs now, if one does, has ended; false if `is_patient` gave up.
    fn wait_for_handler(&self, mut is_patient: impl FnMut() -> bool) -> bool {
        let turns = self.turns.load(Ordering::SeqCst);
        if turns.is_multiple_of(2) {
            return true;
        }
        while self.turns.load(Ordering::Acquire) == turns {
            if !is_patient() {
                return false;
            }
            core::hint::spin_loop();
        }
        true
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::new()
    }
}

/// Not one indivisible step: only one core writes here, and handlers do not nest.
fn add_one(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

fn slot(vector: u8) -> Option<usize> {
    let first = DEVICE_VECTORS.start();
    DEVICE_VECTORS.contains(&vector).then(|| usize::from(vector - first))
}

/// All cores' pages, and who has which vector.
#[derive(Debug)]
pub struct Vectors {
    pages: [AtomicPtr<Page>; CORES],
    places: KernelLock<Places>,
}

impl Vectors {
    /// No cores.
    pub const fn new() -> Self {
        Self {
            pages: [const { AtomicPtr::new(ptr::null_mut()) }; CORES],
            places: KernelLock::new(Places::new()),
        }
    }

    /// Lets `core` count and handle interrupts in `page`, unless it has a page.
    pub fn set_page(&self, core: u32, page: &'static Page) {
        if let Some(place) = self.pages.get(core as usize) {
            let page = ptr::from_ref(page).cast_mut();
            // Publishes the page's contents; the first page of a core stays.
            let _ = place.compare_exchange(ptr::null_mut(), page, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// A core's page; `None` before it came online.
    #[inline]
    pub fn page(&self, core: u32) -> Option<&'static Page> {
        let page = self.pages.get(core as usize)?.load(Ordering::Acquire);
        // SAFETY: `set_page` stores only pointers made from `'static` references.
        unsafe { page.as_ref() }
    }

    /// `core`, whose local APIC has the number `apic_id`, can take interrupts of devices from now on.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchCore`] for numbers from [`CORES`] on, [`Error::OutOfMemory`].
    pub fn add_core(&self, core: u32, apic_id: u32) -> Result<(), Error> {
        if core as usize >= CORES {
            return Err(Error::NoSuchCore(core));
        }
        if self.page(core).is_none() {
            self.set_page(core, Box::leak(Box::new(Page::new())));
        }
        self.places.lock().add_core(core, apic_id)
    }

    /// The cores that can take interrupts of devices.
    pub fn online_cores(&self) -> Vec<u32> {
        let mut cores: Vec<u32> = self.places.lock().cores().collect();
        cores.sort_unstable();
        cores
    }

    /// Lets `handler` answer a vector of `core`, or of the core with the fewest taken.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn allocate(
        &self,
        core: Option<u32>,
        name: String,
        delivery: Delivery,
        handler: fn(usize),
        argument: usize,
    ) -> Result<Place, Error> {
        let place = self.places.lock().take(core, name, delivery)?;
        if let Some(page) = self.page(place.core)
            && let Some(cell) = slot(place.vector).map(|slot| &page.handlers[slot])
        {
            // The core may count a late message for the old owner meanwhile: then the count is one too high.
            page.counts[usize::from(place.vector)].store(0, Ordering::Relaxed);
            cell.set(handler, argument);
        }
        Ok(place)
    }

    /// Takes a vector's handler away, waits until it does not run any more, and frees the vector.
    ///
    /// False if `is_patient` gave up; then nobody gets the vector again.
    pub fn release(&self, core: u32, vector: u8, is_patient: impl FnMut() -> bool) -> bool {
        let Some(page) = self.page(core) else { return false };
        let Some(slot) = slot(vector) else { return false };
        page.handlers[slot].clear();
        if !page.wait_for_handler(is_patient) {
            return false;
        }
        let owner = self.places.lock().give_back(core, vector);
        owner.is_some()
    }

    /// Waits until the handler that runs on `core` now, if one does, has ended; false if `is_patient` gave up.
    pub fn wait_for_handler(&self, core: u32, is_patient: impl FnMut() -> bool) -> bool {
        self.page(core).is_none_or(|page| page.wait_for_handler(is_patient))
    }

    /// How often `core` took `vector`, since it came online or since the vector's owner got it.
    pub fn count(&self, core: u32, vector: u8) -> u64 {
        self.page(core).map_or(0, |page| page.counted(vector))
    }

    /// Interrupts of devices that `core` took and nobody handled.
    pub fn unclaimed(&self, core: u32) -> u64 {
        self.page(core).map_or(0, |page| page.unclaimed.load(Ordering::Relaxed))
    }

    /// Who has which vector, by core and vector.
    pub fn owners(&self) -> Vec<Owner> {
        let mut owners = self.places.lock().owners().to_vec();
        owners.sort_unstable_by_key(|owner| (owner.place.core, owner.place.vector));
        owners
    }
}

impl Default for Vectors {
    fn default() -> Self {
        Self::new()
    }
}
