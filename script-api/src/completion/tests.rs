//! What is read from the text to the left of the cursor, without a session.

use alloc::string::String;
use alloc::vec::Vec;

use super::chain::{Root, Step};
use super::cursor::{Cursor, Place};
use super::locals::What;
use crate::types::Types;

fn place(text: &str) -> Place<'_> {
    Cursor::find(text).place
}

fn chain(text: &str) -> (Root<'_>, Vec<Step<'_>>) {
    match place(text) {
        Place::Method(chain) | Place::Key(chain) => (chain.root, chain.steps),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn sees_what_is_being_written() {
    for (text, expected) in [
        ("", Place::Name),
        ("fo", Place::Name),
        ("1 + fo", Place::Name),
        ("f(a, b", Place::Name),
        ("fs::", Place::Member("fs")),
        ("fs::re", Place::Member("fs")),
        ("?fs::re", Place::Member("fs")),
        ("let na", Place::Nothing),
        ("fn na", Place::Nothing),
        ("a // b", Place::Nothing),
        ("a /* b", Place::Nothing),
        ("\"text", Place::Nothing),
        ("\"/tmp/x", Place::Path("/tmp/x")),
        ("fs::read(`/t", Place::Path("/t")),
        ("`${a}/t", Place::Nothing),
        ("\"/a\\n/b", Place::Nothing),
        ("import \"lib/te", Place::Import("lib/te")),
        ("import \"/tmp/a", Place::Import("/tmp/a")),
        ("12", Place::Nothing),
        ("'a", Place::Nothing),
        ("`a ${fo", Place::Name),
        ("..", Place::Name),
        ("0..fo", Place::Name),
        (".", Place::Nothing),
        ("::", Place::Nothing),
        (") .", Place::Nothing),
    ] {
        assert_eq!(place(text), expected, "{text:?}");
    }
    let cursor = Cursor::find("let a = fs::rea");
    assert_eq!((cursor.start, cursor.prefix), (12, "rea"));
    let cursor = Cursor::find("fs::read(\"/tmp/ab");
    assert_eq!((cursor.start, cursor.prefix), (15, "ab"));
    let cursor = Cursor::find("m[\"k");
    assert_eq!((cursor.start, cursor.prefix), (3, "k"));
}

#[test]
fn reads_chains() {
    use Step::{Call, Index, Key};
    assert_eq!(chain("x."), (Root::Variable("x"), Vec::new()));
    assert_eq!(chain("1 + x.y?.le"), (Root::Variable("x"), [Key("y")].into()));
    assert_eq!(
        chain("f(config.net[\"addr\"][-1].up"),
        (Root::Variable("config"), [Key("net"), Key("addr"), Index(-1)].into())
    );
    assert_eq!(chain("a.b[i + 1].").1, [Key("b"), Step::Unknown]);
    assert_eq!(chain("m.n[\"ke"), (Root::Variable("m"), [Key("n")].into()));
    assert_eq!(chain("fs::read(\"/a\").tr"), (Root::Call("fs", "read"), Vec::new()));
    assert_eq!(chain("f(1).g(x, [2]).h"), (Root::Call("", "f"), [Call("g")].into()));
    for (text, types) in [
        ("\"a\".", Types::TEXT),
        ("`a ${b} c`.", Types::TEXT),
        ("[1, 2].", Types::ARRAY),
        ("x = [1].", Types::ARRAY),
        ("#{a: 1}.", Types::MAP),
        ("'c'.", Types::CHAR),
        ("1.", Types::INT),
        ("1.5.", Types::FLOAT),
        ("0x1e.", Types::INT),
        ("(0..5).", Types::RANGE),
        ("(\"a\").", Types::TEXT),
        ("true.", Types::BOOL),
        ("return [1].", Types::ARRAY),
    ] {
        assert_eq!(chain(text), (Root::Literal(types), Vec::new()), "{text}");
    }
    assert_eq!(chain("(a + b).").0, Root::Unknown);
    assert_eq!(chain("if x { 1 } else { y }.").0, Root::Unknown);
    assert_eq!(chain("this.").0, Root::Unknown);
}

#[test]
fn knows_the_names_that_can_be_reached() {
    let names = |text: &str| -> Vec<String> {
        let cursor = Cursor::find(text);
        cursor.locals.iter().map(|local| local.name.into()).collect()
    };
    assert_eq!(names("let one = 1; const TWO = 2; o"), ["one", "TWO"]);
    assert_eq!(names("let on"), Vec::<&str>::new());
    assert_eq!(names("{ let hidden = 1; } let seen = 2; "), ["seen"]);
    assert_eq!(names("fn add(a, b) { let c = a; "), ["add", "a", "b", "c"]);
    assert_eq!(names("fn add(a, b) { a + b } "), ["add"]);
    assert_eq!(names("for x in [1, #{a: 2}] { "), ["x"]);
    assert_eq!(names("for (x, i) in list.map(|y| y) { "), ["x", "i"]);
    assert_eq!(names("for x in list { x } "), Vec::<&str>::new());
    assert_eq!(names("let f = |a, b| a + "), ["f", "a", "b"]);
    assert_eq!(names("list.map(|item| item."), ["item"]);
    assert_eq!(names("list.map(|item| item) + "), Vec::<&str>::new());
    assert_eq!(names("try { } catch (error) { "), ["error"]);
    assert_eq!(names("a || b | c "), Vec::<&str>::new());
    assert_eq!(names("import \"lib/text\" as t; t::"), ["t"]);
    let cursor = Cursor::find("import \"lib/text\" as t; let x = [1]; x");
    assert_eq!(cursor.locals.module("t"), Some("lib/text"));
    assert_eq!(cursor.locals.value_of("x"), Some(Some(31)));
    assert_eq!(cursor.locals.value_of("y"), None);
    assert!(cursor.locals.iter().any(|local| local.what == What::Module("lib/text")));
}
