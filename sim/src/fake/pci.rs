//! The PCI bus of a test's machine: a laptop of 2019, a Lenovo Legion Y540.

use services::pci::{Bar, Bridge, Capability, Details, Entry, Error, Messages, NoBus, Pci, Window};

/// Address, vendor, device, class, vendor's and device's name, driver.
type Row = (
    &'static str,
    u16,
    u16,
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
);

const INTEL: &str = "Intel Corporation";

#[rustfmt::skip]
const ROWS: [Row; 19] = [
    ("00:00.0", 0x8086, 0x3ec4, "Host bridge", INTEL, "8th Gen Core Processor Host Bridge/DRAM Registers", None),
    ("00:01.0", 0x8086, 0x1901, "PCI bridge", INTEL, "6th-10th Gen Core Processor PCIe Controller (x16)", None),
    ("00:04.0", 0x8086, 0x1903, "Signal processing controller", INTEL, "Xeon E3-1200 v5/E3-1500 v5/6th Gen Core Processor Thermal Subsystem", None),
    ("00:08.0", 0x8086, 0x1911, "System peripheral", INTEL, "Xeon E3-1200 v5/v6 / E3-1500 v5 / 6th/7th/8th Gen Core Processor Gaussian Mixture Model", None),
    ("00:12.0", 0x8086, 0xa379, "Signal processing controller", INTEL, "Cannon Lake PCH Thermal Controller", None),
    ("00:14.0", 0x8086, 0xa36d, "USB controller", INTEL, "Cannon Lake PCH USB 3.1 xHCI Host Controller", None),
    ("00:14.2", 0x8086, 0xa36f, "RAM memory", INTEL, "Cannon Lake PCH Shared SRAM", None),
    ("00:15.0", 0x8086, 0xa368, "Serial bus controller", INTEL, "Cannon Lake PCH Serial IO I2C Controller #0", None),
    ("00:15.1", 0x8086, 0xa369, "Serial bus controller", INTEL, "Cannon Lake PCH Serial IO I2C Controller #1", None),
    ("00:16.0", 0x8086, 0xa360, "Communication controller", INTEL, "Cannon Lake PCH HECI Controller", None),
    ("00:17.0", 0x8086, 0xa353, "SATA controller", INTEL, "Cannon Lake Mobile PCH SATA AHCI Controller", None),
    ("00:1d.0", 0x8086, 0xa330, "PCI bridge", INTEL, "Cannon Lake PCH PCI Express Root Port #9", None),
    ("00:1d.5", 0x8086, 0xa335, "PCI bridge", INTEL, "Cannon Lake PCH PCI Express Root Port #14", None),
    ("00:1f.0", 0x8086, 0xa30d, "ISA bridge", INTEL, "HM470 Chipset LPC/eSPI Controller", None),
    ("00:1f.3", 0x8086, 0xa348, "Audio device", INTEL, "Cannon Lake PCH cAVS", None),
    ("00:1f.4", 0x8086, 0xa323, "SMBus", INTEL, "Cannon Lake PCH SMBus Controller", None),
    ("01:00.0", 0x10de, 0x1f91, "VGA compatible controller", "NVIDIA Corporation", "TU117M [GeForce GTX 1650 Mobile / Max-Q]", None),
    ("06:00.0", 0x144d, 0xa808, "Non-Volatile memory controller", "Samsung Electronics Co Ltd", "NVMe SSD Controller SM981/PM981/PM983", None),
    ("07:00.0", 0x10ec, 0x8168, "Ethernet controller", "Realtek Semiconductor Co., Ltd.", "RTL8111/8168/8411 PCI Express Gigabit Ethernet Controller", None),
];

fn entry((address, vendor_id, device_id, class, vendor, device, driver): &Row) -> Entry {
    Entry {
        address: (*address).into(),
        vendor_id: *vendor_id,
        device_id: *device_id,
        class: (*class).into(),
        name: format!("{vendor} {device}"),
        driver: driver.map(String::from),
    }
}

pub(super) struct FakePci;

impl Pci for FakePci {
    fn list(&self) -> Vec<Entry> {
        ROWS.iter().map(entry).collect()
    }

    fn info(&self, address: &str) -> Result<Details, Error> {
        NoBus.info(address).or_else(|error| match error {
            Error::InvalidAddress => Err(error),
            Error::NotFound => ROWS.iter().find(|row| row.0 == address).map(details).ok_or(error),
        })
    }
}

fn details(row: &Row) -> Details {
    let plain = Details {
        entry: entry(row),
        vendor: row.4.into(),
        device: row.5.into(),
        decodes_memory: true,
        may_interrupt: true,
        driver_state: "none".into(),
        ..Details::default()
    };
    match row.0 {
        "06:00.0" => Details {
            class_id: [1, 8, 2],
            interface: "NVM Express".into(),
            subsystem: Some((0x144d, 0xa801, "Samsung Electronics Co Ltd SSD 970 EVO Plus".into())),
            is_bus_master: true,
            errors: vec!["received master abort"],
            interrupt_pin: Some('A'),
            interrupt_line: Some(16),
            msix: Some(Messages {
                count: 33,
                is_enabled: false,
            }),
            power_state: Some("d0".into()),
            link: Some(("8 GT/s x4".into(), "8 GT/s x4".into())),
            bars: vec![Bar {
                index: 0,
                kind: "memory64",
                address: Some(0xb330_0000),
                size_bytes: 16 << 10,
                is_prefetchable: false,
                assigned_by: Ok("firmware"),
            }],
            capabilities: vec![Capability {
                name: "MSI-X",
                offset: 0xb0,
                details: "off, entries 33, table in BAR 0 at 0x3000, pending bits in BAR 0 at 0x2000".into(),
            }],
            ..plain
        },
        "00:1d.0" => Details {
            class_id: [6, 4, 0],
            is_bus_master: true,
            bridge: Some(Bridge {
                secondary: 6,
                subordinate: 6,
                memory: Some(Window {
                    first: 0xb330_0000,
                    last: 0xb33f_ffff,
                    assigned_by: "firmware",
                }),
                ..Bridge::default()
            }),
            ..plain
        },
        _ => plain,
    }
}
