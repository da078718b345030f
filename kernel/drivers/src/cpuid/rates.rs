//! Frequencies, and the widths of addresses.

use super::{EXTENDED, Leaves, Processor, bits};

/// Frequencies as the processor states them; `None` where it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// The crystal that the time-stamp counter follows, in Hz.
    pub crystal_hz: Option<u64>,
    /// The rate that the processor can keep, in MHz.
    pub base_mhz: Option<u32>,
    /// The highest rate, in MHz.
    pub max_mhz: Option<u32>,
    /// The bus, in MHz.
    pub bus_mhz: Option<u32>,
}

/// Bits of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Widths {
    /// Of physical ones.
    pub physical_bits: u32,
    /// Of virtual ones.
    pub virtual_bits: u32,
}

impl<L: Leaves> Processor<L> {
    /// The frequencies, from leaves 0x15 and 0x16.
    pub fn rates(&self) -> Rates {
        let clock = self.leaf_or_zeros(0x15);
        let processor = self.leaf_or_zeros(0x16);
        let given = |register: u32| Some(bits(register, 0, 16)).filter(|mhz| *mhz != 0);
        let crystal_hz = Some(u64::from(clock.ecx)).filter(|hz| *hz != 0);
        Rates {
            crystal_hz,
            base_mhz: given(processor.eax),
            max_mhz: given(processor.ebx),
            bus_mhz: given(processor.ecx),
        }
    }

    /// The widths of addresses, from leaf 0x80000008; where it is missing, what every processor of 64 bits has.
    pub fn widths(&self) -> Widths {
        let leaf = self.leaf(EXTENDED + 8, 0).filter(|leaf| bits(leaf.eax, 0, 8) != 0);
        leaf.map_or(
            Widths {
                physical_bits: 36,
                virtual_bits: 48,
            },
            |leaf| Widths {
                physical_bits: bits(leaf.eax, 0, 8),
                virtual_bits: bits(leaf.eax, 8, 8),
            },
        )
    }
}
