//! `dir` and `source`: what values and sessions hold, and the texts of functions.
//!
//! A session's own variables and inputs are not within a native's reach. The session notes them here before it
//! evaluates a line, and gives its engine forms of `dir` and `source` that look at the notes first.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::TypeId;

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, ImmutableString, Map, NativeCallContext, Shared};

use super::text;
use super::{PLAIN, param, print};
use crate::context::TaskContext;
use crate::error::thrown;
use crate::order;
use crate::registry::{Api, Doc, Example, Kind};
use crate::resolver;
use crate::source::{self, Inputs};
use crate::suggest::Nearest;
use crate::types::Types;

const DIR: Doc = Doc {
    name: "dir",
    returns: "array of maps",
    summary: "Lists the variables of the prompt, as they were before the line, with type and size.",
    example: Example::Shows("dir().len()", "0"),
    ..PLAIN
};

const DIR_VALUE: Doc = Doc {
    name: "dir",
    params: &[param("value", Kind::Any, "any value, or a namespace's bare name")],
    returns: "array of maps",
    summary: "Lists the keys of a map, and the functions that can be called on a value.",
    example: Example::Shows(
        "dir(#{a: 1})[0]",
        "#{\"kind\": \"key\", \"name\": \"a\", \"summary\": \"int\"}",
    ),
    ..PLAIN
};

const SOURCE: Doc = Doc {
    name: "source",
    params: &[param(
        "function",
        Kind::Any,
        "a function of the prompt, one of a module such as \"lib/text::join\", or a name that one was imported by",
    )],
    returns: "()",
    errors: &[("not_found", "there is no such function, or its text is not kept")],
    waits: true,
    summary: "Prints the text of a script function.",
    example: Example::Shows(
        "source(\"lib/text::repeat\")",
        "/// Repeats `piece` `count` times.\nfn repeat...",
    ),
    ..PLAIN
};

/// Adds both, as every task has them.
pub(super) fn register(api: &mut Api) {
    api.script(&DIR, |_, _, _| Ok(Dynamic::from_array(Array::new())));
    api.script(&DIR_VALUE, dir_value);
    api.script(&SOURCE, |context, call, arguments| {
        source(context, call, arguments, &Inputs::default())
    });
}

/// What a session notes of itself.
#[derive(Default)]
pub struct Notes {
    /// Its inputs with functions.
    pub inputs: Inputs,
    /// Its variables: name, type, size.
    pub variables: Vec<(String, String, Option<usize>)>,
    /// An input has asked for the variables once.
    pub wants_variables: bool,
}

impl Notes {
    /// Gives `engine` the forms of `dir` and `source` that look at `notes`.
    pub fn register(notes: &Shared<spin::Mutex<Self>>, engine: &mut Engine) {
        let own = notes.clone();
        engine.register_raw_fn("dir", &[] as &[TypeId], move |call, _| {
            TaskContext::of(&call)?.enter(&call)?;
            let notes = own.lock();
            let all = &notes.variables;
            let order = order::ordered(all.len(), &|one, other| all[one].0 < all[other].0);
            let rows: Array = order.into_iter().map(|index| variable_row(&all[index])).collect();
            Ok(Dynamic::from_array(rows))
        });
        let own = notes.clone();
        let any = [TypeId::of::<Dynamic>()];
        engine.register_raw_fn("source", any, move |call, arguments: &mut [&mut Dynamic]| {
            let context = TaskContext::of(&call)?;
            context.enter(&call)?;
            source(&context, &call, arguments, &own.lock().inputs)
        });
    }
}

fn row(entries: [(&str, Dynamic); 3]) -> Dynamic {
    let mut map = Map::new();
    for (key, value) in entries {
        map.insert(key.into(), value);
    }
    Dynamic::from_map(map)
}

fn variable_row((name, kind, size): &(String, String, Option<usize>)) -> Dynamic {
    let size = size.map_or(Dynamic::UNIT, |size| Dynamic::from_int(size as i64));
    row([
        ("name", name.as_str().into()),
        ("type", kind.as_str().into()),
        ("size", size),
    ])
}

fn dir_value(
    context: &TaskContext,
    _: &NativeCallContext<'_>,
    arguments: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let mut rows = Array::new();
    let Some(value) = arguments.first() else {
        return Ok(Dynamic::from_array(rows));
    };
    // Tables show columns in the order of their names.
    let entry = |name: String, kind: &str, summary: &str| {
        row([
            ("kind", kind.into()),
            ("name", name.into()),
            ("summary", summary.into()),
        ])
    };
    if let Some(namespace) = value.read_lock::<crate::catalogue::Namespace>() {
        let own = crate::engine::docs(context).filter(|doc| doc.namespace == namespace.0);
        rows.extend(own.map(|doc| entry(doc.signature(), "function", doc.summary)));
        return Ok(Dynamic::from_array(rows));
    }
    if let Some(map) = value.read_lock::<Map>() {
        for (key, value) in map.iter() {
            rows.push(entry(String::from(key.as_str()), "key", &Types::describe(value)));
        }
    }
    let (docs, builtins) = text::methods_of(context, Types::of(value));
    rows.extend(
        docs.into_iter()
            .map(|doc| entry(text::method_form(doc), "function", doc.summary)),
    );
    rows.extend(
        builtins
            .into_iter()
            .map(|builtin| entry(builtin.method_form(), "function", builtin.summary)),
    );
    Ok(Dynamic::from_array(rows))
}

fn source(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    arguments: &[&mut Dynamic],
    inputs: &Inputs,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let position = call.call_position();
    let name = arguments.first().and_then(|value| {
        let function = value
            .read_lock::<FnPtr>()
            .map(|function| String::from(function.fn_name()));
        function.or_else(|| {
            value
                .read_lock::<ImmutableString>()
                .map(|text| String::from(text.as_str()))
        })
    });
    let Some(name) = name else {
        return Err(thrown("wrong_type", "a function or its name is needed", position));
    };
    let name = text::name_of(&name);
    let Some((module, name)) = name.rsplit_once("::") else {
        let texts = inputs.texts(name);
        if texts.is_empty() {
            return Err(thrown("not_found", no_text(context, name), position));
        }
        return print(context, call, &texts.join("\n\n"));
    };
    let imported = call.iter_imports().find(|(known, _)| *known == module);
    let path = match imported.and_then(|(_, module)| module.id()) {
        Some(path) => Some(String::from(path)),
        None => resolver::canonical(call.call_source(), module),
    };
    let file = path.filter(|_| !text::is_namespace(context, module) || imported.is_some());
    let Some(path) = file else {
        let message = format!("{module}::{name} is no script: it is a part of the system; help(\"{module}::{name}\")");
        return Err(thrown("not_found", message, position));
    };
    let text = resolver::read_text(*context, &path, position)?.text;
    let own = || source::functions(&text).filter(|function| function.name == name);
    let texts: Vec<&str> = own().map(|function| function.text).collect();
    if texts.is_empty() {
        let mut nearest = Nearest::new(name);
        source::functions(&text).for_each(|function| nearest.offer_name(function.name));
        let message = format!("{path} has no function {name}{}", nearest.question());
        return Err(thrown("not_found", message, position));
    }
    print(context, call, &texts.join("\n\n"))
}

fn no_text(context: &TaskContext, name: &str) -> String {
    let mut known = String::new();
    if text::topic(context, name, &mut known) {
        return format!("{name} is no script: it is a part of the system; help(\"{name}\") describes it");
    }
    format!("the text of {name} is not known: only functions that were typed here, and those of modules, are")
}
