//! Calls of described functions with arguments that mean harm, made of numbers that are the same for the same seed.

use hw::fake::Random;

/// Numbers that differ from seed to seed.
pub fn numbers(seed: u64) -> Random {
    // Zero would stay zero for ever.
    Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
}

/// Functions that are not called, and why.
pub const EXCLUDED: [(&str, &str); 3] = [
    ("power::off", "ends the machine"),
    ("power::reboot", "ends the machine"),
    (
        "debug::",
        "breaks the machine on purpose, and is not there without debug=on",
    ),
];

/// Whether the function called `path` is called.
pub fn is_called(path: &str) -> bool {
    !EXCLUDED.iter().any(|(excluded, _)| path.starts_with(excluded))
}

const INTS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "7",
    "64",
    "255",
    "256",
    "1000",
    "65536",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775807 - 1",
];
const FLOATS: &[&str] = &[
    "0.0",
    "-0.0",
    "1.5",
    "0.0/0.0",
    "1.0/0.0",
    "-1.0/0.0",
    "5e-324",
    "1.7976931348623157e308",
    "-1.5e300",
];
const TEXTS: &[&str] = &[
    "\"\"",
    "\"a\"",
    "\"/tmp/a\"",
    "\"/tmp/b/c\"",
    "\"/rom\"",
    "\"/\"",
    "\"/tmp/../..\"",
    "\"lib/text\"",
    "\"de\"",
    "\"small\"",
    "\"a,b\\n1,\\\"2\"",
    "\"[1,{\\\"a\\\":null}]\"",
    "\"<3H2s\"",
    "\"%Y-%m-%dT%H:%M\"",
    "\"2026-11-23T10:00:00Z\"",
    "\"(a|b)*c\"",
    "\"a = [1]\"",
    "\"ü€😀\\x00\\x1b[2J\"",
    "\"\\x00\"",
    "\"deadbeef\"",
    "\"9999999999999999999999\"",
    "text::repeat(\"[\", 500)",
    "text::repeat(\"(a*)*\", 100)",
    "text::repeat(\"ü\", 30000)",
    "text::repeat(\"a,b\\n\", 20000)",
];
const BLOBS: &[&str] = &[
    "blob()",
    "blob(3, 255)",
    "\"[1]\".to_blob()",
    "blob(70000, 7)",
    "\"\\x89PNG\\r\\n\\x1a\\n\\x00\\x00\\x00\\rIHDR\".to_blob()",
    "\"BM\".to_blob() + blob(60, 255)",
];
const ARRAYS: &[&str] = &[
    "[]",
    "[1]",
    "[255, 0, 300]",
    "[#{a: 1}]",
    "[#{a: 1}, #{b: 2}]",
    "[[1, \"a\"], ()]",
    "[\"a\", \"b\"]",
    "[1, 2.5, 'c', \"t\", blob(), |x| x]",
    "[channel::open(1)]",
    "{ let a = []; a.pad(20000, 1); a }",
    "{ let n = [[]]; for i in 0..200 { n += [[n.pop()]]; } n }",
    "{ let n = [[]]; for i in 0..1000 { n += [[n.pop()]]; } n }",
];
const MAPS: &[&str] = &[
    "#{}",
    "#{a: 1, \"b c\": [()]}",
    "#{separator: \";\"}",
    "#{separator: \"ü\", header: 5}",
    "#{code: 5, message: ()}",
    "#{\"\": #{\"\": 0.0/0.0}}",
    "{ let n = [#{}]; for i in 0..1000 { n += [#{a: n.pop()}]; } n[0] }",
];
const FUNCTIONS: &[&str] = &[
    "|| 1",
    "|x| x",
    "|x| \"s\"",
    "|x| throw 5",
    "|| throw #{code: \"mine\"}",
    "|x, y| x",
    "|| { loop { } }",
    "|x| time::sleep_ms(1000000)",
    "Fn(\"nothing\")",
    "Fn(\"print\")",
    "{ let c = channel::open(1); || c.receive() }",
    "{ let f = 0; f = |x| f.call(x); f }",
];
const CHANNELS: &[&str] = &[
    "channel::open(1)",
    "channel::open(65536)",
    "{ let c = channel::open(1); c.close(); c }",
    "{ let c = channel::open(1); c.send(1); c }",
];
const CELLS: &[&str] = &["cell::open(1)", "cell::open([1, #{a: ()}])", "cell::open(blob(70000))"];
const COUNTERS: &[&str] = &[
    "counter::open(0)",
    "counter::open(9223372036854775807)",
    "counter::open(-1)",
];
const TIMERS: &[&str] = &["after(60000, || 1)", "{ let t = after(60000, || 1); t.cancel(); t }"];
const OTHERS: &[&str] = &[
    "()",
    "true",
    "false",
    "'ü'",
    "'\\x00'",
    "0..5",
    "0..=9223372036854775807",
    "5..0",
];
const ALL: &[&[&str]] = &[
    INTS, FLOATS, TEXTS, BLOBS, ARRAYS, MAPS, FUNCTIONS, CHANNELS, CELLS, COUNTERS, OTHERS,
];

/// An argument: mostly of the type that a description calls `kind`, else of any.
fn argument(kind: &str, random: &mut Random) -> &'static str {
    let any = ALL[random.below(ALL.len())];
    let own = match kind {
        "int" => INTS,
        "float" => FLOATS,
        "bool" => &["true", "false"],
        "string" => TEXTS,
        "blob" => BLOBS,
        "array" => ARRAYS,
        "map" => MAPS,
        "Fn" => FUNCTIONS,
        "channel" => CHANNELS,
        "cell" => CELLS,
        "counter" => COUNTERS,
        "timer" => TIMERS,
        _ => any,
    };
    let choices = if random.below(12) == 0 { any } else { own };
    choices[random.below(choices.len())]
}

/// A call of the function `path`, whose parameters are of these kinds, as a statement without a value.
pub fn call(path: &str, kinds: &[&str], random: &mut Random) -> String {
    // Some functions may be called with fewer arguments.
    let count = kinds.len().saturating_sub(usize::from(random.below(5) == 0));
    let arguments: Vec<&str> = kinds[..count].iter().map(|kind| argument(kind, random)).collect();
    format!("{path}({});", arguments.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_calls() {
        let calls = |seed| {
            let mut random = numbers(seed);
            let calls: Vec<String> = (0..100).map(|_| call("f", &["int", "any"], &mut random)).collect();
            calls
        };
        assert_eq!(calls(1), calls(1));
        assert_ne!(calls(1), calls(2));
        assert!(is_called("task::start") && !is_called("debug::panic") && !is_called("power::off"));
    }
}
