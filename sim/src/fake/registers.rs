//! The registers of a test's machine: CMOS, a host bridge, a local APIC, two model-specific registers.

use std::sync::Mutex;

use services::raw::{Address, Error, Raw, Width};

/// Numbers that the local APIC, the host bridge and `IA32_APIC_BASE` have in QEMU.
const APIC: u64 = 0xfee0_0000;
const APIC_VERSION: u64 = 0x5_0014;
const HOST_BRIDGE: u64 = 0x29c0_8086;
const APIC_BASE: (u32, u64) = (0x1b, 0xfee0_0900);
/// Accepts whatever is written.
const TIME_STAMP: u32 = 0x10;
const RAM_END: u64 = 0x4000_0000;
const ADDRESS_BITS: u32 = 39;

/// What was selected in the CMOS, and the writes that came.
#[derive(Default)]
pub(super) struct FakeRegisters {
    selected: Mutex<u64>,
    bridge: Mutex<u64>,
}

fn narrow(value: u64, offset: u64, width: Width) -> u64 {
    value >> (8 * offset) & width.largest()
}

impl FakeRegisters {
    fn check(address: u64) -> Result<(), Error> {
        match address {
            0..RAM_END => Err(Error::IsRam),
            _ if address >> ADDRESS_BITS != 0 => Err(Error::BadAddress),
            _ => Ok(()),
        }
    }

    fn find(function: Address, offset: u16) -> Result<(), Error> {
        match (function, offset) {
            (_, 256..) => Err(Error::NotAvailable),
            (
                Address {
                    segment: 0,
                    bus: 0,
                    device: 0,
                    function: 0,
                },
                _,
            ) => Ok(()),
            _ => Err(Error::NotFound),
        }
    }
}

impl Raw for FakeRegisters {
    fn read_port(&self, port: u16, width: Width) -> Result<u64, Error> {
        let selected = *self.selected.lock().expect("no test panicked here");
        Ok(match (port, selected) {
            // "The clock's battery is good."
            (0x71, 0x0d) => 0x80,
            (0x71, _) => 0,
            _ => width.largest(),
        })
    }

    fn write_port(&self, port: u16, _: Width, value: u64) -> Result<(), Error> {
        if port == 0x70 {
            *self.selected.lock().expect("no test panicked here") = value;
        }
        Ok(())
    }

    fn read_mmio(&self, address: u64, width: Width) -> Result<u64, Error> {
        Self::check(address)?;
        let value = if address & !3 == APIC + 0x30 { APIC_VERSION } else { 0 };
        Ok(narrow(value, address & 3, width))
    }

    fn write_mmio(&self, address: u64, _: Width, _: u64) -> Result<(), Error> {
        Self::check(address)
    }

    fn read_config(&self, function: Address, offset: u16, width: Width) -> Result<u64, Error> {
        Self::find(function, offset)?;
        let value = match offset & !3 {
            0 => HOST_BRIDGE,
            0x0c => *self.bridge.lock().expect("no test panicked here"),
            _ => 0,
        };
        Ok(narrow(value, u64::from(offset & 3), width))
    }

    fn write_config(&self, function: Address, offset: u16, _: Width, value: u64) -> Result<(), Error> {
        Self::find(function, offset)?;
        if offset == 0x0c {
            *self.bridge.lock().expect("no test panicked here") = value;
        }
        Ok(())
    }

    fn read_msr(&self, register: u32) -> Result<u64, Error> {
        if register == APIC_BASE.0 {
            return Ok(APIC_BASE.1);
        }
        Err(Error::NotAvailable)
    }

    fn write_msr(&self, register: u32, _: u64) -> Result<(), Error> {
        if register == TIME_STAMP {
            Ok(())
        } else {
            Err(Error::NotAvailable)
        }
    }
}
