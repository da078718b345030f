//! Tables: quotes, line ends, widths, and texts that are no tables.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use super::{Options, parse, print};
use crate::compute::{Pace, Result};
use crate::functions::tests::{mutations, numbers};
use rhai::{Array, Dynamic};

const PLAIN: Options = Options {
    separator: b',',
    has_header: false,
    has_numbers: false,
};

fn read(text: &str, options: &Options) -> Result<Array> {
    parse::parse(text, options, &mut Pace::free())
}

fn write(rows: &[Dynamic], options: &Options) -> String {
    print::print(rows, options, &mut Pace::free()).expect("printable")
}

fn cells(text: &str) -> Vec<Vec<String>> {
    let row = |row: Dynamic| -> Vec<String> {
        let row = row.cast::<Array>();
        row.into_iter().map(Dynamic::cast::<String>).collect()
    };
    read(text, &PLAIN).expect(text).into_iter().map(row).collect()
}

#[test]
fn reads_quotes_and_line_ends() {
    assert_eq!(cells("a,b\r\nc,d"), [["a", "b"], ["c", "d"]]);
    assert_eq!(
        cells("\u{feff}\"a \"\"q\"\"\",\"x\r\ny\"\n\n\n,\n"),
        [["a \"q\"", "x\r\ny"], ["", ""]]
    );
    assert_eq!(cells("\"\"\n"), [[""]]);
    assert_eq!(cells("a b\"c,ü"), [["a b\"c", "ü"]]);
    assert!(cells("").is_empty() && cells("\n\r\n\r").is_empty());
}

#[test]
fn says_which_line_is_wrong() {
    let message = |text: &str| format!("{:?}", read(text, &PLAIN).expect_err(text));
    assert!(message("a\n\"b").contains("line 2: a quote is not closed"));
    assert!(message("a\n\"b\nc\"d").contains("line 3: text follows"));
    assert!(message("a,b\n\"x\ny\",2\n1,2,3\n").contains("line 4 has 3 cells, the first row 2"));
}

#[test]
fn makes_maps_and_numbers() {
    let options = Options {
        has_numbers: true,
        ..Options::default()
    };
    let rows = read("n,t\n1, x\n-2.5e1,\n99999999999999999999,nan\n", &options).expect("valid");
    let expected = r##"[#{"n": 1, "t": " x"}, #{"n": -25.0, "t": ()}, #{"n": 1e20, "t": "nan"}]"##;
    assert_eq!(Dynamic::from_array(rows.clone()).to_string(), expected);
    assert_eq!(write(&rows, &options), "n,t\n1,\" x\"\n-25.0,\n1e20,nan\n");
}

#[test]
fn reads_back_what_it_writes() {
    let mut numbers = numbers();
    for _ in 0..2000 {
        let width = 1 + numbers.below(4);
        let mut cell = || -> Dynamic {
            let length = numbers.below(4);
            let pieces = [",", "\"", "\r", "\n", "a", "ü", " ", ";"];
            (0..length).map(|_| pieces[numbers.below(8)]).collect::<String>().into()
        };
        let rows: Vec<Dynamic> = (0..3)
            .map(|_| Dynamic::from_array((0..width).map(|_| cell()).collect()))
            .collect();
        let text = write(&rows, &PLAIN);
        let back = read(&text, &PLAIN).expect("our own text");
        assert_eq!(format!("{back:?}"), format!("{rows:?}"), "{text:?}");
    }
}

#[test]
fn survives_every_truncation_and_mutation() {
    let sample = "name,note\r\n\"a \"\"b\"\"\",\"1\n2\"\nü,\n";
    for end in (0..=sample.len()).filter(|&end| sample.is_char_boundary(end)) {
        let _ = read(&sample[..end], &PLAIN);
    }
    for text in mutations(sample, 20_000) {
        if let Ok(rows) = read(&text, &PLAIN) {
            let back = read(&write(&rows, &PLAIN), &PLAIN).expect("our own text");
            assert_eq!(format!("{back:?}"), format!("{rows:?}"), "{text:?}");
        }
        let _ = read(&text, &Options::default());
    }
}

#[test]
fn refuses_what_is_no_cell() {
    let nested = Dynamic::from_array(vec![Dynamic::from_array(vec![Dynamic::from_array(vec![])])]);
    for rows in [vec![nested], vec![1i64.into()]] {
        let error = print::print(&rows, &PLAIN, &mut Pace::free()).expect_err("refused");
        assert_eq!(error.code(), Some("wrong_type"));
    }
}
