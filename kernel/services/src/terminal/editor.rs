//! The line editor: keys in, drawing out, no I/O of its own.
//!
//! Keys change the text at once; the terminal is brought up to date by [`LineEditor::draw`], which whoever feeds the
//! keys calls when there are no more of them or when the terminal has room: what is pasted costs one drawing for many
//! characters.

use alloc::string::String;
use alloc::vec::Vec;

use super::completion::{Completion, Question};
use super::history::History;
use super::keys::Decoder;
use super::kill_ring::KillRing;
use super::layout::Content;
use super::line::Line;
use super::list;
use super::screen::Screen;
use super::search::Search;
use super::undo::{Origin, Undo};
use super::view::{Asking, View};

mod commands;
#[cfg(test)]
mod drawing_tests;
mod pasting;
#[cfg(test)]
mod tests;

/// What a byte led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The input is still being edited.
    More,
    /// The input, of one line or several.
    Submitted(String),
    /// Ctrl-C: the input was abandoned.
    Interrupted,
    /// Ctrl-D on an empty input.
    EndOfInput,
    /// Ctrl-A on an empty input.
    Machine,
    /// Tab: the input stays as it is until [`LineEditor::complete`].
    Complete(Question),
}

/// Decides whether a text can be run; see [`super::Terminal::read_line`].
pub type IsComplete<'a> = &'a mut (dyn FnMut(&str) -> bool + Send);

/// Shown before the first line of an input.
pub const PROMPT: &str = "rhai> ";
/// Shown before the lines that continue it.
pub const CONTINUATION: &str = "  ... ";
/// Shown before all lines in paste mode.
const PASTE_PROMPT: &str = "=== ";
/// Bytes that one input may have over all its lines; more are refused with a bell.
pub const INPUT_LIMIT_BYTES: usize = 256 * 1024;
/// Typed characters that are inserted at once.
const TYPED_LIMIT_BYTES: usize = 4096;
const BELL: u8 = 0x07;
/// Marks around what is pasted (xterm: 2004).
const MARK_PASTES: &[u8] = b"\x1b[?2004h";
const LEAVE_PASTES_UNMARKED: &[u8] = b"\x1b[?2004l";

/// Edits one input after the other. History and the kill ring stay.
#[derive(Debug)]
pub struct LineEditor {
    decoder: Decoder,
    line: Line,
    /// Typed and not yet in the text.
    typed: String,
    screen: Screen,
    view: View,
    asking: Asking,
    history: History,
    killed: KillRing,
    undo: Undo,
    search: Option<Search>,
    /// Paste mode, which Ctrl-E begins.
    is_paste_mode: bool,
    /// The terminal marks what is pasted, and does so now.
    is_pasting: bool,
    marks_pastes: bool,
    /// Bytes at the start of the text that `is_complete` has seen, unchanged since; `None` where others have.
    checked_bytes: Option<usize>,
    previous: Previous,
    /// Column that Up and Down go for.
    goal_column: Option<usize>,
    /// No character was typed yet.
    is_fresh: bool,
    /// The first character was typed.
    has_begun: bool,
    is_drawn: bool,
    rings_bell: bool,
}

/// What the key before did, as far as the next one depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Previous {
    #[default]
    Other,
    Killed,
    /// Ctrl-Y put text back, which begins here.
    Yanked(usize),
    /// Tab, which nothing came of.
    Asked,
    /// Ctrl-X, which begins a command.
    Prefix,
}

impl LineEditor {
    /// An editor for a terminal.
    pub fn new(view: View) -> Self {
        Self {
            decoder: Decoder::default(),
            line: Line::default(),
            typed: String::new(),
            screen: Screen::new(view),
            view,
            asking: Asking::default(),
            history: History::default(),
            killed: KillRing::default(),
            undo: Undo::default(),
            search: None,
            is_paste_mode: false,
            is_pasting: false,
            marks_pastes: false,
            checked_bytes: Some(0),
            previous: Previous::Other,
            goal_column: None,
            is_fresh: true,
            has_begun: false,
            is_drawn: true,
            rings_bell: false,
        }
    }

    /// What is known of the terminal.
    pub fn view(&self) -> View {
        self.view
    }

    /// What was entered before.
    pub fn history(&mut self) -> &mut History {
        &mut self.history
    }

    /// The terminal's owner says what it is; it is not asked any more. What is drawn is drawn again.
    pub fn set_view(&mut self, view: View, out: &mut Vec<u8>) {
        self.asking.told();
        self.change_view(view, out);
    }

    fn change_view(&mut self, view: View, out: &mut Vec<u8>) {
        let is_shown = self.screen.is_drawn();
        if view == self.view {
            return;
        }
        self.screen.erase(out);
        self.view = view;
        self.screen.set_view(view);
        if is_shown {
            self.show(out);
        }
    }

    /// Starts a new input.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        self.forget();
        self.show(out);
    }

    /// Forgets the input, without touching the terminal.
    pub fn forget(&mut self) {
        self.line = Line::default();
        self.typed = String::new();
        self.undo.clear();
        self.history.rewind();
        self.search = None;
        (self.is_paste_mode, self.is_pasting) = (false, false);
        self.checked_bytes = Some(0);
        self.previous = Previous::Other;
        self.goal_column = None;
        (self.is_fresh, self.has_begun) = (true, false);
        self.screen.forget();
        self.screen.forget_layout();
    }

    /// Removes the input from the terminal, so that something else can be printed; [`LineEditor::show`] brings it back.
    pub fn hide(&mut self, out: &mut Vec<u8>) {
        self.screen.erase(out);
    }

    /// Draws the input at the start of an empty row.
    pub fn show(&mut self, out: &mut Vec<u8>) {
        self.is_drawn = false;
        self.draw(out);
    }

    /// Brings the terminal up to date.
    pub fn draw(&mut self, out: &mut Vec<u8>) {
        self.take_typed();
        if core::mem::take(&mut self.rings_bell) {
            out.push(BELL);
        }
        if core::mem::replace(&mut self.is_drawn, true) {
            return;
        }
        let content = content(&self.line, &self.history, self.search.as_ref(), self.look());
        self.screen.draw(&content, out);
        if self.view.shows_escapes && !core::mem::replace(&mut self.marks_pastes, true) {
            out.extend_from_slice(MARK_PASTES);
        }
    }

    /// Takes the next byte from the terminal. Most of what is to be sent there comes with [`LineEditor::draw`]; what
    /// `out` gets goes before.
    pub fn feed(&mut self, byte: u8, is_complete: IsComplete<'_>, out: &mut Vec<u8>) -> Step {
        match self.decoder.feed(byte) {
            Some(key) => self.press(key, is_complete, out),
            None => Step::More,
        }
    }

    /// An Escape byte came last, and the editor wants to know whether it was the key.
    pub fn is_in_doubt(&self) -> bool {
        self.search.is_some() && self.decoder.is_in_doubt()
    }

    /// Nothing came after the Escape byte for so long that it was the key.
    pub fn give_up(&mut self) {
        if self.decoder.give_up().is_some() {
            self.cancel_search();
        }
    }

    /// Whether the first character of the input was typed since the last call.
    pub fn take_begun(&mut self) -> bool {
        core::mem::take(&mut self.has_begun)
    }

    /// Asks the terminal for its size, unless that is known from elsewhere or it has not answered for some times.
    pub fn ask_size(&mut self, out: &mut Vec<u8>) {
        if !self.asking.ask(out) && self.view.shows_escapes {
            // Whoever it was is gone.
            self.change_view(View::default(), out);
        }
    }

    /// What the session has found for the last question.
    pub fn complete(&mut self, completion: &Completion, out: &mut Vec<u8>) {
        let was_asked = core::mem::take(&mut self.previous) == Previous::Asked;
        let cursor = self.line.cursor();
        let Some(typed) = self.line.text().get(completion.start..cursor) else {
            return;
        };
        let [first, others @ ..] = completion.candidates.as_slice() else {
            self.rings_bell = true;
            self.draw(out);
            return;
        };
        let common = list::common_prefix(completion);
        let is_more = if others.is_empty() {
            first.text != typed
        } else {
            common.len() > typed.len()
        };
        if is_more && self.change(completion.start, cursor, common, Origin::Other) {
            self.draw(out);
            return;
        }
        self.previous = Previous::Asked;
        if was_asked || !others.is_empty() {
            self.make_room(out);
            let show = if was_asked { list::details } else { list::labels };
            show(completion, self.view.columns, out);
            self.show(out);
        }
    }

    /// Leaves the cursor at the start of a row with nothing of ours below.
    fn make_room(&mut self, out: &mut Vec<u8>) {
        if self.view.shows_escapes {
            self.screen.erase(out);
        } else {
            let content = content(&self.line, &self.history, self.search.as_ref(), self.look());
            self.screen.leave(&content, b"", out);
        }
    }

    /// The input has ended: it stays on the terminal as it is, with `ending` behind it.
    fn leave(&mut self, ending: &[u8], out: &mut Vec<u8>) {
        self.take_typed();
        if core::mem::take(&mut self.rings_bell) {
            out.push(BELL);
        }
        let content = content(&self.line, &self.history, None, self.look());
        if core::mem::take(&mut self.marks_pastes) {
            out.extend_from_slice(LEAVE_PASTES_UNMARKED);
        }
        self.screen.leave(&content, ending, out);
    }

    fn submit(&mut self, out: &mut Vec<u8>) -> Step {
        self.leave(b"", out);
        let text = self.line.take();
        self.history.add(&text);
        self.forget();
        Step::Submitted(text)
    }

    fn interrupt(&mut self, out: &mut Vec<u8>) -> Step {
        self.leave(b"^C", out);
        self.forget();
        Step::Interrupted
    }

    fn look(&self) -> Look {
        let is_plain = self.is_paste_mode || !self.view.shows_escapes;
        let suggests = !is_plain && !self.is_pasting && self.search.is_none() && !self.history.is_walking();
        Look {
            has_colors: !is_plain,
            suggests,
            is_paste_mode: self.is_paste_mode,
        }
    }

    /// What is suggested to follow the text.
    fn suggestion(&self) -> &str {
        suggestion(&self.line, &self.history, self.look())
    }

    /// Puts `text` in the place of some bytes, and the cursor behind it. False, with a bell, where the input would be
    /// too long.
    fn change(&mut self, start: usize, end: usize, text: &str, origin: Origin) -> bool {
        if self.line.text().len() - (end - start) + text.len() > INPUT_LIMIT_BYTES {
            self.rings_bell = true;
            return false;
        }
        let cursor = self.line.cursor();
        let removed = self.line.replace(start, end, text);
        self.undo.record(start, removed, text, cursor, origin);
        self.note_change(start);
        true
    }

    fn note_change(&mut self, start: usize) {
        self.screen.invalidate(start);
        self.checked_bytes = self.checked_bytes.filter(|&checked| checked <= start);
        self.is_drawn = false;
    }

    fn move_to(&mut self, index: usize) {
        self.line.move_to(index);
        self.undo.close();
        self.is_drawn = false;
    }

    /// Puts what was typed into the text.
    fn take_typed(&mut self) {
        if self.typed.is_empty() {
            return;
        }
        let typed = core::mem::take(&mut self.typed);
        let mut room = typed
            .len()
            .min(INPUT_LIMIT_BYTES.saturating_sub(self.line.text().len()));
        while !typed.is_char_boundary(room) {
            room -= 1;
        }
        self.rings_bell |= room < typed.len();
        if room > 0 {
            let cursor = self.line.cursor();
            let origin = if self.is_pasting { Origin::Pasted } else { Origin::Typed };
            self.change(cursor, cursor, &typed[..room], origin);
        }
        self.history.rewind();
    }

    fn insert(&mut self, text: &str) -> bool {
        let cursor = self.line.cursor();
        self.change(cursor, cursor, text, Origin::Other)
    }
}

/// How the input is drawn.
#[derive(Clone, Copy, Debug)]
struct Look {
    has_colors: bool,
    suggests: bool,
    is_paste_mode: bool,
}

fn content<'a>(line: &'a Line, history: &'a History, search: Option<&'a Search>, look: Look) -> Content<'a> {
    let (prompt, continuation) = if look.is_paste_mode {
        (PASTE_PROMPT, PASTE_PROMPT)
    } else {
        (PROMPT, CONTINUATION)
    };
    let (text, cursor) = search
        .and_then(|search| search.shown(history))
        .unwrap_or((line.text(), line.cursor()));
    Content {
        prompt: search.map_or(prompt, |search| &search.prompt),
        continuation,
        text,
        cursor,
        bracket: look.has_colors.then_some(cursor),
        suggestion: suggestion(line, history, look),
        has_colors: look.has_colors,
    }
}

fn suggestion<'a>(line: &Line, history: &'a History, look: Look) -> &'a str {
    if look.suggests && line.is_at_end() && !line.is_empty() {
        history.rest_of_newest(line.text()).unwrap_or_default()
    } else {
        ""
    }
}
