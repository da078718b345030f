//! Off and reboot, by what the firmware describes and by the PC's old ways.

use core::sync::atomic::{AtomicBool, Ordering};

use services::host::PowerError;
use x86_64::instructions::port::Port;

/// A reset was asked for; what follows is only waiting for it.
static IS_RESETTING: AtomicBool = AtomicBool::new(false);

/// Turns the machine off; returns where that failed.
pub fn off() -> PowerError {
    PowerError::Unsupported
}

/// Restarts the machine; returns where that failed.
pub fn reboot() -> PowerError {
    reset_at_once()
}

/// Restarts the machine by whatever works.
pub fn reset_at_once() -> ! {
    IS_RESETTING.store(true, Ordering::Relaxed);
    // SAFETY: pulses the processor's reset line through the keyboard controller; there is nothing left to protect.
    unsafe { Port::<u8>::new(0x64).write(0xfe) };
    loop {
        x86_64::instructions::hlt();
    }
}
