//! What stands to the left of the cursor: which kind of name is being written, and what it belongs to.

use alloc::vec::Vec;

use super::chain::{self, Chain};
use super::locals::Locals;
use super::token::{Inside, Kind, Token, Tokens};

/// Tokens before the cursor that are kept: what a name belongs to is not further away.
const KEPT_TOKENS: usize = 256;

/// What can stand at the cursor.
#[derive(Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// Nothing that is known.
    Nothing,
    /// A name that stands for itself.
    Name,
    /// What follows `name::`.
    Member(&'a str),
    /// What follows a dot.
    Method(Chain<'a>),
    /// What follows `["`.
    Key(Chain<'a>),
    /// A file's path in a string, as far as it is written.
    Path(&'a str),
    /// The path of a module, as far as it is written.
    Import(&'a str),
}

/// The cursor and its surroundings.
pub struct Cursor<'a> {
    /// What can stand here.
    pub place: Place<'a>,
    /// What is written of it.
    pub prefix: &'a str,
    /// Byte index of its start.
    pub start: usize,
    /// Names that the text itself gives.
    pub locals: Locals<'a>,
}

impl<'a> Cursor<'a> {
    /// Looks at `text`, which ends at the cursor.
    pub fn find(text: &'a str) -> Self {
        let mut tokens = Tokens::new(text);
        let mut locals = Locals::default();
        let mut kept: Vec<Token> = Vec::new();
        let mut next = tokens.next();
        while let Some(token) = next {
            next = tokens.next();
            // A name that is being written is no name yet.
            if next.is_some() || token.kind != Kind::Word || token.end < text.len() {
                locals.note(text, token);
            }
            if kept.len() == 2 * KEPT_TOKENS {
                kept.drain(..KEPT_TOKENS);
            }
            kept.push(token);
        }
        let (place, start) = match tokens.inside() {
            Inside::Comment | Inside::Char => (Place::Nothing, text.len()),
            Inside::Text(_, content) => in_text(text, &kept, content),
            Inside::Code => in_code(text, &kept),
        };
        Self {
            place,
            prefix: &text[start..],
            start,
            locals,
        }
    }
}

fn in_code<'a>(text: &'a str, tokens: &[Token]) -> (Place<'a>, usize) {
    let (before, start) = match tokens.split_last() {
        Some((last, before)) if last.end == text.len() => match last.kind {
            Kind::Word => (before, last.start),
            Kind::Number | Kind::Text | Kind::Char | Kind::Doc => return (Place::Nothing, text.len()),
            _ => (tokens, text.len()),
        },
        _ => (tokens, text.len()),
    };
    let Some((last, others)) = before.split_last() else {
        return (Place::Name, start);
    };
    let place = match last.kind {
        Kind::Dot => chain::before(text, others).map_or(Place::Nothing, |(chain, _)| Place::Method(chain)),
        Kind::Path => match others.last() {
            Some(name) if name.kind == Kind::Word => Place::Member(name.of(text)),
            _ => Place::Nothing,
        },
        Kind::Word if matches!(last.of(text), "let" | "const" | "fn" | "as" | "for" | "import") => Place::Nothing,
        // Two operands in a row: a name in the place of an operator.
        Kind::Text | Kind::Number | Kind::Char => Place::Nothing,
        _ => Place::Name,
    };
    (place, start)
}

fn in_text<'a>(text: &'a str, tokens: &[Token], content: usize) -> (Place<'a>, usize) {
    let nothing = (Place::Nothing, text.len());
    let (Some((string, before)), Some(written)) = (tokens.split_last(), text.get(content..)) else {
        return nothing;
    };
    // The rest of a string after `${...}`, and one with escapes, is no path and no key.
    if string.kind != Kind::Text || written.contains(['\\', '\n']) {
        return nothing;
    }
    let name = content + written.rfind('/').map_or(0, |at| at + 1);
    match before.split_last() {
        Some((last, _)) if last.kind == Kind::Word && last.of(text) == "import" => (Place::Import(written), name),
        Some((last, others))
            if last.kind == Kind::Open && last.of(text) == "[" && chain::ends_operand(text, others) =>
        {
            match chain::before(text, others) {
                Some((chain, _)) => (Place::Key(chain), content),
                None => nothing,
            }
        }
        _ if written.starts_with('/') => (Place::Path(written), name),
        _ => nothing,
    }
}
