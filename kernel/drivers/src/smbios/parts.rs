//! What people ask for: firmware, system, board, chassis, processors, memory.

use alloc::string::String;
use alloc::vec::Vec;

use super::structures::{self, Structure};
use super::{Error, words};

/// More of one kind than that cannot be meant.
const PART_LIMIT: usize = 1024;
/// Longer texts are cut.
const TEXT_LIMIT_BYTES: usize = 256;

/// The firmware (7.1). Texts are empty where the firmware leaves them out, as everywhere here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bios {
    /// Who made it.
    pub vendor: String,
    /// Its version.
    pub version: String,
    /// The day of its release, as it writes it: mostly month, day, year.
    pub date: String,
}

/// The machine (7.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct System {
    /// Who made it.
    pub maker: String,
    /// What it is called.
    pub product: String,
    /// Its version.
    pub version: String,
    /// Its serial number.
    pub serial: String,
    /// The number of its kind with the maker.
    pub sku: String,
    /// The line of products that it belongs to.
    pub family: String,
    /// Its unique number, written as usual; empty where it has none.
    pub uuid: String,
}

/// The main board (7.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    /// Who made it.
    pub maker: String,
    /// What it is called.
    pub product: String,
    /// Its version.
    pub version: String,
    /// Its serial number.
    pub serial: String,
}

/// The case (7.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chassis {
    /// Who made it.
    pub maker: String,
    /// What kind it is, such as `notebook`.
    pub kind: &'static str,
    /// Its version.
    pub version: String,
    /// Its serial number.
    pub serial: String,
}

/// A socket with a processor in it (7.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Socket {
    /// What is printed beside it.
    pub name: String,
    /// Who made the processor.
    pub maker: String,
    /// What the processor calls itself.
    pub version: String,
    /// The highest rate that it may have, in MHz; 0 where it is not told.
    pub max_mhz: u16,
    /// Its rate at the start, in MHz; 0 where it is not told.
    pub mhz: u16,
    /// Cores; 0 where they are not told.
    pub cores: u16,
    /// Logical processors; 0 where they are not told.
    pub threads: u16,
}

/// A place for memory (7.18).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryDevice {
    /// What is printed beside it.
    pub slot: String,
    /// The bank that it belongs to.
    pub bank: String,
    /// Bytes in it: `Some(0)` where it is empty, `None` where they are not told.
    pub size_bytes: Option<u64>,
    /// How it is plugged in, such as `sodimm`.
    pub form: &'static str,
    /// What it is, such as `ddr4`.
    pub kind: &'static str,
    /// The rate that it can have, in million transfers a second; 0 where it is not told.
    pub speed_mts: u32,
    /// The rate that it has now; 0 where it is not told.
    pub configured_speed_mts: u32,
    /// Who made it.
    pub maker: String,
    /// Its serial number.
    pub serial: String,
    /// The maker's number for its kind.
    pub part: String,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The firmware.
    pub bios: Option<Bios>,
    /// The machine.
    pub system: Option<System>,
    /// The main board, the first where there are several.
    pub board: Option<Board>,
    /// The case, the first where there are several.
    pub chassis: Option<Chassis>,
    /// Sockets that are populated.
    pub processors: Vec<Socket>,
    /// Places for memory, the empty ones too.
    pub memory: Vec<MemoryDevice>,
}

impl Description {
    /// Takes the structures of a table apart, made after `version` of the specification.
    ///
    /// # Errors
    ///
    /// [`Error::NoStructures`] where not even the first one is whole.
    pub fn parse(table: &[u8], version: (u8, u8)) -> Result<Self, Error> {
        let mut all = Self::default();
        let mut is_empty = true;
        for structure in structures::walk(table) {
            is_empty = false;
            let one = &structure;
            match one.kind {
                0 => drop(all.bios.get_or_insert_with(|| bios(one))),
                1 => drop(all.system.get_or_insert_with(|| system(one, version))),
                2 => drop(all.board.get_or_insert_with(|| board(one))),
                3 => drop(all.chassis.get_or_insert_with(|| chassis(one))),
                4 if all.processors.len() < PART_LIMIT => all.processors.extend(socket(one)),
                17 if all.memory.len() < PART_LIMIT => all.memory.push(memory(one)),
                _ => {}
            }
        }
        if is_empty { Err(Error::NoStructures) } else { Ok(all) }
    }
}

fn text(structure: &Structure<'_>, offset: usize) -> String {
    let bytes = structure.text(offset).unwrap_or_default();
    let bytes = bytes.get(..TEXT_LIMIT_BYTES).unwrap_or(bytes);
    // Makers write ASCII; a stray byte shows as a question mark.
    let letters = bytes.iter().map(|byte| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '?',
    });
    letters.collect()
}

fn bios(structure: &Structure<'_>) -> Bios {
    Bios {
        vendor: text(structure, 4),
        version: text(structure, 5),
        date: text(structure, 8),
    }
}

fn system(structure: &Structure<'_>, version: (u8, u8)) -> System {
    System {
        maker: text(structure, 4),
        product: text(structure, 5),
        version: text(structure, 6),
        serial: text(structure, 7),
        sku: text(structure, 25),
        family: text(structure, 26),
        uuid: structure
            .bytes(8)
            .map_or_else(String::new, |uuid| words::uuid(uuid, version)),
    }
}

fn board(structure: &Structure<'_>) -> Board {
    Board {
        maker: text(structure, 4),
        product: text(structure, 5),
        version: text(structure, 6),
        serial: text(structure, 7),
    }
}

fn chassis(structure: &Structure<'_>) -> Chassis {
    Chassis {
        maker: text(structure, 4),
        kind: words::chassis(structure.byte(5).unwrap_or(0)),
        version: text(structure, 6),
        serial: text(structure, 7),
    }
}

/// `None` for an empty socket, and for what is no main processor.
fn socket(structure: &Structure<'_>) -> Option<Socket> {
    const CENTRAL: u8 = 3;
    const POPULATED: u8 = 1 << 6;
    (structure.byte(5) == Some(CENTRAL) && structure.byte(24)? & POPULATED != 0).then_some(())?;
    // Numbers above 255 have a place of their own.
    let count = |short: usize, long: usize| match structure.byte(short) {
        Some(0xff) => structure.word(long).unwrap_or(0xff),
        other => other.unwrap_or(0).into(),
    };
    Some(Socket {
        name: text(structure, 4),
        maker: text(structure, 7),
        version: text(structure, 16),
        max_mhz: structure.word(20).unwrap_or(0),
        mhz: structure.word(22).unwrap_or(0),
        cores: count(35, 42),
        threads: count(37, 46),
    })
}

fn memory(structure: &Structure<'_>) -> MemoryDevice {
    const UNKNOWN: u16 = 0xffff;
    const EXTENDED: u16 = 0x7fff;
    const IN_KIB: u16 = 0x8000;
    let size_bytes = match structure.word(12) {
        None | Some(UNKNOWN) => None,
        Some(EXTENDED) => structure.double(28).map(|mib| u64::from(mib & 0x7fff_ffff) << 20),
        Some(size) if size & IN_KIB != 0 => Some(u64::from(size & !IN_KIB) << 10),
        Some(size) => Some(u64::from(size) << 20),
    };
    let speed = |short: usize, long: usize| match structure.word(short) {
        Some(0xffff) => structure.double(long).unwrap_or(0),
        other => other.unwrap_or(0).into(),
    };
    MemoryDevice {
        slot: text(structure, 16),
        bank: text(structure, 17),
        size_bytes,
        form: words::memory_form(structure.byte(14).unwrap_or(0)),
        kind: words::memory_kind(structure.byte(18).unwrap_or(0)),
        speed_mts: speed(21, 84),
        configured_speed_mts: speed(32, 88),
        maker: text(structure, 23),
        serial: text(structure, 24),
        part: text(structure, 26),
    }
}
