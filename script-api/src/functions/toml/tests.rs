//! TOML: what it reads, what it writes, and texts that nest or break.

use alloc::string::String;
use alloc::{format, vec};

use super::{parse, print};
use crate::compute::{Pace, Result};
use crate::functions::tests::mutations;
use rhai::{Dynamic, Map};

const SAMPLE: &str = "title = \"Gr\u{fc}\u{df}e \\u00e9 \\\"q\\\"\" # note\nwhen = 2026-11-23T04:05:06Z\n\
    hex = 0xff\nf = -2.5e3\nnums = [1, 2_000, [3]]\ninline = { a = 1, b.c = \"x\" }\n'odd key' = '''lit\neral'''\n\
    [a.b]\non = true\n[[list]]\nn = 1\n[[list]]\nn = 2\n[list.sub]\nz = inf\n";

fn read(text: &str) -> Result<Map> {
    parse::parse(text, &mut Pace::free())
}

fn write(map: &Map) -> Result<String> {
    print::print(map, &mut Pace::free())
}

fn show(map: &Map) -> String {
    format!("{map:?}")
}

#[test]
fn reads_and_writes_the_same_values() {
    let map = read(SAMPLE).expect("valid");
    let value = Dynamic::from_map(map.clone()).to_string();
    for part in [
        r#""title": "Grüße é \"q\"""#,
        r#""when": "2026-11-23T04:05:06Z""#,
        r#""hex": 255"#,
        r#""f": -2500.0"#,
        r#""nums": [1, 2000, [3]]"#,
        r##""inline": #{"a": 1, "b": #{"c": "x"}}"##,
        r#""odd key": "lit\neral""#,
        r##""a": #{"b": #{"on": true}}"##,
        r##"[#{"n": 1}, #{"n": 2, "sub": #{"z": inf}}]"##,
    ] {
        assert!(value.contains(part), "{part} in {value}");
    }
    let text = write(&map).expect("printable");
    assert_eq!(show(&read(&text).expect(&text)), show(&map), "{text}");
}

#[test]
fn says_where_the_text_is_wrong() {
    let message = |text: &str| format!("{:?}", read(text).expect_err(text));
    assert!(
        message("a = 1\nb = \n").contains("line 2, column 5"),
        "{}",
        message("a = 1\nb = \n")
    );
    assert!(message("a = 1\na = 2").contains("parse_error"));
    let code = |text: &str| read(text).expect_err(text).code();
    assert_eq!(code("a = 9223372036854775808"), Some("out_of_range"));
    assert_eq!(code("a = 1e999"), Some("out_of_range"));
    assert_eq!(code(&" ".repeat(300_000)), Some("too_large"));
}

#[test]
fn survives_depth() {
    let deep = [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}{}", "[".repeat(1000), "]".repeat(1000)),
        format!("a = {}", "{a = ".repeat(40_000)),
        format!("{}a = 1", "a.".repeat(100_000)),
        format!("[{}a]", "a.".repeat(100_000)),
        format!("[[{}a]]", "a.".repeat(100_000)),
        format!("x = {{ {}a = 1 }}", "a.".repeat(100_000)),
    ];
    for text in &deep {
        assert!(read(text).is_err(), "{}", &text[..20]);
    }
    let nest = (0..70).fold(Dynamic::from_map(Map::new()), |inner, _| {
        Dynamic::from_map([("a".into(), inner)].into())
    });
    assert_eq!(
        write(&nest.cast::<Map>()).expect_err("too deep").code(),
        Some("too_deep")
    );
    let nest = (0..70).fold(Dynamic::UNIT, |inner, _| Dynamic::from_array(vec![inner]));
    let map: Map = [("a".into(), nest)].into();
    assert_eq!(write(&map).expect_err("too deep").code(), Some("too_deep"));
}

#[test]
fn survives_every_truncation_and_mutation() {
    for end in (0..SAMPLE.len()).filter(|&end| SAMPLE.is_char_boundary(end)) {
        let _ = read(&SAMPLE[..end]);
    }
    for text in mutations(SAMPLE, 20_000) {
        if let Ok(map) = read(&text) {
            let printed = write(&map).expect("what was read can be written");
            assert_eq!(show(&read(&printed).expect(&printed)), show(&map), "{printed}");
        }
    }
}
