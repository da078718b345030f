//! A range of addresses that is handed on, and what in it is taken.

use alloc::vec::Vec;

use super::super::bridge::Range;
use super::Doubt;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// Addresses or ports; at least 1.
    pub(super) size: u64,
    /// It must start at a multiple of this power of two.
    pub(super) alignment: u64,
    /// Ports, not memory.
    pub(super) is_io: bool,
}

impl Wish {
    /// The first possible start at `at` or above.
    pub(super) fn first_from(&self, at: u64) -> Option<u64> {
        let at = at.checked_next_multiple_of(self.alignment)?;
        // Cards of the ISA bus look at 10 bits only, so they answer to each of these as well, and bridges may have been
        // told not to hand them on (PCI-to-PCI Bridge 1.2, 3.2.5.18).
        if self.is_io && at & 0x300 != 0 {
            return at.checked_next_multiple_of(0x400);
        }
        Some(at)
    }
}

/// One of several ranges, sorted and disjoint, that has something in common with `range`.
fn overlapping<'a>(sorted: &'a [Range], range: &Range) -> Option<&'a Range> {
    let at = sorted.partition_point(|one| one.last < range.first);
    sorted.get(at).filter(|one| one.first <= range.last)
}

/// The same ranges, sorted, with those that touch or overlap as one.
pub(super) fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable_by_key(|range| range.first);
    let mut all: Vec<Range> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(before) if range.first <= before.last.saturating_add(1) => before.last = before.last.max(range.last),
            _ => all.push(range),
        }
    }
    all
}

/// A range that is handed on to a bus.
#[derive(Debug)]
pub(super) struct Room {
    range: Range,
    /// Sorted and disjoint.
    taken: Vec<Range>,
    /// The last answer of [`Room::find`]: as nothing is ever given back, below it is none for the same wish. Many ranges
    /// are of the same size.
    last: Option<(Wish, Range, u64)>,
}

impl Room {
    /// All of `range` but `taken`.
    pub(super) fn new(range: Range, taken: Vec<Range>) -> Self {
        Self {
            range,
            taken: merged(taken),
            last: None,
        }
    }

    /// Takes `range`, if it is all here and nobody has any of it.
    pub(super) fn take(&mut self, range: Range) -> Result<(), Doubt> {
        if !self.range.contains(&range) {
            return Err(Doubt::Outside);
        }
        let at = self.taken.partition_point(|one| one.last < range.first);
        if self.taken.get(at).is_some_and(|one| one.first <= range.last) {
            return Err(Doubt::Overlapping);
        }
        self.taken.insert(at, range);
        Ok(())
    }

    /// Takes what nobody has of `range`.
    pub(super) fn avoid(&mut self, range: Range) {
        self.taken.push(range);
        self.taken = merged(core::mem::take(&mut self.taken));
    }

    /// The lowest free place in `within` that has nothing of `avoided`, which is sorted, disjoint, and always the same.
    pub(super) fn find(&mut self, wish: &Wish, within: &Range, avoided: &[Range]) -> Option<Range> {
        let within = self.range.common(within)?;
        // Nothing is ever put at 0: that is how registers say that they have no address.
        let begin = match self.last {
            Some((last_wish, last_within, place)) if (last_wish, last_within) == (*wish, within) => place,
            _ => within.first.max(1),
        };
        let mut at = wish.first_from(begin)?;
        loop {
            let range = Range::sized(at, wish.size)?;
            if range.last > within.last {
                return None;
            }
            // Each turn leaves one of the ranges behind for good.
            let hit = overlapping(&self.taken, &range).or_else(|| overlapping(avoided, &range));
            match hit {
                Some(hit) => at = wish.first_from(hit.last.checked_add(1)?)?,
                None => {
                    self.last = Some((*wish, within, at));
                    return Some(range);
                }
            }
        }
    }
}

/// Size of a range that has place for all `wishes`, sorted as they will be placed.
pub(super) fn packed(wishes: &[Wish]) -> Option<u64> {
    let mut end = 0;
    for wish in wishes {
        end = wish.first_from(end)?.checked_add(wish.size)?;
    }
    Some(end)
}
