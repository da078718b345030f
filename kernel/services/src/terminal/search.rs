//! Ctrl-R: looks for entries of the history that contain what is typed, while it is typed.

use alloc::format;
use alloc::string::String;

use super::history::{Direction, History};

/// A search under way.
#[derive(Debug, Default)]
pub(super) struct Search {
    query: String,
    /// The entry that is shown, and where in it the query is.
    found: Option<(usize, usize)>,
    has_failed: bool,
    /// What stands before the entry.
    pub(super) prompt: String,
}

impl Search {
    pub(super) fn new() -> Self {
        let mut search = Self::default();
        search.describe();
        search
    }

    /// A character more.
    pub(super) fn push(&mut self, character: char, history: &History) {
        self.query.push(character);
        let from = self.found.map(|(index, _)| index);
        self.look(history.find(&self.query, from, Direction::Older));
    }

    /// A character less: from the newest entry again.
    pub(super) fn pop(&mut self, history: &History) {
        self.query.pop();
        self.found = None;
        let found = (!self.query.is_empty()).then(|| history.find(&self.query, None, Direction::Older));
        self.look(found.flatten());
        self.has_failed &= !self.query.is_empty();
        self.describe();
    }

    /// The next entry in that direction.
    pub(super) fn next(&mut self, history: &History, direction: Direction) {
        if self.query.is_empty() {
            return;
        }
        let from = self.found.map(|(index, _)| index);
        let found = match (from, direction) {
            (Some(0), Direction::Older) => None,
            (Some(index), Direction::Older) => history.find(&self.query, Some(index - 1), direction),
            (Some(index), Direction::Newer) => history.find(&self.query, Some(index + 1), direction),
            (None, _) => history.find(&self.query, None, Direction::Older),
        };
        self.look(found);
    }

    /// The text that is shown and the cursor in it; `None` where it is the draft.
    pub(super) fn shown<'a>(&self, history: &'a History) -> Option<(&'a str, usize)> {
        let (index, place) = self.found?;
        history.entry(index).map(|entry| (entry, place))
    }

    /// A search that fails keeps showing what it found last.
    fn look(&mut self, found: Option<(usize, usize)>) {
        self.has_failed = found.is_none();
        self.found = found.or(self.found);
        self.describe();
    }

    fn describe(&mut self) {
        let word = if self.has_failed { "no match" } else { "search" };
        self.prompt = format!("({word} `{}`) ", self.query);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_what_is_typed() {
        let mut history = History::default();
        ["print(1)", "let p = 2", "print(3)"]
            .iter()
            .for_each(|entry| history.add(entry));
        let mut search = Search::new();
        assert_eq!((search.shown(&history), search.prompt.as_str()), (None, "(search ``) "));
        "pr".chars().for_each(|character| search.push(character, &history));
        assert_eq!(search.shown(&history), Some(("print(3)", 0)));
        search.next(&history, Direction::Older);
        assert_eq!(search.shown(&history), Some(("print(1)", 0)));
        search.next(&history, Direction::Older);
        assert_eq!(
            (search.shown(&history), search.prompt.as_str()),
            (Some(("print(1)", 0)), "(no match `pr`) ")
        );
        search.next(&history, Direction::Newer);
        assert_eq!(search.shown(&history), Some(("print(3)", 0)));
        search.push('x', &history);
        assert_eq!(
            (search.shown(&history), search.has_failed),
            (Some(("print(3)", 0)), true)
        );
        (0..3).for_each(|_| search.pop(&history));
        assert_eq!((search.shown(&history), search.prompt.as_str()), (None, "(search ``) "));
        search.pop(&history);
    }
}
