//! What to do about an error, where that is known, and the source line of the place where it happened.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use rhai::EvalAltResult;
use services::files::Entry;

use crate::engine;
use crate::error::{Failure, Place};
use crate::functions::fs;
use crate::resolver;
use crate::show;
use crate::source::Inputs;
use crate::suggest::Nearest;
use crate::suggest::names;
use crate::view::View;

/// Advice by the code of the error.
const ADVICE: &[(&str, &str)] = &[
    (
        "cannot_copy",
        "tasks get copies; channels, cells and counters can be handed over",
    ),
    ("constant", "`let` makes a variable of the same name that can change"),
    (
        "data_race",
        "a closure that is running holds this variable: hand the value over as an argument",
    ),
    ("import_cycle", "put what both modules need into a third one"),
    (
        "memory_limit",
        "work in smaller pieces, or drop what is no longer needed: `dir()` lists the variables",
    ),
    ("not_text", "`fs::read_blob(path)` reads any file"),
    ("out_of_bounds", "`get(at)` gives () where there is no element"),
    (
        "out_of_memory",
        "work in smaller pieces: `mem::info()` tells what is free",
    ),
    (
        "recursion_limit",
        "a function that calls itself must end; a loop needs no stack",
    ),
    ("source_too_large", "put parts of it into modules and `import` them"),
    (
        "unbound_this",
        "`this` is there in functions that are called on a value, as in x.f()",
    ),
];

/// Names of a directory that are listed.
const LISTED_MAX: usize = 8;

/// A session's state, its inputs, and the input that failed.
pub struct Surroundings<'a> {
    /// What the session has.
    pub view: View<'a>,
    /// The earlier inputs with functions.
    pub inputs: &'a Inputs,
    /// The input that failed.
    pub input: &'a str,
}

impl Surroundings<'_> {
    /// Adds to the message of `failure` what was meant, and returns lines to show behind it: the source line of the
    /// place, where that is in another text, and a hint. `is_elsewhere` tells which functions were defined in an
    /// earlier input.
    pub fn advise(&self, error: &EvalAltResult, failure: &mut Failure, is_elsewhere: impl Fn(&str) -> bool) -> String {
        let mut lines = String::new();
        if matches!(failure.code.as_str(), "cancelled" | "killed") {
            return lines;
        }
        let place = failure.places.iter().rev().find(|place| place.line != 0).cloned();
        if let EvalAltResult::ErrorFunctionNotFound(call, _) = error.unwrap_inner() {
            failure.message = names::readable_call(call);
        }
        let mut is_in_function = false;
        if let Some(place) = place {
            let is_earlier = place.source.is_empty() && is_elsewhere(&place.function);
            let text = self.text_of(&place, is_earlier);
            if let Some(text) = &text {
                let before = up_to_name(text, &place);
                failure.message += &names::explain(self.view, error.unwrap_inner(), before);
                if let Some(line) = text.lines().nth(place.line as usize - 1)
                    && (is_earlier || !place.source.is_empty())
                {
                    lines.push('\n');
                    let mut shown = String::new();
                    show::write_source_line(line, place.column as usize, &mut shown);
                    lines.push_str(shown.trim_end_matches('\n'));
                }
            } else {
                failure.message += &names::explain(self.view, error.unwrap_inner(), "");
            }
            let has_name = !place.function.is_empty() && place.function != place.source;
            is_in_function = has_name && !place.function.starts_with("anon$");
        }
        if let Some(hint) = self.hint(error.unwrap_inner(), failure, is_in_function) {
            lines += &format!("\nhint: {hint}");
        }
        lines
    }

    /// The text that a place lies in.
    fn text_of(&self, place: &Place, is_earlier: bool) -> Option<Cow<'_, str>> {
        if !place.source.is_empty() {
            return resolver::text_of(self.view.context, &place.source);
        }
        if is_earlier {
            return self.inputs.that_defines(&place.function).map(Cow::Borrowed);
        }
        Some(Cow::Borrowed(self.input))
    }

    fn hint(&self, error: &EvalAltResult, failure: &mut Failure, is_in_function: bool) -> Option<String> {
        if let EvalAltResult::ErrorVariableNotFound(name, _) = error
            && is_in_function
            && self.view.scope.contains(name)
        {
            return Some(if self.view.scope.is_constant(name) == Some(true) {
                format!("functions see constants as global::{name}")
            } else {
                format!("functions do not see variables: hand {name} over as an argument")
            });
        }
        if failure.code == "not_found" {
            return self.path_hint(failure);
        }
        if failure.code == "memory_limit" && engine::docs(self.view.context).any(|doc| doc.path() == "limits") {
            return Some("`limits()` shows and sets what a task may use".into());
        }
        let known = ADVICE.iter().find(|(code, _)| *code == failure.code);
        known.map(|(_, advice)| String::from(*advice))
    }

    /// What is in the directory where something was looked for.
    fn path_hint(&self, failure: &mut Failure) -> Option<String> {
        let path = failure
            .message
            .rsplit(": ")
            .next()
            .filter(|path| path.starts_with('/'))?;
        let (mut directory, mut name) = path.rsplit_once('/')?;
        let mut entries = self.list(directory);
        while entries.is_none() && !directory.is_empty() {
            (directory, name) = directory.rsplit_once('/')?;
            entries = self.list(directory);
        }
        let entries = entries?;
        let mut nearest = Nearest::new(name);
        for entry in &entries {
            nearest.offer(&entry.name, || format!("{directory}/{}", entry.name));
        }
        let shown = if directory.is_empty() { "/" } else { directory };
        let hint = if entries.is_empty() {
            format!("{shown} is empty")
        } else {
            let names = entries.iter().take(LISTED_MAX).map(|entry| {
                let slash = if entry.size_bytes.is_none() { "/" } else { "" };
                format!("{}{slash}", entry.name)
            });
            let names: Vec<String> = names.collect();
            let more = if entries.len() > LISTED_MAX { ", ..." } else { "" };
            format!("{shown} has {}{more}", names.join(", "))
        };
        failure.message += &nearest.question();
        Some(hint)
    }

    /// A directory's entries, copied from the kernel heap; `None` where there is no such directory.
    fn list(&self, directory: &str) -> Option<Vec<Entry>> {
        let directory = if directory.is_empty() { "/" } else { directory };
        let context = self.view.context;
        let mut answer = None;
        context.host.tasks.on_kernel_heap(&mut || {
            answer = fs::wait(context, context.host.files.list(directory)).ok();
        });
        let copy = answer.clone();
        context.host.tasks.on_kernel_heap(&mut || drop(answer.take()));
        copy
    }
}

/// The text up to the end of the name at the place.
fn up_to_name<'a>(text: &'a str, place: &Place) -> &'a str {
    let start = match place.line {
        0 | 1 => 0,
        line => text
            .match_indices('\n')
            .nth(line as usize - 2)
            .map_or(0, |(at, _)| at + 1),
    };
    let column = place.column.saturating_sub(1) as usize;
    let rest = text.get(start..).unwrap_or_default();
    let offset = rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at);
    let name = rest[offset..]
        .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')
        .unwrap_or(rest.len() - offset);
    &text[..start + offset + name]
}
