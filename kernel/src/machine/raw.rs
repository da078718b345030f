//! Registers for a person at the prompt, past all drivers.

use hw::PortIo;
use hw::msr::ModelSpecific;
use hw::pci::ConfigSpace;
use services::raw::{Address, Error, Raw, Width};

use super::identity;
use super::pci::space::{self, Space};
use crate::arch::msr::Guarded;
use crate::arch::port::Ports;
use crate::memory::{Physical, window};

/// See the module.
pub struct ThisRaw;

fn read_ports(port: u16, width: Width) -> Result<u64, Error> {
    match width {
        Width::Bits8 => Ok(Ports::ALL.read8(port).into()),
        Width::Bits16 => Ok(Ports::ALL.read16(port).into()),
        Width::Bits32 => Ok(Ports::ALL.read32(port).into()),
        Width::Bits64 => Err(Error::NotAvailable),
    }
}

fn write_ports(port: u16, width: Width, value: u64) -> Result<(), Error> {
    match width {
        Width::Bits8 => Ports::ALL.write8(port, value as u8),
        Width::Bits16 => Ports::ALL.write16(port, value as u16),
        Width::Bits32 => Ports::ALL.write32(port, value as u32),
        Width::Bits64 => return Err(Error::NotAvailable),
    }
    Ok(())
}

/// The configuration space, where it reaches `width` at `offset` of a function that is there.
fn config(function: Address, offset: u16, width: Width) -> Result<&'static Space, Error> {
    const NOBODY: u32 = u32::MAX;
    let space = space::get().ok_or(Error::NotAvailable)?;
    let end = u32::from(offset) + width.bytes();
    if width == Width::Bits64 || end > u32::from(space.size_bytes(function)) {
        return Err(Error::NotAvailable);
    }
    if space.read32(function, 0) == NOBODY {
        return Err(Error::NotFound);
    }
    Ok(space)
}

/// Refuses memory of the kernel's.
fn check(address: u64, width: Width) -> Result<Physical, Error> {
    if identity::is_ram(address, width.bytes().into()) {
        return Err(Error::IsRam);
    }
    Ok(Physical(address))
}

fn explain(error: window::Error) -> Error {
    match error {
        window::Error::NoSuchAddress => Error::BadAddress,
        window::Error::OutOfFrames => Error::OutOfMemory,
    }
}

impl Raw for ThisRaw {
    fn read_port(&self, port: u16, width: Width) -> Result<u64, Error> {
        read_ports(port, width)
    }

    fn write_port(&self, port: u16, width: Width, value: u64) -> Result<(), Error> {
        write_ports(port, width, value)
    }

    fn read_mmio(&self, address: u64, width: Width) -> Result<u64, Error> {
        let start = check(address, width)?;
        window::read_register(start, width.bytes() as usize).map_err(explain)
    }

    fn write_mmio(&self, address: u64, width: Width, value: u64) -> Result<(), Error> {
        let start = check(address, width)?;
        window::write_register(start, width.bytes() as usize, value).map_err(explain)
    }

    fn read_config(&self, function: Address, offset: u16, width: Width) -> Result<u64, Error> {
        let space = config(function, offset, width)?;
        Ok(match width {
            Width::Bits8 => space.read8(function, offset).into(),
            Width::Bits16 => space.read16(function, offset).into(),
            _ => space.read32(function, offset).into(),
        })
    }

    fn write_config(&self, function: Address, offset: u16, width: Width, value: u64) -> Result<(), Error> {
        let space = config(function, offset, width)?;
        match width {
            Width::Bits8 => space.write8(function, offset, value as u8),
            Width::Bits16 => space.write16(function, offset, value as u16),
            _ => space.write32(function, offset, value as u32),
        }
        Ok(())
    }

    fn read_msr(&self, register: u32) -> Result<u64, Error> {
        Guarded.read(register).ok_or(Error::NotAvailable)
    }

    fn write_msr(&self, register: u32, value: u64) -> Result<(), Error> {
        Guarded.write(register, value).ok_or(Error::NotAvailable)
    }
}
