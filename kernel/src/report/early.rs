//! Polled output to a serial port: for the boot log and for the machine's last words.
//!
//! Every wait is bounded, and nothing here locks or allocates. Source: PC16550D data sheet, 8.0 (registers).

use core::fmt;
use core::sync::atomic::{AtomicU16, Ordering};

use x86_64::instructions::port::Port;

/// The port in use; 0 for none.
static PORT: AtomicU16 = AtomicU16::new(0);

/// Registers, by their distance from the port's base; the first two are the divisor's while that is open.
mod register {
    pub(super) const DATA: u16 = 0;
    pub(super) const INTERRUPT_ENABLE: u16 = 1;
    pub(super) const FIFO_CONTROL: u16 = 2;
    pub(super) const LINE_CONTROL: u16 = 3;
    pub(super) const MODEM_CONTROL: u16 = 4;
    pub(super) const LINE_STATUS: u16 = 5;
    pub(super) const SCRATCH: u16 = 7;
}

const DIVISOR_115200: u8 = 1;
const LINE_8N1: u8 = 0x03;
const LINE_DIVISOR_ACCESS: u8 = 0x80;
const FIFOS_ON_AND_EMPTY: u8 = 0x07;
/// Ready to talk, and the interrupt line connected.
const MODEM_ONLINE: u8 = 0x0b;
const TRANSMITTER_EMPTY: u8 = 0x20;
/// Looks at the line status before the port is given up: far longer than a byte takes at 115200 bits per second.
const POLL_LIMIT: u32 = 200_000;

/// Uses the port at `base` where a UART answers there.
pub fn start(base: u16) {
    let scratch_keeps = |value: u8| {
        write_port(base + register::SCRATCH, value);
        read_port(base + register::SCRATCH) == value
    };
    if !(scratch_keeps(0x5a) && scratch_keeps(0xa5)) {
        return;
    }
    write_port(base + register::INTERRUPT_ENABLE, 0);
    write_port(base + register::LINE_CONTROL, LINE_DIVISOR_ACCESS);
    write_port(base + register::DATA, DIVISOR_115200);
    write_port(base + register::INTERRUPT_ENABLE, 0);
    write_port(base + register::LINE_CONTROL, LINE_8N1);
    write_port(base + register::FIFO_CONTROL, FIFOS_ON_AND_EMPTY);
    write_port(base + register::MODEM_CONTROL, MODEM_ONLINE);
    PORT.store(base, Ordering::Relaxed);
}

fn read_port(port: u16) -> u8 {
    // SAFETY: only the ports of the UART at the base given to `start` are used, and reading them moves no memory.
    unsafe { Port::new(port).read() }
}

fn write_port(port: u16, value: u8) {
    // SAFETY: as for `read_port`.
    unsafe { Port::new(port).write(value) }
}

fn write_byte(base: u16, byte: u8) {
    for _ in 0..POLL_LIMIT {
        if read_port(base + register::LINE_STATUS) & TRANSMITTER_EMPTY != 0 {
            write_port(base + register::DATA, byte);
            return;
        }
        core::hint::spin_loop();
    }
    // Nothing comes out of it any more, and the screen should not wait for that again and again.
    PORT.store(0, Ordering::Relaxed);
}

/// The port as a formatter's target; LF becomes CR LF.
pub struct Writer;

impl fmt::Write for Writer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let base = PORT.load(Ordering::Relaxed);
        if base != 0 {
            for byte in text.bytes() {
                if byte == b'\n' {
                    write_byte(base, b'\r');
                }
                write_byte(base, byte);
            }
        }
        Ok(())
    }
}
