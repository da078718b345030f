//! The fixed hardware's registers, in whatever address space the tables put them.

use hw::PortIo;

use crate::acpi::fadt::{FixedRegister, Space};

/// Port that chooses a register of PCI configuration space (PCI 3.0, section 3.2.2.3.2).
const CONFIG_ADDRESS: u16 = 0xCF8;
/// First of the four ports that show the chosen register.
const CONFIG_DATA: u16 = 0xCFC;
/// Bit of the address that makes the access one of configuration space.
const CONFIG_ENABLE: u32 = 1 << 31;

/// The fixed hardware's registers. All calls give `None` where the register's space cannot be reached.
pub trait FixedHardware {
    /// Reads 16 bits.
    fn read16(&self, register: &FixedRegister) -> Option<u16>;
    /// Writes 16 bits.
    fn write16(&self, register: &FixedRegister, value: u16) -> Option<()>;
    /// Writes 8 bits.
    fn write8(&self, register: &FixedRegister, value: u8) -> Option<()>;
}

/// Registers in physical memory. All calls give `None` where nothing is mapped at that address.
pub trait RegisterMemory {
    /// Reads 16 bits.
    fn read16(&self, address: u64) -> Option<u16>;
    /// Writes 16 bits.
    fn write16(&self, address: u64, value: u16) -> Option<()>;
    /// Writes 8 bits.
    fn write8(&self, address: u64, value: u8) -> Option<()>;
}

/// The spaces of a PC; `P` counts ports from 0.
#[derive(Clone, Copy, Debug)]
pub struct Spaces<P, M> {
    /// I/O ports, and PCI configuration space behind two of them.
    pub ports: P,
    /// Memory.
    pub memory: M,
}

impl<P: PortIo, M: RegisterMemory> FixedHardware for Spaces<P, M> {
    fn read16(&self, register: &FixedRegister) -> Option<u16> {
        match register.space {
            Space::Memory => self.memory.read16(register.address),
            Space::Port => Some(self.ports.read16(register.port()?)),
            Space::PciConfig | Space::Other(_) => None,
        }
    }

    fn write16(&self, register: &FixedRegister, value: u16) -> Option<()> {
        match register.space {
            Space::Memory => self.memory.write16(register.address, value),
            Space::Port => {
                self.ports.write16(register.port()?, value);
                Some(())
            }
            Space::PciConfig | Space::Other(_) => None,
        }
    }

    fn write8(&self, register: &FixedRegister, value: u8) -> Option<()> {
        match register.space {
            Space::Memory => self.memory.write8(register.address, value),
            Space::Port => {
                self.ports.write8(register.port()?, value);
                Some(())
            }
            Space::PciConfig => {
                let (address, lane) = config_address(register.address)?;
                self.ports.write32(CONFIG_ADDRESS, address);
                self.ports.write8(CONFIG_DATA + lane, value);
                Some(())
            }
            Space::Other(_) => None,
        }
    }
}

/// What to choose a register of bus 0 by, and its byte among four. The tables count device, function and offset in 16
/// bits each (section 5.2.3.2); `None` where there is no such function.
fn config_address(address: u64) -> Option<(u32, u16)> {
    let (device, function, offset) = ((address >> 32) as u32, (address >> 16) as u16, address as u16);
    let is_there = device < 32 && function < 8 && offset < 256;
    let chosen = CONFIG_ENABLE | device << 11 | u32::from(function) << 8 | u32::from(offset & 0xFC);
    is_there.then_some((chosen, offset & 3))
}

/// *Tests*, and machines whose tables name no register in memory: nothing is mapped.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMemory;

impl RegisterMemory for NoMemory {
    fn read16(&self, _: u64) -> Option<u16> {
        None
    }

    fn write16(&self, _: u64, _: u16) -> Option<()> {
        None
    }

    fn write8(&self, _: u64, _: u8) -> Option<()> {
        None
    }
}
