//! How often each described function has been entered, whoever called it: tests learn here what they have missed.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use services::lock::Lock;

use crate::registry::Doc;

static ENTRIES: Lock<Vec<(&'static Doc, Entries)>> = Lock::new(Vec::new());

/// The count of one function.
#[derive(Clone, Debug, Default)]
pub struct Entries(Arc<AtomicU64>);

impl Entries {
    /// A count for the function that `doc` describes. Call it with allocations on the kernel heap.
    pub(crate) fn of(doc: &'static Doc) -> Self {
        let entries = Self::default();
        ENTRIES.lock().push((doc, entries.clone()));
        entries
    }

    /// Counts one call.
    // Relaxed: a count carries no data.
    #[inline]
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts one call of the function that `doc` describes: for those that an engine has in a form of its own.
pub(crate) fn count(doc: &Doc) {
    let entries = ENTRIES.lock();
    let own = entries.iter().find(|(described, _)| core::ptr::eq(*described, doc));
    own.into_iter().for_each(|(_, entries)| entries.count());
}

/// How often the function that `doc` describes has been entered since the machine started.
pub fn of(doc: &Doc) -> u64 {
    let entries = ENTRIES.lock();
    let own = entries.iter().filter(|(described, _)| core::ptr::eq(*described, doc));
    own.map(|(_, count)| count.0.load(Ordering::Relaxed)).sum()
}
