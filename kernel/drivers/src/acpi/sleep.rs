//! The package `\_S5_`, which says what to write to the PM1 control registers to switch the machine off.
//!
//! It is a constant, so it is found by its bytes without running AML: the name operator, the name, a package of
//! constants (ACPI 6.5, sections 7.4.2 and 20.2).

const ZERO: u8 = 0x00;
const ONE: u8 = 0x01;
const NAME: u8 = 0x08;
const BYTE: u8 = 0x0A;
const WORD: u8 = 0x0B;
const DOUBLE_WORD: u8 = 0x0C;
const PACKAGE: u8 = 0x12;
const ROOT: u8 = b'\\';
/// The largest value of the three-bit field.
const SLEEP_TYPE_LIMIT: u8 = 7;

/// The sleep types of "soft off".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoftOff {
    /// For the first control register; at most 7.
    pub type_a: u8,
    /// For the second control register; at most 7.
    pub type_b: u8,
}

impl SoftOff {
    /// Looks for the package in a definition block's code.
    pub fn find(code: &[u8]) -> Option<Self> {
        (1..code.len())
            .filter(|index| code[*index..].starts_with(b"_S5_"))
            .find_map(|index| {
                let is_named =
                    code[index - 1] == NAME || (code[index - 1] == ROOT && index >= 2 && code[index - 2] == NAME);
                if is_named {
                    Self::parse(&code[index + 4..])
                } else {
                    None
                }
            })
    }

    /// Reads the package that follows the name.
    fn parse(code: &[u8]) -> Option<Self> {
        let code = code.strip_prefix(&[PACKAGE])?;
        // Package length: the top two bits count further bytes; with none, the low six are the length.
        let lead = *code.first()?;
        let more_bytes = usize::from(lead >> 6);
        let low_bits = usize::from(if more_bytes == 0 { lead & 0x3F } else { lead & 0x0F });
        let high_bits = code
            .get(1..1 + more_bytes)?
            .iter()
            .rev()
            .fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        let package = code.get(1 + more_bytes..low_bits | high_bits << 4)?;
        let (count, mut elements) = package.split_first()?;
        if *count < 2 {
            return None;
        }
        let (type_a, type_b) = (take_constant(&mut elements)?, take_constant(&mut elements)?);
        (type_a <= SLEEP_TYPE_LIMIT && type_b <= SLEEP_TYPE_LIMIT).then_some(Self { type_a, type_b })
    }
}

/// Takes a constant that fits in a byte off the front of `code`.
fn take_constant(code: &mut &[u8]) -> Option<u8> {
    let (prefix, rest) = code.split_first()?;
    let bytes = match *prefix {
        ZERO | ONE => 0,
        BYTE => 1,
        WORD => 2,
        DOUBLE_WORD => 4,
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(bytes)?;
    *code = rest;
    match value {
        [] => Some(*prefix),
        [low, high @ ..] => high.iter().all(|byte| *byte == 0).then_some(*low),
    }
}
