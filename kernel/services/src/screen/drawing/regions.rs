//! Who owns which part of the screen.

use alloc::vec::Vec;

use hw::display::Surface;

use super::region::Region;
use super::{Area, Drawing, Error, Masked};
use crate::screen::font::Font;
use crate::task::TaskId;

/// The part of the free memory that one region may take.
const MEMORY_SHARE: u64 = 2;

/// The regions of one session's screen. Each task has at most one.
#[derive(Default)]
pub(in crate::screen) struct Regions {
    /// In the order of `areas`.
    all: Vec<Region>,
    /// The regions' areas, by their first columns.
    areas: Vec<Area>,
}

/// What a region of this size takes.
pub(super) fn needed_bytes(area: &Area) -> u64 {
    (area.width as u64) * (area.height as u64) * size_of::<u32>() as u64
}

impl Regions {
    /// Gives `area` to `owner`, in place of what it had.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where another task owns a part of it, [`Error::OutOfRange`], and [`Error::OutOfMemory`] where it
    /// would take more than half of `free_bytes`. What the owner had stays then.
    pub(in crate::screen) fn claim(
        &mut self,
        owner: TaskId,
        area: Area,
        screen: (usize, usize),
        free_bytes: u64,
    ) -> Result<(), Error> {
        if !area.fits(screen.0, screen.1) {
            return Err(Error::OutOfRange {
                width_pixels: screen.0,
                height_pixels: screen.1,
            });
        }
        let in_the_way = |region: &&Region| region.owner != owner && region.area.overlaps(&area);
        if let Some(region) = self.all.iter().find(in_the_way) {
            return Err(Error::Busy { taken: region.area });
        }
        let needed_bytes = needed_bytes(&area);
        if needed_bytes > free_bytes / MEMORY_SHARE {
            return Err(Error::OutOfMemory { needed_bytes });
        }
        let region = Region::new(owner, area)?;
        self.release(owner);
        let index = self.areas.partition_point(|other| other.x < area.x);
        self.all.insert(index, region);
        self.areas.insert(index, area);
        Ok(())
    }

    /// Takes what `owner` has; false if it had nothing.
    pub(in crate::screen) fn release(&mut self, owner: TaskId) -> bool {
        let Some(index) = self.all.iter().position(|region| region.owner == owner) else {
            return false;
        };
        self.all.remove(index);
        self.areas.remove(index);
        true
    }

    /// True if `owner` has a region.
    pub(in crate::screen) fn has(&self, owner: TaskId) -> bool {
        self.all.iter().any(|region| region.owner == owner)
    }

    /// Draws in `owner`'s region.
    ///
    /// # Errors
    ///
    /// [`Error::NoRegion`] where it has none.
    pub(in crate::screen) fn draw(&mut self, owner: TaskId, drawing: &Drawing<'_>, font: &Font) -> Result<(), Error> {
        let region = self.all.iter_mut().find(|region| region.owner == owner);
        region.ok_or(Error::NoRegion)?.draw(drawing, font);
        Ok(())
    }

    /// The surface without the regions.
    pub(in crate::screen) fn around<'a>(&'a self, surface: &'a mut dyn Surface) -> Masked<'a> {
        Masked::new(surface, &self.areas)
    }

    /// Paints what was drawn since the last time.
    pub(in crate::screen) fn paint(&mut self, surface: &mut dyn Surface) {
        self.all.iter_mut().for_each(|region| region.paint(surface));
    }

    /// Paints everything with the next paint.
    pub(in crate::screen) fn touch(&mut self) {
        self.all.iter_mut().for_each(Region::touch);
    }
}
