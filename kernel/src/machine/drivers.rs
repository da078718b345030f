//! The driver table: every driver of a PCI device, one line each, in the order of preference.
//!
//! To add a driver: write its folder in the crate `drivers`, bind it in a file here, add its line. A driver is started
//! on a fiber of its own, after the prompt is up. What it says that is not `Ok` gives the function back.

use alloc::string::String;

use drivers::pci::claim::Claim;

use super::pci::device::Device;
use super::{edu, testdev, virtio_rng};

/// One driver.
pub struct Driver {
    /// Its name.
    pub name: &'static str,
    /// Which functions it is for.
    pub claims: &'static [Claim],
    /// *Task*: starts the device, or says why it cannot. May wait by [`super::driver_task::FiberClock`], and must have
    /// answered within ten seconds. What it keeps goes into a static of the driver's own.
    pub start: fn(Device) -> Result<(), String>,
}

/// All of them.
pub const DRIVERS: &[Driver] = &[
    Driver {
        name: "edu",
        claims: edu::CLAIMS,
        start: edu::start,
    },
    Driver {
        name: "testdev",
        claims: testdev::CLAIMS,
        start: testdev::start,
    },
    Driver {
        name: "virtio-rng",
        claims: virtio_rng::CLAIMS,
        start: virtio_rng::start,
    },
];
