//! What is known of the machine's addresses beside the bus itself.

use alloc::vec;
use alloc::vec::Vec;

use super::super::bridge::Range;
use super::room;

/// Interrupt controllers, timers and the firmware's memory are from here to 4 GiB; nothing is put there.
const LOW_LAST: u64 = 0xfebf_ffff;
/// Below it a PC's own devices have their ports.
const PORTS: Range = Range {
    first: 0x1000,
    last: 0xffff,
};
/// Below it are blocks of the chipset that no table names, for pins and the bus of sensors: the last to be used.
const SAFE_PORTS: Range = Range {
    first: 0x2000,
    last: 0xffff,
};
const BELOW_4_GIB: Range = Range {
    first: 0,
    last: u32::MAX as u64,
};

/// Where ranges cannot be, and where none is put. Ranges may overlap, and come in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Memory that is free for use. Devices' addresses begin behind the end of it that is below 4 GiB.
    pub ram: Vec<Range>,
    /// What the processor reaches before any bus: configuration space, interrupt controllers, timers.
    pub registers: Vec<Range>,
    /// What the firmware says is in use. It may list ranges of the bus itself, so only new places avoid it.
    pub reserved: Vec<Range>,
    /// Ports of the machine's own devices above 1000h; new places avoid them.
    pub ports: Vec<Range>,
    /// What is in use already, such as the picture; new places avoid it.
    pub in_use: Vec<Range>,
    /// The highest address that the processor has.
    pub last_address: u64,
}

/// Where ranges of the first bus may be put, best first.
pub(super) struct Areas {
    low: Option<Range>,
    high: Option<Range>,
    /// From the first to the last range that the firmware has put below 4 GiB, and above: the host's bridge is known to
    /// hand on these.
    used_low: Option<Range>,
    used_high: Option<Range>,
    /// The same of ports.
    used_ports: Option<Range>,
    /// The highest address that the processor has.
    last: u64,
    /// Avoided everywhere.
    registers: Vec<Range>,
    /// Avoided on the first bus.
    reserved: Vec<Range>,
    ports: Vec<Range>,
}

impl Areas {
    pub(super) fn new(surroundings: &Surroundings) -> Self {
        let (low_ram, high_ram): (Vec<Range>, Vec<Range>) = surroundings
            .ram
            .iter()
            .partition(|range| range.first <= BELOW_4_GIB.last);
        let end = |ranges: &[Range]| ranges.iter().map(|range| range.last.saturating_add(1)).max();
        let open = |first: u64, last: u64| (first <= last).then_some(Range { first, last });
        let last = surroundings.last_address.max(BELOW_4_GIB.last);
        let high_first = end(&high_ram).unwrap_or(0).max(BELOW_4_GIB.last + 1);
        Self {
            // Where no memory is known, nothing is.
            low: end(&low_ram).and_then(|first| open(first, LOW_LAST)),
            high: open(high_first, last),
            used_low: None,
            used_high: None,
            used_ports: None,
            last,
            registers: [&surroundings.registers[..], &surroundings.in_use].concat(),
            reserved: surroundings.reserved.clone(),
            ports: surroundings.ports.clone(),
        }
    }

    /// Notes where the firmware has put something on the first bus.
    pub(super) fn note_used(&mut self, is_io: bool, range: Range) {
        for (area_is_io, area, used) in [
            (true, Some(SAFE_PORTS), &mut self.used_ports),
            (false, self.low, &mut self.used_low),
            (false, self.high, &mut self.used_high),
        ] {
            let area = area.filter(|_| area_is_io == is_io);
            let Some(range) = area.and_then(|area| area.common(&range)) else {
                continue;
            };
            let hull = used.get_or_insert(range);
            *hull = Range {
                first: hull.first.min(range.first),
                last: hull.last.max(range.last),
            };
        }
    }

    /// Notes where something may answer that should not.
    pub(super) fn note_stray(&mut self, is_io: bool, range: Range) {
        let strays = if is_io { &mut self.ports } else { &mut self.registers };
        strays.push(range);
    }

    /// The last address of memory.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Nothing is noted any more.
    pub(super) fn settle(&mut self) {
        self.reserved.extend_from_slice(&self.registers);
        for ranges in [&mut self.registers, &mut self.reserved, &mut self.ports] {
            *ranges = room::merged(core::mem::take(ranges));
        }
    }

    /// Where ranges of memory on the first bus may be put, best first; `is_wide` ones above 4 GiB too. There they are
    /// better off where the firmware has put some as well, for below they are few.
    pub(super) fn of_memory(&self, is_wide: bool) -> (Vec<Range>, &[Range]) {
        let high = self.high.filter(|_| is_wide);
        let used_high = self.used_high.filter(|_| is_wide);
        // Behind the first of them, to the end.
        let behind = used_high.zip(high).map(|(used, high)| Range {
            last: high.last,
            ..used
        });
        let all = [used_high, behind, self.used_low, self.low, high];
        (all.into_iter().flatten().collect(), &self.reserved)
    }

    /// Where ports on the first bus may be put, best first: among and behind those of the firmware.
    pub(super) fn of_ports(&self) -> (Vec<Range>, &[Range]) {
        let behind = self.used_ports.map(|used| Range {
            first: used.last,
            ..SAFE_PORTS
        });
        let all = [self.used_ports, behind, Some(SAFE_PORTS), Some(PORTS)];
        (all.into_iter().flatten().collect(), &self.ports)
    }

    /// Where ranges of a bridge's window may be put: it is the bridge's alone, whatever the firmware says of memory.
    pub(super) fn in_window(&self, is_io: bool, is_wide: bool) -> (Vec<Range>, &[Range]) {
        if is_io {
            return (vec![PORTS], &self.ports);
        }
        let last = if is_wide { self.last } else { BELOW_4_GIB.last };
        (vec![Range { last, ..BELOW_4_GIB }], &self.registers)
    }
}
