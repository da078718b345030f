//! Capabilities in words.

use alloc::format;
use alloc::string::String;

use hw::pci::{Address, ConfigSpace};

use super::capability::{self, Capability};
use super::express;
use super::msi::Msi;
use super::msix::MsiX;
use super::power_state;

/// What the capability is.
pub fn name(capability: &Capability) -> &'static str {
    let names: &[(u16, &str)] = if capability.is_extended { &EXTENDED } else { &STANDARD };
    let found = names.binary_search_by_key(&capability.id, |(id, _)| *id);
    found
        .ok()
        .and_then(|index| names.get(index))
        .map_or("unknown", |(_, name)| name)
}

/// By number, for the search (PCI Code and ID Assignment Specification 1.11, 2).
const STANDARD: [(u16, &str); 20] = [
    (0x01, "power management"),
    (0x02, "AGP"),
    (0x03, "vital product data"),
    (0x04, "slot identification"),
    (0x05, "MSI"),
    (0x06, "CompactPCI hot swap"),
    (0x07, "PCI-X"),
    (0x08, "HyperTransport"),
    (0x09, "vendor specific"),
    (0x0a, "debug port"),
    (0x0b, "CompactPCI resource control"),
    (0x0c, "hot plug"),
    (0x0d, "bridge subsystem"),
    (0x0e, "AGP 8x"),
    (0x0f, "secure device"),
    (0x10, "PCI Express"),
    (0x11, "MSI-X"),
    (0x12, "SATA configuration"),
    (0x13, "advanced features"),
    (0x14, "enhanced allocation"),
];

/// The same for the extended list (the same specification, 3).
const EXTENDED: [(u16, &str); 38] = [
    (0x01, "advanced error reporting"),
    (0x02, "virtual channel"),
    (0x03, "device serial number"),
    (0x04, "power budgeting"),
    (0x05, "root complex link declaration"),
    (0x06, "root complex internal link control"),
    (0x07, "root complex event collector"),
    (0x08, "multi-function virtual channel"),
    (0x09, "virtual channel with MFVC"),
    (0x0a, "root complex registers"),
    (0x0b, "vendor specific"),
    (0x0d, "access control services"),
    (0x0e, "alternative routing"),
    (0x0f, "address translation services"),
    (0x10, "single root I/O virtualization"),
    (0x11, "multi root I/O virtualization"),
    (0x12, "multicast"),
    (0x13, "page request"),
    (0x15, "resizable BAR"),
    (0x16, "dynamic power allocation"),
    (0x17, "processing hints"),
    (0x18, "latency tolerance reporting"),
    (0x19, "secondary PCI Express"),
    (0x1b, "process address space"),
    (0x1c, "lightweight notification"),
    (0x1d, "downstream port containment"),
    (0x1e, "L1 substates"),
    (0x1f, "precision time measurement"),
    (0x20, "PCI Express over M-PHY"),
    (0x21, "readiness queueing"),
    (0x22, "readiness time"),
    (0x23, "designated vendor specific"),
    (0x24, "VF resizable BAR"),
    (0x25, "data link feature"),
    (0x26, "16 GT/s physical layer"),
    (0x27, "lane margining"),
    (0x29, "native PCIe enclosure management"),
    (0x2a, "32 GT/s physical layer"),
];

/// What the capability says, in words; empty where its name says all that is known.
pub fn details(space: &(impl ConfigSpace + ?Sized), address: Address, capability: &Capability) -> String {
    let first = space.read32(address, capability.offset);
    if capability.is_extended {
        return match capability.id {
            0x03 => serial_number(space, address, capability.offset),
            0x0b => {
                let word = space.read32(address, capability.offset + 4);
                format!(
                    "id {:04x}, revision {}, {} bytes",
                    word as u16,
                    word >> 16 & 0xf,
                    word >> 20
                )
            }
            _ => format!("version {}", capability.version),
        };
    }
    match capability.id {
        capability::POWER => power(space, address, capability.offset, first),
        capability::MSI => msi(&Msi::read(space, address, capability.offset)),
        capability::MSIX => msix(&MsiX::read(space, address, capability.offset)),
        capability::EXPRESS => express(&express::read(space, address, capability.offset)),
        capability::VENDOR => format!("{} bytes", first >> 16 & 0xff),
        capability::ADVANCED_FEATURES => String::from(if first & 1 << 25 != 0 { "reset" } else { "" }),
        capability::SUBSYSTEM => {
            let both = space.read32(address, capability.offset + 4);
            format!("{:04x}:{:04x}", both as u16, both >> 16)
        }
        0x12 => format!("version {}.{}", first >> 20 & 0xf, first >> 16 & 0xf),
        _ => String::new(),
    }
}

fn power(space: &(impl ConfigSpace + ?Sized), address: Address, offset: u16, first: u32) -> String {
    let mut text = format!(
        "version {}, state {}",
        first >> 16 & 7,
        power_state::read(space, address, offset)
    );
    let wakes = [(27, "d0"), (28, "d1"), (29, "d2"), (30, "d3hot"), (31, "d3cold")];
    for (index, (_, state)) in wakes.iter().filter(|(bit, _)| first >> bit & 1 != 0).enumerate() {
        text.push_str(if index == 0 { ", wakes from " } else { " " });
        text.push_str(state);
    }
    text
}

fn msi(msi: &Msi) -> String {
    let mut text = format!(
        "{}, messages {}, {} bits",
        if msi.is_enabled { "on" } else { "off" },
        msi.messages,
        if msi.is_wide { 64 } else { 32 },
    );
    if msi.can_mask {
        text.push_str(", maskable");
    }
    if msi.is_enabled {
        text.push_str(&format!(", {:#x} to {:#x}", msi.message.data, msi.message.address));
    }
    text
}

fn msix(msix: &MsiX) -> String {
    format!(
        "{}{}, entries {}, table in BAR {} at {:#x}, pending bits in BAR {} at {:#x}",
        if msix.is_enabled { "on" } else { "off" },
        if msix.is_masked { " but masked" } else { "" },
        msix.entries,
        msix.table.bar,
        msix.table.offset,
        msix.pending.bar,
        msix.pending.offset,
    )
}

fn express(express: &express::Express) -> String {
    let mut text = format!("version {}, {}", express.version, express.port_type);
    if let Some(slot) = express.slot {
        text.push_str(&format!(" with slot {slot}"));
    }
    if let (Some(now), Some(most)) = (express.now, express.most) {
        text.push_str(&format!(", link {now} of {most}"));
    }
    let (now, most) = express.payload_bytes;
    text.push_str(&format!(", payload {now} of {most} bytes"));
    if express.can_reset {
        text.push_str(", reset");
    }
    text
}

/// The errors that the function has noted since somebody cleared its status (PCI Local Bus 3.0, 6.2.3).
pub fn errors(status: u16) -> impl Iterator<Item = &'static str> {
    const ERRORS: [(u16, &str); 6] = [
        (8, "data parity error"),
        (11, "signaled target abort"),
        (12, "received target abort"),
        (13, "received master abort"),
        (14, "signaled system error"),
        (15, "detected parity error"),
    ];
    let noted = move |(bit, error): (u16, &'static str)| (status >> bit & 1 != 0).then_some(error);
    ERRORS.into_iter().filter_map(noted)
}

/// As `lspci` has it: most significant byte first.
fn serial_number(space: &(impl ConfigSpace + ?Sized), address: Address, offset: u16) -> String {
    let low = space.read32(address, offset + 4);
    let high = space.read32(address, offset + 8);
    let bytes = (u64::from(high) << 32 | u64::from(low)).to_be_bytes();
    let mut text = String::new();
    for byte in bytes {
        let dash = if text.is_empty() { "" } else { "-" };
        text.push_str(&format!("{dash}{byte:02x}"));
    }
    text
}
