//! The names that could stand at the cursor.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Bound;

use rhai::{Dynamic, Map, ScriptFuncDef};
use services::terminal::completion::{Candidate, Completion};

use super::CANDIDATES_MAX;
use super::chain::Found;
use super::files;
use super::locals::{Locals, What};
use super::token::{self, KEYWORDS};
use crate::builtin_docs::{self, Builtin};
use crate::catalogue;
use crate::engine;
use crate::order;
use crate::registry::Doc;
use crate::types::Types;
use crate::view::{self, View};

/// Variables come before all else.
const RANK_VARIABLE: u8 = 0;
const RANK_FUNCTION: u8 = 1;

/// What a name is, as far as its detail needs that.
enum Source {
    /// A detail that is made already.
    Text(String),
    Doc(&'static Doc),
    Builtin(&'static Builtin),
    /// One line.
    Note(&'static str),
}

struct Item<'a> {
    rank: u8,
    name: Cow<'a, str>,
    /// What follows the name: `(`, `()`, `::`, `/`, or nothing.
    suffix: &'static str,
    source: Source,
}

/// Names that begin as the one at the cursor.
pub struct Gathered<'a> {
    prefix: &'a str,
    /// What stands behind the cursor.
    behind: &'a str,
    is_question: bool,
    items: Vec<Item<'a>>,
    omitted: usize,
}

impl<'a> Gathered<'a> {
    /// None yet.
    pub fn new(prefix: &'a str, behind: &'a str) -> Self {
        Self {
            prefix,
            behind,
            is_question: false,
            items: Vec::new(),
            omitted: 0,
        }
    }

    /// The text is a question such as `?name`: functions are named there and not called.
    pub fn ask_only(&mut self) {
        self.is_question = true;
    }

    /// Whether `name` begins as what is written.
    pub fn fits(&self, name: &str) -> bool {
        name.starts_with(self.prefix)
    }

    fn add(&mut self, rank: u8, name: impl Into<Cow<'a, str>>, suffix: &'static str, source: Source) {
        self.items.push(Item {
            rank,
            name: name.into(),
            suffix,
            source,
        });
    }

    /// Adds a file or directory.
    pub fn add_file(&mut self, name: String, suffix: &'static str, detail: String) {
        self.add(RANK_FUNCTION, name, suffix, Source::Text(detail));
    }

    fn add_variable(&mut self, name: &'a str, value: &Dynamic) {
        if self.fits(name) {
            self.add(RANK_VARIABLE, name, "", Source::Text(Types::describe(value)));
        }
    }

    fn add_script(&mut self, function: &ScriptFuncDef) {
        if self.fits(&function.name) {
            let mut detail = view::signature(function);
            let summary = view::summary(function);
            if !summary.is_empty() {
                detail.push_str("  ");
                detail.push_str(summary);
            }
            let suffix = if function.params.is_empty() { "()" } else { "(" };
            let name = String::from(function.name.as_str());
            self.add(RANK_FUNCTION, name, suffix, Source::Text(detail));
        }
    }

    /// `own_arguments` of the parameters do not stand in the brackets.
    fn add_doc(&mut self, doc: &'static Doc, own_arguments: usize) {
        if self.fits(doc.name) {
            let suffix = if doc.params.len() > own_arguments { "(" } else { "()" };
            self.add(RANK_FUNCTION, doc.name, suffix, Source::Doc(doc));
        }
    }

    fn add_builtin(&mut self, builtin: &'static Builtin) {
        if self.fits(builtin.name) {
            let suffix = if builtin.takes_nothing() { "()" } else { "(" };
            self.add(RANK_FUNCTION, builtin.name, suffix, Source::Builtin(builtin));
        }
    }

    /// The answer: sorted, each name once, no more than may be shown.
    pub fn finish(mut self, start: usize) -> Completion {
        // Of functions with several forms, one with parameters stands for all: its brackets stay open.
        let items = core::mem::take(&mut self.items);
        let key = |index: usize| {
            let item: &Item<'_> = &items[index];
            (item.rank, &*item.name, item.suffix)
        };
        let order = order::ordered(items.len(), &|one, other| key(one) < key(other));
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut last: Option<&Item<'_>> = None;
        for item in order.into_iter().map(|index| &items[index]) {
            let is_same = last.is_some_and(|last| (last.rank, &last.name) == (item.rank, &item.name));
            last = Some(item);
            if is_same {
                continue;
            }
            if candidates.len() < CANDIDATES_MAX {
                candidates.push(candidate(item, self.behind, self.is_question));
            } else {
                self.omitted += 1;
            }
        }
        Completion {
            start,
            candidates,
            omitted: self.omitted,
        }
    }
}

fn candidate(item: &Item<'_>, behind: &str, is_question: bool) -> Candidate {
    let is_call = item.suffix.starts_with('(');
    let is_there = is_call && behind.starts_with('(') || item.suffix == "::" && behind.starts_with("::");
    let suffix = if is_there || is_call && is_question {
        ""
    } else {
        item.suffix
    };
    let mut text = String::with_capacity(item.name.len() + suffix.len());
    text.push_str(&item.name);
    text.push_str(suffix);
    let (mut detail, summary) = match &item.source {
        Source::Text(text) => (text.clone(), ""),
        Source::Doc(doc) => (doc.signature(), doc.summary),
        Source::Builtin(builtin) => (builtin.signature(), builtin.summary),
        Source::Note(note) => (String::from(*note), ""),
    };
    if !summary.is_empty() {
        detail.push_str("  ");
        detail.push_str(summary);
    }
    if detail.contains(['\n', '\r']) {
        detail = detail.replace(['\n', '\r'], " ");
    }
    Candidate {
        text,
        label: String::from(&*item.name),
        detail,
    }
}

/// Names that stand for themselves.
pub fn names<'a>(view: View<'a>, locals: &Locals<'a>, gathered: &mut Gathered<'a>) {
    for local in locals.iter() {
        if gathered.fits(local.name) {
            match local.what {
                What::Variable(_) => gathered.add(RANK_VARIABLE, local.name, "", Source::Note("in this text")),
                What::Function(has_parameters) => {
                    let suffix = if has_parameters { "(" } else { "()" };
                    gathered.add(RANK_FUNCTION, local.name, suffix, Source::Note("in this text"));
                }
                What::Module(_) => gathered.add(RANK_FUNCTION, local.name, "::", Source::Note("a module")),
            }
        }
    }
    for (name, _, value) in view.variables() {
        gathered.add_variable(name, value);
    }
    view.functions().for_each(|function| gathered.add_script(function));
    let prefix = gathered.prefix;
    for name in view.imports().filter(|name| name.starts_with(prefix)) {
        gathered.add(RANK_FUNCTION, name, "::", Source::Note("a module"));
    }
    for name in catalogue::namespaces(view.context).filter(|name| name.starts_with(prefix)) {
        gathered.add(RANK_FUNCTION, name, "::", Source::Note(catalogue::summary(name)));
    }
    for doc in engine::docs(view.context).filter(|doc| doc.namespace.is_empty()) {
        // A method is offered behind a dot.
        if gathered.fits(doc.name) && catalogue::receivers(doc) == Types::NONE {
            gathered.add_doc(doc, 0);
        }
    }
    for builtin in builtin_docs::all().filter(|builtin| builtin.is_plain()) {
        gathered.add_builtin(builtin);
    }
    for word in KEYWORDS.into_iter().filter(|word| word.starts_with(prefix)) {
        gathered.add(RANK_FUNCTION, word, "", Source::Note("a word of the language"));
    }
}

/// What a namespace or a module has.
pub fn members<'a>(view: View<'a>, locals: &Locals<'a>, name: &str, gathered: &mut Gathered<'a>) {
    if let Some(module) = view.import(name) {
        let own = module.shared_lib().iter_var();
        for (name, value) in own {
            if gathered.fits(name) {
                let name = String::from(name);
                gathered.add(RANK_VARIABLE, name, "", Source::Text(Types::describe(value)));
            }
        }
        module.iter_fn_def().for_each(|function| {
            let is_private = function.access == rhai::FnAccess::Private;
            if !is_private && !function.name.starts_with("anon$") {
                gathered.add_script(function);
            }
        });
        return;
    }
    if let Some(path) = locals.module(name) {
        return files::functions(view, path, gathered);
    }
    if name == "global" {
        for (name, _, value) in view.variables().filter(|(_, is_constant, _)| *is_constant) {
            gathered.add_variable(name, value);
        }
    }
    for doc in engine::docs(view.context).filter(|doc| doc.namespace == name) {
        gathered.add_doc(doc, 0);
    }
}

/// Keys and methods of a value.
pub fn methods(view: View<'_>, found: Found<'_>, gathered: &mut Gathered<'_>) {
    let types = match found {
        Found::Value(value) => {
            add_keys(value, true, gathered);
            Types::of(value)
        }
        // Nothing is known: any method may fit.
        Found::Types(Types::NONE) => Types::ANY,
        Found::Types(types) => types,
    };
    for doc in engine::docs(view.context) {
        if gathered.fits(doc.name) && catalogue::receivers(doc).meets(types) {
            gathered.add_doc(doc, 1);
        }
    }
    for builtin in builtin_docs::all() {
        if builtin.on.meets(types) && gathered.fits(builtin.name) {
            let takes_nothing = builtin.method_form()[builtin.name.len()..].starts_with("()");
            let suffix = if takes_nothing { "()" } else { "(" };
            gathered.add(RANK_FUNCTION, builtin.name, suffix, Source::Builtin(builtin));
        }
    }
}

/// Keys of a map, inside the brackets of an index.
pub fn keys(found: Found<'_>, gathered: &mut Gathered<'_>) {
    if let Found::Value(value) = found {
        add_keys(value, false, gathered);
    }
}

fn add_keys(value: &Dynamic, only_identifiers: bool, gathered: &mut Gathered<'_>) {
    let Some(map) = value.read_lock::<Map>() else { return };
    let prefix = gathered.prefix;
    let fitting = map
        .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
        .take_while(|(key, _)| key.starts_with(prefix))
        .filter(|(key, _)| {
            let is_writable = !key.contains(|character: char| character.is_control() || "\"\\".contains(character));
            is_writable && (!only_identifiers || token::is_identifier(key))
        });
    for (count, (key, value)) in fitting.enumerate() {
        if count < CANDIDATES_MAX {
            let name = String::from(key.as_str());
            gathered.add(RANK_VARIABLE, name, "", Source::Text(Types::describe(value)));
        } else {
            gathered.omitted += 1;
        }
    }
}
