//! Chains of properties, indexes and calls, as in `config.net["addr"].to_upper().`: read from the text, and followed
//! through the session's values without evaluating anything.

use alloc::vec::Vec;

use rhai::{Array, Dynamic, Map};

use super::locals::Locals;
use super::token::{KEYWORDS, Kind, Token, Tokens};
use crate::builtin_docs;
use crate::catalogue;
use crate::engine;
use crate::registry::Doc;
use crate::types::Types;
use crate::view::View;

/// Longer chains are followed no further.
const STEPS_MAX: usize = 64;
/// Variables of the text that stand for each other.
const LOCALS_DEEP: usize = 4;
/// Tokens of a variable's value that are read.
const VALUE_TOKENS: usize = 256;

/// What a chain begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root<'a> {
    /// A variable.
    Variable(&'a str),
    /// A literal.
    Literal(Types),
    /// A call of a function: its namespace, which may be empty, and its name.
    Call(&'a str, &'a str),
    /// Something that is not looked into.
    Unknown,
}

/// One step further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// `.name`, or `["name"]`.
    Key(&'a str),
    /// `[5]`.
    Index(i64),
    /// `.name(...)`.
    Call(&'a str),
    /// An index that is not a plain number or text.
    Unknown,
}

/// A root and steps from there.
#[derive(Debug, PartialEq, Eq)]
pub struct Chain<'a> {
    /// The start.
    pub root: Root<'a>,
    /// The steps, in order.
    pub steps: Vec<Step<'a>>,
}

/// What a chain leads to.
pub enum Found<'a> {
    /// A value of the session.
    Value(&'a Dynamic),
    /// A value of one of these types; [`Types::NONE`] where nothing is known.
    Types(Types),
}

/// Whether `tokens` end with a value: a name, a literal, a closed bracket.
pub fn ends_operand(text: &str, tokens: &[Token]) -> bool {
    tokens.last().is_some_and(|last| match last.kind {
        Kind::Word => !KEYWORDS.contains(&last.of(text)),
        Kind::Text | Kind::Close => true,
        _ => false,
    })
}

/// The chain that `tokens` end with, and how many tokens stand before it; `None` where there is no value at their end.
pub fn before<'a>(text: &'a str, tokens: &[Token]) -> Option<(Chain<'a>, usize)> {
    let mut steps = Vec::new();
    let mut end = tokens.len();
    let (root, start) = loop {
        let last = end.checked_sub(1)?;
        let token = *tokens.get(last)?;
        match token.kind {
            Kind::Text => break (Root::Literal(Types::TEXT), last),
            Kind::Char => break (Root::Literal(Types::CHAR), last),
            Kind::Number => break (Root::Literal(number_type(token.of(text))), last),
            Kind::Word => match before_name(text, tokens, last) {
                Before::Dot => {
                    steps.push(Step::Key(token.of(text)));
                    end = last - 1;
                }
                Before::Path(start) => break (Root::Unknown, start),
                Before::Nothing => break (root_of(token.of(text)), last),
            },
            Kind::Close => {
                let open = matching_open(tokens, last)?;
                match bracket(text, tokens, open, last) {
                    Bracket::Step(step, before) => {
                        steps.push(step);
                        end = before;
                    }
                    Bracket::Root(root, start) => break (root, start),
                }
            }
            _ => return None,
        }
        if steps.len() > STEPS_MAX {
            return None;
        }
    };
    steps.reverse();
    Some((Chain { root, steps }, start))
}

enum Before {
    Nothing,
    Dot,
    /// `name::` stands before it; the index of the name.
    Path(usize),
}

fn before_name(text: &str, tokens: &[Token], at: usize) -> Before {
    let kind = |back: usize| {
        at.checked_sub(back)
            .and_then(|at| tokens.get(at))
            .map(|token| token.kind)
    };
    match (kind(2), kind(1)) {
        (Some(_), Some(Kind::Dot)) => Before::Dot,
        (Some(Kind::Word), Some(Kind::Path)) if !text.is_empty() => Before::Path(at - 2),
        _ => Before::Nothing,
    }
}

fn root_of(word: &str) -> Root<'_> {
    match word {
        "true" | "false" => Root::Literal(Types::BOOL),
        word if KEYWORDS.contains(&word) => Root::Unknown,
        word => Root::Variable(word),
    }
}

fn number_type(text: &str) -> Types {
    let is_float = text.contains('.') || (!text.starts_with("0x") && text.contains(['e', 'E']));
    if is_float { Types::FLOAT } else { Types::INT }
}

fn matching_open(tokens: &[Token], close: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (index, token) in tokens[..=close].iter().enumerate().rev() {
        match token.kind {
            Kind::Close => depth += 1,
            Kind::Open => {
                depth -= 1;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

enum Bracket<'a> {
    /// A step, and the index where what it is a step from ends.
    Step(Step<'a>, usize),
    Root(Root<'a>, usize),
}

fn bracket<'a>(text: &'a str, tokens: &[Token], open: usize, close: usize) -> Bracket<'a> {
    let inner = &tokens[open + 1..close];
    let previous = open.checked_sub(1).map(|at| tokens[at]);
    match (tokens[open].of(text), previous) {
        ("(", Some(name)) if name.kind == Kind::Word && !KEYWORDS.contains(&name.of(text)) => {
            match before_name(text, tokens, open - 1) {
                Before::Dot => Bracket::Step(Step::Call(name.of(text)), open - 2),
                Before::Path(start) => Bracket::Root(Root::Call(tokens[start].of(text), name.of(text)), start),
                Before::Nothing => Bracket::Root(Root::Call("", name.of(text)), open - 1),
            }
        }
        ("(", _) if inner.iter().any(|token| token.of(text).starts_with("..")) => {
            Bracket::Root(Root::Literal(Types::RANGE), open)
        }
        ("(", _) => match inner {
            [one] => match before(text, core::slice::from_ref(one)) {
                Some((chain, _)) => Bracket::Root(chain.root, open),
                None => Bracket::Root(Root::Unknown, open),
            },
            _ => Bracket::Root(Root::Unknown, open),
        },
        ("[", _) if ends_operand(text, &tokens[..open]) => Bracket::Step(index(text, inner), open),
        ("[", _) => Bracket::Root(Root::Literal(Types::ARRAY), open),
        ("{", Some(sign)) if sign.of(text) == "#" => Bracket::Root(Root::Literal(Types::MAP), open - 1),
        ("{", _) => Bracket::Root(Root::Unknown, open),
        // `...${`
        _ => Bracket::Root(Root::Literal(Types::TEXT), open),
    }
}

fn index<'a>(text: &'a str, inner: &[Token]) -> Step<'a> {
    let number = |token: &Token| token.of(text).parse::<i64>().ok();
    match inner {
        [one] if one.kind == Kind::Text => match one.of(text).strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
        {
            Some(key) if !key.contains('\\') => Step::Key(key),
            _ => Step::Unknown,
        },
        [one] => number(one).map_or(Step::Unknown, Step::Index),
        [sign, one] if sign.of(text) == "-" => number(one).map_or(Step::Unknown, |number| Step::Index(-number)),
        _ => Step::Unknown,
    }
}

/// Follows `chain` and hands what it leads to to `found`; nothing where it leads nowhere.
pub fn follow(view: View<'_>, locals: &Locals<'_>, text: &str, chain: &Chain<'_>, found: &mut dyn FnMut(Found<'_>)) {
    follow_deep(view, locals, text, chain, LOCALS_DEEP, found);
}

fn follow_deep(
    view: View<'_>,
    locals: &Locals<'_>,
    text: &str,
    chain: &Chain<'_>,
    deep: usize,
    found: &mut dyn FnMut(Found<'_>),
) {
    let steps = chain.steps.as_slice();
    match chain.root {
        Root::Variable(name) => {
            if let Some(value_start) = locals.value_of(name) {
                follow_local(view, locals, text, (value_start, steps, deep), found);
            } else if let Some(value) = view.scope.get(name) {
                follow_value(view, value, steps, found);
            } else if !catalogue::NAMESPACES.iter().any(|(namespace, _)| *namespace == name) {
                follow_types(view, Types::NONE, steps, found);
            }
        }
        Root::Literal(types) => follow_types(view, types, steps, found),
        Root::Call(namespace, name) => follow_types(view, result_of(view, namespace, name), steps, found),
        Root::Unknown => follow_types(view, Types::NONE, steps, found),
    }
}

/// A variable of the text that has no value yet: what it is given is a chain too.
fn follow_local(
    view: View<'_>,
    locals: &Locals<'_>,
    text: &str,
    (value_start, steps, deep): (Option<usize>, &[Step<'_>], usize),
    found: &mut dyn FnMut(Found<'_>),
) {
    let value = value_start.and_then(|start| text.get(start..)).filter(|_| deep > 0);
    let parsed = value.and_then(|value| {
        let mut depth = 0usize;
        let mut tokens = Vec::new();
        for token in Tokens::new(value).take(VALUE_TOKENS) {
            match token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.checked_sub(1)?,
                Kind::Sign if depth == 0 && token.of(value) == ";" => return Some((value, tokens)),
                _ => {}
            }
            tokens.push(token);
        }
        None
    });
    let chain = parsed.and_then(|(value, tokens)| {
        let is_closure = tokens.first().is_some_and(|first| first.of(value) == "|");
        if is_closure {
            let root = Root::Literal(Types::FUNCTION);
            return Some(Chain {
                root,
                steps: Vec::new(),
            });
        }
        before(value, &tokens)
            .filter(|(_, start)| *start == 0)
            .map(|(chain, _)| chain)
    });
    match chain {
        Some(mut chain) => {
            chain.steps.extend_from_slice(steps);
            follow_deep(view, locals, text, &chain, deep - 1, found);
        }
        None => follow_types(view, Types::NONE, steps, found),
    }
}

fn follow_value(view: View<'_>, value: &Dynamic, steps: &[Step<'_>], found: &mut dyn FnMut(Found<'_>)) {
    let Some((step, rest)) = steps.split_first() else {
        return found(Found::Value(value));
    };
    match *step {
        Step::Key(key) => match value.read_lock::<Map>() {
            Some(map) => {
                if let Some(value) = map.get(key) {
                    follow_value(view, value, rest, found);
                }
            }
            None => follow_types(view, method_result(view, Types::of(value), key), rest, found),
        },
        Step::Index(index) => {
            if let Some(array) = value.read_lock::<Array>() {
                let at = usize::try_from(index).ok();
                let at = at.or_else(|| array.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?));
                if let Some(value) = at.and_then(|at| array.get(at)) {
                    follow_value(view, value, rest, found);
                }
            } else {
                follow_types(view, element_of(Types::of(value)), rest, found);
            }
        }
        Step::Call(name) => follow_types(view, method_result(view, Types::of(value), name), rest, found),
        Step::Unknown => follow_types(view, element_of(Types::of(value)), rest, found),
    }
}

fn follow_types(view: View<'_>, types: Types, steps: &[Step<'_>], found: &mut dyn FnMut(Found<'_>)) {
    let last = steps.iter().fold(types, |types, step| match *step {
        Step::Key(name) | Step::Call(name) => method_result(view, types, name),
        Step::Index(_) | Step::Unknown => element_of(types),
    });
    found(Found::Types(last));
}

fn element_of(types: Types) -> Types {
    match types {
        Types::TEXT => Types::CHAR,
        Types::BLOB => Types::INT,
        Types::INT => Types::BOOL,
        _ => Types::NONE,
    }
}

/// The type of what a function returns.
fn result_of(view: View<'_>, namespace: &str, name: &str) -> Types {
    let is_it = |doc: &&Doc| doc.namespace == namespace && doc.name == name;
    if let Some(doc) = engine::docs(view.context).find(is_it) {
        return Types::of_name(doc.returns);
    }
    let mut plain = builtin_docs::all().filter(|builtin| namespace.is_empty() && builtin.is_plain());
    plain
        .find(|builtin| builtin.name == name)
        .map_or(Types::NONE, |builtin| builtin.returns())
}

/// The type of what a method of a value of one of `types` returns.
fn method_result(view: View<'_>, types: Types, name: &str) -> Types {
    if types == Types::NONE {
        return Types::NONE;
    }
    let mut docs = engine::docs(view.context).filter(|doc| doc.name == name);
    if let Some(doc) = docs.find(|doc| catalogue::receivers(doc).meets(types)) {
        return Types::of_name(doc.returns);
    }
    let mut builtins = builtin_docs::all().filter(|builtin| builtin.name == name);
    builtins
        .find(|builtin| builtin.on.meets(types))
        .map_or(Types::NONE, |builtin| builtin.returns())
}
