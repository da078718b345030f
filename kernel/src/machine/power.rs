//! Off and reboot, by what the firmware describes and by the PC's old ways.

use drivers::power;
use services::host::PowerError;

use super::firmware;
use crate::arch::clock::MonotonicClock;
use crate::arch::interrupts;
use crate::arch::port::Ports;

/// Turns the machine off; returns where that failed.
pub fn off() -> PowerError {
    let Some(firmware) = firmware::get() else {
        return PowerError::Unsupported;
    };
    let (Some(fadt), Some(soft_off)) = (&firmware.fadt, firmware.soft_off) else {
        return PowerError::Unsupported;
    };
    let hardware = power::Ports(Ports::ALL);
    if let Err(error) = power::enable_acpi(fadt, &hardware, &MonotonicClock) {
        log::warn!("power: {error}");
    }
    let error = power::switch_off(fadt, soft_off, &hardware, &MonotonicClock);
    log::error!("power: {error}");
    PowerError::NoEffect
}

/// Restarts the machine; returns where that failed.
pub fn reboot() -> PowerError {
    reset_at_once()
}

/// Restarts the machine by whatever works, a triple fault at last.
pub fn reset_at_once() -> ! {
    let described = firmware::get()
        .and_then(|firmware| firmware.fadt)
        .and_then(|fadt| fadt.reset);
    drivers::reset::reset(
        described.as_ref(),
        &power::Ports(Ports::ALL),
        &Ports::KEYBOARD,
        &MonotonicClock,
    );
    interrupts::triple_fault()
}
