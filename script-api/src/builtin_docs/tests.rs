//! The table against Rhai's packages.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::any::TypeId;
use core::ops::{Range, RangeInclusive};

use rhai::packages::{Package, StandardPackage};
use rhai::{Array, Blob, Dynamic, Engine, FnPtr, INT, ImmutableString, Map};

use super::all as all_rows;
use super::*;

/// In the packages, but of no use to people: tags mark values for programs that embed Rhai, and the list of functions is
/// what `help` and `dir` are for.
const EXCEPTIONS: [&str; 3] = ["tag", "set_tag", "get_fn_metadata_list"];
/// Part of the language, and in no package.
const LANGUAGE: [&str; 7] = ["Fn", "type_of", "is_shared", "call", "curry", "is_def_fn", "is_def_var"];

fn type_of_parameter(id: TypeId) -> Option<Types> {
    let types = [
        (TypeId::of::<()>(), Types::UNIT),
        (TypeId::of::<bool>(), Types::BOOL),
        (TypeId::of::<char>(), Types::CHAR),
        (TypeId::of::<INT>(), Types::INT),
        (TypeId::of::<f64>(), Types::FLOAT),
        (TypeId::of::<ImmutableString>(), Types::TEXT),
        (TypeId::of::<Blob>(), Types::BLOB),
        (TypeId::of::<Array>(), Types::ARRAY),
        (TypeId::of::<Map>(), Types::MAP),
        (TypeId::of::<FnPtr>(), Types::FUNCTION),
        (TypeId::of::<Range<INT>>(), Types::RANGE),
        (TypeId::of::<RangeInclusive<INT>>(), Types::RANGE),
        (TypeId::of::<Dynamic>(), Types::ANY),
    ];
    types
        .into_iter()
        .find(|(known, _)| *known == id)
        .map(|(_, types)| types)
}

/// Name and first parameter of each of Rhai's functions that people can call.
fn standard() -> Vec<(String, Option<TypeId>)> {
    let mut engine = Engine::new_raw();
    engine.register_global_module(StandardPackage::new().as_shared_module());
    let name = |info: rhai::FuncInfo<'_>| {
        let metadata = info.metadata;
        let is_public = metadata.name.starts_with(char::is_alphabetic) && !metadata.name.contains('$');
        is_public.then(|| (metadata.name.to_string(), metadata.param_types.first().copied()))
    };
    engine.collect_fn_metadata(None, name, true)
}

#[test]
fn has_every_function_of_the_packages() {
    let all: Vec<_> = standard();
    assert!(all.len() > 300);
    for (name, first) in &all {
        let types = first.and_then(type_of_parameter);
        let is_there = |builtin: &&Builtin| {
            builtin.name == name && types.is_none_or(|types| builtin.on.meets(types) || builtin.is_plain())
        };
        // 32-bit floats, and ranges of floats, are types that no script here has.
        let is_foreign = first.is_some() && types.is_none();
        assert!(
            is_foreign || EXCEPTIONS.contains(&name.as_str()) || all_rows().any(|builtin| is_there(&builtin)),
            "{name} on {types:?} is not in the table"
        );
    }
}

#[test]
fn has_nothing_that_is_not_there() {
    let all = standard();
    let names: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    for builtin in all_rows() {
        assert!(
            names.contains(builtin.name) || LANGUAGE.contains(&builtin.name),
            "{}",
            builtin.name
        );
        if LANGUAGE.contains(&builtin.name) {
            continue;
        }
        for bit in 0..15 {
            let one = Types::of_name(
                [
                    "()", "bool", "char", "int", "float", "string", "blob", "array", "map", "Fn", "range",
                ]
                .get(bit)
                .copied()
                .unwrap_or("any"),
            );
            if one == Types::NONE || !builtin.on.meets(one) {
                continue;
            }
            let fits = |(name, first): &(String, Option<TypeId>)| {
                name == builtin.name && first.and_then(type_of_parameter).is_some_and(|types| types.meets(one))
            };
            assert!(all.iter().any(fits), "{} on {}", builtin.name, one.name());
        }
    }
}

#[test]
fn is_well_written() {
    let mut seen = BTreeSet::new();
    for builtin in all_rows() {
        assert!(builtin.form.starts_with('('), "{}", builtin.name);
        assert!(
            builtin.summary.ends_with('.') && builtin.summary.len() <= 80,
            "{}",
            builtin.summary
        );
        let text = format!("{} {:?}", builtin.name, builtin.on);
        assert!(seen.insert(text), "{} is there twice", builtin.name);
    }
    let push = all_rows().find(|builtin| builtin.name == "push").expect("push");
    assert_eq!(push.signature(), "array|blob.push(item)");
    let method = |name: &str| {
        all_rows()
            .find(|builtin| builtin.name == name)
            .map(Builtin::method_form)
    };
    assert_eq!(method("push").as_deref(), Some("push(item)"));
    assert_eq!(method("parse_int").as_deref(), Some("parse_int([radix]) -> int"));
    assert_eq!(method("abs").as_deref(), Some("abs() -> number"));
    assert!(!push.takes_nothing() && push.returns() == Types::UNIT);
}
