//! Numbers in words.

use alloc::format;
use alloc::string::String;

const UNKNOWN: &str = "unknown";

/// The word of a list that counts from 1.
fn word(words: &[&'static str], number: u8) -> &'static str {
    let index = usize::from(number).checked_sub(1);
    index.and_then(|index| words.get(index)).copied().unwrap_or(UNKNOWN)
}

/// What kind of case it is (7.4.1).
pub fn chassis(number: u8) -> &'static str {
    const LOCK: u8 = 0x80;
    const WORDS: [&str; 36] = [
        "other",
        UNKNOWN,
        "desktop",
        "low-profile desktop",
        "pizza box",
        "mini tower",
        "tower",
        "portable",
        "laptop",
        "notebook",
        "hand-held",
        "docking station",
        "all-in-one",
        "sub-notebook",
        "space-saving",
        "lunch box",
        "main server",
        "expansion",
        "sub-chassis",
        "bus expansion",
        "peripheral",
        "raid",
        "rack mount",
        "sealed-case pc",
        "multi-system",
        "compactpci",
        "advancedtca",
        "blade",
        "blade enclosure",
        "tablet",
        "convertible",
        "detachable",
        "iot gateway",
        "embedded pc",
        "mini pc",
        "stick pc",
    ];
    word(&WORDS, number & !LOCK)
}

/// How memory is plugged in (7.18.1).
pub fn memory_form(number: u8) -> &'static str {
    const WORDS: [&str; 18] = [
        "other",
        UNKNOWN,
        "simm",
        "sip",
        "chip",
        "dip",
        "zip",
        "card",
        "dimm",
        "tsop",
        "row of chips",
        "rimm",
        "sodimm",
        "srimm",
        "fb-dimm",
        "die",
        "camm",
        "cudimm",
    ];
    word(&WORDS, number)
}

/// What memory is (7.18.2).
pub fn memory_kind(number: u8) -> &'static str {
    const WORDS: [&str; 37] = [
        "other",
        UNKNOWN,
        "dram",
        "edram",
        "vram",
        "sram",
        "ram",
        "rom",
        "flash",
        "eeprom",
        "feprom",
        "eprom",
        "cdram",
        "3dram",
        "sdram",
        "sgram",
        "rdram",
        "ddr",
        "ddr2",
        "ddr2 fb-dimm",
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
        "ddr3",
        "fbd2",
        "ddr4",
        "lpddr",
        "lpddr2",
        "lpddr3",
        "lpddr4",
        "logical non-volatile",
        "hbm",
        "hbm2",
        "ddr5",
        "lpddr5",
        "hbm3",
        "mrdimm",
    ];
    word(&WORDS, number)
}

/// A unique number as it is written; empty where there is none (7.2.1). From version 2.6 on its first three parts lie in
/// memory with the lowest byte first.
pub fn uuid(bytes: [u8; 16], version: (u8, u8)) -> String {
    if bytes == [0; 16] || bytes == [0xff; 16] {
        return String::new();
    }
    let [mut a, mut b, mut c] = [
        u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
        u32::from(u16::from_be_bytes([bytes[4], bytes[5]])),
        u32::from(u16::from_be_bytes([bytes[6], bytes[7]])),
    ];
    if version >= (2, 6) {
        a = a.swap_bytes();
        b = u32::from((b as u16).swap_bytes());
        c = u32::from((c as u16).swap_bytes());
    }
    let d = u16::from_be_bytes([bytes[8], bytes[9]]);
    let e = bytes[10..]
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte));
    format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
}
