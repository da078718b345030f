//! The driver against a model of the chip: FIFOs, interrupt causes and their priorities, and an interrupt line that is
//! seen by its rising edges only, as the interrupt controller of a PC sees it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hw::fake::{FakeClock, FakePorts, PortBehaviour};

use super::{Error, Events, RECEIVE_RING_BYTES, TRANSMIT_RING_BYTES, Uart};

/// Receiver bytes at which the chip interrupts, as the driver sets it.
const TRIGGER_BYTES: usize = 8;
/// Byte times of silence after which it interrupts for fewer.
const SILENCE_TICKS: u32 = 4;

/// A 16550 and both ends of its line.
struct Chip {
    depth: usize,
    scratch: u8,
    enable: u8,
    fifo_control: u8,
    line_control: u8,
    modem_control: u8,
    divisor: [u8; 2],
    received: VecDeque<u8>,
    to_send: VecDeque<u8>,
    status_errors: u8,
    transmitter_interrupt: bool,
    silence: u32,
    line_was_raised: bool,
    edges: usize,
    accesses: usize,
    /// What the other end sends.
    incoming: VecDeque<u8>,
    outgoing: Vec<u8>,
    is_absent: bool,
    is_stuck: bool,
    /// The other end stops when the FIFO is full, as the emulator does.
    has_flow_control: bool,
    /// Time passes with every fourth access, for code that polls.
    time_passes: bool,
    forced_identity: Option<u8>,
    forced_status: Option<u8>,
}

impl Chip {
    fn new() -> Self {
        Self {
            depth: 16,
            scratch: 0,
            enable: 0,
            fifo_control: 0,
            line_control: 0,
            modem_control: 0,
            divisor: [0; 2],
            received: VecDeque::new(),
            to_send: VecDeque::new(),
            status_errors: 0,
            transmitter_interrupt: false,
            silence: 0,
            line_was_raised: false,
            edges: 0,
            accesses: 0,
            incoming: VecDeque::new(),
            outgoing: Vec::new(),
            is_absent: false,
            is_stuck: false,
            has_flow_control: false,
            time_passes: true,
            forced_identity: None,
            forced_status: None,
        }
    }

    fn room(&self) -> usize {
        if self.fifo_control & 1 != 0 { self.depth } else { 1 }
    }

    fn is_looped(&self) -> bool {
        self.modem_control & 0x10 != 0
    }

    /// One byte's time passes on the line.
    fn tick(&mut self) {
        self.silence += 1;
        if !self.is_stuck
            && let Some(byte) = self.to_send.pop_front()
        {
            if self.is_looped() {
                self.receive(byte);
            } else {
                self.outgoing.push(byte);
            }
            self.transmitter_interrupt |= self.to_send.is_empty();
        }
        let is_held = self.has_flow_control && self.received.len() >= self.room();
        if !self.is_looped()
            && !is_held
            && let Some(byte) = self.incoming.pop_front()
        {
            self.receive(byte);
        }
        self.update_line();
    }

    fn receive(&mut self, byte: u8) {
        self.silence = 0;
        if self.received.len() < self.room() {
            self.received.push_back(byte);
        } else {
            self.status_errors |= 0x02;
        }
    }

    fn identity(&self) -> u8 {
        let trigger = if self.room() == 1 { 1 } else { TRIGGER_BYTES };
        let cause = if self.enable & 1 != 0 && self.received.len() >= trigger {
            0x04
        } else if self.enable & 1 != 0 && !self.received.is_empty() && self.silence >= SILENCE_TICKS {
            0x0C
        } else if self.enable & 2 != 0 && self.transmitter_interrupt {
            0x02
        } else {
            0x01
        };
        let fifos = if self.fifo_control & 1 != 0 && self.depth > 1 {
            0xC0
        } else {
            0
        };
        self.forced_identity.unwrap_or(cause | fifos)
    }

    fn update_line(&mut self) {
        let is_raised = self.modem_control & 0x18 == 0x08 && self.identity() & 1 == 0;
        self.edges += usize::from(is_raised && !self.line_was_raised);
        self.line_was_raised = is_raised;
    }

    fn is_divisor_open(&self) -> bool {
        self.line_control & 0x80 != 0
    }
}

impl PortBehaviour for Chip {
    fn read(&mut self, offset: u16, bytes: u8) -> u32 {
        assert_eq!(bytes, 1);
        self.accesses += 1;
        if self.is_absent {
            return 0xFF;
        }
        if self.time_passes && self.accesses.is_multiple_of(4) {
            self.tick();
        }
        let value = match offset {
            0 if self.is_divisor_open() => self.divisor[0],
            0 => self.received.pop_front().unwrap_or(0),
            1 if self.is_divisor_open() => self.divisor[1],
            1 => self.enable,
            2 => {
                let identity = self.identity();
                if identity & 0x0F == 0x02 {
                    self.transmitter_interrupt = false;
                }
                identity
            }
            3 => self.line_control,
            4 => self.modem_control,
            5 => {
                let is_empty = self.to_send.is_empty();
                let status = u8::from(!self.received.is_empty()) | if is_empty { 0x60 } else { 0 } | self.status_errors;
                self.status_errors = 0;
                self.forced_status.unwrap_or(status)
            }
            6 if self.is_looped() => (self.modem_control & 0x0C) << 4 | (self.modem_control & 2) << 3,
            6 => 0xB0,
            7 => self.scratch,
            _ => unreachable!("a 16550 has eight ports"),
        };
        self.update_line();
        value.into()
    }

    fn write(&mut self, offset: u16, bytes: u8, value: u32) {
        assert_eq!(bytes, 1);
        self.accesses += 1;
        let value = value as u8;
        match offset {
            _ if self.is_absent => {}
            0 if self.is_divisor_open() => self.divisor[0] = value,
            0 => {
                assert!(
                    self.to_send.len() < self.room(),
                    "a byte was written to a full transmitter"
                );
                self.to_send.push_back(value);
                self.transmitter_interrupt = false;
            }
            1 if self.is_divisor_open() => self.divisor[1] = value,
            1 => {
                if value & 2 == 0 {
                    self.transmitter_interrupt = false;
                } else if self.enable & 2 == 0 && self.to_send.is_empty() {
                    self.transmitter_interrupt = true;
                }
                self.enable = value & 0x0F;
            }
            2 => {
                self.fifo_control = if self.depth > 1 { value & 0xC9 } else { 0 };
                if value & 2 != 0 {
                    self.received.clear();
                }
                if value & 4 != 0 {
                    self.to_send.clear();
                }
            }
            3 => self.line_control = value,
            4 => self.modem_control = value,
            7 => self.scratch = value,
            _ => {}
        }
        self.update_line();
    }
}

type Port = FakePorts<Chip>;

/// A probed port whose time passes only by `tick` from now on.
fn start(port: &Port) -> Uart<&Port> {
    let uart = Uart::probe(port, &FakeClock::with_step_ns(1_000)).expect("the chip is there");
    port.with(|chip| chip.time_passes = false);
    uart
}

fn numbered(count: usize) -> Vec<u8> {
    (0..count).map(|index| (index % 251) as u8).collect()
}

/// Runs the line for `ticks` byte times, answering each interrupt `latency` ticks after its edge.
fn run(port: &Port, uart: &Uart<&Port>, ticks: usize, latency: usize, mut task: impl FnMut(Events)) {
    let mut due = None;
    for _ in 0..ticks {
        port.with(Chip::tick);
        if port.with(|chip| std::mem::take(&mut chip.edges)) > 0 {
            due = due.or(Some(latency));
        }
        let mut events = Events::default();
        match due {
            Some(0) => {
                due = None;
                events = uart.on_interrupt();
            }
            Some(left) => due = Some(left - 1),
            None => {}
        }
        task(events);
    }
}

fn read_all(uart: &Uart<&Port>, into: &mut Vec<u8>) {
    let mut buffer = [0; 100];
    loop {
        let count = uart.read(&mut buffer);
        if count == 0 {
            return;
        }
        into.extend(&buffer[..count]);
    }
}

#[test]
fn a_probed_port_is_set_up_and_silent() {
    let port = Port::new(Chip::new());
    assert!(start(&port).has_fifo());
    port.with(|chip| {
        assert_eq!(
            (chip.divisor, chip.line_control, chip.modem_control),
            ([1, 0], 0x03, 0x0B)
        );
        assert_eq!(
            (chip.enable, chip.fifo_control & 0x81, chip.outgoing.len()),
            (0, 0x81, 0)
        );
    });
}

#[test]
fn bytes_of_an_earlier_owner_are_still_sent() {
    let mut chip = Chip::new();
    chip.fifo_control = 1;
    chip.to_send.extend(b"GRUB says hello");
    let port = Port::new(chip);
    start(&port);
    port.with(|chip| assert_eq!(chip.outgoing, b"GRUB says hello"));
}

#[test]
fn an_absent_port_is_found_out_at_once() {
    let port = Port::new(Chip {
        is_absent: true,
        ..Chip::new()
    });
    let clock = FakeClock::with_step_ns(1_000);
    assert_eq!(Uart::probe(&port, &clock).map(|_| ()), Err(Error::NoScratch));
    port.with(|chip| assert!(chip.accesses < 10));
}

#[test]
fn a_transmitter_that_never_sends_fails_the_probe_in_time() {
    let port = Port::new(Chip {
        is_stuck: true,
        ..Chip::new()
    });
    let clock = FakeClock::with_step_ns(1_000);
    assert_eq!(Uart::probe(&port, &clock).map(|_| ()), Err(Error::LoopbackTimedOut));
    assert!(hw::Clock::now_ms(&clock) < 100);
}

#[test]
fn no_byte_is_lost_at_full_rate_both_ways() {
    const BYTES: usize = 100_000;
    // The receiver interrupts at 8 of 16 bytes: an answer within 8 byte times is in time.
    for (depth, latency) in [(16, 0), (16, 3), (16, 7), (1, 0)] {
        let port = Port::new(Chip { depth, ..Chip::new() });
        let uart = start(&port);
        assert_eq!(uart.has_fifo(), depth == 16);
        uart.enable_interrupts();
        let data = numbered(BYTES);
        port.with(|chip| chip.incoming = data.iter().copied().collect());
        let (mut written, mut read, mut tick) = (0, Vec::new(), 0);
        run(&port, &uart, 3 * BYTES, latency, |_| {
            tick += 1;
            if tick % 1000 == 0 {
                written += uart.write(&data[written..BYTES.min(written + 3000)]);
                read_all(&uart, &mut read);
            }
        });
        assert!(
            read == data,
            "depth {depth}, latency {latency}: received {} bytes",
            read.len()
        );
        port.with(|chip| {
            assert!(
                chip.outgoing == data,
                "depth {depth}: sent {} bytes",
                chip.outgoing.len()
            )
        });
        assert_eq!((uart.faults(), uart.transmit.len()), (super::Faults::default(), 0));
    }
}

#[test]
fn a_late_answer_loses_bytes_and_says_so() {
    let port = Port::new(Chip::new());
    let uart = start(&port);
    uart.enable_interrupts();
    port.with(|chip| chip.incoming = numbered(1000).into());
    let mut read = Vec::new();
    run(&port, &uart, 3000, 20, |_| read_all(&uart, &mut read));
    assert!(read.len() < 1000 && uart.faults().overruns > 0);
}

#[test]
fn a_slow_reader_holds_a_sender_back_and_loses_nothing() {
    let port = Port::new(Chip {
        has_flow_control: true,
        ..Chip::new()
    });
    let uart = start(&port);
    uart.enable_interrupts();
    let data = numbered(4 * RECEIVE_RING_BYTES);
    port.with(|chip| chip.incoming = data.iter().copied().collect());
    run(&port, &uart, data.len(), 3, |_| {});
    port.with(|chip| {
        assert_eq!(
            chip.enable, 2,
            "receiver interrupts are masked, transmitter interrupts are not"
        );
        assert_eq!(data.len() - chip.incoming.len(), RECEIVE_RING_BYTES + 16);
    });
    assert_eq!(uart.write(b"still sending"), 13);
    run(&port, &uart, 100, 3, |_| {});
    port.with(|chip| assert_eq!(chip.outgoing, b"still sending"));
    let mut read = Vec::new();
    run(&port, &uart, 2 * data.len(), 3, |_| {
        let mut byte = [0];
        let count = uart.read(&mut byte);
        read.extend(&byte[..count]);
    });
    read_all(&uart, &mut read);
    run(&port, &uart, 2 * data.len(), 3, |_| read_all(&uart, &mut read));
    assert!(read == data, "received {} bytes", read.len());
    assert!(uart.faults().held_back > 0 && uart.faults().overruns == 0);
}

#[test]
fn what_was_written_before_interrupts_is_sent_after() {
    let port = Port::new(Chip::new());
    let uart = start(&port);
    assert_eq!(uart.write(&numbered(TRANSMIT_RING_BYTES + 9)), TRANSMIT_RING_BYTES);
    port.with(|chip| assert_eq!((chip.enable, chip.edges), (0, 0)));
    uart.enable_interrupts();
    let mut drained = false;
    run(&port, &uart, 2 * TRANSMIT_RING_BYTES, 1, |events| {
        drained |= events.drained
    });
    port.with(|chip| assert_eq!(chip.outgoing, numbered(TRANSMIT_RING_BYTES)));
    assert!(drained);
}

#[test]
fn spurious_interrupts_are_harmless() {
    let port = Port::new(Chip::new());
    let uart = start(&port);
    assert_eq!(uart.on_interrupt(), Events::default());
    uart.enable_interrupts();
    let data = numbered(5000);
    port.with(|chip| chip.incoming = data.iter().copied().collect());
    let (mut written, mut read) = (0, Vec::new());
    run(&port, &uart, 20_000, 2, |_| {
        uart.on_interrupt();
        written += uart.write(&data[written..data.len().min(written + 7)]);
        uart.on_interrupt();
        read_all(&uart, &mut read);
    });
    assert!(read == data);
    port.with(|chip| assert!(chip.outgoing == data));
}

#[test]
fn a_cause_that_never_ends_does_not_hang_the_handler() {
    let port = Port::new(Chip::new());
    let uart = start(&port);
    uart.enable_interrupts();
    for cause in [0x00, 0x02, 0x04, 0x06, 0x08, 0x0C] {
        port.with(|chip| (chip.forced_identity, chip.accesses) = (Some(cause), 0));
        uart.on_interrupt();
        port.with(|chip| assert!(chip.accesses < 2000 && chip.enable == 3));
    }
}

#[test]
fn a_chip_that_always_has_another_byte_does_not_hang_the_handler() {
    let port = Port::new(Chip::new());
    let uart = start(&port);
    uart.enable_interrupts();
    // With the bit of a break no byte is kept, so the ring never fills up.
    for status in [0x61, 0xff] {
        port.with(|chip| (chip.forced_identity, chip.forced_status, chip.accesses) = (Some(0x04), Some(status), 0));
        uart.on_interrupt();
        port.with(|chip| assert!(chip.accesses < 40_000, "{} accesses", chip.accesses));
    }
}

#[test]
fn line_errors_are_counted_and_a_break_is_no_byte() {
    let port = Port::new(Chip::new());
    let uart = start(&port);
    uart.enable_interrupts();
    uart.on_interrupt();
    for (errors, byte) in [(0x08, 0x41), (0x18, 0x00), (0x00, 0x42)] {
        port.with(|chip| {
            chip.received.push_back(byte);
            chip.status_errors = errors;
            (0..10).for_each(|_| chip.tick());
        });
        uart.on_interrupt();
    }
    let mut read = Vec::new();
    read_all(&uart, &mut read);
    assert_eq!(read, b"AB");
    assert_eq!((uart.faults().framing_errors, uart.faults().breaks), (1, 1));
}

#[test]
fn no_wake_is_lost_with_writer_reader_and_handler_on_three_cores() {
    const BYTES: usize = 60_000;
    let port = Port::new(Chip {
        has_flow_control: true,
        ..Chip::new()
    });
    let uart = start(&port);
    uart.enable_interrupts();
    let data = numbered(BYTES);
    port.with(|chip| chip.incoming = data.iter().copied().collect());
    let is_over = AtomicBool::new(false);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    std::thread::scope(|scope| {
        let handler = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                port.with(Chip::tick);
                if port.with(|chip| std::mem::take(&mut chip.edges)) > 0 {
                    uart.on_interrupt();
                }
                std::thread::yield_now();
            }
        });
        let reader = scope.spawn(|| {
            let mut read: Vec<u8> = Vec::new();
            while read.len() < BYTES && std::time::Instant::now() < deadline {
                // Idle long enough, now and then, for the ring to fill.
                if read.len() % 5000 < 50 {
                    std::thread::sleep(std::time::Duration::from_millis(3));
                }
                let mut buffer = [0; 64];
                let count = uart.read(&mut buffer);
                read.extend(&buffer[..count]);
                std::thread::yield_now();
            }
            read
        });
        let mut written = 0;
        while written < BYTES && std::time::Instant::now() < deadline {
            // Small pieces, so that the transmitter runs dry between them again and again.
            written += uart.write(&data[written..BYTES.min(written + 1 + written % 40)]);
            std::thread::yield_now();
        }
        while port.with(|chip| chip.outgoing.len()) < BYTES && std::time::Instant::now() < deadline {
            std::thread::yield_now();
        }
        let read = reader.join().expect("the reader ends");
        is_over.store(true, Ordering::Relaxed);
        handler.join().expect("the handler ends");
        assert!(read == data, "received {} bytes", read.len());
        port.with(|chip| assert!(chip.outgoing == data, "sent {} bytes", chip.outgoing.len()));
    });
}

#[test]
fn a_byte_written_while_the_handler_goes_idle_is_sent() {
    let port = Port::new(Chip::new());
    let uart = start(&port);
    uart.enable_interrupts();
    let is_over = AtomicBool::new(false);
    let handled = AtomicUsize::new(0);
    let stuck = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                port.with(Chip::tick);
                if port.with(|chip| std::mem::take(&mut chip.edges)) > 0 {
                    handled.fetch_add(1, Ordering::SeqCst);
                    uart.on_interrupt();
                }
            }
        });
        // Each byte is written at another moment of the handler's work on the one before, and each is the last one
        // until it has been sent: nothing written later can wake it.
        let mut rounds = 0..20_000_usize;
        let stuck = rounds.find(|round| {
            let before = handled.load(Ordering::SeqCst);
            uart.write(b"x");
            let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
            while handled.load(Ordering::SeqCst) == before || !uart.transmit.is_empty() {
                if std::time::Instant::now() > deadline {
                    return !uart.transmit.is_empty();
                }
                core::hint::spin_loop();
            }
            (0..round % 400).for_each(|_| core::hint::spin_loop());
            false
        });
        is_over.store(true, Ordering::Relaxed);
        stuck
    });
    assert_eq!(stuck, None, "a byte was never sent");
}
