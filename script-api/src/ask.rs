//! `?name` and `name?` at the prompt: the session's own way to ask for help, on functions, variables and their parts.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::catalogue;
use crate::completion::chain::{self, Chain, Found, Step};
use crate::completion::locals::Locals;
use crate::completion::token::{Token, Tokens};
use crate::error::Failure;
use crate::functions::help::text;
use crate::source::Inputs;
use crate::suggest::Nearest;
use crate::types::Types;
use crate::view::{self, View};

/// What `input` asks about: the rest of a line that begins or ends with `?`; empty for everything. `None` where the
/// input is no question.
pub fn topic(input: &str) -> Option<&str> {
    let line = input.trim();
    let rest = line.strip_prefix('?').or_else(|| line.strip_suffix('?'))?;
    let topic = rest.trim_matches('?').trim();
    let is_name = |character: char| character.is_alphanumeric() || "_:.()[]\"-/".contains(character);
    topic.chars().all(is_name).then_some(topic)
}

/// What there is to know about `topic`.
///
/// # Errors
///
/// `not_found`, with what may have been meant.
pub fn answer(view: View<'_>, inputs: &Inputs, topic: &str) -> Result<String, Failure> {
    let topic = text::name_of(topic);
    if topic.is_empty() {
        return Ok(text::overview(view.context));
    }
    let mut out = String::new();
    value(view, topic, &mut out);
    functions(view, inputs, topic, &mut out);
    let is_system = !out.is_empty() && !catalogue::namespaces(view.context).any(|name| name == topic);
    if !is_system {
        text::topic(view.context, topic, &mut out);
    }
    if out.is_empty() {
        let mut message = text::no_help(view.context, topic);
        if !message.contains("did you mean") {
            let mut nearest = Nearest::new(topic);
            view.variables().for_each(|(name, ..)| nearest.offer_name(name));
            view.functions().for_each(|function| nearest.offer_name(&function.name));
            message += &nearest.question();
        }
        return Err(Failure {
            code: "not_found".into(),
            message,
            places: Vec::new(),
        });
    }
    Ok(out)
}

/// A variable, or a part of one: `x`, `config.net`, `list[0]`, or a method of it: `x.push`.
fn value(view: View<'_>, topic: &str, out: &mut String) {
    let tokens: Vec<Token> = Tokens::new(topic).collect();
    let Some((mut chain, 0)) = chain::before(topic, &tokens) else {
        return;
    };
    let chain::Root::Variable(name) = chain.root else {
        return;
    };
    if !view.scope.contains(name) {
        return;
    }
    let show = |chain: &Chain<'_>, out: &mut String, method: Option<&str>| {
        chain::follow(view, &Locals::default(), topic, chain, &mut |found| {
            if let Found::Value(value) = found {
                match method {
                    None => {
                        out.push_str(topic);
                        out.push_str(": ");
                        text::value(view.context, value, out);
                    }
                    Some(name) => text::method(view.context, Types::of(value), name, out),
                }
            }
        });
    };
    show(&chain, out, None);
    if out.is_empty()
        && let Some(Step::Key(method)) = chain.steps.pop()
    {
        show(&chain, out, Some(method));
    }
}

/// Functions of the session and of modules.
fn functions(view: View<'_>, inputs: &Inputs, topic: &str, out: &mut String) {
    if let Some((module, name)) = topic.rsplit_once("::") {
        if let Some(code) = view.import(module) {
            let own = code.iter_fn_def().filter(|function| function.name == name);
            own.for_each(|function| text::script_function(function, out));
        }
        return;
    }
    if let Some(code) = view.import(topic) {
        let path = code.source().unwrap_or_default();
        out.push_str(&format!("{topic}: the module {path}\n"));
        for function in code.iter_fn_def() {
            if function.access != rhai::FnAccess::Private && !function.name.starts_with("anon$") {
                let line = format!(
                    "  {topic}::{}  {}\n",
                    view::signature(function),
                    view::summary(function)
                );
                out.push_str(&line);
            }
        }
    }
    for function in view.functions().filter(|function| function.name == topic) {
        text::script_function(function, out);
    }
    if !inputs.texts(topic).is_empty() {
        out.push_str(&format!("  source(\"{topic}\") shows its text.\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_questions_from_scripts() {
        for (input, asked) in [
            ("?fs", Some("fs")),
            (" ? fs::read ", Some("fs::read")),
            ("fs::read?", Some("fs::read")),
            ("?", Some("")),
            ("??x", Some("x")),
            ("?x.y[0]", Some("x.y[0]")),
            ("?f()", Some("f()")),
            ("x?.y", None),
            ("a ?? b", None),
            ("let x = 1; ?", None),
            ("?x + 1", None),
            ("fn f() {\n}?", None),
            ("x", None),
        ] {
            assert_eq!(topic(input), asked, "{input}");
        }
    }
}
