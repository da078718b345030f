//! The screen as a console: the framebuffer or the VGA's text buffer that the boot loader left, painted by a service.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};

use hw::display::{ColorBits, Layout, PixelFormat};
use services::console::Console;
use services::screen::Screen;
use services::waker_slot::WakerSlot;
use spin::Once;

use crate::arch::clock;
use crate::arch::lock::KernelLock;
use crate::boot::tags::{ColorField, Framebuffer, FramebufferKind};
use crate::executor::{Executor, Factory};
use crate::memory::Physical;
use crate::memory::picture::{Picture, TextBuffer};

/// Between two paints, so that any number of lines printed meanwhile costs one.
const FRAME_NS: u64 = 16_000_000;
/// The cursor is lit for so long, and then dark for so long.
const BLINK_NS: u64 = 500_000_000;
/// How much typed input is kept for a program that does not read.
const TYPED_LIMIT_BYTES: usize = 64 * 1024;
/// Bytes that one write feeds to the grid, so that others get their turn.
const FEED_BYTES: usize = 8 * 1024;

static CONSOLE: Once<ScreenConsole> = Once::new();

/// Why there is no screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The boot loader passed no framebuffer.
    Missing,
    /// Its pixels are stored in a way that we do not know.
    UnknownFormat,
    /// It cannot be mapped.
    Unreachable,
}

impl core::fmt::Display for Error {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.write_str(match self {
            Self::Missing => "the boot loader passed none",
            Self::UnknownFormat => "its pixels are stored in an unknown way",
            Self::Unreachable => "it cannot be mapped",
        })
    }
}

/// What the screen is painted on.
enum Surface {
    Pixels(Picture),
    Text(TextBuffer),
}

/// The screen and what is typed for it.
pub struct ScreenConsole {
    screen: KernelLock<Screen>,
    surface: KernelLock<Surface>,
    typed: KernelLock<VecDeque<u8>>,
    reader: WakerSlot,
    /// Something was printed since the last look of the painter.
    is_stale: AtomicBool,
    painter: WakerSlot,
}

/// Takes the screen over that the boot loader left.
///
/// # Errors
///
/// [`Error`] where there is none that can be used.
pub fn start(framebuffer: Option<Framebuffer<'_>>) -> Result<&'static ScreenConsole, Error> {
    let framebuffer = framebuffer.ok_or(Error::Missing)?;
    let start = Physical(framebuffer.address);
    let (width, height) = (framebuffer.width as usize, framebuffer.height as usize);
    let (screen, surface) = match framebuffer.kind {
        FramebufferKind::Rgb { red, green, blue } => {
            let format = PixelFormat::new(framebuffer.bits_per_pixel, bits(red), bits(green), bits(blue));
            let pitch_bytes = framebuffer.pitch_bytes as usize;
            let layout = format.and_then(|format| Layout::new(format, width, height, pitch_bytes));
            let picture = Picture::map(start, layout.ok_or(Error::UnknownFormat)?).map_err(|_| Error::Unreachable)?;
            (Screen::new(width, height), Surface::Pixels(picture))
        }
        FramebufferKind::Text => {
            let buffer = TextBuffer::map(start, width, height).map_err(|_| Error::Unreachable)?;
            (Screen::new_text(width, height), Surface::Text(buffer))
        }
        FramebufferKind::Indexed { .. } | FramebufferKind::Other(_) => return Err(Error::UnknownFormat),
    };
    let (columns, rows) = screen.size_cells();
    log::info!("screen: {width}x{height}, {columns} columns, {rows} rows");
    Ok(CONSOLE.call_once(|| ScreenConsole {
        screen: KernelLock::new(screen),
        surface: KernelLock::new(surface),
        typed: KernelLock::new(VecDeque::with_capacity(TYPED_LIMIT_BYTES)),
        reader: WakerSlot::new(),
        is_stale: AtomicBool::new(true),
        painter: WakerSlot::new(),
    }))
}

/// The screen, once it was taken over.
pub(super) fn console() -> Option<&'static ScreenConsole> {
    CONSOLE.get()
}

fn bits(field: ColorField) -> ColorBits {
    ColorBits {
        position: field.position,
        size: field.size,
    }
}

/// Starts the service that paints.
pub fn start_service(executor: &'static Executor, console: &'static ScreenConsole) {
    let factory: Factory = Box::new(move || Box::pin(paint(executor, console)));
    executor.start_service("screen", factory);
}

/// Paints what has changed, at most once a frame, and lets the cursor blink.
async fn paint(executor: &'static Executor, console: &'static ScreenConsole) {
    let mut blink_ns = clock::now_ns() + BLINK_NS;
    loop {
        if console.is_stale.swap(false, Ordering::AcqRel) {
            blink_ns = clock::now_ns() + BLINK_NS;
        } else if clock::now_ns() >= blink_ns {
            console.screen.lock().toggle_cursor();
            blink_ns += BLINK_NS;
        }
        let flash_end_ns = console.screen.lock().update_flash(clock::now_ns());
        console.paint();
        let frame_end_ns = clock::now_ns() + FRAME_NS;
        executor.timers.sleep_until(frame_end_ns, clock::now_ns).await;
        let wake_ns = flash_end_ns.map_or(blink_ns, |flash_end_ns| flash_end_ns.min(blink_ns));
        let wait = core::pin::pin!(executor.timers.sleep_until(wake_ns, clock::now_ns));
        console.changed_or(wait).await;
    }
}

impl ScreenConsole {
    /// Columns of the screen.
    pub fn width_cells(&self) -> usize {
        self.screen.lock().size_cells().0
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

    /// Bits from one pixel to the next; `None` in text mode.
    pub(super) fn bits_per_pixel(&self) -> Option<usize> {
        match &*self.surface.lock() {
            Surface::Pixels(picture) => Some(picture.bits_per_pixel()),
            Surface::Text(_) => None,
        }
    }

    fn touch(&self) {
        if !self.is_stale.swap(true, Ordering::AcqRel) {
            self.painter.wake();
        }
    }

    fn paint(&self) {
        let mut screen = self.screen.lock();
        match &mut *self.surface.lock() {
            Surface::Pixels(picture) => screen.paint(picture),
            Surface::Text(buffer) => screen.paint_text(buffer),
        }
    }

    /// Waits until something is printed or `other` is ready.
    async fn changed_or(&self, mut other: core::pin::Pin<&mut impl Future<Output = ()>>) {
        core::future::poll_fn(|context| {
            self.painter.set(context.waker());
            if self.is_stale.load(Ordering::Acquire) {
                Poll::Ready(())
            } else {
                other.as_mut().poll(context)
            }
        })
        .await;
    }
}

impl Console for ScreenConsole {
    fn name(&self) -> &'static str {
        "screen"
    }

    fn screen_session(&self) -> Option<usize> {
        Some(0)
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
        if answers.is_empty() {
            self.touch();
        } else {
            self.type_bytes(&answers);
        }
        Poll::Ready(count)
    }
}
