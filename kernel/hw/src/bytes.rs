//! Little-endian numbers in tables that firmware, boot loaders and devices leave in memory.
//!
//! Those that read a number return `None` where the table ends too early.

/// The byte at `offset`.
pub fn u8_at(bytes: &[u8], offset: usize) -> Option<u8> {
    bytes.get(offset).copied()
}

/// The 16-bit number at `offset`.
pub fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    chunk_at(bytes, offset).map(u16::from_le_bytes)
}

/// The 32-bit number at `offset`.
pub fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    chunk_at(bytes, offset).map(u32::from_le_bytes)
}

/// The 64-bit number at `offset`.
pub fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    chunk_at(bytes, offset).map(u64::from_le_bytes)
}

/// The bytes added up, without what does not fit: 0 for tables that hold a checksum, where that is right.
pub fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

fn chunk_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_little_endian_and_end_with_the_table() {
        let table = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        assert_eq!(u8_at(&table, 8), Some(9));
        assert_eq!(u8_at(&table, 9), None);
        assert_eq!(u16_at(&table, 1), Some(0x0302));
        assert_eq!(u16_at(&table, 8), None);
        assert_eq!(u32_at(&table, 5), Some(0x0908_0706));
        assert_eq!(u64_at(&table, 1), Some(0x0908_0706_0504_0302));
        assert_eq!(u64_at(&table, 2), None);
        assert_eq!(u64_at(&table, usize::MAX), None);
    }
}
