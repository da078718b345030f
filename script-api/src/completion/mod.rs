//! What Tab offers: names that could stand at the cursor, by what stands to the left of it and what the session has.
//!
//! | module | what it does |
//! |---|---|
//! | [`token`] | Rhai's tokens, in any text |
//! | [`cursor`] | what is being written, and what it belongs to |
//! | [`locals`] | names that the unfinished text gives itself |
//! | [`chain`] | what `config.net["addr"].` leads to, without evaluating anything |
//! | [`gather`] | the names themselves |
//! | [`files`] | paths in strings and after `import` |
//!
//! The work is linear in the text. Names are gathered by reference; only those that are shown become texts.

pub mod chain;
pub mod cursor;
pub mod files;
pub mod gather;
pub mod locals;
#[cfg(test)]
mod tests;
pub mod token;

use services::terminal::completion::{Completion, Question};

use crate::view::View;
use cursor::{Cursor, Place};
use gather::Gathered;

/// Candidates in one answer.
pub const CANDIDATES_MAX: usize = 200;
/// Longer texts are not looked at; the prompt refuses them too.
const TEXT_LIMIT_BYTES: usize = 256 * 1024;

/// What could stand at the cursor. Call it with allocations on the kernel heap.
pub fn complete(view: View<'_>, question: &Question) -> Completion {
    let nothing = || Completion {
        start: question.cursor,
        ..Completion::default()
    };
    let Some(text) = question.text.get(..question.cursor) else {
        return nothing();
    };
    if question.text.len() > TEXT_LIMIT_BYTES {
        return nothing();
    }
    let cursor = Cursor::find(text);
    let mut gathered = Gathered::new(cursor.prefix, &question.text[question.cursor..]);
    if text.trim_start().starts_with('?') {
        gathered.ask_only();
    }
    match &cursor.place {
        Place::Nothing => {}
        Place::Name => gather::names(view, &cursor.locals, &mut gathered),
        Place::Member(name) => gather::members(view, &cursor.locals, name, &mut gathered),
        Place::Method(chain) => chain::follow(view, &cursor.locals, text, chain, &mut |found| {
            gather::methods(view, found, &mut gathered);
        }),
        Place::Key(chain) => chain::follow(view, &cursor.locals, text, chain, &mut |found| {
            gather::keys(found, &mut gathered);
        }),
        Place::Path(written) => files::paths(view, written, &mut gathered),
        Place::Import(written) => files::modules(view, written, &mut gathered),
    }
    gathered.finish(cursor.start)
}
