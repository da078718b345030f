//! The screen without heap or locks: the log while the machine starts, and the page of a panic.
//!
//! Nothing of the console's is used. While the console has the screen, nothing is written here; a panic takes the
//! screen from whoever has it, for good.

use core::cell::UnsafeCell;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};

use services::cut_text::CutText;
use services::report::boot_log::BootLog;
use services::report::code::{self, Workspace};
use services::report::page::Page;
use services::report::paper::Paper;
use services::screen::{BareFont, FontSize};

use crate::arch::features;
use crate::boot::tags::Framebuffer;
use crate::memory::picture::{Drawing, Picture, TextBuffer};

#[expect(
    clippy::large_enum_variant,
    reason = "there is one, it is static, and there is no heap to put it on"
)]
enum Medium {
    Pixels(Picture, BareFont),
    Text(TextBuffer),
}

struct Screen {
    medium: Medium,
    log: BootLog,
}

impl Medium {
    fn of(drawing: Drawing) -> Option<Self> {
        use hw::display::Surface;
        match drawing {
            Drawing::Pixels(picture) => {
                let font = BareFont::new(FontSize::for_height(picture.height_pixels()))?;
                Some(Self::Pixels(picture, font))
            }
            Drawing::Text(buffer) => Some(Self::Text(buffer)),
        }
    }

    fn paper(&mut self) -> Paper<'_> {
        match self {
            Self::Pixels(picture, font) => Paper::Pixels(picture, font),
            Self::Text(buffer) => Paper::Cells(buffer),
        }
    }
}

/// A value that whoever has taken the flag `IS_TAKEN` may use.
struct Slot<T>(UnsafeCell<T>);

// SAFETY: only who has set `IS_TAKEN` uses the value, and a panic, which nobody outlives.
unsafe impl<T> Sync for Slot<T> {}

static SCREEN: Slot<Option<Screen>> = Slot(UnsafeCell::new(None));
static WORKSPACE: Slot<Workspace> = Slot(UnsafeCell::new(Workspace::new()));
/// Somebody is drawing.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);
/// The log is shown, until the console takes over.
static SHOWS_LOG: AtomicBool = AtomicBool::new(false);

/// Finds the screen that the boot loader left. `shows_log` tells whether what is logged appears there; a panic does
/// so anyway.
pub fn start(framebuffer: Option<Framebuffer<'_>>, shows_log: bool) {
    features::combine_writes();
    let found = framebuffer
        .and_then(|framebuffer| Drawing::map(&framebuffer).ok())
        .and_then(Medium::of);
    let Some(medium) = found else { return };
    with_screen(|slot| {
        *slot = Some(Screen {
            medium,
            log: BootLog::new(),
        });
    });
    SHOWS_LOG.store(shows_log, Ordering::Relaxed);
}

/// Leaves the screen to the console.
pub fn stop_log() {
    SHOWS_LOG.store(false, Ordering::Relaxed);
}

/// Does nothing where another is drawing: that one was interrupted, and would never finish while we wait.
fn with_screen(work: impl FnOnce(&mut Option<Screen>)) {
    if IS_TAKEN.swap(true, Ordering::Acquire) {
        return;
    }
    // SAFETY: the flag was free and is now ours.
    work(unsafe { &mut *SCREEN.0.get() });
    IS_TAKEN.store(false, Ordering::Release);
}

/// Shows a line of the log.
pub fn write_log(line: &str) {
    if SHOWS_LOG.load(Ordering::Relaxed) {
        with_screen(|screen| {
            if let Some(Screen { medium, log }) = screen {
                log.write_line(&mut medium.paper(), line);
            }
        });
        flush();
    }
}

/// Sends what was written to the adapter: combined writes may otherwise wait in the processor.
fn flush() {
    // SAFETY: orders stores, nothing else; every 64-bit processor has it.
    unsafe { core::arch::asm!("sfence", options(nostack, preserves_flags)) };
}

/// The page of a panic on the screen.
pub struct PanicPage {
    page: Page,
    medium: &'static mut Medium,
}

impl PanicPage {
    /// Takes the screen from whoever has it and shows `report`; `None` where there is no screen.
    ///
    /// # Safety
    ///
    /// The machine has stopped: nothing else runs any more but a panic in this one.
    pub unsafe fn show(report: &str) -> Option<Self> {
        IS_TAKEN.store(true, Ordering::Relaxed);
        // SAFETY: the caller promises that nobody else goes on.
        let screen = unsafe { &mut *SCREEN.0.get() };
        let medium = &mut screen.as_mut()?.medium;
        let mut paper = medium.paper();
        let mut page = Page::start(
            &mut paper,
            "KERNEL PANIC",
            concat!("Rhaios ", env!("CARGO_PKG_VERSION")),
        );
        page.write(&mut paper, report);
        flush();
        Some(Self { page, medium })
    }

    /// Draws the QR code of `report`.
    ///
    /// # Safety
    ///
    /// As for [`PanicPage::show`].
    pub unsafe fn show_code(&mut self, report: &str) {
        let Some(modules) = self.page.code_modules() else {
            return;
        };
        // SAFETY: the caller promises that nobody else goes on.
        let workspace = unsafe { &mut *WORKSPACE.0.get() };
        if let Some(code) = code::encode(report, modules, workspace) {
            self.page.write_code(&mut self.medium.paper(), &code);
        }
        flush();
    }

    /// Says in the last line what happens next.
    pub fn show_footer(&mut self, text: fmt::Arguments<'_>) {
        let mut line = CutText::<128>::new();
        // Text that does not fit is cut.
        let _ = line.write_fmt(text);
        self.page.write_footer(&mut self.medium.paper(), line.as_str());
        flush();
    }
}
