//! Which functions a driver is for.

use alloc::vec::Vec;

use super::header::Header;

/// One line of what a driver claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// One device.
    Device {
        /// Who made it.
        vendor_id: u16,
        /// Which one.
        device_id: u16,
    },
    /// All devices of a class, whatever their interface.
    Class {
        /// Base class.
        base: u8,
        /// Subclass.
        sub: u8,
    },
    /// All devices of a class with a register interface that a specification fixes.
    Interface {
        /// Base class.
        base: u8,
        /// Subclass.
        sub: u8,
        /// Programming interface.
        interface: u8,
    },
}

impl Claim {
    /// Whether the function with this header is meant.
    pub fn matches(&self, header: &Header) -> bool {
        match *self {
            Self::Device { vendor_id, device_id } => (vendor_id, device_id) == (header.vendor_id, header.device_id),
            Self::Class { base, sub } => (base, sub) == (header.class.base, header.class.sub),
            Self::Interface { base, sub, interface } => {
                (base, sub, interface) == (header.class.base, header.class.sub, header.class.interface)
            }
        }
    }
}

/// The drivers of `table` that claim the function, in the order of preference: the table's own, but one that names
/// the device goes before one that names its class.
pub fn candidates<'a, T>(table: &'a [T], claims: impl Fn(&T) -> &[Claim], header: &Header) -> Vec<&'a T> {
    let claims_by = |driver: &T, by_name: bool| {
        let is_meant = |claim: &Claim| matches!(claim, Claim::Device { .. }) == by_name && claim.matches(header);
        claims(driver).iter().any(is_meant)
    };
    let by_name = table.iter().filter(|driver| claims_by(driver, true));
    let by_class = table
        .iter()
        .filter(|driver| !claims_by(driver, true) && claims_by(driver, false));
    by_name.chain(by_class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pci::header::{Class, Layout};

    struct Driver {
        name: &'static str,
        claims: &'static [Claim],
    }

    const TABLE: &[Driver] = &[
        Driver {
            name: "storage",
            claims: &[Claim::Class { base: 1, sub: 8 }],
        },
        Driver {
            name: "nvme",
            claims: &[Claim::Interface {
                base: 1,
                sub: 8,
                interface: 2,
            }],
        },
        Driver {
            name: "quirk",
            claims: &[
                Claim::Class { base: 1, sub: 8 },
                Claim::Device {
                    vendor_id: 0x1af4,
                    device_id: 5,
                },
            ],
        },
    ];

    fn names(vendor_id: u16, interface: u8) -> Vec<&'static str> {
        let header = Header {
            vendor_id,
            device_id: 5,
            revision: 0,
            class: Class {
                base: 1,
                sub: 8,
                interface,
            },
            layout: Layout::Device,
            is_multi_function: false,
            interrupt_line: 0,
            interrupt_pin: 0,
        };
        let found = candidates(TABLE, |driver| driver.claims, &header);
        found.iter().map(|driver| driver.name).collect()
    }

    #[test]
    fn a_device_by_name_goes_before_its_class_and_then_the_table_decides() {
        assert_eq!(names(0x1af4, 2), ["quirk", "storage", "nvme"]);
        assert_eq!(names(0x8086, 2), ["storage", "nvme", "quirk"]);
        assert_eq!(names(0x8086, 3), ["storage", "quirk"]);
    }
}
