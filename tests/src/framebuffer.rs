//! The picture read from the display adapter's own memory: in a fraction of the time that a screenshot takes, so that it
//! can be told when something appeared. For the emulator's standard adapter, with pixels of 32 bits.

use std::time::{Duration, Instant};

use services::screen::FontSize;
use services::screen::matcher::Matcher;

use crate::error::Error;
use crate::machine::Machine;
use crate::screendump;

const CELL_HEIGHT: usize = 16;
const PIXEL_BYTES: usize = 4;

/// The standard adapter's memory while it shows a picture with the small font.
pub struct Framebuffer {
    address: u64,
    width_pixels: usize,
    rows: usize,
    matcher: Matcher,
}

impl Framebuffer {
    /// Finds it by what the machine's PCI devices say and the size of a screenshot.
    ///
    /// # Errors
    ///
    /// Where there is no such adapter, or the picture is too high for the small font.
    pub fn find(machine: &mut Machine) -> Result<Self, Error> {
        let devices = machine.monitor().human("info pci")?;
        let adapter = devices.split("VGA controller").nth(1).unwrap_or_default();
        let bar = adapter.split("prefetchable memory at 0x").nth(1).unwrap_or_default();
        let digits = bar
            .split(|other: char| !other.is_ascii_hexdigit())
            .next()
            .unwrap_or_default();
        let address =
            u64::from_str_radix(digits, 16).map_err(|_| Error::Wrong(format!("no adapter's memory in {devices}")))?;
        let picture = screendump::picture(machine)?;
        if FontSize::for_height(picture.height_pixels) != FontSize::Small {
            return Err(Error::Wrong("the screen has the large font".into()));
        }
        Ok(Self {
            address,
            width_pixels: picture.width_pixels,
            rows: picture.height_pixels / CELL_HEIGHT,
            matcher: Matcher::new(FontSize::Small),
        })
    }

    /// Rows of characters.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The text of some rows, without spaces at their ends.
    ///
    /// # Errors
    ///
    /// Where the memory cannot be read.
    pub fn lines(&self, machine: &mut Machine, rows: std::ops::Range<usize>) -> Result<Vec<String>, Error> {
        let row_bytes = self.width_pixels * PIXEL_BYTES * CELL_HEIGHT;
        let file = machine.folder().join("pixels");
        machine.monitor().command(&format!(
            r#"{{"execute": "pmemsave", "arguments": {{"val": {}, "size": {}, "filename": "{}"}}}}"#,
            self.address + (rows.start * row_bytes) as u64,
            rows.len() * row_bytes,
            file.display()
        ))?;
        let bytes = std::fs::read(&file)?;
        let pixels: Vec<u32> = bytes
            .as_chunks::<PIXEL_BYTES>()
            .0
            .iter()
            .map(|pixel| u32::from_le_bytes(*pixel) & 0xFF_FF_FF)
            .collect();
        Ok(self.matcher.lines(&pixels, self.width_pixels))
    }

    /// Waits until `is_there` holds for the text of `rows`; returns when the look at the screen began that saw it.
    ///
    /// # Errors
    ///
    /// [`Error::Wrong`] with the rows' text where the limit passes.
    pub fn expect(
        &self,
        machine: &mut Machine,
        rows: std::ops::Range<usize>,
        limit: Duration,
        is_there: impl Fn(&[String]) -> bool,
    ) -> Result<Instant, Error> {
        let started = Instant::now();
        loop {
            let looked = Instant::now();
            let lines = self.lines(machine, rows.clone())?;
            if is_there(&lines) {
                return Ok(looked);
            }
            if started.elapsed() > limit {
                return Err(Error::Wrong(format!("the screen shows\n{}", lines.join("\n"))));
            }
        }
    }
}
