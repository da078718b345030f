//! Off and reboot, by what the firmware describes and by the PC's old ways.

use drivers::power;
use services::facts::Facts;
use services::host::PowerError;

use super::{buttons, firmware, fixed_registers};
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
    let hardware = fixed_registers::spaces();
    if let Err(error) = power::enable_acpi(fadt, &hardware, &MonotonicClock) {
        log::warn!("power: {error}");
    }
    let error = power::switch_off(fadt, soft_off, &hardware, &MonotonicClock);
    log::error!("power: {error}");
    PowerError::NoEffect
}

/// How off and reboot would be done, and the buttons.
pub fn info() -> Facts {
    let (fadt, soft_off) = firmware::get().map_or((None, None), |firmware| (firmware.fadt.as_ref(), firmware.soft_off));
    let mut facts = power::describe::describe(fadt, soft_off, &fixed_registers::spaces());
    facts.extend(buttons::facts());
    facts
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
        &fixed_registers::spaces(),
        &Ports::KEYBOARD,
        &MonotonicClock,
    );
    interrupts::triple_fault()
}
