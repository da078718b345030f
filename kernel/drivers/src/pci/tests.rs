//! Buses, ranges, lists and operations, on functions that a test makes up.

use hw::fake::{FakeClock, FakeRegisters, RegisterBehaviour};
use hw::pci::{Address, ConfigSpace, Message};

use super::bar::{self, Kind};
use super::fake::{FakeFunction, FakeSpace};
use super::header::Header;
use super::msi::{self, Msi};
use super::msix::{MsiX, NoSuchEntry, Table};
use super::power_state::{self, State};
use super::scan::{self, Problem, Segment};
use super::y540::ALL;
use super::{capability, command, describe, reset};

const HERE: Address = Address::new(0, 3, 0);

fn device() -> FakeFunction {
    FakeFunction::new(0x1af4, 0x1000, 0x02_0000, 1)
}

fn host_bridge() -> (Address, FakeFunction) {
    (Address::new(0, 0, 0), FakeFunction::new(0x8086, 0x29c0, 0x06_0000, 0))
}

fn addresses(space: &FakeSpace) -> (Vec<String>, Vec<Problem>) {
    let scan = scan::scan(space, &[ALL]);
    let found = scan.functions.iter().map(|function| function.address.to_string());
    (found.collect(), scan.problems)
}

#[test]
fn bridges_are_followed_however_deep_and_never_back() {
    let bridge = |secondary, subordinate| FakeFunction::new(0x8086, 1, 0x06_0400, 0).bridge(secondary, subordinate);
    let space = FakeSpace::new([
        host_bridge(),
        (Address::new(0, 1, 0), bridge(1, 4)),
        (Address::new(1, 0, 0), bridge(2, 4)),
        (Address::new(2, 0, 0), bridge(3, 3)),
        (Address::new(2, 5, 0), bridge(4, 4)),
        (Address::new(3, 31, 0), device()),
        (Address::new(4, 0, 0), device()),
        // To its own bus, to one above, to one that another has, beyond what is handed on, to none at all.
        (Address::new(2, 6, 0), bridge(2, 9)),
        (Address::new(2, 7, 0), bridge(1, 9)),
        (Address::new(2, 8, 0), bridge(3, 3)),
        (Address::new(2, 9, 0), bridge(5, 5)),
        (Address::new(2, 10, 0), bridge(0, 0)),
        // Not behind any bridge.
        (Address::new(9, 0, 0), device()),
    ]);
    let (found, problems) = addresses(&space);
    assert_eq!(
        found,
        [
            "00:00.0", "00:01.0", "01:00.0", "02:00.0", "02:05.0", "02:06.0", "02:07.0", "02:08.0", "02:09.0",
            "02:0a.0", "03:1f.0", "04:00.0"
        ]
    );
    let bad = |device, bus| Problem::BadBus(Address::new(2, device, 0), bus);
    assert_eq!(
        problems,
        [
            bad(6, 2),
            bad(7, 1),
            bad(8, 3),
            bad(9, 5),
            Problem::NoBus(Address::new(2, 10, 0))
        ]
    );
}

#[test]
fn further_functions_are_looked_for_where_the_first_says_so() {
    let mut functions = vec![host_bridge()];
    for function in 0..8 {
        functions.push((Address::new(0, 4, function), device()));
        functions.push((Address::new(0, 5, function), device().multi_function()));
        // Without function 0 there is nothing.
        if function > 0 {
            functions.push((Address::new(0, 6, function), device()));
        }
    }
    let (found, _) = addresses(&FakeSpace::new(functions));
    assert_eq!(found.len(), 1 + 1 + 8);
    assert_eq!(found[1], "00:04.0");
    assert_eq!(found[9], "00:05.7");
}

#[test]
fn behind_a_port_is_one_device_even_if_it_answers_as_all() {
    let port = FakeFunction::new(0x8086, 1, 0x06_0400, 0)
        .bridge(1, 1)
        .express(4, 3, 1, false);
    let echo = (0..32).map(|number| (Address::new(1, number, 0), device()));
    let space = FakeSpace::new([host_bridge(), (Address::new(0, 1, 0), port)].into_iter().chain(echo));
    assert_eq!(addresses(&space).0, ["00:00.0", "00:01.0", "01:00.0"]);
}

#[test]
fn segments_have_buses_of_their_own() {
    let far = Address {
        segment: 1,
        ..Address::new(0x80, 2, 0)
    };
    let space = FakeSpace::new([host_bridge(), (far, device())]);
    let other = Segment {
        number: 1,
        first_bus: 0x80,
        last_bus: 0x8f,
    };
    let found = scan::scan(&space, &[ALL, other, other]).functions;
    let found: Vec<String> = found.iter().map(|function| function.address.to_string()).collect();
    assert_eq!(found, ["00:00.0", "0001:80:02.0"]);
}

#[test]
fn the_number_of_functions_is_limited() {
    let bridge = |secondary| FakeFunction::new(0x8086, 1, 0x06_0400, 0).bridge(secondary, 255);
    let mut functions = Vec::new();
    for bus in 0..8 {
        let all = (0..32).flat_map(|number| (0..8).map(move |function| Address::new(bus, number, function)));
        functions.extend(all.map(|address| (address, device().multi_function())));
        functions.push((Address::new(bus, 0, 0), bridge(bus + 1).multi_function()));
    }
    let scan = scan::scan(&FakeSpace::new(functions), &[ALL]);
    assert_eq!(scan.functions.len(), scan::FUNCTIONS_LIMIT);
    assert_eq!(scan.problems, [Problem::TooMany]);
}

#[test]
fn every_size_of_every_kind_of_range_is_measured_and_put_back() {
    for bits in 2..=62 {
        let size = 1_u64 << bits;
        let kinds = [
            (Kind::Io, 2..=15, 0xc000 & !(size - 1)),
            (Kind::Memory32, 4..=31, 0x8000_0000),
            (Kind::Memory64, 4..=62, 1 << 62),
        ];
        for (kind, possible, address) in kinds {
            if !possible.contains(&bits) {
                continue;
            }
            for address in [0, address] {
                let function = device().bar(2, kind, address, size, kind == Kind::Memory64);
                let space = FakeSpace::new([(HERE, function.clone())]);
                let header = Header::read(&space, HERE).expect("it is there");
                let (bars, rom) = bar::read(&space, HERE, &header);
                assert_eq!(bars.len(), 1, "{kind:?} of {size:#x}");
                assert_eq!((bars[0].index, bars[0].kind), (2, kind));
                assert_eq!((bars[0].address, bars[0].size_bytes), (address, size));
                assert_eq!(rom, None);
                assert_eq!(space.functions.borrow()[&HERE], function);
            }
        }
    }
}

#[test]
fn a_rom_is_measured_without_being_turned_on() {
    let space = FakeSpace::new([(HERE, device().rom(0xfea0_0000, 0x1_0000))]);
    let header = Header::read(&space, HERE).expect("it is there");
    let rom = bar::read(&space, HERE, &header).1.expect("it has one");
    assert_eq!(
        (rom.address, rom.size_bytes, rom.is_enabled),
        (0xfea0_0000, 0x1_0000, false)
    );
}

#[test]
fn a_wide_range_in_the_last_register_has_no_upper_half() {
    let mut function = device();
    function.words[9] = 0xfe00_0004;
    function.masks[9] = 0xffff_0000;
    let space = FakeSpace::new([(HERE, function)]);
    let header = Header::read(&space, HERE).expect("it is there");
    let bars = bar::read(&space, HERE, &header).0;
    assert_eq!((bars[0].kind, bars[0].size_bytes), (Kind::Memory32, 0x1_0000));
}

#[test]
fn lists_that_bite_their_tail_or_leave_the_space_end() {
    let names = |function: FakeFunction, size_bytes| {
        let mut space = FakeSpace::new([(HERE, function)]);
        space.size_bytes = size_bytes;
        let header = Header::read(&space, HERE).expect("it is there");
        let list = capability::list(&space, HERE, &header);
        list.iter().map(describe::name).collect::<Vec<_>>()
    };
    let usual = || {
        device()
            .power()
            .msi(1, true)
            .express(0, 3, 4, true)
            .extended(1, 2, &[0; 10])
            .extended(3, 1, &[1, 2])
    };
    let standard = ["power management", "MSI", "PCI Express"];
    let all = [
        "power management",
        "MSI",
        "PCI Express",
        "advanced error reporting",
        "device serial number",
    ];
    assert_eq!(names(usual(), 4096), all);
    // Ports do not reach the second list; without PCI Express there is none.
    assert_eq!(names(usual(), 256), standard);
    assert_eq!(names(device().power().extended(1, 1, &[]), 4096), ["power management"]);
    // Back to the first; to itself; into the header; beyond the end is not possible in 8 bits.
    for (offset, next) in [(0x40, 0x40), (0x48, 0x40), (0x48, 0x48), (0x48, 0x10), (0x48, 0x00)] {
        let mut function = device().power().msi(1, true);
        function.words[offset / 4] = function.words[offset / 4] & !0xff00 | next << 8;
        assert!(names(function, 4096).len() <= 2);
    }
    for next in [0x100, 0x12c, 0xffc, 0x0fc, 0x004] {
        let mut function = usual();
        function.words[0x12c / 4] |= next << 20;
        assert_eq!(names(function, 4096), all);
    }
    // A function without the second list may show its first bytes there again.
    let mut function = device().express(0, 1, 1, false);
    function.words[0x40] = function.words[0];
    assert_eq!(names(function, 4096), ["PCI Express"]);
}

#[test]
fn one_message_is_set_in_both_layouts() {
    let message = Message {
        address: 0xfee0_1000,
        data: 0x4041,
    };
    for wide in [false, true] {
        let space = FakeSpace::new([(HERE, device().msi(8, wide))]);
        let msi = Msi::read(&space, HERE, 0x40);
        assert_eq!((msi.messages, msi.is_wide, msi.is_enabled), (8, wide, false));
        assert_eq!(msi.enable(&space, HERE, message), Ok(()));
        let after = Msi::read(&space, HERE, 0x40);
        assert_eq!((after.is_enabled, after.message), (true, message));
        // What shares a word with the data is left alone.
        assert_eq!(space.word(HERE, if wide { 0x4c } else { 0x48 }), 0xabcd_4041);
        let high = Message {
            address: 1 << 32,
            ..message
        };
        let refused = msi.enable(&space, HERE, high);
        assert_eq!(refused.is_ok(), wide);
        let long = Message {
            data: 0x1_0000,
            ..message
        };
        assert_eq!(msi.enable(&space, HERE, long), Err(msi::Error::DataTooWide(0x1_0000)));
        msi.disable(&space, HERE);
        assert!(!Msi::read(&space, HERE, 0x40).is_enabled);
    }
}

/// A table of messages that is plain memory, all of it unmasked at first.
struct Memory(Vec<u32>);

impl RegisterBehaviour for Memory {
    fn read32(&mut self, offset: usize) -> u32 {
        self.0[offset / 4]
    }

    fn write32(&mut self, offset: usize, value: u32) {
        if offset % 16 != 12 {
            assert_eq!(self.0[offset / 16 * 4 + 3] & 1, 1, "written while it can be sent");
        }
        self.0[offset / 4] = value;
    }
}

#[test]
fn tables_of_all_sizes_are_filled_while_masked() {
    for entries in [1, 2, 3, 17, 33, 64, 65, 2047, 2048] {
        let space = FakeSpace::new([(HERE, device().msix(entries, (4, 0x800), (2, 0)))]);
        let msix = MsiX::read(&space, HERE, 0x40);
        assert_eq!((msix.entries, msix.table.bar, msix.table.offset), (entries, 4, 0x800));
        assert_eq!(msix.table_bytes(), usize::from(entries) * 16);
        msix.enable_masked(&space, HERE);
        let masked = MsiX::read(&space, HERE, 0x40);
        assert!(masked.is_enabled && masked.is_masked);
        let table = Table::new(
            FakeRegisters::new(Memory(vec![0x70; 4 * usize::from(entries)])),
            entries,
        );
        let message = |entry: u16| Message {
            address: 0x1_fee0_0000 | u64::from(entry) << 4,
            data: entry.into(),
        };
        for entry in 0..entries {
            assert_eq!(table.write(entry, message(entry)), Ok(()));
        }
        for entry in 0..entries {
            assert_eq!(table.message(entry), Ok(message(entry)));
        }
        assert_eq!(table.mask(0), Ok(()));
        let none = Err(NoSuchEntry {
            entry: entries,
            entries,
        });
        assert_eq!(table.write(entries, message(0)), none);
        assert_eq!(table.mask(entries), none);
        assert_eq!(table.unmask(entries), none);
        msix.enable(&space, HERE);
        let on = MsiX::read(&space, HERE, 0x40);
        assert!(on.is_enabled && !on.is_masked);
        msix.disable(&space, HERE);
        assert!(!MsiX::read(&space, HERE, 0x40).is_enabled);
    }
}

#[test]
fn the_command_register_changes_and_the_status_does_not() {
    let space = FakeSpace::new([(HERE, device())]);
    assert_eq!(command::change(&space, HERE, command::LINE_OFF, command::BUS_MASTER), 7);
    assert_eq!(command::read(&space, HERE), 0x403);
    let writes = space.accesses.get();
    command::change(&space, HERE, command::LINE_OFF, command::BUS_MASTER);
    assert_eq!(space.accesses.get(), writes + 1, "nothing is written for nothing");
}

#[test]
fn a_function_is_left_alone_while_its_power_changes() {
    use hw::Clock;
    let space = FakeSpace::new([(HERE, device().power())]);
    let clock = FakeClock::with_step_ns(100_000);
    assert_eq!(power_state::read(&space, HERE, 0x40), State::D0);
    let begin_ns = clock.now_ns();
    assert_eq!(power_state::set(&space, HERE, 0x40, State::D3Hot, &clock), Ok(()));
    assert!(clock.now_ns() - begin_ns >= 10_000_000);
    assert_eq!(power_state::set(&space, HERE, 0x40, State::D0, &clock), Ok(()));
    // One that cannot leave its state.
    space.functions.borrow_mut().get_mut(&HERE).expect("it is there").masks[0x44 / 4] = 0;
    let refused = power_state::set(&space, HERE, 0x40, State::D3Hot, &clock);
    assert_eq!(refused, Err(power_state::Refused(State::D0)));
}

/// A function that forgets everything when it is reset.
struct Forgetful {
    space: FakeSpace,
    control: u16,
    bit: u32,
    gone_reads: std::cell::Cell<u32>,
    /// So many reads find nobody after a reset.
    pause: u32,
}

impl ConfigSpace for Forgetful {
    fn read32(&self, address: Address, offset: u16) -> u32 {
        if self.gone_reads.get() > 0 {
            self.gone_reads.set(self.gone_reads.get() - 1);
            return u32::MAX;
        }
        self.space.read32(address, offset)
    }

    fn write32(&self, address: Address, offset: u16, value: u32) {
        if offset == self.control && value & self.bit != 0 {
            let mut functions = self.space.functions.borrow_mut();
            let function = functions.get_mut(&address).expect("it is there");
            for (word, mask) in function.words.iter_mut().zip(&function.masks) {
                *word &= !mask;
            }
            self.gone_reads.set(self.pause);
            return;
        }
        self.space.write32(address, offset, value);
    }

    fn size_bytes(&self, address: Address) -> u16 {
        self.space.size_bytes(address)
    }
}

#[test]
fn a_reset_function_is_where_it_was_and_is_silent() {
    let with_range = || device().bar(0, Kind::Memory64, 0x80_0000_0000, 1 << 16, true);
    let express = (with_range().express(0, 3, 4, true), 0x48, 1 << 15);
    let features = (with_range().capability(0x13, 0x0306, 0, &[(0, 1)]), 0x44, 1);
    for (function, control, bit) in [express, features] {
        let with_pause = |pause| {
            let forgetful = Forgetful {
                space: FakeSpace::new([(HERE, function.clone())]),
                control,
                bit,
                gone_reads: std::cell::Cell::new(0),
                pause,
            };
            let header = Header::read(&forgetful, HERE).expect("it is there");
            let capabilities = capability::list(&forgetful, HERE, &header);
            assert!(reset::is_supported(&forgetful, HERE, &capabilities));
            let clock = FakeClock::with_step_ns(50_000);
            (reset::reset(&forgetful, HERE, &capabilities, &clock), forgetful)
        };
        let (result, forgetful) = with_pause(5);
        assert_eq!(result, Ok(()));
        assert_eq!(forgetful.space.word(HERE, 0x14), 0x80);
        assert_eq!(command::read(&forgetful, HERE), 3, "it decodes and masters nothing");
        assert_eq!(with_pause(u32::MAX).0, Err(reset::Error::Lost));
    }
    let space = FakeSpace::new([(HERE, device().power())]);
    let header = Header::read(&space, HERE).expect("it is there");
    let capabilities = capability::list(&space, HERE, &header);
    let clock = FakeClock::with_step_ns(50_000);
    let refused = reset::reset(&space, HERE, &capabilities, &clock);
    assert_eq!(refused, Err(reset::Error::Unsupported));
}
