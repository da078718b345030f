//! The command register: what a function may do (PCI Local Bus 3.0, 6.2.2).

use hw::pci::{Address, ConfigSpace};

use super::registers;

/// Answers at its ports.
pub const IO: u16 = 1 << 0;
/// Answers at its memory.
pub const MEMORY: u16 = 1 << 1;
/// May read and write memory by itself, and send interrupts by message.
pub const BUS_MASTER: u16 = 1 << 2;
/// Does not raise its interrupt line.
pub const LINE_OFF: u16 = 1 << 10;

/// The register.
pub fn read(space: &(impl ConfigSpace + ?Sized), address: Address) -> u16 {
    space.read16(address, registers::COMMAND)
}

/// The function asks for an interrupt by its line (of the status).
pub const INTERRUPT: u16 = 1 << 3;

/// The status beside it (6.2.3).
pub fn status(space: &(impl ConfigSpace + ?Sized), address: Address) -> u16 {
    (space.read32(address, registers::COMMAND) >> 16) as u16
}

/// Writes the register; the status beside it keeps its errors.
pub fn write(space: &(impl ConfigSpace + ?Sized), address: Address, command: u16) {
    space.write32(address, registers::COMMAND, command.into());
}

/// Sets and clears bits of the register; returns what it held.
pub fn change(space: &(impl ConfigSpace + ?Sized), address: Address, set: u16, clear: u16) -> u16 {
    let before = read(space, address);
    let after = before & !clear | set;
    if after != before {
        write(space, address, after);
    }
    before
}
