//! A pager: shows a long text page by page, with search.
//!
//! Pure: text and keys go in, bytes for a terminal come out. The text may come piece by piece: the pager says whether it
//! [wants more](Pager::wants_more) before it can show what was asked for, so that only what is looked at need be made.
//!
//! | module | what it does |
//! |---|---|
//! | [`rows`] | a text cut into the terminal's rows |
//! | `draw` | what is sent to the terminal |
//! | `search` | `/`, `n` and `N` |

mod draw;
pub mod rows;
mod search;
#[cfg(test)]
mod tests;

use alloc::string::String;

use crate::terminal::keys::Key;
use crate::terminal::view::View;
use rows::Rows;
use search::Search;

/// Text that is kept at most; what comes behind is cut, and the pager says so.
pub const TEXT_LIMIT_BYTES: usize = 1024 * 1024;
/// Rows that are kept at most, for texts of very short lines.
pub const ROW_LIMIT: usize = 64 * 1024;

/// What a key leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The pager goes on: give it text as long as it wants more, then draw.
    Stay,
    /// The person has seen enough.
    Leave,
}

/// Where the page shall go, once enough text is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Goal {
    #[default]
    None,
    /// This row at the top.
    Row(usize),
    /// The last page.
    End,
    /// To a row with the text searched for, from this one on.
    Found(usize),
}

/// What the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Showing {
    Text,
    Help,
}

/// A text, and the page of it that is shown.
#[derive(Debug)]
pub struct Pager {
    rows: Rows,
    /// Rows of the terminal; the last one is the pager's own.
    height: usize,
    top: usize,
    goal: Goal,
    search: Search,
    showing: Showing,
    /// Said in the last row until the next key.
    message: Option<String>,
    /// No more text comes.
    is_complete: bool,
    /// Of all there is, the part that has come: a fraction.
    progress: (usize, usize),
    /// The row that was at the top when the page was drawn, where the terminal still shows it.
    drawn: Option<usize>,
}

impl Pager {
    /// An empty text on a terminal of this size.
    pub fn new(view: View) -> Self {
        Self {
            rows: Rows::new(view.columns),
            height: view.rows.max(2),
            top: 0,
            goal: Goal::None,
            search: Search::default(),
            showing: Showing::Text,
            message: None,
            is_complete: false,
            progress: (1, 1),
            drawn: None,
        }
    }

    /// Rows of one page.
    fn page_rows(&self) -> usize {
        self.height - 1
    }

    /// The text's rows do not fit on one page.
    pub fn is_long(&self) -> bool {
        self.rows.len() > self.page_rows()
    }

    /// Adds text, which ends at a line's end; `progress` is the part of all there is that has come now. What goes beyond
    /// the limits is dropped, and the text is complete then.
    pub fn push(&mut self, text: &str, progress: (usize, usize)) {
        if self.is_complete {
            return;
        }
        self.progress = progress;
        if !self.rows.push(text) {
            self.finish("... cut here: a page holds 1 MiB or 65536 lines");
        }
    }

    /// No more text comes; `note` is shown behind it where it is not empty.
    pub fn finish(&mut self, note: &str) {
        if !self.is_complete && !note.is_empty() {
            self.rows.push_note(note);
        }
        self.is_complete = true;
        self.progress = (1, 1);
    }

    /// More text is needed for what was asked for.
    pub fn wants_more(&mut self) -> bool {
        let page = self.page_rows();
        !self.is_complete
            && match self.goal {
                // One row more than the page, to know whether this is the end.
                Goal::None => self.rows.len() <= self.top + page,
                Goal::Row(row) => self.rows.len() <= row.saturating_add(page),
                Goal::End => true,
                Goal::Found(from) => match self.search.find(&self.rows, from) {
                    // And behind the place that was found, a page.
                    Some(row) => {
                        self.goal = Goal::Found(row);
                        self.rows.len() <= row + page
                    }
                    None => {
                        self.goal = Goal::Found(self.rows.len());
                        true
                    }
                },
            }
    }

    /// Adapts to another size of the terminal.
    pub fn resize(&mut self, view: View) {
        let height = view.rows.max(2);
        if self.rows.columns() == view.columns.max(1) && self.height == height {
            return;
        }
        let at = self.rows.start(self.top);
        self.rows.rewrap(view.columns);
        self.height = height;
        self.goal = Goal::Row(self.rows.row_at(at));
        self.drawn = None;
    }

    /// Acts on a key.
    pub fn press(&mut self, key: Key) -> Step {
        self.message = None;
        if self.showing == Showing::Help {
            self.showing = Showing::Text;
            self.drawn = None;
            return Step::Stay;
        }
        if self.search.is_asking() {
            self.answer(key);
            return Step::Stay;
        }
        let page = self.page_rows();
        let half = page.div_ceil(2);
        match key {
            Key::Character('q' | 'Q') | Key::Escape | Key::Control('c' | 'd') => return Step::Leave,
            Key::Character(' ' | 'f') | Key::PageDown | Key::Control('f') => self.goal = Goal::Row(self.top + page),
            Key::Character('d') => self.goal = Goal::Row(self.top + half),
            Key::Enter | Key::Down | Key::Character('j') | Key::Control('n') => self.goal = Goal::Row(self.top + 1),
            Key::Character('b') | Key::PageUp | Key::Control('b') => self.go_up(page),
            Key::Character('u') => self.go_up(half),
            Key::Up | Key::Backspace | Key::Character('k' | 'y') | Key::Control('p') => self.go_up(1),
            Key::Character('g') | Key::Home | Key::TextStart => self.goal = Goal::Row(0),
            Key::Character('G') | Key::End | Key::TextEnd => self.goal = Goal::End,
            Key::Character('/') | Key::Control('s') => self.search.ask(),
            Key::Character('n') => self.find_next(),
            Key::Character('N') => self.find_previous(),
            Key::Character('h' | '?') | Key::Function(1) => {
                self.showing = Showing::Help;
                self.drawn = None;
            }
            Key::Control('l') => self.drawn = None,
            _ => {}
        }
        Step::Stay
    }

    fn go_up(&mut self, rows: usize) {
        self.goal = Goal::Row(self.top.saturating_sub(rows));
    }

    /// Goes where was asked, as far as there is text. Call it when no more is wanted, before drawing.
    fn settle(&mut self) {
        let last = self.rows.len().saturating_sub(self.page_rows());
        match core::mem::take(&mut self.goal) {
            Goal::None => {}
            Goal::Row(row) => self.top = row.min(last),
            Goal::End => self.top = last,
            Goal::Found(from) => match self.search.find(&self.rows, from) {
                Some(row) => self.show_hit(row, last),
                None => self.message = Some(self.search.not_found()),
            },
        }
        self.top = self.top.min(last);
    }

    /// Brings a row with the text searched for on the page: to the top, where it can.
    fn show_hit(&mut self, row: usize, last: usize) {
        self.search.hit = Some(row);
        self.top = row.min(last);
        self.drawn = None;
    }

    /// The page that was shown last, for the screen that the person returns to.
    pub fn page_text(&self) -> String {
        let mut text = String::new();
        for row in self.top..(self.top + self.page_rows()).min(self.rows.len()) {
            if row > self.top {
                text.push('\n');
            }
            draw::push_row(self.rows.row(row), &mut text);
        }
        text
    }
}
