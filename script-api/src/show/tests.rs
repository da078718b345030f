//! Values of all kinds on terminals of all widths.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rhai::{Dynamic, Engine};

use super::table::Table;
use super::{Limits, cell, units, value};

fn eval(script: &str) -> Dynamic {
    Engine::new().eval(script).expect("a value")
}

fn shown(script: &str, columns: usize) -> String {
    value(&eval(script), Limits::ordinary(columns)).unwrap_or_default()
}

#[test]
fn tables_have_all_keys_of_all_rows() {
    assert_eq!(
        shown(
            "[#{name: \"a\", n: 10}, #{x: true, name: \"bb\", n: 2.5}, #{y: ()}]",
            80
        ),
        "name    n  x     y\na      10\nbb    2.5  true\n"
    );
    assert_eq!(shown("[#{}]", 80), "[#{}]");
    assert_eq!(shown("[#{}, #{}, #{a: 1}]", 80), "a\n\n\n1");
    assert_eq!(shown("[]", 80), "[]");
    // Not all are maps: no table.
    assert_eq!(shown("[#{a: 1}, 2]", 80), "[#{\"a\": 1}, 2]");
    assert_eq!(
        shown(
            "[#{c: 'x', list: [1, \"two\"], map: #{k: 1}, blob: blob(2, 7), f: |x| x, r: 0..3}]",
            80
        ),
        "blob     c  f            list        map        r\n[07 07]  x  Fn(closure)  [1, \"two\"]  #{\"k\": 1}  0..3"
    );
}

#[test]
fn tables_fit_the_width() {
    let rows = "[#{a: 1, text: \"a rather long text that is cut\", z: 22222}, #{a: 100, text: \"b\", z: 3}]";
    assert_eq!(
        shown(rows, 30),
        "  a      z  text\n  1  22222  a rather long tex…\n100      3  b"
    );
    // Numbers are never cut; the columns at the right go first.
    assert_eq!(shown(rows, 18), "  a      z\n  1  22222\n100      3\n+1 column: text");
    assert_eq!(shown(rows, 9), "  a\n  1\n100\n+2 colum…");
    // Sentences in the last column go on below.
    assert_eq!(
        shown(rows, 38),
        "  a      z  text\n  1  22222  a rather long text that is\n            cut\n100      3  b"
    );
    for script in [
        rows,
        "[#{only: \"日本語日本語\"}, #{only: 5}]",
        "[#{a: 123456}, #{a: 1}]",
    ] {
        for columns in 0..60 {
            let text = shown(script, columns);
            let widest = text.lines().map(cell::width).max().unwrap_or(0);
            assert!(widest <= columns.max(1), "{columns}: {text}");
        }
    }
    // Keys that are wider than what stands below them are broken before anything is cut.
    let rows = "[#{core: 0, online_since_ms: 1, tasks: 12, timer_interrupts: 345, what: \"some words\"}]";
    assert_eq!(
        shown(rows, 44),
        "      online_\n       since_             timer_\ncore       ms  tasks  interrupts  what\n   \
         0   1.0 ms     12         345  some words"
    );
    // A single row that does not fit is a map.
    assert_eq!(
        shown("[#{abc: 1234567890, def: 1234567890}]", 15),
        "abc: 1234567890\ndef: 1234567890"
    );
}

#[test]
fn wide_and_control_characters_keep_the_columns_straight() {
    assert_eq!(
        shown("[#{a: \"日本\", b: 1}, #{a: \"x\\ny\\t\\x1b[2J\\u202e\", b: 2}]", 80),
        "a                        b\n日本                     1\nx\\ny\\t\\u{1b}[2J\\u{202e}  2"
    );
    let mut text = String::from("日本語");
    cell::cut(&mut text, 4);
    assert_eq!(text, "日…");
    cell::cut(&mut text, 1);
    assert_eq!(text, "…");
    cell::cut(&mut text, 0);
    assert_eq!(text, "");
}

#[test]
fn numbers_in_tables_have_readable_units() {
    let readable = |key: &str, script: &str| units::readable(key, &eval(script)).unwrap_or_default();
    for (key, script, expected) in [
        ("size_bytes", "0", "0 B"),
        ("size_bytes", "1023", "1023 B"),
        ("bytes", "1024", "1.0 KiB"),
        ("size_bytes", "1572864", "1.5 MiB"),
        ("size_bytes", "1048575", "1.0 MiB"),
        ("size_bytes", "-2048", "-2.0 KiB"),
        ("size_bytes", "9223372036854775807", "8.0 EiB"),
        ("took_ns", "999", "999 ns"),
        ("took_ns", "1234", "1.2 µs"),
        ("took_us", "1234", "1.2 ms"),
        ("took_ms", "1.25", "1.2 ms"),
        ("took_ms", "1500", "1.50 s"),
        ("took_ms", "59999", "1 min 00 s"),
        ("took_ms", "185000", "3 min 05 s"),
        ("took_ms", "11100000", "3 h 05 min"),
        ("took_ms", "187200000", "2 d 04 h"),
        ("took_ms", "-5", "-5.0 ms"),
        ("at_unix_ms", "1795406706789", "2026-11-23 04:05:06"),
        ("unix_ms", "9223372036854775807", ""),
        ("load_percent", "-12.5", "-12.5 %"),
        ("load_percent", "7", "7 %"),
        ("took_ns", "0.0/0.0", ""),
        ("items", "5", ""),
        ("took_ms", "\"5\"", ""),
        ("alarms", "5", ""),
        ("address", "4273995776", "0xfec00000"),
        ("end_address", "0", "0x0"),
        ("address", "-1", "0xffffffffffffffff"),
        ("address", "1.5", ""),
    ] {
        assert_eq!(readable(key, script), expected, "{key}: {script}");
    }
    assert_eq!(
        shown("[#{size_bytes: 3}, #{size_bytes: 4096}]", 80),
        "size_bytes\n       3 B\n   4.0 KiB"
    );
    // Elsewhere numbers are as they are.
    assert_eq!(shown("#{size_bytes: 4096}", 80), "#{\"size_bytes\": 4096}");
    assert_eq!(
        shown("#{size_bytes: 4096, other: 1}", 20),
        "other:      1\nsize_bytes: 4096 (4.0 KiB)"
    );
    // Small numbers say all by themselves.
    assert_eq!(
        shown(
            "#{size_bytes: 512, took_ms: 999, at_unix_ms: 1795406706789, time_ms: 61000, address: 4096}",
            40
        ),
        "address:    0x1000\nat_unix_ms: 1795406706789 (2026-11-23 04:05:06)\nsize_bytes: 512\n\
         time_ms:    61000 (1 min 01 s)\ntook_ms:    999"
    );
}

#[test]
fn maps_that_are_too_wide_have_a_line_for_each_key() {
    assert_eq!(
        shown(
            "#{name: \"x\", inner: #{first: 1, second_one: \"abcdefghijk\"}, rows: [#{a: 1, b: \"long enough\"}, #{a: 2}], \
             \"odd key\": (), dump: blob(17, 65)}",
            40
        ),
        "dump:\n  blob of 17 bytes\n  00000000  41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41  AAAAAAAAAAAAAAAA\n  \
         00000010  41                                               A\n\
         inner:\n  first:      1\n  second_one: \"abcdefghijk\"\nname:      \"x\"\n\"odd key\": ()\nrows:\n  a  b\n  1  long enough\n  2"
    );
}

#[test]
fn lists_that_are_too_long_go_on_in_further_lines() {
    assert_eq!(
        shown("[\"one\", \"two\", \"three\", 4, [5, 6], 7]", 20),
        "[\"one\", \"two\",\n \"three\", 4, [5, 6],\n 7]"
    );
    assert_eq!(
        shown("#{list: [100000, 200000, 300000, 400000], x: 1}", 20),
        "list:\n  [100000, 200000,\n   300000, 400000]\nx:    1"
    );
    assert_eq!(shown("[1, 2, 3]", 9), "[1, 2, 3]");
    let text = shown("let a = []; for i in 0..150 { a.push(i); } a", 40);
    assert!(text.ends_with("98, 99,\n ... 50 more (150 in all)]"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 40));
}

#[test]
fn output_is_bounded_whatever_the_value_is() {
    for script in [
        "let v = 1; for i in 0..500 { v = #{key: v, other: \"some text that is rather long\"}; } v",
        "let v = 1; for i in 0..500 { v = [v]; } [#{a: v}, #{a: #{b: v}}]",
        "let s = \"x\"; for i in 0..20 { s += s; } [#{a: s}, #{b: s}]",
        "let s = \"x\"; for i in 0..20 { s += s; } #{a: s, b: s}",
        "let s = \"\\n\"; for i in 0..18 { s += s; } #{a: s, b: [#{c: s}]}",
        "let rows = []; for i in 0..5000 { rows.push(#{a: i}); } rows",
        "let m = #{}; for i in 0..5000 { m[\"key\" + i] = i; } m",
        "let m = #{}; for i in 0..5000 { m[\"key\" + i] = i; } [m, m, #{x: 1}]",
        "let k = \"k\"; for i in 0..15 { k += k; } let m = #{}; m[k] = 1; [m, m]",
        "let k = \"\\n\"; for i in 0..15 { k += k; } let m = #{}; m[k] = 1; m.b = m; m",
        "blob(100000, 1)",
        "#{a: blob(100000, 1)}",
    ] {
        for columns in [1, 20, 80] {
            let text = shown(script, columns);
            assert!(text.len() < 40_000, "{script}: {} bytes", text.len());
            assert!(!text.contains(|character: char| character.is_control() && character != '\n'));
        }
    }
    assert!(
        shown("let rows = []; for i in 0..150 { rows.push(#{a: i}); } rows", 80)
            .ends_with("\n99\n... 50 more (150 in all)")
    );
    assert!(
        shown("let m = #{}; for i in 0..150 { m[\"key\" + i] = i; } m", 80).ends_with("\n... 50 more (150 in all)")
    );
}

/// Rows behind those that the layout has seen are shown without new columns, and whatever they are.
#[test]
fn later_rows_take_the_layout_as_it_is() {
    let rows = eval("[#{a: 1, b: \"x\"}, #{a: 1234, b: \"xyz\", c: 5}, 7, \"text\"]").cast::<Vec<Dynamic>>();
    let table = Table::layout(rows.iter().take(1), 80);
    let row = |index: usize| {
        let mut out = String::new();
        table.write_row(&rows[index], &mut out);
        out
    };
    assert_eq!(
        [row(0), row(1), row(2), row(3)],
        ["1  x", "1234  xyz", "7", "\"text\""].map(|row| row.to_string())
    );
    let narrow = Table::layout(rows.iter().take(1), 8);
    let mut out = String::new();
    narrow.write_row(&rows[1], &mut out);
    assert_eq!(out, "1234  x…");
}
