//! Names of vendors, devices and classes, from the PCI ID database (`pci.ids`), packed when the image is built.
//!
//! Little endian. A header of 16 bytes: the magic, the count of blocks, the bytes of packed data. Then an index entry of
//! 24 bytes for each block: the first key in it (128 bits), where its data start, its bytes when unpacked. Then the data:
//! each block is deflated by itself, so that a look-up unpacks one and no more memory is used than that. Unpacked, a
//! block is a list of entries in ascending order of their keys: the difference to the key before (LEB128, the first one's
//! from the index is 0), the name's bytes, the name.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use hw::bytes::{u32_at, u64_at};
use miniz_oxide::inflate;

/// The first bytes of a pack.
pub const MAGIC: &[u8; 8] = b"RHAIPCI1";
const HEADER_BYTES: usize = 16;
const INDEX_BYTES: usize = 24;
/// No block is larger when unpacked.
pub const BLOCK_LIMIT_BYTES: usize = 64 << 10;

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A base class.
    Class(u8),
    /// A class and its subclass.
    Subclass(u8, u8),
    /// A class, its subclass and its register interface.
    Interface(u8, u8, u8),
    /// A vendor.
    Vendor(u16),
    /// A vendor's device.
    Device(u16, u16),
    /// A vendor's device on the board of a vendor.
    Subsystem(u16, u16, u16, u16),
}

impl Key {
    /// The number that the pack is ordered by.
    pub fn number(self) -> u128 {
        let join = |kind: u128, parts: [u16; 4]| parts.iter().fold(kind, |all, &part| all << 16 | u128::from(part));
        match self {
            Self::Class(base) => join(1, [0, base.into(), 0, 0]),
            Self::Subclass(base, sub) => join(1, [1, base.into(), sub.into(), 0]),
            Self::Interface(base, sub, interface) => join(1, [2, base.into(), sub.into(), interface.into()]),
            Self::Vendor(vendor) => join(2, [vendor, 0, 0, 0]),
            Self::Device(vendor, device) => join(3, [vendor, device, 0, 0]),
            Self::Subsystem(vendor, device, subvendor, subdevice) => join(4, [vendor, device, subvendor, subdevice]),
        }
    }
}

/// The bytes are no pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// A pack, where the boot loader left it.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    index: &'static [u8],
    data: &'static [u8],
}

impl Names {
    /// A pack without any name.
    pub const EMPTY: Self = Self { index: &[], data: &[] };

    /// The pack in `bytes`.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where the header or a length is wrong.
    pub fn parse(bytes: &'static [u8]) -> Result<Self, Malformed> {
        if !bytes.starts_with(MAGIC) {
            return Err(Malformed);
        }
        let number = |offset| u32_at(bytes, offset).map(|number| number as usize).ok_or(Malformed);
        let index_bytes = number(8)?.checked_mul(INDEX_BYTES).ok_or(Malformed)?;
        let rest = bytes.get(HEADER_BYTES..).ok_or(Malformed)?;
        let (index, data) = rest.split_at_checked(index_bytes).ok_or(Malformed)?;
        let data = data.get(..number(12)?).ok_or(Malformed)?;
        Ok(Self { index, data })
    }

    /// The names of `keys`, in their order; each block is unpacked once at most. What is damaged has no name.
    pub fn find(&self, keys: &[Key]) -> Vec<Option<String>> {
        let mut found = vec![None; keys.len()];
        let mut order: Vec<(u128, usize)> = keys.iter().map(|key| key.number()).zip(0..).collect();
        order.sort_unstable();
        let mut rest = order.as_slice();
        while let Some(&(number, _)) = rest.first() {
            let Some(block) = self.block_of(number) else {
                rest = rest.get(1..).unwrap_or(&[]);
                continue;
            };
            // All of them that can be in this block.
            let end = self.first_key(block + 1).unwrap_or(u128::MAX);
            let count = rest.partition_point(|&(number, _)| number < end).max(1);
            let (here, later) = rest.split_at(count);
            if let Some((bytes, first)) = self.unpack(block) {
                pick(&bytes, first, here, &mut found);
            }
            rest = later;
        }
        found
    }

    fn entry(&self, block: usize) -> Option<&[u8]> {
        self.index.get(block.checked_mul(INDEX_BYTES)?..)?.get(..INDEX_BYTES)
    }

    fn first_key(&self, block: usize) -> Option<u128> {
        let entry = self.entry(block)?;
        Some(u128::from(u64_at(entry, 8)?) << 64 | u128::from(u64_at(entry, 0)?))
    }

    /// The last block that does not start after `number`.
    fn block_of(&self, number: u128) -> Option<usize> {
        let (mut low, mut high) = (0, self.index.len() / INDEX_BYTES);
        while low < high {
            let middle = low.midpoint(high);
            if self.first_key(middle)? <= number {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.checked_sub(1)
    }

    /// A block's bytes and its first key; `None` where it is damaged.
    fn unpack(&self, block: usize) -> Option<(Vec<u8>, u128)> {
        let entry = self.entry(block)?;
        let start = u32_at(entry, 16)? as usize;
        let size_bytes = u32_at(entry, 20)? as usize;
        let next = self.entry(block + 1).and_then(|next| u32_at(next, 16));
        let end = next.map_or(self.data.len(), |next| next as usize);
        let packed = self.data.get(start..end)?;
        let limit = size_bytes.min(BLOCK_LIMIT_BYTES);
        let bytes = inflate::decompress_to_vec_with_limit(packed, limit).ok()?;
        Some((bytes, self.first_key(block)?))
    }
}

/// Walks a block and takes the names of `wanted`, which are in ascending order.
fn pick(bytes: &[u8], first: u128, wanted: &[(u128, usize)], found: &mut [Option<String>]) {
    let mut rest = bytes;
    let mut number = first;
    let mut wanted = wanted.iter().peekable();
    while let Some((step, name)) = take_entry(&mut rest) {
        number = number.saturating_add(step);
        while let Some(&&(key, place)) = wanted.peek().filter(|(key, _)| *key <= number) {
            wanted.next();
            if key == number
                && let Some(place) = found.get_mut(place)
            {
                *place = core::str::from_utf8(name).ok().map(String::from);
            }
        }
        if wanted.peek().is_none() {
            return;
        }
    }
}

/// Takes the next entry off `rest`: the step to its key, and its name.
fn take_entry<'a>(rest: &mut &'a [u8]) -> Option<(u128, &'a [u8])> {
    let mut step = 0;
    let mut shift = 0;
    loop {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        step |= u128::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let (&length, tail) = rest.split_first()?;
    let (name, tail) = tail.split_at_checked(length.into())?;
    *rest = tail;
    Some((step, name))
}
