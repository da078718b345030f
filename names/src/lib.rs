//! Packing the PCI ID database for the boot module `names`; `services::pci::names` describes the form and reads it.
//!
//! The database comes with the crate `pci-ids` (the database: Martin Mares, Albert Pool and volunteers, GPL 2 or later or
//! 3-clause BSD). Its last release that does not fetch anything while it is built is used.
#![forbid(unsafe_code)]

use miniz_oxide::deflate::compress_to_vec;
use pci_ids::{Classes, Vendors};

const MAGIC: &[u8; 8] = b"RHAIPCI1";
/// Bytes of an index entry.
const INDEX_BYTES: usize = 24;
/// A block is packed when it has grown to this: larger ones pack better, and take longer to search.
const BLOCK_BYTES: usize = 24 << 10;
const BEST: u8 = 10;

/// What has a name: its kind and up to four numbers.
pub type Key = (u8, [u16; 4]);

/// What the database lacks: a drive of the reference laptop, and devices of the emulator.
const ADDITIONS: [(Key, &str); 4] = [
    ((2, [0x1234, 0, 0, 0]), "QEMU"),
    ((3, [0x1234, 0x1111, 0, 0]), "standard VGA"),
    ((3, [0x1234, 0x11e8, 0, 0]), "edu, the device for teaching"),
    ((3, [0x1344, 0x5410, 0, 0]), "2200S NVMe SSD"),
];

/// The whole database.
pub fn pack_all() -> Vec<u8> {
    let mut names = ADDITIONS.to_vec();
    for class in Classes::iter() {
        names.push(((1, [0, class.id().into(), 0, 0]), class.name()));
        for sub in class.subclasses() {
            names.push(((1, [1, class.id().into(), sub.id().into(), 0]), sub.name()));
            names.extend(sub.prog_ifs().map(|interface| {
                let numbers = [2, class.id().into(), sub.id().into(), interface.id().into()];
                ((1, numbers), interface.name())
            }));
        }
    }
    for vendor in Vendors::iter() {
        names.push(((2, [vendor.id(), 0, 0, 0]), vendor.name()));
        for device in vendor.devices() {
            names.push(((3, [vendor.id(), device.id(), 0, 0]), device.name()));
            names.extend(device.subsystems().map(|board| {
                let numbers = [vendor.id(), device.id(), board.subvendor(), board.subdevice()];
                ((4, numbers), board.name())
            }));
        }
    }
    pack(&names)
}

/// The pack of `names`; of several for one key the first one is kept.
pub fn pack(names: &[(Key, &str)]) -> Vec<u8> {
    let mut sorted: Vec<(u128, &str)> = names.iter().map(|(key, name)| (number(*key), *name)).collect();
    sorted.sort_by_key(|(number, _)| *number);
    sorted.dedup_by_key(|(number, _)| *number);
    let (mut index, mut data, mut block) = (Vec::new(), Vec::new(), Vec::new());
    let mut before = 0;
    for (place, (number, name)) in sorted.iter().enumerate() {
        if block.is_empty() {
            index.extend(number.to_le_bytes());
            index.extend((data.len() as u32).to_le_bytes());
            before = *number;
        }
        append(&mut block, number - before, name);
        before = *number;
        if block.len() >= BLOCK_BYTES || place + 1 == sorted.len() {
            index.extend((block.len() as u32).to_le_bytes());
            data.extend(compress_to_vec(&block, BEST));
            block.clear();
        }
    }
    let mut pack = MAGIC.to_vec();
    pack.extend(((index.len() / INDEX_BYTES) as u32).to_le_bytes());
    pack.extend((data.len() as u32).to_le_bytes());
    pack.extend(index);
    pack.extend(data);
    pack
}

/// What the pack is ordered by.
fn number((kind, numbers): Key) -> u128 {
    numbers
        .iter()
        .fold(kind.into(), |all, &number| all << 16 | u128::from(number))
}

fn append(block: &mut Vec<u8>, mut step: u128, name: &str) {
    while step >= 0x80 {
        block.push(step as u8 | 0x80);
        step >>= 7;
    }
    block.push(step as u8);
    let name = &name[..name.floor_char_boundary(255)];
    block.push(name.len() as u8);
    block.extend(name.bytes());
}
