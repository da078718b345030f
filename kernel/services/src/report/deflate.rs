//! Compression into the "zlib" format without any heap: one block with codes of its own.
//!
//! Sources: RFC 1950 (zlib), RFC 1951 (DEFLATE). Made for panics: everything lies in a [`Workspace`], which is static.

use super::huffman::{Code, LENGTH_LIMIT, SYMBOL_LIMIT};

/// The longest text that can be compressed, in bytes. The rest is left out.
pub const INPUT_LIMIT_BYTES: usize = 8 * 1024;

const HASH_BITS: u32 = 10;
const LENGTH_MIN: usize = 3;
const LENGTH_MAX: usize = 258;
/// Earlier places looked at for each byte.
const CHAIN_LIMIT: usize = 64;
const END_OF_BLOCK: usize = 256;
const DISTANCE_SYMBOLS: usize = 30;
/// Stands for "no earlier place".
const NOWHERE: u16 = u16::MAX;

/// The order in which the lengths of the code for lengths are sent.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// What compressing needs besides its input and output.
pub struct Workspace {
    heads: [u16; 1 << HASH_BITS],
    previous: [u16; INPUT_LIMIT_BYTES],
    /// A byte as itself; a repetition as its length in the lower and its distance in the upper half.
    tokens: [u32; INPUT_LIMIT_BYTES],
    literals: Code,
    distances: Code,
    lengths: Code,
}

impl Workspace {
    /// An unused workspace.
    pub const fn new() -> Self {
        Self {
            heads: [NOWHERE; 1 << HASH_BITS],
            previous: [NOWHERE; INPUT_LIMIT_BYTES],
            tokens: [0; INPUT_LIMIT_BYTES],
            literals: Code::new(),
            distances: Code::new(),
            lengths: Code::new(),
        }
    }
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}

/// Compresses `input` into `output` and returns the length in bytes; `None` where `output` is too small.
pub fn compress(input: &[u8], output: &mut [u8], workspace: &mut Workspace) -> Option<usize> {
    let input = &input[..input.len().min(INPUT_LIMIT_BYTES)];
    let count = find_tokens(input, workspace);
    let mut bits = Bits::new(output);
    // Compression by "deflate" with a window of 32 KiB, at its best.
    bits.put(0x78, 8);
    bits.put(0xda, 8);
    write_block(&mut bits, count, workspace);
    bits.align();
    for byte in adler_32(input).to_be_bytes() {
        bits.put(byte.into(), 8);
    }
    (!bits.is_full).then_some(bits.length)
}

fn adler_32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1u32, 0u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65521;
        (low, (high + low) % 65521)
    });
    high << 16 | low
}

fn hash(input: &[u8], at: usize) -> Option<usize> {
    let [first, second, third] = *input.get(at..)?.first_chunk()?;
    let word = u32::from_le_bytes([first, second, third, 0]);
    Some((word.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize)
}

/// Splits `input` into bytes and repetitions; returns how many there are.
fn find_tokens(input: &[u8], workspace: &mut Workspace) -> usize {
    workspace.heads.fill(NOWHERE);
    let (mut at, mut count) = (0, 0);
    let mut found = (0, 0);
    let mut is_known = false;
    while at < input.len() {
        let (length, distance) = if is_known {
            found
        } else {
            enter_and_find(input, at, workspace)
        };
        is_known = false;
        if length >= LENGTH_MIN {
            // A longer repetition from the next byte on is worth one byte as itself.
            found = enter_and_find(input, at + 1, workspace);
            if found.0 <= length {
                workspace.tokens[count] = (distance << 16 | length) as u32;
                for skipped in at + 2..at + length {
                    enter(input, skipped, workspace);
                }
                count += 1;
                at += length;
                continue;
            }
            is_known = true;
        }
        workspace.tokens[count] = input[at].into();
        count += 1;
        at += 1;
    }
    count
}

/// Notes the place `at`, and returns the place before it with the same hash.
fn enter(input: &[u8], at: usize, workspace: &mut Workspace) -> u16 {
    let Some(hash) = hash(input, at) else { return NOWHERE };
    let earlier = workspace.heads[hash];
    workspace.previous[at] = earlier;
    workspace.heads[hash] = at as u16;
    earlier
}

/// Notes the place `at`, and returns length and distance of the longest repetition that starts there.
fn enter_and_find(input: &[u8], at: usize, workspace: &mut Workspace) -> (usize, usize) {
    let mut candidate = enter(input, at, workspace);
    let mut best = (0, 0);
    let here = input.get(at..).unwrap_or_default();
    for _ in 0..CHAIN_LIMIT {
        let place = usize::from(candidate);
        if candidate == NOWHERE {
            break;
        }
        let pairs = here.iter().zip(&input[place..]).take(LENGTH_MAX);
        let length = pairs.take_while(|(one, other)| one == other).count();
        if length > best.0 {
            best = (length, at - place);
        }
        candidate = workspace.previous[place];
    }
    best
}

/// Number and extra bits of the code for a length, or for a distance: from 4 on (from 2 on for distances) each power of
/// two is divided among `1 << fine_bits` codes.
fn bucket(value: usize, fine_bits: u32) -> (usize, u32) {
    let steps = 1 << fine_bits;
    if value < 2 * steps {
        return (value, 0);
    }
    let extra_bits = value.ilog2() - fine_bits;
    ((extra_bits as usize) * steps + (value >> extra_bits), extra_bits)
}

/// Symbol, extra bits, and what these say.
fn length_symbol(length: usize) -> (usize, u32, usize) {
    if length == LENGTH_MAX {
        return (285, 0, 0);
    }
    let value = length - LENGTH_MIN;
    let (number, extra_bits) = bucket(value, 2);
    (257 + number, extra_bits, value & ((1 << extra_bits) - 1))
}

fn distance_symbol(distance: usize) -> (usize, u32, usize) {
    let value = distance - 1;
    let (number, extra_bits) = bucket(value, 1);
    (number, extra_bits, value & ((1 << extra_bits) - 1))
}

fn split(token: u32) -> (usize, usize) {
    ((token & 0xffff) as usize, (token >> 16) as usize)
}

fn write_block(bits: &mut Bits<'_>, count: usize, workspace: &mut Workspace) {
    let Workspace {
        tokens,
        literals,
        distances,
        lengths,
        ..
    } = workspace;
    let tokens = &tokens[..count];
    let mut literal_counts = [0u16; SYMBOL_LIMIT];
    let mut distance_counts = [0u16; DISTANCE_SYMBOLS];
    literal_counts[END_OF_BLOCK] = 1;
    for (length, distance) in tokens.iter().copied().map(split) {
        if distance == 0 {
            literal_counts[length] += 1;
        } else {
            literal_counts[length_symbol(length).0] += 1;
            distance_counts[distance_symbol(distance).0] += 1;
        }
    }
    literals.make(&mut literal_counts, LENGTH_LIMIT);
    distances.make(&mut distance_counts, LENGTH_LIMIT);
    // The last block, with codes of its own.
    bits.put(1, 1);
    bits.put(2, 2);
    write_codes(bits, literals, distances, lengths);
    for (length, distance) in tokens.iter().copied().map(split) {
        if distance == 0 {
            bits.put_symbol(literals, length);
            continue;
        }
        let (symbol, extra_bits, extra) = length_symbol(length);
        bits.put_symbol(literals, symbol);
        bits.put(extra as u32, extra_bits);
        let (symbol, extra_bits, extra) = distance_symbol(distance);
        bits.put_symbol(distances, symbol);
        bits.put(extra as u32, extra_bits);
    }
    bits.put_symbol(literals, END_OF_BLOCK);
}

/// Sends both codes as the lengths of their symbols, themselves coded.
fn write_codes(bits: &mut Bits<'_>, literals: &Code, distances: &Code, lengths: &mut Code) {
    let mut counts = [0u16; ORDER.len()];
    let all = || literals.lengths.iter().chain(&distances.lengths[..DISTANCE_SYMBOLS]);
    for_each_run(all(), |symbol, _, _| counts[symbol] += 1);
    lengths.make(&mut counts, 7);
    bits.put((SYMBOL_LIMIT - 257) as u32, 5);
    bits.put((DISTANCE_SYMBOLS - 1) as u32, 5);
    bits.put((ORDER.len() - 4) as u32, 4);
    for symbol in ORDER {
        bits.put(lengths.lengths[symbol].into(), 3);
    }
    for_each_run(all(), |symbol, extra, extra_bits| {
        bits.put_symbol(lengths, symbol);
        bits.put(extra, extra_bits);
    });
}

/// Calls `take` with the symbols that stand for a row of lengths, their extra value and its bits: runs of zeros as 17
/// and 18, repetitions as 16.
fn for_each_run<'a>(lengths: impl Iterator<Item = &'a u8>, mut take: impl FnMut(usize, u32, u32)) {
    let mut lengths = lengths.copied().peekable();
    while let Some(length) = lengths.next() {
        let limit = if length == 0 { 138 } else { 7 };
        let mut run = 1;
        while run < limit && lengths.next_if_eq(&length).is_some() {
            run += 1;
        }
        if length > 0 {
            take(length.into(), 0, 0);
            run -= 1;
        }
        match (length, run) {
            (0, 11..) => take(18, run - 11, 7),
            (0, 3..) => take(17, run - 3, 3),
            (_, 3..) => take(16, run - 3, 2),
            _ => (0..run).for_each(|_| take(length.into(), 0, 0)),
        }
    }
}

/// Bits into bytes, the lowest first.
struct Bits<'a> {
    bytes: &'a mut [u8],
    length: usize,
    held: u32,
    held_bits: u32,
    is_full: bool,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a mut [u8]) -> Self {
        Self {
            bytes,
            length: 0,
            held: 0,
            held_bits: 0,
            is_full: false,
        }
    }

    /// Appends up to 16 bits.
    fn put(&mut self, value: u32, bits: u32) {
        self.held |= value << self.held_bits;
        self.held_bits += bits;
        while self.held_bits >= 8 {
            match self.bytes.get_mut(self.length) {
                Some(byte) => *byte = self.held as u8,
                None => self.is_full = true,
            }
            self.length += 1;
            self.held >>= 8;
            self.held_bits -= 8;
        }
    }

    fn put_symbol(&mut self, code: &Code, symbol: usize) {
        let (value, bits) = code.of(symbol);
        self.put(value, bits);
    }

    /// Goes on with the next whole byte.
    fn align(&mut self) {
        self.put(0, (8 - self.held_bits) % 8);
    }
}
