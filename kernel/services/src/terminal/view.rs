//! What is known of the terminal at the other end: its size, and whether it understands escape sequences.

use super::Terminal;

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Columns of characters.
    pub columns: usize,
    /// Rows of characters.
    pub rows: usize,
    /// A person sits before it, and it shows colours and moves its cursor (ECMA-48). Without, nothing but text is sent.
    pub shows_escapes: bool,
}

impl Default for View {
    /// A terminal that has not said anything yet.
    fn default() -> Self {
        Self {
            columns: 80,
            rows: 24,
            shows_escapes: false,
        }
    }
}

impl Terminal {
    /// What is known of the terminal now.
    pub fn view(&self) -> View {
        self.editing.lock().view
    }

    /// Takes note of what the terminal can show; its width is valid from the next line on.
    pub fn set_view(&self, view: View) {
        let mut editing = self.editing.lock();
        editing.view = view;
        editing.editor.set_width(view.columns);
    }
}
