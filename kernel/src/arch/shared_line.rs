//! An interrupt line that several devices share: each is asked whether it was the one.
//!
//! A line that stays active though no device admits to it would interrupt for ever. After
//! [`UNCLAIMED_LIMIT`] such interrupts in a row it is to be masked.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::handler_cell::HandlerCell;

/// Devices that can share one line.
pub const LINKS: usize = 8;
/// Interrupts in a row that nobody claims before the line counts as broken.
pub const UNCLAIMED_LIMIT: u32 = 1000;

/// What became of one interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// At least one device was the one.
    Claimed,
    /// None was.
    Unclaimed,
    /// None was, for the [`UNCLAIMED_LIMIT`]th time in a row: mask the line.
    Storm,
}

#[derive(Debug)]
struct Link {
    /// Asks the device; true where it was the one.
    handler: HandlerCell<bool>,
    claims: AtomicU64,
}

/// The handlers of one line. Links are added and removed by one task at a time.
#[derive(Debug)]
pub struct SharedLine {
    links: [Link; LINKS],
    unclaimed_in_a_row: AtomicU32,
    unclaimed: AtomicU64,
}

impl SharedLine {
    /// Nobody is on the line.
    pub const fn new() -> Self {
        Self {
            links: [const {
                Link {
                    handler: HandlerCell::empty(),
                    claims: AtomicU64::new(0),
                }
            }; LINKS],
            unclaimed_in_a_row: AtomicU32::new(0),
            unclaimed: AtomicU64::new(0),
        }
    }

    /// *Interrupt handler*: asks every device, for more than one may have interrupted.
    pub fn answer(&self) -> Verdict {
        let mut is_claimed = false;
        for link in &self.links {
            if link.handler.call() == Some(true) {
                link.claims.fetch_add(1, Ordering::Relaxed);
                is_claimed = true;
            }
        }
        if is_claimed {
            self.unclaimed_in_a_row.store(0, Ordering::Relaxed);
            return Verdict::Claimed;
        }
        self.unclaimed.fetch_add(1, Ordering::Relaxed);
        match self.unclaimed_in_a_row.fetch_add(1, Ordering::Relaxed) + 1 {
            ..UNCLAIMED_LIMIT => Verdict::Unclaimed,
            UNCLAIMED_LIMIT.. => Verdict::Storm,
        }
    }

    /// Asks `handler`, too, from now on; the link's number, `None` where all are taken. `is_usable` says which links
    /// of those without a handler can be had.
    pub fn add(&self, handler: fn(usize) -> bool, argument: usize, is_usable: impl Fn(usize) -> bool) -> Option<usize> {
        let is_free = |&link: &usize| self.links[link].handler.is_empty() && is_usable(link);
        let link = (0..LINKS).find(is_free)?;
        self.links[link].claims.store(0, Ordering::Relaxed);
        self.links[link].handler.set(handler, argument);
        self.forgive();
        Some(link)
    }

    /// Does not ask this link's handler any more. It may still run: the link can be had again once it has ended.
    pub fn remove(&self, link: usize) {
        if let Some(link) = self.links.get(link) {
            link.handler.clear();
        }
        self.forgive();
    }

    /// Counts unclaimed interrupts from 0 again: somebody came or went, and the line gets another chance.
    fn forgive(&self) {
        self.unclaimed_in_a_row.store(0, Ordering::Relaxed);
    }

    /// Whether nobody is on the line.
    pub fn is_empty(&self) -> bool {
        self.links.iter().all(|link| link.handler.is_empty())
    }

    /// How often this link's device was the one.
    pub fn claims(&self, link: usize) -> u64 {
        self.links
            .get(link)
            .map_or(0, |link| link.claims.load(Ordering::Relaxed))
    }

    /// Interrupts of the line that no device admitted to.
    pub fn unclaimed(&self) -> u64 {
        self.unclaimed.load(Ordering::Relaxed)
    }
}

impl Default for SharedLine {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{LINKS, SharedLine, UNCLAIMED_LIMIT, Verdict};
    use core::sync::atomic::{AtomicUsize, Ordering};

    /// Silences the device if it interrupts.
    fn claim_if_active(device: usize) -> bool {
        DEVICES[device].swap(0, Ordering::Relaxed) == 1
    }

    /// 1 for those that interrupt now.
    static DEVICES: [AtomicUsize; 4] = [const { AtomicUsize::new(0) }; 4];

    #[test]
    fn asks_every_device_on_the_line() {
        let line = SharedLine::new();
        assert!(line.is_empty());
        let links = [0, 1].map(|device| line.add(claim_if_active, device, |_| true).expect("there is room"));
        DEVICES[1].store(1, Ordering::Relaxed);
        assert_eq!(line.answer(), Verdict::Claimed);
        assert_eq!(line.answer(), Verdict::Unclaimed);
        DEVICES[0].store(1, Ordering::Relaxed);
        DEVICES[1].store(1, Ordering::Relaxed);
        assert_eq!(line.answer(), Verdict::Claimed);
        assert_eq!(
            (line.claims(links[0]), line.claims(links[1]), line.unclaimed()),
            (1, 2, 1)
        );
        line.remove(links[1]);
        DEVICES[1].store(1, Ordering::Relaxed);
        assert_eq!(line.answer(), Verdict::Unclaimed);
        line.remove(links[0]);
        assert!(line.is_empty());
    }

    #[test]
    fn a_line_that_nobody_claims_is_broken_after_a_thousand_interrupts() {
        let line = SharedLine::new();
        line.add(|_| false, 0, |_| true).expect("there is room");
        for _ in 1..UNCLAIMED_LIMIT {
            assert_eq!(line.answer(), Verdict::Unclaimed);
        }
        assert_eq!(line.answer(), Verdict::Storm);
        // Until it is masked, each further one is as bad.
        assert_eq!(line.answer(), Verdict::Storm);
        // Another device on the line may be the one.
        line.add(claim_if_active, 2, |_| true).expect("there is room");
        assert_eq!(line.answer(), Verdict::Unclaimed);
        DEVICES[2].store(1, Ordering::Relaxed);
        assert_eq!(line.answer(), Verdict::Claimed);
    }

    #[test]
    fn one_claim_in_between_is_enough() {
        let line = SharedLine::new();
        line.add(claim_if_active, 3, |_| true).expect("there is room");
        for turn in 0..10 * UNCLAIMED_LIMIT {
            DEVICES[3].store((turn % (UNCLAIMED_LIMIT - 1) == 0).into(), Ordering::Relaxed);
            assert_ne!(line.answer(), Verdict::Storm);
        }
    }

    #[test]
    fn holds_so_many_devices_and_no_more() {
        let line = SharedLine::new();
        for _ in 0..LINKS {
            assert!(line.add(|_| true, 0, |_| true).is_some());
        }
        assert_eq!(line.add(|_| true, 0, |_| true), None);
        assert_eq!(line.answer(), Verdict::Claimed);
        assert!((0..LINKS).all(|link| line.claims(link) == 1));
        line.remove(5);
        // Its last handler has not ended yet.
        assert_eq!(line.add(|_| true, 0, |link| link != 5), None);
        assert_eq!(line.add(|_| true, 0, |_| true), Some(5));
        assert_eq!(line.claims(5), 0);
    }
}
