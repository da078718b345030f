//! The display: four sessions' consoles and the log, one of which is shown, and the service that paints it.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::task::{Context, Poll};

use services::host::within;
use services::screen::Screen;
use services::waker_slot::WakerSlot;
use spin::Once;

use super::screen::ScreenConsole;
use super::steps;
use crate::arch::clock;
use crate::arch::lock::KernelLock;
use crate::boot::tags::Framebuffer;
use crate::executor::{Executor, Factory, run};
use crate::memory::frames;
use crate::memory::picture::{self, Drawing};
use crate::report::journal;

/// Sessions on the screen.
pub const SESSIONS: usize = 4;
/// The place of the log, behind the sessions.
const LOG: usize = SESSIONS;
/// Memory that must be free for another console: its grid, what is painted of it, and the beginning of its scrollback.
const CONSOLE_BYTES: u64 = 1 << 20;
/// Between two paints, so that any number of lines printed meanwhile costs one.
const FRAME_NS: u64 = 16_000_000;
/// The cursor is lit for so long, and then dark for so long.
const BLINK_NS: u64 = 500_000_000;
/// The painter waits so long for the first prompt: what it would paint before costs the prompt time.
const FIRST_PROMPT_NS: u64 = 100_000_000;
/// Between two looks for new log lines while the log is shown.
const LOG_PERIOD_NS: u64 = 100_000_000;

const HIDE_CURSOR: &str = "\x1b[?25l";

static DISPLAY: Once<Display> = Once::new();

/// Why there is no display, or no other console on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The boot loader passed no framebuffer.
    Missing,
    /// It cannot be drawn on.
    Picture(picture::Error),
    /// Too little memory is free for another console.
    OutOfMemory,
}

impl core::fmt::Display for Error {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Missing => out.write_str("the boot loader passed none"),
            Self::Picture(error) => write!(out, "{error}"),
            Self::OutOfMemory => out.write_str("not enough free memory for another console"),
        }
    }
}

/// See the module.
pub struct Display {
    surface: KernelLock<Drawing>,
    width: usize,
    height: usize,
    is_text: bool,
    consoles: [Once<ScreenConsole>; SESSIONS + 1],
    shown: AtomicUsize,
    /// What is shown may have changed since the painter's last look.
    is_stale: AtomicBool,
    painter: WakerSlot,
    /// A prompt has been painted.
    is_ready: AtomicBool,
}

/// Takes the display over that the boot loader left, with its first session's console.
///
/// # Errors
///
/// [`Error`] where there is none that can be used.
pub fn start(framebuffer: Option<Framebuffer<'_>>) -> Result<&'static Display, Error> {
    let framebuffer = framebuffer.ok_or(Error::Missing)?;
    let (width, height) = (framebuffer.width as usize, framebuffer.height as usize);
    let surface = Drawing::map(&framebuffer).map_err(Error::Picture)?;
    let display = DISPLAY.call_once(|| Display {
        is_text: matches!(surface, Drawing::Text(_)),
        surface: KernelLock::new(surface),
        width,
        height,
        consoles: [const { Once::new() }; SESSIONS + 1],
        shown: AtomicUsize::new(0),
        is_stale: AtomicBool::new(true),
        painter: WakerSlot::new(),
        is_ready: AtomicBool::new(false),
    });
    let (columns, rows) = display.console(0)?.size_cells();
    log::info!("screen: {width}x{height}, {columns} columns, {rows} rows");
    Ok(display)
}

/// The display, once it was taken over.
pub fn get() -> Option<&'static Display> {
    DISPLAY.get()
}

/// Starts the service that paints.
pub fn start_service(executor: &'static Executor, display: &'static Display) {
    let factory: Factory = Box::new(move || Box::pin(paint(display)));
    executor.start_service("screen", factory);
}

/// Paints what has changed, at most once a frame, and lets the cursor blink.
async fn paint(display: &'static Display) {
    let limit_ns = clock::now_ns() + FIRST_PROMPT_NS;
    let limit = core::pin::pin!(run::sleep_until(limit_ns));
    display.prompt_or(limit).await;
    let mut blink_ns = clock::now_ns() + BLINK_NS;
    let mut log_position = 0;
    loop {
        if display.shows_log() {
            display.follow_log(&mut log_position);
        }
        if display.is_stale.swap(false, Ordering::AcqRel) {
            blink_ns = clock::now_ns() + BLINK_NS;
        } else if clock::now_ns() >= blink_ns {
            display.with_shown(|console| console.screen.lock().toggle_cursor());
            blink_ns = clock::now_ns() + BLINK_NS;
        }
        let mut flash_end_ns = None;
        display.with_shown(|console| flash_end_ns = console.screen.lock().update_flash(clock::now_ns()));
        display.paint();
        let frame_end_ns = clock::now_ns() + FRAME_NS;
        run::sleep_until(frame_end_ns).await;
        let mut next_look_ns = blink_ns.min(flash_end_ns.unwrap_or(u64::MAX));
        if display.shows_log() {
            next_look_ns = next_look_ns.min(clock::now_ns() + LOG_PERIOD_NS);
        }
        let wait = core::pin::pin!(run::sleep_until(next_look_ns));
        display.changed_or(wait).await;
    }
}

impl Display {
    /// The console of session `index`, from 0 and below [`SESSIONS`], made where it is new.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn console(&'static self, index: usize) -> Result<&'static ScreenConsole, Error> {
        let place = self.consoles.get(index).ok_or(Error::Missing)?;
        if let Some(console) = place.get() {
            return Ok(console);
        }
        if frames::free_bytes() < CONSOLE_BYTES {
            return Err(Error::OutOfMemory);
        }
        let screen = if self.is_text {
            Screen::new_text(self.width, self.height)
        } else {
            Screen::new(self.width, self.height)
        };
        Ok(place.call_once(|| ScreenConsole::new(self, index, screen)))
    }

    /// Shows session `index`, from 0.
    ///
    /// # Errors
    ///
    /// As [`Display::console`].
    pub fn show_session(&'static self, index: usize) -> Result<(), Error> {
        self.show(index.min(SESSIONS - 1))
    }

    /// Shows the log.
    ///
    /// # Errors
    ///
    /// As [`Display::console`].
    pub fn show_log(&'static self) -> Result<(), Error> {
        self.show(LOG)
    }

    fn show(&'static self, index: usize) -> Result<(), Error> {
        let is_new = self.consoles[index].get().is_none();
        let console = self.console(index)?;
        if is_new && index == LOG {
            console.show(HIDE_CURSOR);
        }
        let before = self.shown.swap(index, Ordering::AcqRel);
        if before != index {
            // What was painted of the other one is of no use any more.
            if let Some(hidden) = self.consoles[before].get() {
                hidden.screen.lock().repaint();
            }
            console.screen.lock().repaint();
            self.touch(index);
        }
        Ok(())
    }

    /// Types at the session that is shown; the log takes no input.
    pub fn type_bytes(&self, bytes: &[u8]) {
        if !self.shows_log() {
            self.with_shown(|console| console.type_bytes(bytes));
        }
    }

    /// Shows older lines (above zero) or newer ones.
    pub fn scroll_pages(&self, pages: isize) {
        self.with_shown(|console| console.scroll_pages(pages));
    }

    /// The consoles that there are, the sessions' and the log's.
    pub(super) fn consoles(&self) -> impl Iterator<Item = &ScreenConsole> {
        self.consoles.iter().filter_map(Once::get)
    }

    /// The console of `session`, or of the one that is shown; the first where that is the log.
    pub(super) fn session_or_shown(&'static self, session: Option<usize>) -> Result<&'static ScreenConsole, Error> {
        let shown = self.shown.load(Ordering::Acquire);
        self.console(session.unwrap_or(if shown == LOG { 0 } else { shown }))
    }

    /// Bits from one pixel to the next; `None` in text mode.
    pub(super) fn bits_per_pixel(&self) -> Option<usize> {
        match &*self.surface.lock() {
            Drawing::Pixels(picture) => Some(picture.bits_per_pixel()),
            Drawing::Text(_) => None,
        }
    }

    /// Something on console `index` has changed.
    pub fn touch(&self, index: usize) {
        if self.shown.load(Ordering::Acquire) == index && !self.is_stale.swap(true, Ordering::AcqRel) {
            self.painter.wake();
        }
    }

    fn shows_log(&self) -> bool {
        self.shown.load(Ordering::Acquire) == LOG
    }

    fn with_shown(&self, work: impl FnOnce(&ScreenConsole)) {
        if let Some(console) = self.consoles[self.shown.load(Ordering::Acquire)].get() {
            work(console);
        }
    }

    /// Feeds the log's console what was logged since `position`.
    fn follow_log(&self, position: &mut u64) {
        let (lines, end) = journal::ring().since(*position);
        *position = end;
        let mut text = String::new();
        for line in lines {
            let ms = line.time_ns / 1_000_000;
            let color = match line.text.split(':').next() {
                Some("error" | "KERNEL PANIC") => "\x1b[91m",
                Some("warning") => "\x1b[93m",
                _ => "",
            };
            // A line may have line ends of its own, as a backtrace has.
            let body = line.text.replace('\n', "\r\n");
            text += &format!("[{:5}.{:03}] {color}{body}\x1b[0m\r\n", ms / 1000, ms % 1000);
        }
        if !text.is_empty() {
            self.with_shown(|console| console.show(&text));
        }
    }

    fn paint(&self) {
        self.with_shown(|console| {
            let has_prompt = console.has_prompt();
            let mut screen = console.screen.lock();
            match &mut *self.surface.lock() {
                Drawing::Pixels(picture) => screen.paint(picture),
                Drawing::Text(buffer) => screen.paint_text(buffer),
            }
            if has_prompt && !self.is_ready.swap(true, Ordering::Relaxed) {
                steps::done("prompt on the screen");
            }
        });
    }

    /// Waits until what is shown has a prompt or `limit` is ready. Until then the log of the start stays on the screen.
    async fn prompt_or(&self, limit: core::pin::Pin<&mut impl Future<Output = ()>>) {
        let poll = |context: &mut Context<'_>| {
            self.painter.set(context.waker());
            // Whatever is written next wakes the painter again.
            self.is_stale.store(false, Ordering::Release);
            let mut has_prompt = false;
            self.with_shown(|console| has_prompt = console.has_prompt());
            if has_prompt { Poll::Ready(()) } else { Poll::Pending }
        };
        within(Some(limit), poll).await;
        self.is_stale.store(true, Ordering::Release);
    }

    /// Waits until something is to be painted or `limit` is ready.
    async fn changed_or(&self, limit: core::pin::Pin<&mut impl Future<Output = ()>>) {
        let poll = |context: &mut Context<'_>| {
            self.painter.set(context.waker());
            if self.is_stale.load(Ordering::Acquire) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        };
        within(Some(limit), poll).await;
    }
}
