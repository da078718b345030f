//! The ring past its wrap, the device that follows the standard, and those that do not.

use hw::dma::{DmaAllocator, DmaMemory};
use hw::fake::{FakeBus, FakeClock, FakeDma, Random};
use hw::pci::{Address, ConfigSpace};

use super::capabilities::{self, Layout, Region};
use super::fake::{Fault, Window, device};
use super::queue::{Done, Error, Piece, Queue, memory_bytes};
use super::rng::{self, REQUEST_BYTES, Rng};
use super::transport::{self, Transport};
use crate::pci::capability::Capability;

fn queue(size: u16) -> (FakeBus, Queue<FakeDma>) {
    let bus = FakeBus::default();
    let memory = bus.allocate(memory_bytes(size)).expect("no limit");
    let queue = Queue::new(memory, size).expect("a good size");
    (bus, queue)
}

fn piece(bus_address: u64, length_bytes: u32, is_written: bool) -> Piece {
    Piece {
        bus_address,
        length_bytes,
        is_written,
    }
}

/// Plays the device for a queue of `size` entries: notes that it has done `id`.
fn use_entry(bus: &FakeBus, queue: &Queue<FakeDma>, index: &mut u16, id: u32, written: u32) {
    let used = queue.places().used;
    let entry = used + 4 + 8 * u64::from(*index % queue.size());
    bus.write(entry, &id.to_le_bytes());
    bus.write(entry + 4, &written.to_le_bytes());
    *index = index.wrapping_add(1);
    bus.write(used + 2, &index.to_le_bytes());
}

#[test]
fn requests_go_round_the_ring_in_any_order() {
    for size in [1, 2, 8, 64] {
        let (bus, mut queue) = queue(size);
        let mut random = Random(size.into());
        let mut index = 0;
        let mut out: Vec<(u16, u32, usize)> = Vec::new();
        for _ in 0..70_000 {
            let free = usize::from(size) - out.iter().map(|(.., count)| count).sum::<usize>();
            if random.below(2) == 0 && free > 0 {
                let count = 1 + random.below(free.min(5));
                let pieces: Vec<Piece> = (0..count).map(|n| piece(0x1000 * n as u64, 100, n > 0)).collect();
                let token = queue.add(&pieces).expect("room");
                assert!(out.iter().all(|(known, ..)| *known != token));
                out.push((token, 100 * (count as u32 - 1), count));
            } else if !out.is_empty() {
                let (token, written_bytes, _) = out.swap_remove(random.below(out.len()));
                use_entry(&bus, &queue, &mut index, token.into(), written_bytes);
                assert_eq!(queue.take(), Ok(Some(Done { token, written_bytes })));
            }
            assert_eq!(queue.take(), Ok(None));
            assert_eq!(queue.is_idle(), out.is_empty());
        }
    }
}

#[test]
fn a_full_queue_says_so_and_loses_nothing() {
    let (bus, mut queue) = queue(4);
    let pieces = [piece(0, 1, false); 3];
    let token = queue.add(&pieces).expect("room");
    assert_eq!(queue.add(&pieces[..2]), Err(Error::Full));
    assert_eq!(queue.add(&[]), Err(Error::Empty));
    assert!(queue.add(&pieces[..1]).is_ok());
    use_entry(&bus, &queue, &mut 0, token.into(), 0);
    assert!(matches!(queue.take(), Ok(Some(done)) if done.token == token));
    assert!(queue.add(&pieces).is_ok());
}

#[test]
fn what_a_device_cannot_have_done_switches_the_queue_off() {
    let wrong: [(u32, u32, u16, Error); 6] = [
        (4, 0, 1, Error::NotGiven(4)),
        (1, 0, 1, Error::NotGiven(1)),
        (u32::MAX, 0, 1, Error::NotGiven(u32::MAX)),
        (0x1_0000, 0, 1, Error::NotGiven(0x1_0000)),
        (0, 101, 1, Error::WroteTooMuch(101)),
        (0, 0, 2, Error::UsedTooMuch),
    ];
    for (id, written, index, expected) in wrong {
        let (bus, mut queue) = queue(4);
        queue.add(&[piece(0, 100, true)]).expect("room");
        use_entry(&bus, &queue, &mut 0, id, written);
        bus.write(queue.places().used + 2, &index.to_le_bytes());
        assert_eq!(queue.take(), Err(expected));
        assert_eq!(queue.take(), Err(Error::SwitchedOff));
        assert_eq!(queue.add(&[piece(0, 1, true)]), Err(Error::SwitchedOff));
    }
}

#[test]
fn a_device_that_writes_anything_anywhere_in_the_queue_harms_nobody() {
    let mut random = Random(77);
    for _ in 0..20_000 {
        let (bus, mut queue) = queue(8);
        let mut out = 0;
        for _ in 0..20 {
            match random.below(3) {
                0 => out += usize::from(queue.add(&[piece(0, 50, true), piece(64, 50, true)]).is_ok()),
                1 => {
                    let offset = random.below(memory_bytes(8) - 2) as u64;
                    let value = [0, 1, 2, random.bits() as u16][random.below(4)];
                    bus.write(queue.places().descriptors + offset, &value.to_le_bytes());
                }
                _ => match queue.take() {
                    Ok(Some(done)) => {
                        assert!(done.token < 8 && done.written_bytes <= 100 && out > 0);
                        out -= 1;
                    }
                    Ok(None) => {}
                    Err(_) => break,
                },
            }
        }
    }
}

#[test]
fn bad_queues_are_refused() {
    let bus = FakeBus::default();
    for size in [0, 3, 512] {
        let memory = bus.allocate(65536).expect("no limit");
        assert_eq!(Queue::new(memory, size).err(), Some(Error::BadSize(size)));
    }
    let memory = bus.allocate(4096).expect("no limit");
    assert_eq!(memory.length_bytes(), 4096);
    assert_eq!(Queue::new(memory, 256).err(), Some(Error::TooSmall));
}

type Started = Result<Rng<Window, FakeDma>, rng::Error>;

fn start(bus: &FakeBus, fault: Fault) -> (Window, Started) {
    let (common, notify) = device(bus, fault);
    let transport = Transport::new(common.clone(), notify, 4096, 4);
    let clock = FakeClock::with_step_ns(10_000);
    (common, Rng::start(transport, bus, Some(1), &clock))
}

#[test]
fn gives_bytes_for_as_long_as_it_is_asked() {
    let bus = FakeBus::default();
    let (window, started) = start(&bus, Fault::None);
    let mut rng = started.expect("it works");
    assert!(rng.has_interrupt());
    {
        let state = window.state();
        assert_eq!((state.status, state.vector), (0x0F, 1));
        assert_eq!(state.driver_features, transport::VERSION_1);
    }
    let mut bytes = [0; REQUEST_BYTES];
    assert_eq!(rng.take(&mut bytes), Ok(None));
    // Far beyond the wrap of the ring's 16 bits.
    for round in 1..70_000 {
        rng.ask().expect("it works");
        // Asking again changes nothing.
        rng.ask().expect("it works");
        assert_eq!(rng.take(&mut bytes), Ok(Some(REQUEST_BYTES)));
        assert_eq!(bytes[1], bytes[0].wrapping_add(101));
        assert_eq!(window.state().notices, round);
    }
    rng.stop(&FakeClock::with_step_ns(1_000));
    assert_eq!((window.state().status, bus.allocated_bytes()), (0, 0));
}

#[test]
fn a_device_that_cannot_start_is_refused_and_nothing_stays() {
    use transport::Error as Device;
    for (fault, expected) in [
        (Fault::StuckReset, Device::ResetTimedOut),
        (Fault::Vanish(0), Device::Gone),
        (Fault::Old, Device::NoVersion1),
        (Fault::RefusesFeatures, Device::FeaturesRefused),
        (Fault::NoQueue, Device::NoQueue(0)),
        (Fault::FarDoorbell, Device::BadNotifyOffset),
    ] {
        let bus = FakeBus::default();
        let (_, started) = start(&bus, fault);
        assert_eq!(started.err(), Some(rng::Error::Device(expected)), "{fault:?}");
        assert_eq!(bus.allocated_bytes(), 0);
    }
    for limit in [0, 4096] {
        let bus = FakeBus::with_limit(limit);
        assert_eq!(start(&bus, Fault::None).1.err(), Some(rng::Error::OutOfMemory));
        assert_eq!(bus.allocated_bytes(), 0);
    }
}

#[test]
fn a_device_without_interrupts_is_looked_at_instead() {
    let (window, started) = start(&FakeBus::default(), Fault::NoVector);
    let mut rng = started.expect("it works");
    assert!(!rng.has_interrupt() && window.state().vector == 0xFFFF);
    rng.ask().expect("it works");
    assert!(matches!(rng.take(&mut [0; REQUEST_BYTES]), Ok(Some(_))));
}

#[test]
fn a_device_that_fails_later_is_an_error_not_a_hang() {
    use rng::Error::{Device, Empty, Queue};
    for (fault, expected) in [
        (Fault::Empty, Empty),
        (Fault::Id(3), Queue(Error::NotGiven(3))),
        (Fault::Id(70_000), Queue(Error::NotGiven(70_000))),
        (Fault::Length(513), Queue(Error::WroteTooMuch(513))),
        (Fault::Length(u32::MAX), Queue(Error::WroteTooMuch(u32::MAX))),
        (Fault::Jump(1), Queue(Error::UsedTooMuch)),
        (Fault::Jump(0x8000), Queue(Error::UsedTooMuch)),
        (Fault::Twice, Queue(Error::UsedTooMuch)),
        (Fault::NeedsReset, Device(transport::Error::NeedsReset)),
    ] {
        let bus = FakeBus::default();
        let mut rng = start(&bus, fault).1.expect("it starts");
        let asked = rng.ask();
        let result = asked.and_then(|()| rng.take(&mut [0; REQUEST_BYTES]).map(|_| ()));
        assert_eq!(result, Err(expected), "{fault:?}");
        rng.stop(&FakeClock::with_step_ns(10_000));
        assert_eq!(bus.allocated_bytes(), 0, "{fault:?}");
    }
    let mut silent = start(&FakeBus::default(), Fault::Silent).1.expect("it starts");
    silent.ask().expect("asked");
    assert_eq!(silent.take(&mut [0; REQUEST_BYTES]), Ok(None));
}

#[test]
fn a_device_that_vanishes_at_any_access_is_an_error_and_keeps_its_memory() {
    let mut has_started = false;
    for accesses in 0..60 {
        let bus = FakeBus::default();
        let (_, started) = start(&bus, Fault::Vanish(accesses));
        let Ok(mut rng) = started else { continue };
        has_started = true;
        let mut result = Ok(None);
        for _ in 0..60 {
            result = rng.ask().and_then(|()| rng.take(&mut [0; REQUEST_BYTES]));
            if result.is_err() {
                break;
            }
        }
        assert_eq!(result, Err(rng::Error::Device(transport::Error::Gone)), "{accesses}");
        let before = bus.allocated_bytes();
        rng.stop(&FakeClock::with_step_ns(10_000));
        // Nobody knows what it still does: its memory is never given to anybody else.
        assert_eq!((bus.allocated_bytes(), before > 0), (before, true));
    }
    assert!(has_started);
}

/// One function's space, of bytes.
struct Space([u8; 256]);

impl ConfigSpace for Space {
    fn read32(&self, _: Address, offset: u16) -> u32 {
        hw::bytes::u32_at(&self.0, offset.into()).unwrap_or(u32::MAX)
    }

    fn write32(&self, _: Address, _: u16, _: u32) {}

    fn size_bytes(&self, _: Address) -> u16 {
        256
    }
}

const ADDRESS: Address = Address::new(0, 3, 0);

/// A space with these vendor capabilities: kind, range, offset, length.
fn space(parts: &[(u8, u8, u32, u32)]) -> (Space, Vec<Capability>) {
    let mut bytes = [0; 256];
    let mut list = Vec::new();
    for (index, (kind, bar, offset, length)) in parts.iter().enumerate() {
        let at = 0x40 + 0x18 * index;
        bytes[at..at + 5].copy_from_slice(&[9, 0, 20, *kind, *bar]);
        bytes[at + 8..at + 12].copy_from_slice(&offset.to_le_bytes());
        bytes[at + 12..at + 16].copy_from_slice(&length.to_le_bytes());
        bytes[at + 16] = 4;
        list.push(Capability {
            id: 9,
            is_extended: false,
            version: 0,
            offset: at as u16,
        });
    }
    (Space(bytes), list)
}

fn layout(parts: &[(u8, u8, u32, u32)]) -> Result<Layout, capabilities::Error> {
    let (space, list) = space(parts);
    capabilities::read(&space, ADDRESS, &list)
}

#[test]
fn finds_the_registers_as_the_emulator_places_them() {
    let parts = [
        (1, 4, 0, 0x1000),
        (3, 4, 0x1000, 0x1000),
        (2, 4, 0x3000, 0x1000),
        (5, 0, 0, 0),
    ];
    let region = |offset| Region {
        bar: 4,
        offset,
        length_bytes: 0x1000,
    };
    assert_eq!(
        layout(&parts),
        Ok(Layout {
            common: region(0),
            notify: region(0x3000),
            notify_multiplier: 4,
            device: None,
        })
    );
    // The first of a kind counts; a range for later versions of the standard does not.
    let twice = [
        (1, 7, 64, 64),
        (1, 4, 0, 0x1000),
        (1, 2, 0, 0x1000),
        (2, 4, 0x3000, 0x1000),
    ];
    assert_eq!(layout(&twice).map(|layout| layout.common), Ok(region(0)));
}

#[test]
fn refuses_what_is_old_or_cannot_be() {
    use capabilities::Error::{BadRegion, Legacy};
    assert_eq!(layout(&[]), Err(Legacy));
    assert_eq!(layout(&[(1, 4, 0, 64)]), Err(Legacy));
    assert_eq!(layout(&[(1, 4, 2, 64), (2, 4, 0, 4)]), Err(BadRegion));
    assert_eq!(layout(&[(1, 4, 0, 55), (2, 4, 0, 4)]), Err(BadRegion));
    assert_eq!(layout(&[(1, 4, 0, 64), (2, 4, 0, 0)]), Err(BadRegion));
    let mut random = Random(5);
    for _ in 0..20_000 {
        let (mut space, list) = space(&[(1, 4, 0, 64), (2, 4, 64, 64), (4, 4, 128, 64)]);
        for _ in 0..8 {
            space.0[random.below(256)] = random.bits() as u8;
        }
        if let Ok(layout) = capabilities::read(&space, ADDRESS, &list) {
            assert!(layout.common.length_bytes >= 56 && layout.notify.length_bytes > 0);
        }
    }
}
