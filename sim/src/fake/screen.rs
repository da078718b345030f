//! A screen without pixels to see, and a keyboard on which nothing is held.

use std::sync::{Mutex, MutexGuard};

use services::host::{Display, DisplayInfo, Keyboard};
use services::keyboard::{self, Layout};
use services::screen::drawing::{self, Area, Drawing};
use services::screen::{FontSize, Screen};
use services::task::TaskId;

use crate::tasks::is_on_kernel_heap;

/// A screen that nobody paints.
pub struct FakeDisplay {
    /// What is on it.
    pub screen: Mutex<Screen>,
}

impl Default for FakeDisplay {
    fn default() -> Self {
        Self {
            screen: Mutex::new(Screen::new(640, 400)),
        }
    }
}

impl FakeDisplay {
    fn screen(&self) -> MutexGuard<'_, Screen> {
        assert!(is_on_kernel_heap(), "the screen's memory lies on the kernel heap");
        self.screen.lock().expect("no panic under the lock")
    }
}

impl Display for FakeDisplay {
    fn info(&self, session: Option<usize>) -> DisplayInfo {
        let screen = self.screen();
        let (columns, rows) = screen.size_cells();
        DisplayInfo {
            size_pixels: screen.size_pixels(),
            columns,
            rows,
            font: screen.font_size(),
            format: "rgb 32 bits".into(),
            session: session.unwrap_or(0),
        }
    }

    fn write(&self, _: Option<usize>, text: &str) {
        self.screen().feed(text.as_bytes());
    }

    fn set_font(&self, _: Option<usize>, size: FontSize) -> Result<(), drawing::Error> {
        let mut screen = self.screen();
        screen.size_pixels().ok_or(drawing::Error::Unsupported)?;
        screen.set_font(size);
        Ok(())
    }

    fn claim(&self, _: Option<usize>, owner: TaskId, area: Option<Area>) -> Result<Area, drawing::Error> {
        self.screen().claim_region(owner, area, 1 << 29)
    }

    fn release(&self, owner: TaskId) -> bool {
        self.screen().release_region(owner)
    }

    fn draw(&self, owner: TaskId, drawing: &Drawing<'_>) -> Result<(), drawing::Error> {
        self.screen().draw(owner, drawing)
    }
}

/// A keyboard on which nothing is held.
pub struct FakeKeyboard(Mutex<keyboard::Keyboard>);

impl Default for FakeKeyboard {
    fn default() -> Self {
        Self(Mutex::new(keyboard::Keyboard::new(
            Layout::default(),
            keyboard::Set::One,
        )))
    }
}

impl Keyboard for FakeKeyboard {
    fn pressed(&self) -> Option<Vec<String>> {
        let keyboard = self.0.lock().expect("no test panics with it");
        Some(keyboard.pressed().map(|name| name.to_string()).collect())
    }

    fn layout(&self) -> Option<&'static str> {
        Some(self.0.lock().expect("no test panics with it").layout().name())
    }

    fn set_layout(&self, layout: Layout) -> Option<()> {
        self.0.lock().expect("no test panics with it").set_layout(layout);
        Some(())
    }
}
