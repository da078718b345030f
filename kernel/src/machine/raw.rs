//! Registers for a person at the prompt, past all drivers.

use hw::PortIo;
use hw::msr::ModelSpecific;
use services::raw::{Address, Error, Raw, Width};

use super::identity;
use crate::arch::lock::KernelLock;
use crate::arch::msr::Guarded;
use crate::arch::port::Ports;
use crate::memory::{Physical, window};

/// See the module.
pub struct ThisRaw;

/// Ports of the configuration space: the address, and the data behind it (PCI Local Bus 3.0, 3.2.2.3.2).
const ADDRESS_PORT: u16 = 0xcf8;
const DATA_PORT: u16 = 0xcfc;
/// Bytes of a function's space that the ports reach.
const CONFIG_BYTES: u16 = 256;

/// Held from the write of the address to the access of the data.
static CONFIG: KernelLock<()> = KernelLock::new(());

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

/// Lets `access` use the data port for `offset` of a function that is there.
fn with_config<T>(function: Address, offset: u16, access: impl FnOnce(u16) -> Result<T, Error>) -> Result<T, Error> {
    const ABSENT: u16 = 0xffff;
    if function.segment != 0 || offset >= CONFIG_BYTES {
        return Err(Error::NotAvailable);
    }
    let place = u32::from(function.bus) << 16 | u32::from(function.device) << 11 | u32::from(function.function) << 8;
    let select = |offset: u16| Ports::ALL.write32(ADDRESS_PORT, 1 << 31 | place | u32::from(offset & 0xfc));
    let _guard = CONFIG.lock();
    select(0);
    if Ports::ALL.read16(DATA_PORT) == ABSENT {
        return Err(Error::NotFound);
    }
    select(offset);
    access(DATA_PORT + (offset & 3))
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
        with_config(function, offset, |port| read_ports(port, width))
    }

    fn write_config(&self, function: Address, offset: u16, width: Width, value: u64) -> Result<(), Error> {
        with_config(function, offset, |port| write_ports(port, width, value))
    }

    fn read_msr(&self, register: u32) -> Result<u64, Error> {
        Guarded.read(register).ok_or(Error::NotAvailable)
    }

    fn write_msr(&self, register: u32, value: u64) -> Result<(), Error> {
        Guarded.write(register, value).ok_or(Error::NotAvailable)
    }
}
