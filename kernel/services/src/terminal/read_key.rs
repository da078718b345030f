//! One key for a script: what the person types while an evaluation runs.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::Poll;

use super::Terminal;
use super::full_screen::Refusal;
use super::keys::{Decoder, Key, Motion};
use crate::host::{BoxFuture, Clock};
use crate::task::Control;

/// After an Escape byte this long without another, it was the key and not the start of a sequence.
const ESCAPE_LIMIT_NS: u64 = 50_000_000;

impl Terminal {
    /// The next key that is typed, for the task whose evaluation runs on the terminal; `None` where `limit` is ready
    /// first. Ctrl-C is no key here: it ends the evaluation.
    ///
    /// # Errors
    ///
    /// [`Refusal::InUse`] for any other task.
    pub async fn read_key(
        &'static self,
        control: &'static Control,
        clock: &'static dyn Clock,
        mut limit: Option<BoxFuture<()>>,
    ) -> Result<Option<Key>, Refusal> {
        let mut decoder = Decoder::default();
        let mut escape_limit: Option<BoxFuture<()>> = None;
        poll_fn(move |context| {
            if !self.queues.lock().is_evaluating(control) {
                return Poll::Ready(Err(Refusal::InUse));
            }
            while let Some(byte) = self.next_key_byte(context) {
                escape_limit = None;
                match decoder.feed(byte) {
                    // The terminal's own words are no keys.
                    Some(Key::CursorAt { row, column }) => self.take_size(row, column),
                    Some(Key::PasteStart | Key::PasteEnd) | None => {}
                    Some(key) => return Poll::Ready(Ok(Some(key))),
                }
            }
            if decoder.is_in_doubt() {
                let limit = escape_limit.get_or_insert_with(|| clock.sleep_until(clock.uptime_ns() + ESCAPE_LIMIT_NS));
                return limit.as_mut().poll(context).map(|()| Ok(decoder.give_up()));
            }
            match &mut limit {
                Some(limit) => limit.as_mut().poll(context).map(|()| Ok(None)),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// The terminal has answered how large it is.
    fn take_size(&self, rows: u16, columns: u16) {
        let mut bytes = Vec::new();
        let mut editing = self.editing.lock();
        editing
            .editor
            .answer(usize::from(rows), usize::from(columns), &mut bytes);
        self.queues.lock().send(&bytes);
    }
}

impl Key {
    /// The key's name for scripts: what it types, or words such as `enter`, `up`, `ctrl-a`, `f5`.
    pub fn name(self) -> String {
        let word = match self {
            Self::Character(' ') => "space",
            Self::Character(character) => return character.to_string(),
            Self::Control(character) => return format!("ctrl-{character}"),
            Self::Function(number) => return format!("f{number}"),
            Self::ShiftFunction(number) => return format!("shift-f{number}"),
            Self::Select(motion) => return format!("shift-{}", motion.name()),
            Self::Enter => "enter",
            Self::Tab => "tab",
            Self::BackTab => "shift-tab",
            Self::Backspace => "backspace",
            Self::Delete => "delete",
            Self::DeleteWord => "alt-d",
            Self::BackspaceWord => "alt-backspace",
            Self::NewLine => "alt-enter",
            Self::Alt(character) => return format!("alt-{character}"),
            Self::Mark => "ctrl-space",
            Self::Escape => "escape",
            // Cursor keys are named by where they lead; what is left are the terminal's own words.
            _ => self.motion().map_or("terminal", Motion::name),
        };
        word.to_string()
    }
}

impl Motion {
    fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Left => "left",
            Self::Right => "right",
            Self::Home => "home",
            Self::End => "end",
            Self::PageUp => "page_up",
            Self::PageDown => "page_down",
            Self::WordLeft => "ctrl-left",
            Self::WordRight => "ctrl-right",
            Self::TextStart => "ctrl-home",
            Self::TextEnd => "ctrl-end",
        }
    }
}
