//! Which vectors of which cores are taken, and by whom.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;

use drivers::message;
use hw::pci::Message;
use services::interrupts::Delivery;

/// The vectors that devices can have, on each core.
pub const DEVICE_VECTORS: RangeInclusive<u8> = 0x30..=0xdf;
const COUNT: usize = (*DEVICE_VECTORS.end() - *DEVICE_VECTORS.start()) as usize + 1;

/// Why there is no vector for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No core with this number is at work.
    NoSuchCore(u32),
    /// All vectors are taken, on the core that was asked for or on all.
    NoVector,
    /// Interrupts of devices cannot be sent to this core without interrupt remapping.
    FarProcessor {
        /// The core.
        core: u32,
        /// Its APIC's number, above 254.
        apic_id: u32,
    },
    /// There is no memory to note who has it.
    OutOfMemory,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchCore(core) => write!(out, "no core {core} is at work"),
            Self::NoVector => out.write_str("all interrupt vectors are taken"),
            Self::FarProcessor { core, apic_id } => write!(
                out,
                "core {core}, with APIC number {apic_id}, is out of devices' reach without interrupt remapping"
            ),
            Self::OutOfMemory => out.write_str("no memory for another interrupt"),
        }
    }
}

/// A vector of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The core's number.
    pub core: u32,
    /// Its local APIC's number.
    pub apic_id: u32,
    /// One of [`DEVICE_VECTORS`].
    pub vector: u8,
    /// What a device writes to raise it.
    pub message: Message,
}

/// Who has a vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The vector.
    pub place: Place,
    /// Whose interrupt it is, for people.
    pub name: String,
    /// How the interrupt gets to the core.
    pub delivery: Delivery,
}

#[derive(Debug)]
struct Core {
    index: u32,
    apic_id: u32,
    /// One bit for each of [`DEVICE_VECTORS`].
    is_taken: [u64; COUNT.div_ceil(64)],
    taken: usize,
    /// Where the search begins: behind the vector given out last, so that one that was freed rests for as long as
    /// possible. A late message for its old owner then finds nobody.
    next: usize,
}

/// All cores' device vectors.
#[derive(Debug, Default)]
pub struct Places {
    cores: Vec<Core>,
    owners: Vec<Owner>,
}

impl Core {
    fn take(&mut self) -> Option<u8> {
        let order = (self.next..COUNT).chain(0..self.next);
        let free = order
            .into_iter()
            .find(|at| self.is_taken[at / 64] >> (at % 64) & 1 == 0)?;
        self.is_taken[free / 64] |= 1 << (free % 64);
        self.taken += 1;
        self.next = (free + 1) % COUNT;
        Some(DEVICE_VECTORS.start() + free as u8)
    }

    fn give_back(&mut self, vector: u8) {
        let at = usize::from(vector - DEVICE_VECTORS.start());
        self.is_taken[at / 64] &= !(1 << (at % 64));
        self.taken -= 1;
    }
}

impl Places {
    /// No cores.
    pub const fn new() -> Self {
        Self {
            cores: Vec::new(),
            owners: Vec::new(),
        }
    }

    /// A core is ready for interrupts. Nothing changes for one that was.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn add_core(&mut self, index: u32, apic_id: u32) -> Result<(), Error> {
        if self.cores.iter().any(|core| core.index == index) {
            return Ok(());
        }
        self.cores.try_reserve(1).map_err(|_| Error::OutOfMemory)?;
        self.cores.push(Core {
            index,
            apic_id,
            is_taken: [0; _],
            taken: 0,
            next: 0,
        });
        Ok(())
    }

    /// The cores that are ready for interrupts, in the order of their coming.
    pub fn cores(&self) -> impl Iterator<Item = u32> {
        self.cores.iter().map(|core| core.index)
    }

    /// Takes a vector of the core that was asked for, or of the one with the fewest taken.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn take(&mut self, core: Option<u32>, name: String, delivery: Delivery) -> Result<Place, Error> {
        let is_near = |core: &Core| message::to(core.apic_id, *DEVICE_VECTORS.start()).is_ok();
        self.owners.try_reserve(1).map_err(|_| Error::OutOfMemory)?;
        let chosen = match core {
            Some(index) => self.cores.iter_mut().find(|core| core.index == index),
            None => self
                .cores
                .iter_mut()
                .filter(|core| is_near(core))
                .min_by_key(|core| (core.taken, core.index)),
        };
        let core = chosen.ok_or(core.map_or(Error::NoVector, Error::NoSuchCore))?;
        let far = Error::FarProcessor {
            core: core.index,
            apic_id: core.apic_id,
        };
        if !is_near(core) {
            return Err(far);
        }
        let vector = core.take().ok_or(Error::NoVector)?;
        let place = Place {
            core: core.index,
            apic_id: core.apic_id,
            vector,
            message: message::to(core.apic_id, vector).map_err(|_| far)?,
        };
        self.owners.push(Owner { place, name, delivery });
        Ok(place)
    }

    /// Gives a vector back; who had it, `None` where nobody had.
    pub fn give_back(&mut self, core: u32, vector: u8) -> Option<Owner> {
        let is_it = |owner: &Owner| (owner.place.core, owner.place.vector) == (core, vector);
        let owner = self.owners.iter().position(is_it)?;
        if let Some(core) = self.cores.iter_mut().find(|known| known.index == core) {
            core.give_back(vector);
        }
        Some(self.owners.swap_remove(owner))
    }

    /// Who has which vector, in no order.
    pub fn owners(&self) -> &[Owner] {
        &self.owners
    }
}
