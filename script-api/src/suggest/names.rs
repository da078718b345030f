//! Messages about names that are not there, or that were used in the wrong way: what there is instead.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use rhai::{AST, EvalAltResult, Map};

use super::{Nearest, did_you_mean, habits};
use crate::builtin_docs::{self, Builtin};
use crate::catalogue;
use crate::completion::chain::{self, Chain, Found, Step};
use crate::completion::cursor::{Cursor, Place};
use crate::completion::locals::{Locals, What};
use crate::engine;
use crate::registry::Doc;
use crate::types::Types;
use crate::view::{self, View};

/// What to add to the message of `error`. `before` is the text that it happened in, up to its place.
pub fn explain(view: View<'_>, error: &EvalAltResult, before: &str) -> String {
    match error {
        EvalAltResult::ErrorVariableNotFound(name, _) => variable(view, name, before),
        EvalAltResult::ErrorFunctionNotFound(call, _) => Call::parse(call).explain(view, before),
        EvalAltResult::ErrorModuleNotFound(name, _) => module(view, name),
        EvalAltResult::ErrorDotExpr(message, _) => property(view, message, before),
        _ => String::new(),
    }
}

fn variable(view: View<'_>, name: &str, before: &str) -> String {
    if let Some((module, name)) = name.rsplit_once("::") {
        let mut nearest = Nearest::new(name);
        if let Some(module) = view.import(module) {
            module
                .shared_lib()
                .iter_var()
                .for_each(|(name, _)| nearest.offer_name(name));
            return nearest.question();
        }
        let own = |doc: &&Doc| doc.namespace == module;
        if engine::docs(view.context).filter(own).any(|doc| doc.name == name) {
            return format!("; {module}::{name} is a function: `?{module}::{name}` tells how to call it");
        }
        let own = engine::docs(view.context).filter(own);
        own.for_each(|doc| nearest.offer(doc.name, || doc.path()));
        return match nearest.found() {
            Some(name) => did_you_mean(&name),
            None => habits::see_namespace(view.context, module),
        };
    }
    if engine::docs(view.context).any(|doc| doc.namespace.is_empty() && doc.name == name)
        || builtin_docs::all().any(|builtin| builtin.name == name)
    {
        return format!("; {name} is a function: `?{name}` tells how to call it");
    }
    if catalogue::namespaces(view.context).any(|namespace| namespace == name) {
        return format!("; closures know a namespace by its functions only: {name}::...");
    }
    if let Some(here) = habits::here(name) {
        return format!("; here that is {here}");
    }
    let mut nearest = Nearest::new(name);
    Cursor::find(before)
        .locals
        .iter()
        .for_each(|local| nearest.offer_name(local.name));
    view.variables().for_each(|(name, ..)| nearest.offer_name(name));
    view.functions().for_each(|function| nearest.offer_name(&function.name));
    catalogue::namespaces(view.context).for_each(|name| nearest.offer_name(name));
    nearest.question()
}

fn module(view: View<'_>, name: &str) -> String {
    let mut nearest = Nearest::new(name);
    view.imports().for_each(|name| nearest.offer_name(name));
    catalogue::namespaces(view.context).for_each(|name| nearest.offer_name(name));
    nearest.question()
}

/// `Unknown property 'x' - a getter is not registered for type 'y'`.
fn property(view: View<'_>, message: &str, before: &str) -> String {
    let mut quoted = message.split('\'').skip(1).step_by(2);
    let (Some(name), Some(of)) = (quoted.next(), quoted.next()) else {
        return String::new();
    };
    if of == "namespace" {
        return in_namespace(view, name, before);
    }
    let types = Types::of_name(of);
    let missing = if types == Types::UNIT {
        missing_key(view, before)
    } else {
        String::new()
    };
    if !missing.is_empty() {
        return missing;
    }
    let mut nearest = Nearest::new(name);
    let mut is_method = false;
    for_each_method(view, types, &mut |method| {
        is_method |= method == name;
        nearest.offer_name(method);
    });
    if is_method {
        return format!("; {name} is a function: {name}(...)");
    }
    if types == Types::ARRAY && !nearest.is_close() {
        return format!("; an array of maps gives what is under a key in all of them by column(\"{name}\")");
    }
    nearest.question()
}

/// What was asked of a namespace as if it were a value: `pci.list()`.
fn in_namespace(view: View<'_>, name: &str, before: &str) -> String {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let namespace = before.trim_end_matches(is_part).trim_end_matches('.').trim_end();
    let namespace = &namespace[namespace.trim_end_matches(is_part).len()..];
    let mut nearest = Nearest::new(name);
    let own = engine::docs(view.context).filter(|doc| doc.namespace == namespace);
    own.for_each(|doc| nearest.offer_name(doc.name));
    match nearest.found() {
        Some(name) => format!("; functions of a namespace are written with two colons: {namespace}::{name}(...)"),
        None => habits::see_namespace(view.context, namespace),
    }
}

fn for_each_method(view: View<'_>, types: Types, found: &mut dyn FnMut(&str)) {
    engine::docs(view.context)
        .filter(|doc| catalogue::receivers(doc).meets(types))
        .for_each(|doc| found(doc.name));
    builtin_docs::all()
        .filter(|builtin| builtin.on.meets(types))
        .for_each(|builtin| found(builtin.name));
}

/// The chain that the last name of `before` belongs to.
fn last_chain(before: &str) -> Option<(Chain<'_>, Locals<'_>)> {
    let cursor = Cursor::find(before);
    match cursor.place {
        Place::Method(chain) => Some((chain, cursor.locals)),
        _ => None,
    }
}

/// What is asked of `()` was often meant for the value of a key that is not there: finds that key.
fn missing_key(view: View<'_>, before: &str) -> String {
    let Some((mut chain, locals)) = last_chain(before) else {
        return String::new();
    };
    for count in 0..chain.steps.len() {
        let Step::Key(key) = chain.steps[count] else { continue };
        let rest = chain.steps.split_off(count);
        let mut answer = String::new();
        chain::follow(view, &locals, before, &chain, &mut |found| {
            if let Found::Value(value) = found
                && let Some(map) = value.read_lock::<Map>()
                && !map.contains_key(key)
            {
                let mut nearest = Nearest::new(key);
                map.keys().for_each(|key| nearest.offer_name(key));
                answer = format!("; the map has no \"{key}\"{}", nearest.question());
            }
        });
        if !answer.is_empty() {
            return answer;
        }
        chain.steps.extend(rest);
    }
    String::new()
}

/// A call that found no function, taken apart.
struct Call<'a> {
    /// Empty for none.
    namespace: &'a str,
    name: &'a str,
    /// The types of the arguments; `None` where the message does not tell them.
    arguments: Option<Vec<Types>>,
    /// Their names, as Rhai writes them.
    names: Vec<&'a str>,
}

impl<'a> Call<'a> {
    /// `fs::read (i64, &str | ImmutableString | String)`.
    fn parse(text: &'a str) -> Self {
        let (path, arguments) = match text.split_once('(') {
            Some((path, rest)) => (path, rest.strip_suffix(')')),
            None => (text, None),
        };
        let path = path.trim();
        let (namespace, name) = path.rsplit_once("::").unwrap_or(("", path));
        let names: Vec<&str> = arguments
            .map(|all| all.split(", ").filter(|name| !name.is_empty()).collect())
            .unwrap_or_default();
        let types = arguments.map(|_| names.iter().map(|name| Types::of_name(name)).collect());
        Self {
            namespace: namespace.trim(),
            name,
            arguments: types,
            names,
        }
    }

    fn receiver(&self) -> Types {
        let first = self.arguments.as_ref().and_then(|types| types.first());
        first.copied().unwrap_or(Types::NONE)
    }

    fn explain(&self, view: View<'_>, before: &str) -> String {
        let known = self.known_forms(view);
        if !known.is_empty() {
            return known;
        }
        if self.names.first() == Some(&"namespace") {
            return in_namespace(view, self.name, before);
        }
        if self.namespace.is_empty()
            && view
                .scope
                .get(self.name)
                .is_some_and(|value| Types::of(value) == Types::FUNCTION)
        {
            return format!("; the variable {0} holds a function: {0}.call(...)", self.name);
        }
        if self.namespace.is_empty()
            && let Some(here) = habits::here(self.name)
        {
            return format!("; here that is {here}");
        }
        // Of several that have it, none is likelier than the others: then only what is nearest in the namespace helps.
        let elsewhere = |doc: &&Doc| doc.name == self.name && doc.namespace != self.namespace;
        let mut namespaces: Vec<&Doc> = engine::docs(view.context).filter(elsewhere).collect();
        namespaces.dedup_by_key(|doc| doc.namespace);
        let is_namespace_there = || catalogue::namespaces(view.context).any(|name| name == self.namespace);
        if let Some(doc) = namespaces.first()
            && (namespaces.len() == 1 || !is_namespace_there())
        {
            return did_you_mean(&doc.path());
        }
        if self.receiver() == Types::UNIT {
            let missing = missing_key(view, before);
            if !missing.is_empty() {
                return missing;
            }
        }
        self.nearest(view, before)
    }

    /// The functions that have the right name, and what is wrong with the arguments.
    fn known_forms(&self, view: View<'_>) -> String {
        let mut forms: Vec<String> = Vec::new();
        let mut fault = String::new();
        let is_own = |doc: &&Doc| {
            let is_method = self.namespace.is_empty() && catalogue::receivers(doc).meets(self.receiver());
            doc.name == self.name && (doc.namespace == self.namespace || is_method)
        };
        let docs: Vec<&Doc> = engine::docs(view.context).filter(is_own).collect();
        forms.extend(docs.iter().map(|doc| doc.signature()));
        fault += &self.fault_of(&docs);
        if self.namespace.is_empty() {
            let builtins: Vec<&Builtin> = builtin_docs::all()
                .filter(|builtin| builtin.name == self.name)
                .collect();
            let fits = |builtin: &&&Builtin| builtin.on.meets(self.receiver());
            // Those of other types are worth a word only where there is nothing better.
            let are_others_shown = docs.is_empty() && !builtins.iter().any(|builtin| fits(&builtin));
            for builtin in builtins.iter().filter(|builtin| are_others_shown || fits(builtin)) {
                forms.push(builtin.signature());
            }
            if !builtins.is_empty()
                && are_others_shown
                && let Some(own) = self.names.first()
            {
                fault = format!("not for {}", readable(own));
            }
        }
        let module = view.import(self.namespace);
        let own: &AST = module.as_ref().unwrap_or(view.functions);
        if self.namespace.is_empty() || module.is_some() {
            for function in own.iter_fn_def().filter(|function| function.name == self.name) {
                forms.push(view::signature(function));
                fault = self.fault_of_count("it takes", function.params.len(), 0);
            }
        }
        if forms.is_empty() {
            return String::new();
        }
        let separator = if fault.is_empty() { "" } else { ": " };
        format!("; there is {}{separator}{fault}", forms.join(" and "))
    }

    /// `own` arguments stand before the dot.
    fn fault_of_count(&self, it_takes: &str, wanted: usize, own: usize) -> String {
        match &self.arguments {
            Some(arguments) if arguments.len() != wanted + own => {
                let plural = if wanted == 1 { "" } else { "s" };
                format!("{it_takes} {wanted} argument{plural}, not {}", arguments.len() - own)
            }
            _ => String::new(),
        }
    }

    /// Which argument is wrong, in the form of the function that fits best.
    fn fault_of(&self, docs: &[&Doc]) -> String {
        let Some(arguments) = &self.arguments else {
            return String::new();
        };
        let wrong = |doc: &Doc| {
            let mut pairs = arguments.iter().zip(doc.params);
            pairs.position(|(types, param)| !Types::of_kind(param.kind).meets(*types))
        };
        let best = docs.iter().map(|doc| wrong(doc).unwrap_or(arguments.len())).max();
        let fitting = || {
            docs.iter()
                .filter(|doc| Some(wrong(doc).unwrap_or(arguments.len())) == best)
        };
        let Some((at, first)) = best.zip(fitting().next()) else {
            return String::new();
        };
        let (Some(param), Some(name)) = (first.params.get(at), self.names.get(at)) else {
            return match first.params.get(at) {
                // All that are there fit, and more are needed.
                Some(param) if docs.len() == 1 => format!("{} is missing", param.name),
                None if docs.len() == 1 => {
                    let own = usize::from(catalogue::receivers(first) != Types::NONE);
                    let has_fewer = first.counts().next() < Some(first.params.len());
                    let it_takes = if has_fewer { "it takes at most" } else { "it takes" };
                    self.fault_of_count(it_takes, first.params.len() - own, own)
                }
                _ => String::new(),
            };
        };
        let mut text = String::new();
        let mut kinds: Vec<&str> = fitting()
            .filter_map(|doc| Some(doc.params.get(at)?.kind.name()))
            .collect();
        kinds.dedup();
        let _ = match fitting().all(|doc| doc.params.get(at).is_some_and(|other| other.name == param.name)) {
            true => write!(text, "{}", param.name),
            false => write!(text, "argument {}", at + 1),
        };
        let _ = write!(text, " must be {}, not {}", kinds.join(" or "), readable(name));
        text
    }

    fn nearest(&self, view: View<'_>, before: &str) -> String {
        let mut nearest = Nearest::new(self.name);
        if !self.namespace.is_empty() {
            let own = engine::docs(view.context).filter(|doc| doc.namespace == self.namespace);
            own.for_each(|doc| nearest.offer(doc.name, || doc.path()));
            if let Some(module) = view.import(self.namespace) {
                for function in module.iter_fn_def() {
                    nearest.offer(&function.name, || format!("{}::{}", self.namespace, function.name));
                }
            }
            return match nearest.found() {
                Some(name) => did_you_mean(&name),
                None => habits::see_namespace(view.context, self.namespace),
            };
        }
        if let Some((chain, locals)) = last_chain(before) {
            chain::follow(view, &locals, before, &chain, &mut |found| {
                if let Found::Value(value) = found
                    && let Some(map) = value.read_lock::<Map>()
                {
                    map.keys().for_each(|key| nearest.offer_name(key));
                }
            });
        }
        for_each_method(view, self.receiver(), &mut |name| nearest.offer_name(name));
        let cursor = Cursor::find(before);
        let functions = cursor
            .locals
            .iter()
            .filter(|local| matches!(local.what, What::Function(_)));
        functions.for_each(|local| nearest.offer_name(local.name));
        view.functions().for_each(|function| nearest.offer_name(&function.name));
        for doc in engine::docs(view.context) {
            nearest.offer(doc.name, || doc.path());
        }
        let plain = builtin_docs::all().filter(|builtin| builtin.is_plain());
        plain.for_each(|builtin| nearest.offer_name(builtin.name));
        nearest.question()
    }
}

/// The message about a call that found no function, with the names that people know types by.
pub fn readable_call(call: &str) -> String {
    let parsed = Call::parse(call);
    let path = call.split('(').next().unwrap_or(call).trim();
    match parsed.arguments {
        Some(_) => {
            let names: Vec<&str> = parsed.names.iter().map(|name| readable(name)).collect();
            format!("Function not found: {path}({})", names.join(", "))
        }
        None => format!("Function not found: {path}"),
    }
}

/// A type's name as people know it.
fn readable(name: &str) -> &str {
    match Types::of_name(name) {
        Types::NONE | Types::OTHER => name.rsplit("::").next().unwrap_or(name),
        known => known.name(),
    }
}
