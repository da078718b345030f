//! The emulator's device for teaching, bound to this machine: the worked example of "Add a driver".

use alloc::format;
use alloc::string::{String, ToString};

use drivers::edu::{Edu, WINDOW_BYTES};
use drivers::pci::claim::Claim;

use super::driver_task::FiberClock;
use super::pci::device::Device;

/// Which functions the driver is for.
pub(super) const CLAIMS: &[Claim] = &[Claim::Device {
    vendor_id: 0x1234,
    device_id: 0x11e8,
}];

/// *Task*: starts the device and lets it compute something.
pub(super) fn start(device: Device) -> Result<(), String> {
    device.power_on().map_err(|error| error.to_string())?;
    let registers = device.map(0, 0, WINDOW_BYTES).map_err(|error| error.to_string())?;
    let edu = Edu::start(registers).map_err(|error| error.to_string())?;
    match edu.factorial(10, &FiberClock) {
        Ok(3_628_800) => {}
        Ok(wrong) => return Err(format!("it computes wrongly: 10! is {wrong}")),
        Err(error) => return Err(error.to_string()),
    }
    let (major, minor) = edu.version;
    log::info!("{}: edu {major}.{minor} computes", device.function().address);
    Ok(())
}
