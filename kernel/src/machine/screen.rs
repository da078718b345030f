//! A console on the display: one session's grid, and what is typed for it.

use alloc::collections::VecDeque;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};

use services::console::Console;
use services::screen::Screen;
use services::waker_slot::WakerSlot;

use super::display::Display;
use crate::arch::lock::KernelLock;

/// Typed bytes that wait for the terminal, which takes them at once and keeps many more.
const TYPED_LIMIT_BYTES: usize = 4 * 1024;
/// Bytes that one write feeds to the grid, so that others get their turn.
const FEED_BYTES: usize = 8 * 1024;

/// See the module.
pub struct ScreenConsole {
    display: &'static Display,
    /// Its place on the display.
    index: usize,
    pub(super) screen: KernelLock<Screen>,
    typed: KernelLock<VecDeque<u8>>,
    reader: WakerSlot,
    /// A session has written to it.
    is_written: AtomicBool,
}

impl ScreenConsole {
    /// A blank console in place `index` of `display`.
    pub(super) fn new(display: &'static Display, index: usize, screen: Screen) -> Self {
        Self {
            display,
            index,
            screen: KernelLock::new(screen),
            typed: KernelLock::new(VecDeque::with_capacity(TYPED_LIMIT_BYTES)),
            reader: WakerSlot::new(),
            is_written: AtomicBool::new(false),
        }
    }

    /// Columns and rows.
    pub fn size_cells(&self) -> (usize, usize) {
        self.screen.lock().size_cells()
    }

    /// Whether its session has written to it: first of all, the prompt.
    pub(super) fn has_prompt(&self) -> bool {
        self.is_written.load(Ordering::Acquire)
    }

    /// Shows `text` with the painter's next look.
    pub fn show(&self, text: &str) {
        self.screen.lock().feed(text.as_bytes());
        self.touch();
    }

    /// Takes what was typed.
    pub fn type_bytes(&self, bytes: &[u8]) {
        {
            let mut typed = self.typed.lock();
            let room = TYPED_LIMIT_BYTES - typed.len();
            typed.extend(&bytes[..bytes.len().min(room)]);
        }
        self.screen.lock().reset_view();
        self.reader.wake();
        self.touch();
    }

    /// Shows older lines (above zero) or newer ones.
    pub fn scroll_pages(&self, pages: isize) {
        {
            let mut screen = self.screen.lock();
            let rows = screen.size_cells().1 as isize;
            screen.scroll_view(pages * (rows - 1));
        }
        self.touch();
    }

    /// Changes the screen; the painter looks at it afterwards.
    pub(super) fn with_screen<T>(&self, change: impl FnOnce(&mut Screen) -> T) -> T {
        let result = change(&mut self.screen.lock());
        self.touch();
        result
    }

    /// Its place on the display.
    pub(super) fn index(&self) -> usize {
        self.index
    }

    fn touch(&self) {
        self.display.touch(self.index);
    }
}

impl Console for ScreenConsole {
    fn name(&self) -> &'static str {
        "screen"
    }

    fn screen_session(&self) -> Option<usize> {
        Some(self.index)
    }

    fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<usize> {
        self.reader.set(context.waker());
        let mut typed = self.typed.lock();
        let count = typed.len().min(buffer.len());
        if count == 0 {
            return Poll::Pending;
        }
        for (cell, byte) in buffer.iter_mut().zip(typed.drain(..count)) {
            *cell = byte;
        }
        Poll::Ready(count)
    }

    fn poll_write(&self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        let count = bytes.len().min(FEED_BYTES);
        let answers = {
            let mut screen = self.screen.lock();
            screen.feed(&bytes[..count]);
            screen.take_answers()
        };
        self.is_written.store(true, Ordering::Release);
        if answers.is_empty() {
            self.touch();
        } else {
            self.type_bytes(&answers);
        }
        Poll::Ready(count)
    }
}
