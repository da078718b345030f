//! The serial console: the first UART that answers, its interrupt, and the service that wakes who waits for it.

use alloc::boxed::Box;
use core::task::{Context, Poll};

use drivers::uart16550::Uart;
use services::console::Console;
use services::waker_slot::WakerSlot;
use spin::Once;

use super::routing;
use crate::arch::clock::MonotonicClock;
use crate::arch::port::Ports;
use crate::boot::command_line::SerialChoice;
use crate::executor::interrupt::{self, Source};
use crate::executor::{Executor, Factory};
use crate::machine::firmware::Firmware;
use crate::report::early;

/// I/O bases and ISA interrupts of COM1 to COM4.
const PORTS: [(&str, u16, u8); 4] = [
    ("com1", 0x3f8, 4),
    ("com2", 0x2f8, 3),
    ("com3", 0x3e8, 4),
    ("com4", 0x2e8, 3),
];

static CONSOLE: Once<SerialConsole> = Once::new();

/// A UART as a console.
pub struct SerialConsole {
    port: &'static str,
    uart: Uart<Ports>,
    reader: WakerSlot,
    writer: WakerSlot,
}

/// The I/O base that the early log uses for `choice`; `None` for no port at all.
pub fn early_base(choice: SerialChoice) -> Option<u16> {
    candidates(choice).first().map(|&(_, base, _)| base)
}

fn candidates(choice: SerialChoice) -> &'static [(&'static str, u16, u8)] {
    match choice {
        SerialChoice::Auto => &PORTS,
        SerialChoice::Com1 => &PORTS[..1],
        SerialChoice::Com2 => &PORTS[1..2],
        SerialChoice::Com3 => &PORTS[2..3],
        SerialChoice::Com4 => &PORTS[3..],
        SerialChoice::None => &[],
    }
}

/// Finds the first UART among those that `choice` allows, and lets it interrupt.
pub fn start(choice: SerialChoice, firmware: &Firmware) -> Option<&'static SerialConsole> {
    let (name, base, line, uart) = candidates(choice).iter().find_map(|&(name, base, line)| {
        match Uart::probe(Ports::of_device(base), &MonotonicClock) {
            Ok(uart) => Some((name, base, line, uart)),
            Err(error) => {
                log::info!("{name}: no UART ({error})");
                None
            }
        }
    })?;
    early::start(base);
    log::info!(
        "{name}: UART{}",
        if uart.has_fifo() { " with FIFO" } else { " without FIFO" }
    );
    let console = CONSOLE.call_once(|| SerialConsole {
        port: name,
        uart,
        reader: WakerSlot::new(),
        writer: WakerSlot::new(),
    });
    match routing::route_isa(firmware, line, name, on_interrupt) {
        Ok(()) => console.uart.enable_interrupts(),
        Err(error) => log::error!("{name}: {error}"),
    }
    Some(console)
}

fn on_interrupt(_: usize) {
    if let Some(console) = CONSOLE.get() {
        console.uart.on_interrupt();
    }
    interrupt::raise(Source::SERIAL);
}

/// Starts the service that wakes the console's reader and writer, and notes lost bytes in the log.
pub fn start_service(executor: &'static Executor, console: &'static SerialConsole) {
    let factory: Factory = Box::new(move || {
        Box::pin(async move {
            let mut told = 0;
            loop {
                interrupt::wait(Source::SERIAL).await;
                console.reader.wake();
                console.writer.wake();
                // A line that loses bytes loses many: the log is told less and less often.
                let overruns = console.uart.faults().overruns;
                if overruns > 2 * told {
                    log::warn!("{}: received bytes were lost, {overruns} times so far", console.port);
                    told = overruns;
                }
            }
        })
    });
    executor.start_service("serial", factory);
}

impl SerialConsole {
    /// The port's name, such as `com1`.
    pub fn port(&self) -> &'static str {
        self.port
    }
}

/// Tries `work`; where it moved nothing, leaves the waker and tries once more, for the interrupt may have come between.
fn poll(slot: &WakerSlot, context: &Context<'_>, mut work: impl FnMut() -> usize) -> Poll<usize> {
    let count = work();
    if count > 0 {
        return Poll::Ready(count);
    }
    slot.set(context.waker());
    match work() {
        0 => Poll::Pending,
        count => Poll::Ready(count),
    }
}

impl Console for SerialConsole {
    fn name(&self) -> &'static str {
        "serial"
    }

    fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<usize> {
        poll(&self.reader, context, || self.uart.read(buffer))
    }

    fn poll_write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        poll(&self.writer, context, || self.uart.write(bytes))
    }
}
