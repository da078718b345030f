//! The screen: escape sequences in, pixels or text cells out.
//!
//! | module | what it does |
//! |---|---|
//! | `grid` | the character grid, its scrollback, bell and answers |
//! | `look` | what a cell looks like |
//! | `palette` | colours |
//! | `psf` | font files |
//! | `font` | glyphs by character and size |
//! | `canvas`, `lines`, `blocks` | glyphs drawn by code |
//! | `frame` | which cells differ from what was painted |
//! | `blitter` | cells to pixels |
//! | `text_mode` | cells to the VGA's characters |
//! | [`drawing`] | parts of the screen that tasks own and draw on |
//! | `matcher` | pixels back to text, for tests |
//!
//! [`Screen::feed`] only changes the grid; [`Screen::paint`] shows the difference to the last paint, so that any number
//! of lines printed between two paints costs one. The caller paints at most every 16 ms or so.

mod blitter;
mod blocks;
mod canvas;
pub mod drawing;
mod font;
mod frame;
mod grid;
mod lines;
mod look;
pub mod matcher;
pub mod palette;
mod psf;
#[cfg(test)]
mod tests;
mod text_mode;

use alloc::boxed::Box;
use alloc::vec::Vec;

use hw::display::{Surface, TextSurface};

use crate::task::TaskId;
use blitter::Blitter;
use drawing::{Area, Drawing, Regions};
use frame::Showing;
use grid::Grid;
use text_mode::TextBlitter;

pub use font::{BareFont, Font, FontSize};
pub use psf::Error as FontError;
pub use text_mode::code_page_437;

/// How long the visual bell lasts.
const FLASH_NS: u64 = 100_000_000;

/// A terminal's screen.
pub struct Screen {
    grid: Grid,
    output: Output,
    showing: Showing,
    /// When the visual bell ends, if it is on.
    flash_end_ns: Option<u64>,
    /// What tasks own of it. None on a text screen.
    regions: Regions,
    /// Something may differ from what was painted.
    is_stale: bool,
}

/// What the screen is painted on.
enum Output {
    Pixels {
        blitter: Box<Blitter>,
        size: FontSize,
        width_pixels: usize,
        height_pixels: usize,
    },
    Text(TextBlitter),
}

impl Screen {
    /// A screen for a surface of this size in pixels, in the font that suits its height.
    pub fn new(width_pixels: usize, height_pixels: usize) -> Self {
        Self::with_font(width_pixels, height_pixels, FontSize::for_height(height_pixels))
    }

    /// A screen for a surface of this size in pixels, in a font of one's choice.
    pub fn with_font(width_pixels: usize, height_pixels: usize, size: FontSize) -> Self {
        let grid = new_grid(width_pixels, height_pixels, size);
        Self::on(
            grid,
            Output::Pixels {
                blitter: Box::new(Blitter::new(Font::shared(size))),
                size,
                width_pixels,
                height_pixels,
            },
        )
    }

    /// A screen for a text surface of this size in cells.
    pub fn new_text(columns: usize, rows: usize) -> Self {
        Self::on(Grid::new(columns, rows), Output::Text(TextBlitter::default()))
    }

    fn on(grid: Grid, output: Output) -> Self {
        let showing = Showing {
            is_cursor_lit: true,
            is_flashing: false,
        };
        Self {
            grid,
            output,
            showing,
            flash_end_ns: None,
            regions: Regions::default(),
            is_stale: true,
        }
    }

    /// Takes what a program prints: UTF-8 with escape sequences. LF alone moves down only, as on any terminal.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.grid.feed(bytes);
        // A cursor that moves is easier to follow if it does not blink away.
        self.showing.is_cursor_lit = true;
        self.is_stale = true;
    }

    /// Brings a surface up to date: the same one each time, or [`Screen::repaint`] comes first. Does nothing on a text
    /// screen.
    pub fn paint(&mut self, surface: &mut dyn Surface) {
        if let Output::Pixels { blitter, .. } = &mut self.output
            && core::mem::take(&mut self.is_stale)
        {
            blitter.paint(&self.grid, self.showing, &mut self.regions.around(surface));
            self.regions.paint(surface);
        }
    }

    /// The same for a text surface. Does nothing on a screen of pixels.
    pub fn paint_text(&mut self, surface: &mut dyn TextSurface) {
        if let Output::Text(blitter) = &mut self.output
            && core::mem::take(&mut self.is_stale)
        {
            blitter.paint(&self.grid, self.showing, surface);
        }
    }

    /// Forgets what was painted: something else has drawn on the surface, or another screen was or is going to be shown.
    /// The memory for it is only taken again by the next paint.
    pub fn repaint(&mut self) {
        match &mut self.output {
            Output::Pixels { blitter, .. } => blitter.forget(),
            Output::Text(blitter) => blitter.forget(),
        }
        self.regions.touch();
        self.is_stale = true;
    }

    /// Moves the view back by `lines` lines into what has left the top, or forward again if they are negative.
    pub fn scroll_view(&mut self, lines: isize) {
        self.grid
            .set_view_lines(self.grid.view_lines().saturating_add_signed(lines));
        self.is_stale = true;
    }

    /// Lines by which the view is moved back.
    pub fn view_lines(&self) -> usize {
        self.grid.view_lines()
    }

    /// Shows the newest lines again, as when a key is typed.
    pub fn reset_view(&mut self) {
        if self.grid.view_lines() > 0 {
            self.grid.set_view_lines(0);
            self.is_stale = true;
        }
    }

    /// The other phase of a blinking cursor; the caller's clock sets the pace.
    pub fn toggle_cursor(&mut self) {
        self.showing.is_cursor_lit = !self.showing.is_cursor_lit;
        self.is_stale = true;
    }

    /// Begins the visual bell where the bell has rung, and ends it after its time. Call it before each paint; the time
    /// returned is when the next call is due at the latest.
    pub fn update_flash(&mut self, now_ns: u64) -> Option<u64> {
        if self.take_bell() {
            self.flash_end_ns = Some(now_ns + FLASH_NS);
        }
        self.flash_end_ns = self.flash_end_ns.filter(|end_ns| *end_ns > now_ns);
        self.set_flash(self.flash_end_ns.is_some());
        self.flash_end_ns
    }

    /// Exchanges the colours of the last row, or back: the visual bell.
    fn set_flash(&mut self, is_flashing: bool) {
        self.is_stale |= self.showing.is_flashing != is_flashing;
        self.showing.is_flashing = is_flashing;
    }

    /// True if the bell has rung since the last call.
    pub fn take_bell(&mut self) -> bool {
        self.grid.take_bell()
    }

    /// What the screen answers to questions printed on it (place of the cursor, size, kind), as if it had been typed.
    pub fn take_answers(&mut self) -> Vec<u8> {
        self.grid.take_answers()
    }

    /// Gives a part of the screen, or all of it, to the task `owner`, in place of what it had. Text is not painted there
    /// until it is released. `free_bytes` is how much memory there is; one region takes up to half of it.
    ///
    /// # Errors
    ///
    /// [`drawing::Error`]; what the task had stays then.
    pub fn claim_region(&mut self, owner: TaskId, area: Option<Area>, free_bytes: u64) -> Result<Area, drawing::Error> {
        let (width, height) = self.size_pixels().ok_or(drawing::Error::Unsupported)?;
        let area = area.unwrap_or(Area {
            x: 0,
            y: 0,
            width,
            height,
        });
        self.regions.claim(owner, area, (width, height), free_bytes)?;
        // What the task had before shows text again.
        self.repaint();
        Ok(area)
    }

    /// Takes back what the task `owner` has of the screen; false if it had nothing.
    pub fn release_region(&mut self, owner: TaskId) -> bool {
        let had_region = self.regions.release(owner);
        if had_region {
            self.repaint();
        }
        had_region
    }

    /// True if the task `owner` has a part of the screen.
    pub fn has_region(&self, owner: TaskId) -> bool {
        self.regions.has(owner)
    }

    /// Draws on the part of the screen that the task `owner` has.
    ///
    /// # Errors
    ///
    /// [`drawing::Error::NoRegion`] where it has none, [`drawing::Error::Unsupported`] on a text screen.
    pub fn draw(&mut self, owner: TaskId, drawing: &Drawing<'_>) -> Result<(), drawing::Error> {
        let Output::Pixels { blitter, .. } = &self.output else {
            return Err(drawing::Error::Unsupported);
        };
        self.regions.draw(owner, drawing, blitter.font())?;
        self.is_stale = true;
        Ok(())
    }

    /// Width and height, if the screen has pixels.
    pub fn size_pixels(&self) -> Option<(usize, usize)> {
        match &self.output {
            Output::Pixels {
                width_pixels,
                height_pixels,
                ..
            } => Some((*width_pixels, *height_pixels)),
            Output::Text(_) => None,
        }
    }

    /// Columns and rows.
    pub fn size_cells(&self) -> (usize, usize) {
        self.grid.size_cells()
    }

    /// The font, if the screen has pixels.
    pub fn font_size(&self) -> Option<FontSize> {
        match &self.output {
            Output::Pixels { size, .. } => Some(*size),
            Output::Text(_) => None,
        }
    }

    /// Changes the font and with it the number of cells; lines that become too short are cut. Does nothing on a text
    /// screen.
    pub fn set_font(&mut self, new_size: FontSize) {
        if let Output::Pixels {
            blitter,
            size,
            width_pixels,
            height_pixels,
        } = &mut self.output
        {
            let (cell_width, cell_height) = new_size.cell_pixels();
            self.grid
                .resize(*width_pixels / cell_width, *height_pixels / cell_height);
            *size = new_size;
            **blitter = Blitter::new(Font::shared(new_size));
            self.is_stale = true;
        }
    }
}

fn new_grid(width_pixels: usize, height_pixels: usize, size: FontSize) -> Grid {
    let (cell_width, cell_height) = size.cell_pixels();
    Grid::new(width_pixels / cell_width, height_pixels / cell_height)
}
