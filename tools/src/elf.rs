//! Reading a linked 64-bit ELF program: its function symbols, and its bytes without everything a boot loader must
//! not load. Layout after the "System V Application Binary Interface", chapter 4, and its 64-bit supplement.

use std::fmt;

/// Why a file is not the program we expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Not a little-endian 64-bit ELF file.
    NotElf64,
    /// A table or text lies outside the file.
    Truncated,
    /// No symbol table: the program was linked with its symbols stripped.
    NoSymbols,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NotElf64 => "not a 64-bit little-endian ELF file",
            Self::Truncated => "a table lies outside the file",
            Self::NoSymbols => "the symbol table is missing",
        })
    }
}

/// A function's address and its linker name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// First byte of its code.
    pub address: u64,
    /// Name as the compiler mangled it.
    pub name: String,
}

const SECTION_HEADER_BYTES: usize = 64;
const PROGRAM_HEADER_BYTES: usize = 56;
const SYMBOL_BYTES: usize = 24;
const SECTION_SYMBOLS: u32 = 2;
const SECTION_EXECUTABLE: u64 = 1 << 2;
const BIND_GLOBAL: u8 = 1;
const TYPE_NONE: u8 = 0;
const TYPE_FUNCTION: u8 = 2;

struct Section {
    kind: u32,
    flags: u64,
    offset: usize,
    size: usize,
    link: usize,
}

/// The functions and global code labels of `file`, in the order of its symbol table.
///
/// # Errors
///
/// Where `file` is damaged or has no symbol table.
pub fn functions(file: &[u8]) -> Result<Vec<Symbol>, Error> {
    let sections = sections(file)?;
    let table = sections
        .iter()
        .find(|section| section.kind == SECTION_SYMBOLS)
        .ok_or(Error::NoSymbols)?;
    let names = sections.get(table.link).ok_or(Error::Truncated)?;
    let names = slice(file, names.offset, names.size)?;
    let mut functions = Vec::new();
    for entry in slice(file, table.offset, table.size)?.chunks_exact(SYMBOL_BYTES) {
        let (kind, binding) = (entry[4] & 15, entry[4] >> 4);
        let is_code = usize::from(u16_at(entry, 6)?);
        let is_code = sections
            .get(is_code)
            .is_some_and(|section| section.flags & SECTION_EXECUTABLE != 0);
        if is_code && (kind == TYPE_FUNCTION || (kind == TYPE_NONE && binding == BIND_GLOBAL)) {
            let name = names.get(u32_at(entry, 0)? as usize..).ok_or(Error::Truncated)?;
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            let name = String::from_utf8_lossy(name).into_owned();
            functions.push(Symbol {
                address: u64_at(entry, 8)?,
                name,
            });
        }
    }
    Ok(functions)
}

/// `file` up to the end of its last loaded byte, with no section table: GRUB would load debug sections and symbols too.
///
/// # Errors
///
/// Where `file` is damaged.
pub fn strip(file: &[u8]) -> Result<Vec<u8>, Error> {
    check(file)?;
    let (table, count) = (offset_at(file, 32)?, usize::from(u16_at(file, 56)?));
    let mut end = table + count * PROGRAM_HEADER_BYTES;
    for index in 0..count {
        let header = slice(file, table + index * PROGRAM_HEADER_BYTES, PROGRAM_HEADER_BYTES)?;
        end = end.max(offset_at(header, 8)?.saturating_add(offset_at(header, 32)?));
    }
    let mut stripped = slice(file, 0, end)?.to_vec();
    stripped[40..48].fill(0); // where the section table is
    stripped[60..64].fill(0); // its entry count and the index of its names
    Ok(stripped)
}

fn sections(file: &[u8]) -> Result<Vec<Section>, Error> {
    check(file)?;
    let (table, count) = (offset_at(file, 40)?, usize::from(u16_at(file, 60)?));
    let table = slice(file, table, count * SECTION_HEADER_BYTES)?;
    table
        .chunks_exact(SECTION_HEADER_BYTES)
        .map(|header| {
            Ok(Section {
                kind: u32_at(header, 4)?,
                flags: u64_at(header, 8)?,
                offset: offset_at(header, 24)?,
                size: offset_at(header, 32)?,
                link: u32_at(header, 40)? as usize,
            })
        })
        .collect()
}

fn check(file: &[u8]) -> Result<(), Error> {
    if file.get(..6) == Some(b"\x7fELF\x02\x01") && file.len() >= 64 {
        Ok(())
    } else {
        Err(Error::NotElf64)
    }
}

fn slice(bytes: &[u8], start: usize, length: usize) -> Result<&[u8], Error> {
    start
        .checked_add(length)
        .and_then(|end| bytes.get(start..end))
        .ok_or(Error::Truncated)
}

fn u16_at(bytes: &[u8], offset: usize) -> Result<u16, Error> {
    let bytes = slice(bytes, offset, 2)?;
    Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn u32_at(bytes: &[u8], offset: usize) -> Result<u32, Error> {
    Ok(u32::from(u16_at(bytes, offset)?) | u32::from(u16_at(bytes, offset + 2)?) << 16)
}

fn u64_at(bytes: &[u8], offset: usize) -> Result<u64, Error> {
    Ok(u64::from(u32_at(bytes, offset)?) | u64::from(u32_at(bytes, offset + 4)?) << 32)
}

fn offset_at(bytes: &[u8], offset: usize) -> Result<usize, Error> {
    usize::try_from(u64_at(bytes, offset)?).map_err(|_| Error::Truncated)
}
