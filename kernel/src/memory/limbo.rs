//! Page tables that were taken out of use and may still be cached by other cores' processors.
//!
//! A stack or an arena goes at once: its table leaves the tree. Its frames and its addresses are used again when every
//! core has noted that (`arch::tlb`), which costs no core a wait: each notes it in its own next round.

use core::sync::atomic::{AtomicUsize, Ordering};

use super::{Physical, spare};
use crate::arch::lock::KernelLock;
use crate::arch::tlb::{self, Range};

/// Tables that can wait; where one more comes, all cores are asked to hurry.
const ROOM: usize = 512;

/// What to do when nobody can use the table any more.
#[derive(Clone, Copy, Debug)]
struct Entry {
    table: Physical,
    removal: u64,
    /// Frees it; its addresses can be used again.
    release: fn(usize, Physical),
    slot: usize,
}

struct Queue {
    entries: [Option<Entry>; ROOM],
    first: usize,
    count: usize,
}

static QUEUE: KernelLock<Queue> = KernelLock::new(Queue {
    entries: [None; ROOM],
    first: 0,
    count: 0,
});
/// How many wait; a mirror that can be read without the lock.
static COUNT: AtomicUsize = AtomicUsize::new(0);

impl Queue {
    fn push(&mut self, entry: Entry) -> Result<(), Entry> {
        if self.count == ROOM {
            return Err(entry);
        }
        self.entries[(self.first + self.count) % ROOM] = Some(entry);
        self.count += 1;
        COUNT.store(self.count, Ordering::Relaxed);
        Ok(())
    }

    /// Takes the oldest where nobody can use it any more.
    fn pop_free(&mut self) -> Option<Entry> {
        let entry = self.entries[self.first].filter(|entry| tlb::is_known_everywhere(entry.removal))?;
        self.entries[self.first] = None;
        self.first = (self.first + 1) % ROOM;
        self.count -= 1;
        COUNT.store(self.count, Ordering::Relaxed);
        Some(entry)
    }
}

/// Calls `release` with `slot` and `table`, which has left the tree and had pages in `range`, when no core can use those any
/// more: at once where only this core runs.
pub fn free(table: Physical, range: Range, release: fn(usize, Physical), slot: usize) {
    let mut entry = Entry {
        table,
        removal: tlb::note_removal(range),
        release,
        slot,
    };
    tlb::catch_up();
    loop {
        let pushed = QUEUE.lock().push(entry);
        match pushed {
            Ok(()) => break,
            Err(returned) => {
                entry = returned;
                hurry();
            }
        }
    }
    reap();
}

/// Frees what nobody can use any more.
pub fn reap() {
    while COUNT.load(Ordering::Relaxed) > 0 {
        let entry = QUEUE.lock().pop_free();
        let Some(entry) = entry else { return };
        (entry.release)(entry.slot, entry.table);
    }
}

/// Asks all cores to let go of what waits here, and frees it and what is kept for new tasks; false where there is nothing.
pub fn hurry() -> bool {
    let is_waiting = COUNT.load(Ordering::Relaxed) > 0;
    if is_waiting {
        tlb::flush_everywhere();
        reap();
    }
    spare::release() || is_waiting
}
