//! The boot information that the boot loader leaves in memory (Multiboot2 specification 2.0, section 3.6).
//!
//! [`Tags::parse`] walks the list once and checks every length; what it returns cannot be wrong about bounds, so the
//! accessors do not fail. It needs no heap, for it runs before there is one. Tags of unknown kinds are skipped.

use core::fmt;

use hw::bytes::{u32_at, u64_at};

pub use framebuffer::{ColorField, Framebuffer, FramebufferKind};

mod framebuffer;
#[cfg(test)]
mod tests;

/// Bytes of the fixed part in front of the first tag, and of every tag's own header.
const HEADER_BYTES: usize = 8;
/// Bytes of a memory map entry that this kernel reads; `entry_size` may be larger, never smaller.
const MEMORY_ENTRY_BYTES: usize = 20;
/// Tags start at multiples of this.
const TAG_ALIGNMENT_BYTES: usize = 8;

/// Why the boot information cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than the information says it has, or than any can have.
    Truncated,
    /// The list has no end tag before the information ends.
    NoEndTag,
    /// A tag is shorter than its header or reaches beyond the information.
    BadTagSize {
        /// Where the tag starts, in bytes from the start of the information.
        offset: usize,
    },
    /// A tag of a known kind is too short for its contents or contradicts itself.
    BadTag {
        /// The tag's kind.
        kind: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => formatter.write_str("the boot information is cut off"),
            Self::NoEndTag => formatter.write_str("the boot information has no end tag"),
            Self::BadTagSize { offset } => write!(formatter, "the boot tag at byte {offset} has an impossible size"),
            Self::BadTag { kind } => write!(formatter, "the boot tag of kind {kind} is malformed"),
        }
    }
}

/// Length of the whole information in bytes, from its first eight bytes.
pub fn total_size(first_eight_bytes: &[u8; HEADER_BYTES]) -> usize {
    let [a, b, c, d, ..] = *first_eight_bytes;
    u32::from_le_bytes([a, b, c, d]) as usize
}

/// The boot information, checked.
#[derive(Clone, Copy, Debug)]
pub struct Tags<'a> {
    /// The list of tags, from the first one on; every size in it is known to be good.
    list: &'a [u8],
    command_line: Option<&'a str>,
    boot_loader_name: Option<&'a str>,
    memory_map: Option<MemoryMap<'a>>,
    framebuffer: Option<Framebuffer<'a>>,
    rsdp_old: Option<&'a [u8]>,
    rsdp_new: Option<&'a [u8]>,
    efi_system_table: Option<u64>,
}

impl<'a> Tags<'a> {
    /// Checks the boot information at the start of `bytes`, which may be longer.
    ///
    /// # Errors
    ///
    /// Any length that does not fit. Where a tag occurs twice, the first one counts.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let header = bytes.first_chunk().ok_or(Error::Truncated)?;
        let list = bytes.get(HEADER_BYTES..total_size(header)).ok_or(Error::Truncated)?;
        let mut tags = Tags {
            list,
            command_line: None,
            boot_loader_name: None,
            memory_map: None,
            framebuffer: None,
            rsdp_old: None,
            rsdp_new: None,
            efi_system_table: None,
        };
        for tag in Walk::new(list) {
            let tag = tag?;
            tags.take(tag).ok_or(Error::BadTag { kind: tag.kind })?;
        }
        Ok(tags)
    }

    /// Keeps what `tag` says; `None` if it is malformed.
    fn take(&mut self, tag: Tag<'a>) -> Option<()> {
        let body = tag.body;
        match tag.kind {
            1 => keep(&mut self.command_line, text(body)),
            2 => keep(&mut self.boot_loader_name, text(body)),
            3 => {
                Module::parse(body)?;
            }
            6 => keep(&mut self.memory_map, MemoryMap::parse(body)?),
            8 => keep(&mut self.framebuffer, Framebuffer::parse(body)?),
            12 => keep(&mut self.efi_system_table, u64_at(body, 0)?),
            14 => keep(&mut self.rsdp_old, body),
            15 => keep(&mut self.rsdp_new, body),
            _ => {}
        }
        Some(())
    }

    /// The words after the kernel's name in the boot menu, up to the first byte that is no UTF-8.
    pub fn command_line(&self) -> Option<&'a str> {
        self.command_line
    }

    /// The boot loader's own name, such as `GRUB 2.06`.
    pub fn boot_loader_name(&self) -> Option<&'a str> {
        self.boot_loader_name
    }

    /// The files that the boot loader put into memory, in its order.
    pub fn modules(&self) -> impl Iterator<Item = Module<'a>> + use<'a> {
        Walk::new(self.list)
            .flatten()
            .filter(|tag| tag.kind == 3)
            .filter_map(|tag| Module::parse(tag.body))
    }

    /// The regions of physical memory, in the firmware's order; they may overlap and leave gaps. Empty if the boot
    /// loader passed no map.
    pub fn memory_map(&self) -> impl Iterator<Item = MemoryRegion> + use<'a> {
        self.memory_map.into_iter().flat_map(MemoryMap::regions)
    }

    /// The picture that the firmware or boot loader set up.
    pub fn framebuffer(&self) -> Option<Framebuffer<'a>> {
        self.framebuffer
    }

    /// Copy of the ACPI 1.0 root pointer.
    pub fn rsdp_old(&self) -> Option<&'a [u8]> {
        self.rsdp_old
    }

    /// Copy of the ACPI 2.0 (or later) root pointer; better than [`Tags::rsdp_old`] where both are there.
    pub fn rsdp_new(&self) -> Option<&'a [u8]> {
        self.rsdp_new
    }

    /// Physical address of the 64-bit EFI system table.
    pub fn efi_system_table(&self) -> Option<u64> {
        self.efi_system_table
    }
}

/// A file that the boot loader put into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module<'a> {
    /// Physical address of the first byte.
    pub start: u32,
    /// Physical address after the last byte; never below `start`.
    pub end: u32,
    /// The words after the file's name in the boot menu.
    pub name: &'a str,
}

impl<'a> Module<'a> {
    fn parse(body: &'a [u8]) -> Option<Self> {
        let module = Module {
            start: u32_at(body, 0)?,
            end: u32_at(body, 4)?,
            name: text(body.get(8..)?),
        };
        (module.start <= module.end).then_some(module)
    }
}

/// What a region of physical memory may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryKind {
    /// Ordinary memory, free except for what the boot loader put there.
    Available,
    /// Not to be touched.
    Reserved,
    /// ACPI tables; free once they have been read.
    AcpiReclaimable,
    /// Kept by the firmware, to be preserved over sleep.
    AcpiNonVolatile,
    /// Broken memory.
    Defective,
    /// A kind that the specification does not name; to be treated as reserved.
    Other(u32),
}

/// One region of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryRegion {
    /// Physical address of the first byte.
    pub start: u64,
    /// Bytes, cut so that `start + length` does not overflow.
    pub length: u64,
    /// What it may be used for.
    pub kind: MemoryKind,
}

#[derive(Clone, Copy, Debug)]
struct MemoryMap<'a> {
    entry_bytes: usize,
    entries: &'a [u8],
}

impl<'a> MemoryMap<'a> {
    fn parse(body: &'a [u8]) -> Option<Self> {
        let entry_bytes = u32_at(body, 0)? as usize;
        (entry_bytes >= MEMORY_ENTRY_BYTES).then_some(())?;
        Some(MemoryMap {
            entry_bytes,
            entries: body.get(8..)?,
        })
    }

    fn regions(self) -> impl Iterator<Item = MemoryRegion> + use<'a> {
        self.entries.chunks_exact(self.entry_bytes).filter_map(|entry| {
            let start = u64_at(entry, 0)?;
            let length = u64_at(entry, 8)?.min(u64::MAX - start);
            let kind = match u32_at(entry, 16)? {
                1 => MemoryKind::Available,
                2 => MemoryKind::Reserved,
                3 => MemoryKind::AcpiReclaimable,
                4 => MemoryKind::AcpiNonVolatile,
                5 => MemoryKind::Defective,
                other => MemoryKind::Other(other),
            };
            Some(MemoryRegion { start, length, kind })
        })
    }
}

/// One tag: its kind and what follows its header.
#[derive(Clone, Copy)]
struct Tag<'a> {
    kind: u32,
    body: &'a [u8],
}

/// Walks the list up to its end tag; an error ends the walk.
struct Walk<'a> {
    list: &'a [u8],
    offset: usize,
    has_ended: bool,
}

impl<'a> Walk<'a> {
    fn new(list: &'a [u8]) -> Self {
        Walk {
            list,
            offset: 0,
            has_ended: false,
        }
    }

    /// The next tag, `None` for the end tag.
    fn step(&mut self) -> Result<Option<Tag<'a>>, Error> {
        let bad_size = Error::BadTagSize {
            offset: HEADER_BYTES + self.offset,
        };
        let rest = self
            .list
            .get(self.offset..)
            .filter(|rest| !rest.is_empty())
            .ok_or(Error::NoEndTag)?;
        let kind = u32_at(rest, 0).ok_or(bad_size)?;
        let size = u32_at(rest, 4).ok_or(bad_size)? as usize;
        let body = rest.get(HEADER_BYTES..size).ok_or(bad_size)?;
        self.offset = (self.offset + size).next_multiple_of(TAG_ALIGNMENT_BYTES);
        Ok((kind != 0).then_some(Tag { kind, body }))
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Tag<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let step = self.step();
        self.has_ended = !matches!(step, Ok(Some(_)));
        step.transpose()
    }
}

/// Keeps the first value that comes.
fn keep<T>(place: &mut Option<T>, value: T) {
    place.get_or_insert(value);
}

/// The text before the first zero byte, up to the first byte that is no UTF-8.
fn text(bytes: &[u8]) -> &str {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}
