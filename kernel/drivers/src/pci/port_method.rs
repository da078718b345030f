//! Access through ports CF8h and CFCh (PCI Local Bus 3.0, 3.2.2.3.2): the first 256 bytes of segment 0, on every PC.

use hw::PortIo;
use hw::pci::Address;

/// Where the address goes; the data is 4 bytes further.
const ADDRESS_PORT: u16 = 0xcf8;
const DATA_PORT: u16 = 0xcfc;
/// Bytes of a function's space that the ports reach.
pub const SIZE_BYTES: u16 = 256;

/// The pair of ports. Address and data are two accesses, so every call needs the whole pair: `&mut` makes the owner
/// put a lock around it.
#[derive(Debug)]
pub struct PortMethod<P> {
    ports: P,
}

impl<P: PortIo> PortMethod<P> {
    /// `ports` are all ports, counted from 0.
    pub const fn new(ports: P) -> Self {
        Self { ports }
    }

    /// Whether a host bridge answers at the ports (the enable bit is kept, PCI Local Bus 3.0, 3.2.2.3.2).
    pub fn is_present(&mut self) -> bool {
        const ENABLE: u32 = 1 << 31;
        let before = self.ports.read32(ADDRESS_PORT);
        self.ports.write32(ADDRESS_PORT, ENABLE);
        let is_kept = self.ports.read32(ADDRESS_PORT) == ENABLE;
        self.ports.write32(ADDRESS_PORT, before);
        is_kept
    }

    /// The 32 bits at `offset`; ones where the ports do not reach.
    pub fn read32(&mut self, address: Address, offset: u16) -> u32 {
        match select(address, offset) {
            Some(word) => {
                self.ports.write32(ADDRESS_PORT, word);
                self.ports.read32(DATA_PORT)
            }
            None => u32::MAX,
        }
    }

    /// Writes the 32 bits at `offset`; nothing where the ports do not reach.
    pub fn write32(&mut self, address: Address, offset: u16, value: u32) {
        if let Some(word) = select(address, offset) {
            self.ports.write32(ADDRESS_PORT, word);
            self.ports.write32(DATA_PORT, value);
        }
    }

    /// Writes the byte at `offset` alone.
    pub fn write8(&mut self, address: Address, offset: u16, value: u8) {
        if let Some(word) = select(address, offset) {
            self.ports.write32(ADDRESS_PORT, word);
            self.ports.write8(DATA_PORT + (offset & 3), value);
        }
    }

    /// Writes the 16 bits at `offset`, a multiple of 2, alone.
    pub fn write16(&mut self, address: Address, offset: u16, value: u16) {
        if let Some(word) = select(address, offset) {
            self.ports.write32(ADDRESS_PORT, word);
            self.ports.write16(DATA_PORT + (offset & 2), value);
        }
    }
}

/// What selects the register.
fn select(address: Address, offset: u16) -> Option<u32> {
    let is_reached = address.segment == 0 && offset < SIZE_BYTES && address.device < 32 && address.function < 8;
    let place = u32::from(address.bus) << 16 | u32::from(address.device) << 11 | u32::from(address.function) << 8;
    is_reached.then_some(1 << 31 | place | u32::from(offset & 0xfc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hw::fake::{FakePorts, PortBehaviour};

    /// Each register holds the word that selects it, or what was written to function 0.
    #[derive(Default)]
    struct HostBridge {
        selected: u32,
        written: Option<(u32, u32)>,
    }

    impl PortBehaviour for HostBridge {
        fn read(&mut self, offset: u16, bytes: u8) -> u32 {
            assert_eq!(bytes, 4);
            match offset {
                ADDRESS_PORT => self.selected,
                DATA_PORT => !self.selected,
                _ => panic!("port {offset:#x}"),
            }
        }

        fn write(&mut self, offset: u16, _: u8, value: u32) {
            match offset {
                ADDRESS_PORT => self.selected = value,
                DATA_PORT => self.written = Some((self.selected, value)),
                _ => panic!("port {offset:#x}"),
            }
        }
    }

    #[test]
    fn selects_the_register_and_moves_the_data() {
        let ports = FakePorts::new(HostBridge::default());
        let mut method = PortMethod::new(&ports);
        assert!(method.is_present());
        let address = Address::new(0x12, 0x1f, 5);
        assert_eq!(method.read32(address, 0x40), !0x8012_fd40);
        method.write32(address, 0xfc, 7);
        assert_eq!(ports.with(|bridge| bridge.written), Some((0x8012_fdfc, 7)));
    }

    #[test]
    fn what_the_ports_do_not_reach_reads_as_ones() {
        let ports = FakePorts::new(HostBridge::default());
        let mut method = PortMethod::new(&ports);
        let elsewhere = Address {
            segment: 1,
            ..Address::new(0, 0, 0)
        };
        assert_eq!(method.read32(elsewhere, 0), u32::MAX);
        assert_eq!(method.read32(Address::new(0, 0, 0), 0x100), u32::MAX);
        method.write32(elsewhere, 0, 1);
        assert_eq!(ports.with(|bridge| bridge.written), None);
    }
}
