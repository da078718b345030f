//! What scripts see of the screen, and the parts of it that tasks own.

use alloc::format;
use alloc::string::String;

use services::host::{Display, DisplayInfo};
use services::screen::FontSize;
use services::screen::drawing::{Area, Drawing, Error};
use services::task::TaskId;

use super::screen::{self, ScreenConsole};
use crate::executor::tasks;
use crate::memory::frames;

/// Offers the screen to scripts, if there is one. What a task owns of it ends with the task.
pub fn start() -> Option<&'static dyn Display> {
    let console = screen::console()?;
    tasks::at_end(release_at_end);
    Some(console)
}

fn release_at_end(task: TaskId) {
    if let Some(console) = screen::console() {
        console.release(task);
    }
}

/// The screen has one session so far.
impl Display for ScreenConsole {
    fn info(&self, _: Option<usize>) -> DisplayInfo {
        let format = match self.bits_per_pixel() {
            Some(bits) => format!("rgb {bits} bits"),
            None => String::from("text"),
        };
        self.with_screen(|screen| {
            let (columns, rows) = screen.size_cells();
            DisplayInfo {
                size_pixels: screen.size_pixels(),
                columns,
                rows,
                font: screen.font_size(),
                format,
                session: 0,
            }
        })
    }

    fn write(&self, _: Option<usize>, text: &str) {
        self.show(text);
    }

    fn set_font(&self, _: Option<usize>, size: FontSize) -> Result<(), Error> {
        self.with_screen(|screen| {
            screen.size_pixels().ok_or(Error::Unsupported)?;
            screen.set_font(size);
            Ok(())
        })
    }

    fn claim(&self, _: Option<usize>, owner: TaskId, area: Option<Area>) -> Result<Area, Error> {
        self.with_screen(|screen| screen.claim_region(owner, area, frames::free_bytes()))
    }

    fn release(&self, owner: TaskId) -> bool {
        self.with_screen(|screen| screen.release_region(owner))
    }

    fn draw(&self, owner: TaskId, drawing: &Drawing<'_>) -> Result<(), Error> {
        self.with_screen(|screen| screen.draw(owner, drawing))
    }
}
