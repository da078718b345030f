//! What scripts see of the screen, and the parts of it that tasks own.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use services::host::{Display, DisplayInfo};
use services::screen::drawing::{Area, Drawing, Error};
use services::screen::{FontSize, Screen};
use services::task::TaskId;

use super::display::{self, Display as ThisDisplay};
use super::screen::ScreenConsole;
use crate::executor::tasks;
use crate::memory::frames;

/// Offers the screen to scripts, if there is one. What a task owns of it ends with the task.
pub fn start() -> Option<&'static dyn Display> {
    let display = display::get()?;
    tasks::at_end(release_at_end);
    Some(Box::leak(Box::new(OfferedDisplay(display))))
}

fn release_at_end(task: TaskId) {
    if let Some(display) = display::get() {
        release(display, task);
    }
}

fn release(display: &ThisDisplay, owner: TaskId) -> bool {
    let mut has_released = false;
    for console in display.consoles() {
        if console.screen.lock().has_region(owner) {
            has_released |= console.with_screen(|screen| screen.release_region(owner));
        }
    }
    has_released
}

/// The display as scripts see it.
struct OfferedDisplay(&'static ThisDisplay);

impl OfferedDisplay {
    /// Changes the console of `session`, or of the one that is shown. A console that memory does not hold has no regions
    /// and cannot be written to.
    fn with<T>(&self, session: Option<usize>, change: impl FnOnce(&ScreenConsole, &mut Screen) -> T) -> Option<T> {
        let console = self.0.session_or_shown(session).ok()?;
        Some(console.with_screen(|screen| change(console, screen)))
    }
}

impl Display for OfferedDisplay {
    fn info(&self, session: Option<usize>) -> DisplayInfo {
        let format = match self.0.bits_per_pixel() {
            Some(bits) => format!("rgb {bits} bits"),
            None => String::from("text"),
        };
        let described = self.with(session, |console, screen| {
            let (columns, rows) = screen.size_cells();
            (columns, rows, screen.size_pixels(), screen.font_size(), console.index())
        });
        let (columns, rows, size_pixels, font, session) = described.unwrap_or_default();
        DisplayInfo {
            size_pixels,
            columns,
            rows,
            font,
            format,
            session,
        }
    }

    fn write(&self, session: Option<usize>, text: &str) {
        self.with(session, |_, screen| screen.feed(text.as_bytes()));
    }

    fn set_font(&self, session: Option<usize>, size: FontSize) -> Result<(), Error> {
        let change = |_: &ScreenConsole, screen: &mut Screen| {
            screen.size_pixels().ok_or(Error::Unsupported)?;
            screen.set_font(size);
            Ok(())
        };
        self.with(session, change).unwrap_or(Err(Error::Unsupported))
    }

    fn claim(&self, session: Option<usize>, owner: TaskId, area: Option<Area>) -> Result<Area, Error> {
        let claim = |_: &ScreenConsole, screen: &mut Screen| screen.claim_region(owner, area, frames::free_bytes());
        self.with(session, claim).unwrap_or(Err(Error::Unsupported))
    }

    fn release(&self, owner: TaskId) -> bool {
        release(self.0, owner)
    }

    fn draw(&self, owner: TaskId, drawing: &Drawing<'_>) -> Result<(), Error> {
        let own = self
            .0
            .consoles()
            .find(|console| console.screen.lock().has_region(owner));
        own.map_or(Err(Error::NoRegion), |console| {
            console.with_screen(|screen| screen.draw(owner, drawing))
        })
    }
}
