//! The reference laptop's devices, as its fixture has them.

use hw::pci::Address;

use super::bar::Kind;
use super::bridge;
use super::fake::{FakeFunction, FakeSpace};
use super::scan::{self, Function, Segment};

const TEXT: &str = include_str!("../../../../tests/fixtures/pci/y540.txt");

/// All buses of segment 0.
pub(super) const ALL: Segment = Segment {
    number: 0,
    first_bus: 0,
    last_bus: 255,
};

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).expect("a hexadecimal number")
}

/// Each function with its address; the alternatives are `choice`, 0 being the function itself.
pub(super) fn functions(choice: usize) -> Vec<(Address, FakeFunction)> {
    let mut all: Vec<(Address, Vec<Vec<&str>>)> = Vec::new();
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        if let Some(other) = line.strip_prefix("or ") {
            all.last_mut().expect("a function").1.push(vec![other]);
        } else if let Some(property) = line.strip_prefix("  ") {
            let alternatives = &mut all.last_mut().expect("a function").1;
            alternatives.last_mut().expect("a function").push(property);
        } else {
            let (address, rest) = line.split_once(' ').expect("an address");
            all.push((address.parse().expect("an address"), vec![vec![rest]]));
        }
    }
    let many: Vec<(u8, u8)> = all
        .iter()
        .filter(|(address, _)| address.function > 0)
        .map(|(address, _)| (address.bus, address.device))
        .collect();
    all.into_iter()
        .map(|(address, alternatives)| {
            let lines = alternatives.get(choice).unwrap_or(&alternatives[0]);
            let function = function(lines);
            let is_many = address.function == 0 && many.contains(&(address.bus, address.device));
            (address, if is_many { function.multi_function() } else { function })
        })
        .collect()
}

fn function(lines: &[&str]) -> FakeFunction {
    let words: Vec<&str> = lines[0].split(' ').collect();
    let pair = |text: &str| {
        let (one, other) = text.split_once(':')?;
        Some((hex(one) as u16, hex(other) as u16))
    };
    let (vendor, device) = pair(words[0]).expect("vendor and device");
    let mut function = FakeFunction::new(vendor, device, hex(words[2]) as u32, hex(words[1]) as u8);
    if let Some((vendor, number)) = pair(words[3]) {
        function = function.subsystem(vendor, number);
    }
    let has_reset = lines.contains(&"flr");
    for line in &lines[1..] {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |index: usize| words[index].parse::<u16>().expect("a number");
        function = match words[0] {
            "bar" => {
                let kind = match words[2] {
                    "io" => Kind::Io,
                    "memory32" => Kind::Memory32,
                    "memory64" => Kind::Memory64,
                    other => panic!("{other}"),
                };
                let is_prefetchable = words.get(5) == Some(&"p");
                function.bar(number(1).into(), kind, hex(words[3]), hex(words[4]), is_prefetchable)
            }
            "window" => {
                let kind = match words[1] {
                    "io" => bridge::Kind::Io,
                    "memory" => bridge::Kind::Memory,
                    "prefetchable" => bridge::Kind::Prefetchable,
                    other => panic!("{other}"),
                };
                function.window(kind, hex(words[2]), hex(words[3]))
            }
            "bridge" => function.bridge(hex(words[1]) as u8, hex(words[2]) as u8),
            "express" => {
                let port_type = match words[1] {
                    "endpoint" => 0,
                    "legacy-endpoint" => 1,
                    "root-port" => 4,
                    "integrated-endpoint" => 9,
                    other => panic!("{other}"),
                };
                function.express(port_type, number(2) as u8, number(3) as u8, has_reset)
            }
            "msi" => function.msi(number(1) as u8, true),
            "msix" => {
                let place = |index: usize| (number(index) as u8, hex(words[index + 1]) as u32);
                function.msix(number(1), place(2), place(4))
            }
            "power" => function.power(),
            "pin" => function.pin(number(1) as u8),
            "flr" => function,
            other => panic!("{other}"),
        };
    }
    function
}

/// The machine with its alternatives `choice`.
pub(super) fn space(choice: usize) -> FakeSpace {
    FakeSpace::new(functions(choice))
}

/// What the scan finds of it.
pub(super) fn scanned(choice: usize) -> (FakeSpace, Vec<Function>) {
    let space = space(choice);
    let scan = scan::scan(&space, &[ALL]);
    assert_eq!(scan.problems, []);
    (space, scan.functions)
}

mod tests {
    use super::*;
    use crate::pci::claim::{self, Claim};
    use crate::pci::msix::{MsiX, Place};
    use crate::pci::{capability, describe, express};

    fn at<'a>(functions: &'a [Function], address: &str) -> &'a Function {
        let address: Address = address.parse().expect("an address");
        functions
            .iter()
            .find(|function| function.address == address)
            .expect("it is found")
    }

    #[test]
    fn every_function_is_found_behind_every_bridge_and_nothing_is_changed() {
        for choice in 0..5 {
            let expected = functions(choice);
            let (space, found) = scanned(choice);
            let addresses: Vec<Address> = found.iter().map(|function| function.address).collect();
            assert_eq!(
                addresses,
                expected.iter().map(|(address, _)| *address).collect::<Vec<_>>()
            );
            for (address, function) in &expected {
                assert_eq!(&space.functions.borrow()[address], function, "{address}");
            }
        }
    }

    #[test]
    fn ranges_are_of_every_kind() {
        let (_, found) = scanned(0);
        let graphics = at(&found, "01:00.0");
        let shown: Vec<_> = graphics
            .bars
            .iter()
            .map(|bar| (bar.index, bar.kind, bar.address, bar.size_bytes, bar.is_prefetchable))
            .collect();
        assert_eq!(
            shown,
            [
                (0, Kind::Memory32, 0xb200_0000, 16 << 20, false),
                (1, Kind::Memory64, 0xa000_0000, 256 << 20, true),
                (3, Kind::Memory64, 0xb000_0000, 32 << 20, true),
                (5, Kind::Io, 0x4000, 128, false),
            ]
        );
        assert!(at(&found, "00:15.0").bars[0].place().is_err());
        assert_eq!(at(&found, "00:15.1").bars[0].address, 0x40_0000_1000);
        assert_eq!(at(&found, "00:17.0").bar(5).map(|bar| bar.size_bytes), Some(2048));
    }

    #[test]
    fn tables_of_messages_are_where_each_drive_has_them() {
        let table = |choice| {
            let (space, found) = scanned(choice);
            let drive = at(&found, "06:00.0");
            let offset = drive.capability(capability::MSIX).expect("it has one").offset;
            let msix = MsiX::read(&space, drive.address, offset);
            let places = |place: Place| (place.bar, place.offset);
            (msix.entries, places(msix.table), places(msix.pending))
        };
        assert_eq!(table(0), (33, (0, 0x3000), (0, 0x2000)));
        assert_eq!(table(1), (17, (0, 0x2000), (4, 0)));
        assert_eq!(table(2), (65, (0, 0x3000), (4, 0)));
        assert_eq!(table(3), (32, (0, 0x2000), (0, 0x3000)));
    }

    #[test]
    fn bridges_and_links_are_understood() {
        let (space, found) = scanned(0);
        let windows = [
            (
                "00:01.0",
                1,
                Some((0x4000, 0x4fff)),
                (0xb200_0000, 0xb2ff_ffff),
                Some((0x9ff0_0000, 0xb1ff_ffff)),
            ),
            ("00:1d.0", 6, None, (0xb330_0000, 0xb33f_ffff), None),
            ("00:1d.5", 7, Some((0x3000, 0x3fff)), (0xb320_0000, 0xb32f_ffff), None),
        ];
        for (address, bus, io, memory, prefetchable) in windows {
            let port = at(&found, address);
            let bridge = port.bridge.expect("a bridge");
            assert_eq!((bridge.secondary, bridge.subordinate), (bus, bus));
            let ends = |window: Option<bridge::Range>| window.map(|range| (range.first, range.last));
            assert_eq!(ends(bridge.io), io);
            assert_eq!(ends(bridge.memory), Some(memory));
            assert_eq!(ends(bridge.prefetchable), prefetchable);
            let offset = port.capability(capability::EXPRESS).expect("it has one").offset;
            let express = express::read(&space, port.address, offset);
            assert_eq!(express.port_type, express::PortType::RootPort);
        }
        let drive = at(&found, "06:00.0");
        let words: Vec<String> = drive
            .capabilities
            .iter()
            .map(|found| {
                let details = describe::details(&space, drive.address, found);
                format!("{}: {details}", describe::name(found))
            })
            .collect();
        assert_eq!(
            words,
            [
                "PCI Express: version 2, endpoint, link 8 GT/s x4 of 8 GT/s x4, payload 128 of 128 bytes, reset",
                "MSI-X: off, entries 33, table in BAR 0 at 0x3000, pending bits in BAR 0 at 0x2000",
                "power management: version 3, state d0, wakes from d0 d3hot d3cold",
            ]
        );
    }

    /// What drivers of the classes on this machine claim, and what they get.
    #[test]
    fn classes_find_their_devices_and_the_teaching_device_is_not_here() {
        let (_, found) = scanned(0);
        let claimed = |claim: Claim| {
            let matching = found.iter().filter(|function| claim.matches(&function.header));
            matching
                .map(|function| function.address.to_string())
                .collect::<Vec<_>>()
        };
        let interface = |base, sub, interface| Claim::Interface { base, sub, interface };
        assert_eq!(claimed(interface(1, 8, 2)), ["06:00.0"]);
        assert_eq!(claimed(interface(1, 6, 1)), ["00:17.0"]);
        assert_eq!(claimed(interface(0xc, 3, 0x30)), ["00:14.0", "01:00.2"]);
        assert_eq!(claimed(Claim::Class { base: 2, sub: 0 }), ["07:00.0"]);
        let teaching = [Claim::Device {
            vendor_id: 0x1234,
            device_id: 0x11e8,
        }];
        for function in &found {
            let drivers = claim::candidates(&teaching, core::slice::from_ref, &function.header);
            assert!(drivers.is_empty(), "{}", function.address);
        }
    }
}
