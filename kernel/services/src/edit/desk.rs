//! What the editor keeps on a terminal: the editor at work, and between two calls what the person wants to have again.

use alloc::boxed::Box;

use super::{Editor, Memory};
use crate::lock::Lock;

/// The terminal's desk. What lies on it is on the kernel heap.
#[derive(Debug, Default)]
pub struct Desk {
    state: Lock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// At work, unless a [`Borrowed`] has it.
    editor: Option<Box<Editor>>,
    /// Somebody edits, or runs what was edited.
    is_busy: bool,
    memory: Memory,
}

impl Desk {
    /// Claims the desk until [`Desk::clear`]; false where somebody has it.
    pub fn claim(&self) -> bool {
        !core::mem::replace(&mut self.state.lock().is_busy, true)
    }

    /// Clipboard and search of the last call.
    pub fn memory(&self) -> Memory {
        self.state.lock().memory.clone()
    }

    /// Puts an editor on the desk.
    pub fn put(&self, editor: Box<Editor>) {
        let replaced = self.state.lock().editor.replace(editor);
        drop(replaced);
    }

    /// Takes the editor for as long as the result lives.
    pub fn borrow(&'static self) -> Option<Borrowed> {
        let editor = self.state.lock().editor.take();
        editor.map(|editor| Borrowed {
            desk: self,
            editor: Some(editor),
        })
    }

    /// Ends the editor's work and the claim; clipboard and search are kept.
    pub fn clear(&self) {
        let editor = {
            let mut state = self.state.lock();
            state.is_busy = false;
            state.editor.take()
        };
        if let Some(editor) = editor {
            let memory = editor.into_memory();
            let replaced = core::mem::replace(&mut self.state.lock().memory, memory);
            drop(replaced);
        }
    }
}

/// The editor in somebody's hands; comes back to the desk when dropped.
#[derive(Debug)]
pub struct Borrowed {
    desk: &'static Desk,
    editor: Option<Box<Editor>>,
}

impl Borrowed {
    /// The editor.
    pub fn editor(&mut self) -> Option<&mut Editor> {
        self.editor.as_deref_mut()
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(editor) = self.editor.take() {
            self.desk.put(editor);
        }
    }
}
