//! Both modes, on a processor that faults where a real one does: the emulator that the whole image is tested on has no
//! x2APIC.

use std::vec::Vec;

use hw::fake::{FakeMsrs, FakeRegisters, MsrBehaviour, RegisterBehaviour};

use super::command::Message;
use super::{LocalApic, OutOfReach, TimerMode};

const TIMER: u8 = 0x20;
const SPURIOUS: u8 = 0xff;
const WINDOW_ADDRESS: u64 = 0xfee0_0000;

/// A core with x2APIC (Intel SDM volume 3, table 11-6). What would be a general protection fault panics.
struct X2apic {
    base: u64,
    id: u32,
    registers: [u32; 0x40],
    commands: Vec<u64>,
    acknowledged: u32,
    deadline: Option<u64>,
}

impl X2apic {
    /// As it comes out of a reset: on, in xAPIC mode.
    fn new(id: u32) -> FakeMsrs<Self> {
        FakeMsrs::new(Self {
            base: WINDOW_ADDRESS | 1 << 11,
            id,
            registers: [0; 0x40],
            commands: Vec::new(),
            acknowledged: 0,
            deadline: None,
        })
    }

    fn is_on(&self) -> bool {
        self.base & 3 << 10 == 3 << 10
    }

    fn at(&self, offset: usize) -> u32 {
        self.registers[offset >> 4]
    }
}

impl MsrBehaviour for X2apic {
    fn read(&mut self, number: u32) -> u64 {
        match number {
            0x1b => return self.base,
            0x6e0 => return self.deadline.unwrap_or(0),
            _ => assert!(self.is_on(), "register {number:#x} is read before x2APIC mode is on"),
        }
        match number {
            0x802 => self.id.into(),
            0x80d => u64::from((self.id >> 4) << 16 | 1 << (self.id & 15)),
            // Half of what it was set to has passed.
            0x839 => u64::from(self.at(0x380) / 2),
            0x803 | 0x808 | 0x80f | 0x82f | 0x830 | 0x832..=0x838 | 0x83e => {
                self.registers[number as usize - 0x800].into()
            }
            _ => panic!("register {number:#x} cannot be read"),
        }
    }

    fn write(&mut self, number: u32, value: u64) {
        match number {
            0x1b => {
                let mode = |base: u64| base >> 10 & 3;
                assert_eq!(value & !(3 << 10), self.base & !(3 << 10), "the window has moved");
                // Off, xAPIC, x2APIC are 0, 2, 3: no way from off to x2APIC, nor from x2APIC to xAPIC; 1 is nothing.
                assert_ne!(mode(value), 1);
                assert_ne!((mode(self.base), mode(value)), (0, 3));
                assert_ne!((mode(self.base), mode(value)), (3, 2));
                self.base = value;
                return;
            }
            0x6e0 => {
                // Ignored in other timer modes (11.5.4.1).
                if self.at(0x320) >> 17 & 3 == 2 {
                    self.deadline = Some(value);
                }
                return;
            }
            _ => assert!(self.is_on(), "register {number:#x} is written before x2APIC mode is on"),
        }
        if number == 0x830 {
            assert_eq!(value & 0xfff3_2000, 0, "reserved bits of the command");
            assert_eq!(value & 1 << 12, 0, "there is no delivery status");
            self.commands.push(value);
            return;
        }
        assert_eq!(value >> 32, 0, "register {number:#x} has 32 bits");
        match number {
            0x80b => {
                assert_eq!(value, 0);
                self.acknowledged += 1;
            }
            0x808 | 0x80f | 0x82f | 0x832..=0x838 | 0x83e => self.registers[number as usize - 0x800] = value as u32,
            _ => panic!("register {number:#x} cannot be written"),
        }
    }
}

/// A core's xAPIC window.
struct Xapic {
    id: u8,
    registers: [u32; 0x40],
    /// Reads of the command register until the last message has been taken.
    busy_reads: u32,
    /// Both halves, lower first.
    commands: Vec<(u32, u32)>,
    acknowledged: u32,
}

impl Xapic {
    fn new(id: u8) -> FakeRegisters<Self> {
        FakeRegisters::new(Self {
            id,
            registers: [0; 0x40],
            busy_reads: 0,
            commands: Vec::new(),
            acknowledged: 0,
        })
    }
}

impl RegisterBehaviour for Xapic {
    fn read32(&mut self, offset: usize) -> u32 {
        match offset {
            0x20 => u32::from(self.id) << 24,
            0x300 if self.busy_reads > 0 => {
                self.busy_reads -= 1;
                self.registers[0x30] | 1 << 12
            }
            0x390 => self.registers[0x38] / 2,
            _ => self.registers[offset >> 4],
        }
    }

    fn write32(&mut self, offset: usize, value: u32) {
        assert!(offset.is_multiple_of(16), "registers lie 16 bytes apart");
        match offset {
            0xb0 => {
                assert_eq!(value, 0);
                self.acknowledged += 1;
            }
            0x300 => {
                assert_eq!(value & 0xfff3_2000, 0, "reserved bits of the command");
                self.commands.push((value, self.registers[0x31]));
                self.registers[0x30] = value;
            }
            0x20 | 0x30 | 0x390 => panic!("register {offset:#x} cannot be written"),
            _ => self.registers[offset >> 4] = value,
        }
    }
}

/// What a core in xAPIC mode has of model-specific registers.
struct Plain {
    base: u64,
    deadline: Option<u64>,
}

impl MsrBehaviour for Plain {
    fn read(&mut self, number: u32) -> u64 {
        assert_eq!(number, 0x1b);
        self.base
    }

    fn write(&mut self, number: u32, value: u64) {
        match number {
            0x1b => {
                assert_eq!(value & 1 << 10, 0, "there is no x2APIC");
                self.base = value;
            }
            0x6e0 => self.deadline = Some(value),
            _ => panic!("register {number:#x} cannot be written"),
        }
    }
}

fn plain(base: u64) -> FakeMsrs<Plain> {
    FakeMsrs::new(Plain { base, deadline: None })
}

type NoWindow = FakeRegisters<Xapic>;

#[test]
fn x2apic_is_switched_on_by_way_of_xapic_mode() {
    for base in [
        WINDOW_ADDRESS,
        WINDOW_ADDRESS | 1 << 11,
        WINDOW_ADDRESS | 3 << 10 | 1 << 8,
    ] {
        let msrs = X2apic::new(0);
        msrs.with(|core| core.base = base);
        LocalApic::<NoWindow, _>::x2apic(&msrs).start(TimerMode::CountDown, TIMER, SPURIOUS);
        msrs.with(|core| {
            assert_eq!(core.base, base | 3 << 10);
            let inputs = [0xf0, 0x350, 0x370, 0x320, 0x3e0, 0x80].map(|offset| core.at(offset));
            assert_eq!(inputs, [0x1ff, 1 << 16, 1 << 16, 0x1_0020, 3, 0]);
        });
    }
}

#[test]
fn xapic_is_switched_on_in_its_window() {
    let (window, msrs) = (Xapic::new(5), plain(WINDOW_ADDRESS));
    let apic = LocalApic::xapic(&window, &msrs);
    apic.start(TimerMode::CountDown, TIMER, SPURIOUS);
    assert!(!apic.is_x2apic());
    msrs.with(|core| assert_eq!(core.base, WINDOW_ADDRESS | 1 << 11));
    window.with(|core| {
        let inputs = [0xf, 0x35, 0x37, 0x32, 0x3e, 0x8].map(|index| core.registers[index]);
        assert_eq!(inputs, [0x1ff, 1 << 16, 1 << 16, 0x1_0020, 3, 0]);
    });
}

#[test]
fn numbers_have_8_bits_or_32() {
    let (window, msrs) = (Xapic::new(0xfe), plain(WINDOW_ADDRESS));
    let near = LocalApic::xapic(&window, &msrs);
    assert_eq!(near.id(), 0xfe);
    for id in [0, 0x1f, 0x123] {
        let msrs = X2apic::new(id);
        let apic = LocalApic::<NoWindow, _>::x2apic(&msrs);
        apic.start(TimerMode::CountDown, TIMER, SPURIOUS);
        assert!(apic.is_x2apic());
        assert_eq!(apic.id(), id);
    }
}

#[test]
fn acknowledges_each_interrupt_once() {
    let msrs = X2apic::new(0);
    let far = LocalApic::<NoWindow, _>::x2apic(&msrs);
    far.start(TimerMode::CountDown, TIMER, SPURIOUS);
    let (window, plain) = (Xapic::new(0), plain(WINDOW_ADDRESS));
    let near = LocalApic::xapic(&window, &plain);
    for _ in 0..3 {
        far.acknowledge();
        near.acknowledge();
    }
    assert_eq!(msrs.with(|core| core.acknowledged), 3);
    assert_eq!(window.with(|core| core.acknowledged), 3);
}

#[test]
fn the_timer_counts_down() {
    let msrs = X2apic::new(0);
    let far = LocalApic::<NoWindow, _>::x2apic(&msrs);
    far.start(TimerMode::CountDown, TIMER, SPURIOUS);
    let (window, plain) = (Xapic::new(0), plain(WINDOW_ADDRESS));
    let near = LocalApic::xapic(&window, &plain);
    near.start(TimerMode::CountDown, TIMER, SPURIOUS);
    far.count_down(u32::MAX);
    near.count_down(u32::MAX);
    assert_eq!((far.count_left(), near.count_left()), (u32::MAX / 2, u32::MAX / 2));
    far.unmask_timer(TIMER);
    near.unmask_timer(TIMER);
    // Stopped, one shot, not masked.
    assert_eq!(msrs.with(|core| (core.at(0x380), core.at(0x320))), (0, 0x20));
    let registers = window.with(|core| core.registers);
    assert_eq!((registers[0x38], registers[0x32]), (0, 0x20));
    far.count_down(1000);
    assert_eq!(msrs.with(|core| core.at(0x380)), 1000);
}

#[test]
fn the_timer_waits_for_a_time_stamp() {
    let msrs = X2apic::new(0);
    let far = LocalApic::<NoWindow, _>::x2apic(&msrs);
    far.start(TimerMode::CountDown, TIMER, SPURIOUS);
    far.set_deadline(7);
    assert_eq!(msrs.with(|core| core.deadline), None, "not in this mode");
    far.start(TimerMode::Deadline, TIMER, SPURIOUS);
    far.set_deadline(u64::MAX / 3);
    assert_eq!(
        msrs.with(|core| (core.deadline, core.at(0x320))),
        (Some(u64::MAX / 3), 0x4_0020)
    );
    let (window, plain) = (Xapic::new(0), plain(WINDOW_ADDRESS));
    let near = LocalApic::xapic(&window, &plain);
    near.start(TimerMode::Deadline, TIMER, SPURIOUS);
    near.set_deadline(1 << 40);
    assert_eq!(plain.with(|core| core.deadline), Some(1 << 40));
    assert_eq!(window.with(|core| core.registers[0x32]), 0x4_0020);
}

/// Each message with the lower half of the command.
const MESSAGES: [(Message, u32); 4] = [
    (Message::Interrupt(0xf0), 0x40f0),
    (Message::Nmi, 0x4400),
    (Message::Init, 0x4500),
    (Message::Startup(0x8), 0x4608),
];

#[test]
fn x2apic_sends_a_message_by_one_write_with_32_bits_of_destination() {
    let msrs = X2apic::new(0);
    let apic = LocalApic::<NoWindow, _>::x2apic(&msrs);
    apic.start(TimerMode::CountDown, TIMER, SPURIOUS);
    for (message, lower) in MESSAGES {
        assert_eq!(apic.send(message, 0x1_0203), Ok(()));
        let sent = msrs.with(|core| core::mem::take(&mut core.commands));
        let lower = u64::from(lower);
        assert_eq!(sent, [0x1_0203 << 32 | lower]);
    }
}

#[test]
fn xapic_sends_a_message_by_two_writes_the_destination_first() {
    let (window, msrs) = (Xapic::new(0), plain(WINDOW_ADDRESS));
    let apic = LocalApic::xapic(&window, &msrs);
    for (message, lower) in MESSAGES {
        assert_eq!(apic.send(message, 0x21), Ok(()));
        let sent = window.with(|core| core::mem::take(&mut core.commands));
        assert_eq!(sent, [(lower, 0x2100_0000)]);
    }
}

#[test]
fn xapic_lets_the_last_message_arrive_but_not_for_ever() {
    let (window, msrs) = (Xapic::new(0), plain(WINDOW_ADDRESS));
    let apic = LocalApic::xapic(&window, &msrs);
    window.with(|core| core.busy_reads = 5);
    assert_eq!(apic.send(Message::Nmi, 1), Ok(()));
    assert_eq!(window.with(|core| (core.busy_reads, core.commands.len())), (0, 1));
    window.with(|core| core.busy_reads = u32::MAX);
    assert_eq!(apic.send(Message::Nmi, 1), Ok(()));
    assert_eq!(window.with(|core| core.commands.len()), 2);
}

#[test]
fn xapic_refuses_destinations_that_its_8_bits_cannot_name() {
    let (window, msrs) = (Xapic::new(0), plain(WINDOW_ADDRESS));
    let apic = LocalApic::xapic(&window, &msrs);
    for apic_id in [255, 256, 0x1_0001, u32::MAX] {
        let refused = apic.send(Message::Init, apic_id);
        assert_eq!(refused, Err(OutOfReach { apic_id }));
    }
    assert!(window.with(|core| core.commands.is_empty()));
}
