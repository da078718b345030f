//! A driver that fails, for the emulator's device for tests (`-device pci-testdev`): with `debug=on` in the way that the
//! device's number on its bus chooses, so that tests see what becomes of the device and of the others.

use alloc::string::String;

use drivers::pci::claim::Claim;
use hw::Clock;

use super::debug;
use super::driver_task::FiberClock;
use super::pci::device::Device;

/// Which functions the driver is for.
pub(super) const CLAIMS: &[Claim] = &[Claim::Device {
    vendor_id: 0x1b36,
    device_id: 0x0005,
}];

/// More than a driver has.
const TOO_LONG_US: u64 = 60_000_000;

/// *Task*: never starts the device.
pub(super) fn start(device: Device) -> Result<(), String> {
    if !debug::is_on() {
        return Err("it is for tests, which say debug=on".into());
    }
    // What has to be taken back.
    device.enable_bus_mastering();
    match device.function().address.device % 3 {
        0 => Err("as it was asked to".into()),
        1 => panic!("as it was asked to"),
        _ => {
            // The time limit comes first.
            let _ = FiberClock.wait_until_us(TOO_LONG_US, || false);
            Err("nobody ended it".into())
        }
    }
}
