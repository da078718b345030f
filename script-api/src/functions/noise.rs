//! `debug::noise`: what a terminal must survive. Random, and the same for the same seed.

use alloc::vec::Vec;

use services::host;
use services::value::Value;

use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

/// What is printed at once.
const PIECE_BYTES: usize = 2048;
/// Beginnings of control strings and sequences, and single controls (ECMA-48; xterm's own where they begin with `?`).
const STARTS: [&[u8]; 16] = [
    b"\x1b[",
    b"\x1b[?",
    b"\x1b[>",
    b"\x1b]",
    b"\x1bP",
    b"\x1b(",
    b"\x1b#",
    b"\x1b",
    b"\x1b[1;",
    b"\x1b[38;2;",
    b"\x1b[38;5;",
    b"\xc2\x9b",
    b"\x0e",
    b"\r\n",
    b"\t",
    b"\x08",
];
/// What a sequence may hold before its end: numbers too big, too many, or none at all.
const PARAMETERS: [&[u8]; 12] = [
    b"",
    b"0",
    b"1",
    b";",
    b"7;7",
    b"25",
    b"1049",
    b"2004",
    b"65535",
    b"4294967296",
    b":::",
    b"99999999999999999999;3",
];
/// Text that terminals find hard: wide, combining, cut off, not UTF-8.
const TEXTS: [&[u8]; 8] = [
    b"plain text ",
    "\u{6f22}\u{5b57}".as_bytes(),
    "e\u{301}\u{301}\u{301}".as_bytes(),
    "\u{1f600}\u{200d}\u{fe0f}".as_bytes(),
    "\u{2588}\u{2502}\u{28ff}".as_bytes(),
    b"\xe2\x82",
    b"\xff\xc0\x80",
    b"\xf4\x90\x80\x80",
];

const NOISE: Doc = Doc {
    namespace: "debug",
    name: "noise",
    params: &[
        Param {
            name: "seed",
            kind: Kind::Int,
            meaning: "the same seed gives the same noise",
        },
        Param {
            name: "bytes",
            kind: Kind::Int,
            meaning: "how many, about",
        },
        Param {
            name: "kind",
            kind: Kind::Text,
            meaning: "bytes, or escapes for control sequences and text that is hard to show",
        },
    ],
    returns: "any",
    errors: &[
        ("out_of_range", "bytes is negative"),
        ("not_found", "there is no such kind"),
    ],
    waits: true,
    summary: "Prints noise on the terminal.",
    notes: "",
    example: Example::Shows("debug::noise(1, 0, \"bytes\")", ""),
};

/// Adds `debug::noise`.
pub fn register(api: &mut Api) {
    api.service(&NOISE, noise);
}

fn noise(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let mut left = arguments.count(1, "bytes")?;
    let add: fn(&mut Random, &mut Vec<u8>) = match arguments.text(2).as_str() {
        "bytes" => |random, piece| piece.extend(random.next().to_le_bytes()),
        "escapes" => add_sequence,
        kind => return Err(ScriptError::new("not_found", format_args!("there is no kind {kind}"))),
    };
    // Zero would stay zero for ever.
    let mut random = Random(arguments.int(0) as u64 | 1 << 63);
    while left > 0 {
        let mut piece = Vec::with_capacity(PIECE_BYTES + 64);
        while piece.len() < PIECE_BYTES {
            add(&mut random, &mut piece);
        }
        left = left.saturating_sub(piece.len() as u64);
        if let Some(terminal) = context.terminal {
            host::block_on(context.host.tasks, async move { terminal.print_bytes(&piece).await })?;
        }
    }
    Ok(Value::Unit)
}

/// A sequence, whole or cut off, and mostly some text.
fn add_sequence(random: &mut Random, piece: &mut Vec<u8>) {
    piece.extend(random.one_of(&STARTS));
    for _ in 0..random.below(4) {
        piece.extend(random.one_of(&PARAMETERS));
    }
    if random.below(8) > 0 {
        // Every final byte, and some intermediate ones.
        piece.push(0x20 + random.below(0x5f) as u8);
    }
    if random.below(4) == 0 {
        piece.extend(b"\x1b\\");
    }
    for _ in 0..random.below(3) {
        piece.extend(random.one_of(&TEXTS));
    }
}

/// Marsaglia's xorshift, with shifts of 13, 7 and 17.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 16) % limit
    }

    fn one_of<'a>(&mut self, table: &[&'a [u8]]) -> &'a [u8] {
        table[self.below(table.len() as u64) as usize]
    }
}
