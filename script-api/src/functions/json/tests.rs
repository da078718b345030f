//! JSON: what it reads, what it refuses, and that nothing makes it panic.

use alloc::string::{String, ToString};
use alloc::{format, vec};

use super::{DEPTH_LIMIT, Layout, parse, print};
use crate::compute::{Error, Pace};
use crate::functions::tests::{mutations, numbers};
use rhai::{Dynamic, Engine};

const SAMPLE: &str = r#" {"name": "Gr\u00fc\u00dfe \ud83d\ude00 \"q\" \\ \/ \b\f\n\r\t",
    "numbers": [0, -1, 3.25, 1e3, -2.5E-3, 9223372036854775807, 9223372036854775808],
    "nested": {"list": [[], {}, [{"a": null}], true, false]}, "empty": ""} "#;

fn read(text: &str) -> Result<Dynamic, (String, String)> {
    parse(text, &mut Pace::free()).map_err(|error| match error {
        Error::Thrown { code, message } => (code.to_string(), message),
        other => panic!("{other:?}"),
    })
}

fn compact(value: &Dynamic) -> String {
    print(value, Layout::Compact, &mut Pace::free()).expect("printable")
}

fn code_of(text: &str) -> String {
    read(text).expect_err(text).0
}

#[test]
fn reads_and_prints_the_same_value() {
    let value = read(SAMPLE).expect("it is valid");
    let expected = concat!(
        r#"{"empty":"","name":"Grüße 😀 \"q\" \\ / \b\f\n\r\t","nested":{"list":[[],{},[{"a":null}],true,false]},"#,
        r#""numbers":[0,-1,3.25,1000.0,-0.0025,9223372036854775807,9.223372036854776e18]}"#
    );
    assert_eq!(compact(&value), expected);
    assert_eq!(compact(&read(expected).expect("our own text")), expected);
    let pretty = print(&value, Layout::Indented(2), &mut Pace::free()).expect("printable");
    assert_eq!(compact(&read(&pretty).expect("our own text")), expected);
    assert!(pretty.starts_with("{\n  \"empty\": \"\",\n  \"name\""), "{pretty}");
}

#[test]
fn says_where_the_text_is_wrong() {
    let cases = [
        ("", "line 1, column 1: the text ends where a value is expected"),
        ("[1,\n 2,\n ü]", "line 3, column 2: a value is expected, not 'ü'"),
        ("[1 2]", "line 1, column 4: ',' or ']' is expected, not '2'"),
        ("{\"a\" 1}", "line 1, column 6: ':' is expected, not '1'"),
        (
            "{a: 1}",
            "line 1, column 2: a key in double quotes is expected, not 'a'",
        ),
        ("[1] x", "line 1, column 5: the end of the text is expected, not 'x'"),
        (
            "\"a\nb\"",
            "line 1, column 3: a control character in a string must be escaped",
        ),
        (
            "\"\\x\"",
            "line 1, column 3: one of \"\\/bfnrtu after a backslash is expected, not 'x'",
        ),
        ("\"\\ud800\"", "line 1, column 8: half a surrogate pair"),
        ("\"\\udc00\"", "line 1, column 8: half a surrogate pair"),
        (
            "\"\\u+123\"",
            "line 1, column 4: four hexadecimal digits must follow \\u",
        ),
        ("01", "line 1, column 3: a number must not begin with 0"),
        ("-", "line 1, column 2: the text ends where a digit is expected"),
    ];
    for (text, message) in cases {
        assert_eq!(read(text).expect_err(text), ("parse_error".into(), message.into()));
    }
    for text in [
        "[1,]",
        "{\"a\":1,}",
        "1.",
        "1e",
        "+1",
        ".5",
        "nul",
        "NaN",
        "'a'",
        "[1}",
        "\u{feff}1",
    ] {
        assert_eq!(code_of(text), "parse_error", "{text}");
    }
    assert_eq!(code_of("1e400"), "out_of_range");
}

#[test]
fn refuses_depth_and_survives_it() {
    let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nest(DEPTH_LIMIT)).is_ok());
    assert_eq!(code_of(&nest(DEPTH_LIMIT + 1)), "too_deep");
    assert_eq!(code_of(&"[".repeat(1_000_000)), "too_deep");
    assert_eq!(code_of(&"{\"a\":".repeat(1_000_000)), "too_deep");
    let deep = (0..=DEPTH_LIMIT).fold(Dynamic::UNIT, |inner, _| Dynamic::from_array(vec![inner]));
    let error = print(&deep, Layout::Compact, &mut Pace::free()).expect_err("too deep");
    assert_eq!(error.code(), Some("too_deep"));
}

#[test]
fn refuses_what_json_cannot_express() {
    let code = |value: Dynamic| {
        let error = print(&value, Layout::Compact, &mut Pace::free()).expect_err("refused");
        error.code().expect("a code of its own")
    };
    assert_eq!(code(f64::NAN.into()), "not_finite");
    assert_eq!(code(f64::INFINITY.into()), "not_finite");
    let function: Dynamic = Engine::new().eval("|x| x").expect("a function");
    assert_eq!(code(function), "wrong_type");
    assert_eq!(compact(&Dynamic::from_blob(vec![1, 255])), "[1,255]");
    assert_eq!(compact(&'"'.into()), r#""\"""#);
    assert_eq!(compact(&"\u{1}\u{7f}".into()), "\"\\u0001\u{7f}\"");
}

#[test]
fn keeps_the_last_of_two_equal_keys() {
    assert_eq!(compact(&read(r#"{"a": 1, "a": 2}"#).expect("valid")), r#"{"a":2}"#);
}

#[test]
fn floats_read_back_to_the_same_bits() {
    let mut random = numbers();
    for _ in 0..20_000 {
        let bits = random.bits();
        let number = f64::from_bits(bits);
        if number.is_finite() {
            let back = read(&compact(&number.into())).expect("a number");
            assert_eq!(back.as_float().expect("a float").to_bits(), bits);
        }
    }
}

#[test]
fn survives_every_truncation_and_mutation() {
    let boundaries = (0..SAMPLE.len()).filter(|&end| SAMPLE.is_char_boundary(end));
    for end in boundaries {
        // Only the space at the end may go.
        assert_eq!(read(&SAMPLE[..end]).is_ok(), end == SAMPLE.len() - 1, "{end}");
    }
    for text in mutations(SAMPLE, 20_000) {
        if let Ok(value) = read(&text) {
            let printed = compact(&value);
            assert_eq!(compact(&read(&printed).expect("our own text")), printed);
        }
    }
}

#[test]
fn long_strings_are_cut_at_whole_characters() {
    for filler in ["ü", "€", "😀", "a"] {
        let text = filler.repeat(2000);
        let value = read(&format!("\"{text}\"")).expect("valid");
        assert_eq!(value.clone().into_string().expect("a string"), text);
        assert_eq!(compact(&value), format!("\"{text}\""));
    }
}
