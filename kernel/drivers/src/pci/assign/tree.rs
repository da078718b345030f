//! Who hands on which addresses: the ranges that each bus is reached by, and what in them is taken.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::super::bridge::{Kind, Range};
use super::Doubt;
use super::room::{Room, Wish};
use super::surroundings::{Areas, Surroundings};

/// A bus: its segment and number.
pub(super) type Bus = (u16, u8);

/// The first buses' ports and memory: all segments share them.
const ROOT_IO: usize = 0;
const ROOT_MEMORY: usize = 1;

fn root_of(is_io: bool) -> usize {
    if is_io { ROOT_IO } else { ROOT_MEMORY }
}

/// What a bus is reached by.
#[derive(Debug, Default)]
struct Reach {
    io: Vec<usize>,
    prefetchable: Vec<usize>,
    memory: Vec<usize>,
    /// It is reached by all that this bus is reached by, too.
    through: Option<Bus>,
}

impl Reach {
    fn of(&self, kind: Kind) -> &[usize] {
        match kind {
            Kind::Io => &self.io,
            Kind::Prefetchable => &self.prefetchable,
            Kind::Memory => &self.memory,
        }
    }

    fn add(&mut self, kind: Kind, room: usize) {
        match kind {
            Kind::Io => self.io.push(room),
            Kind::Prefetchable => self.prefetchable.push(room),
            Kind::Memory => self.memory.push(room),
        }
    }
}

/// A free place, and where it is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    room: usize,
    pub(super) range: Range,
}

/// All buses.
pub(super) struct Tree {
    rooms: Vec<Room>,
    buses: BTreeMap<Bus, Reach>,
    areas: Areas,
}

impl Tree {
    pub(super) fn new(surroundings: &Surroundings) -> Self {
        let all = |last| Range { first: 0, last };
        let areas = Areas::new(surroundings);
        Self {
            rooms: vec![
                Room::new(all(u64::from(u16::MAX)), Vec::new()),
                Room::new(all(areas.last()), surroundings.ram.clone()),
            ],
            buses: BTreeMap::new(),
            areas,
        }
    }

    /// Adds a segment's first bus.
    pub(super) fn add_first(&mut self, bus: Bus) {
        self.buses.entry(bus).or_insert_with(|| Reach {
            io: vec![ROOT_IO],
            prefetchable: vec![ROOT_MEMORY],
            memory: vec![ROOT_MEMORY],
            through: None,
        });
    }

    /// Adds the bus behind a bridge; one that `is_transparent` hands on what nobody else on `parent` wants, too.
    pub(super) fn add(&mut self, bus: Bus, parent: Bus, is_transparent: bool) {
        let reach = Reach {
            through: is_transparent.then_some(parent),
            ..Reach::default()
        };
        self.buses.insert(bus, reach);
    }

    /// What `bus` is reached by: its own windows first, of which nobody else wants anything.
    fn rooms(&self, bus: Bus, kind: Kind) -> Vec<usize> {
        let mut rooms = Vec::new();
        let mut next = Some(bus);
        // A bus is always behind one of a lower number.
        while let Some(reach) = next.and_then(|bus| self.buses.get(&bus)) {
            rooms.extend_from_slice(reach.of(kind));
            next = reach.through;
        }
        rooms
    }

    /// Something is known of how the bus is reached.
    pub(super) fn knows(&self, bus: Bus) -> bool {
        self.buses.contains_key(&bus)
    }

    /// Takes what the firmware has put on a bus.
    pub(super) fn claim(&mut self, bus: Bus, is_io: bool, range: Range) -> Result<(), Doubt> {
        let mut worst = Doubt::Outside;
        for room in self.rooms_of(bus, is_io) {
            match self.rooms[room].take(range) {
                Ok(()) => {
                    if room == root_of(is_io) {
                        self.areas.note_used(is_io, range);
                    }
                    return Ok(());
                }
                Err(Doubt::Overlapping) => worst = Doubt::Overlapping,
                Err(Doubt::Outside) => {}
            }
        }
        Err(worst)
    }

    /// Nothing is put at `range` any more, wherever it is handed on: something may answer there.
    pub(super) fn avoid_everywhere(&mut self, is_io: bool, range: Range) {
        self.areas.note_stray(is_io, range);
    }

    /// Nothing is put at `range` on `bus` and on the first ones any more; others' windows are theirs.
    pub(super) fn avoid(&mut self, bus: Bus, is_io: bool, range: Range) {
        let mut rooms = self.rooms_of(bus, is_io);
        rooms.push(root_of(is_io));
        rooms.sort_unstable();
        rooms.dedup();
        rooms.into_iter().for_each(|room| self.rooms[room].avoid(range));
    }

    /// All that `bus` is reached by: memory of any kind is reached in any window of memory.
    fn rooms_of(&self, bus: Bus, is_io: bool) -> Vec<usize> {
        let kinds: &[Kind] = match is_io {
            true => &[Kind::Io],
            false => &[Kind::Memory, Kind::Prefetchable],
        };
        kinds.iter().flat_map(|kind| self.rooms(bus, *kind)).collect()
    }

    /// All that the firmware has placed has been told.
    pub(super) fn settle(&mut self) {
        self.areas.settle();
    }

    /// The bus is reached by `window` from now on, of which nothing is taken.
    pub(super) fn open(&mut self, bus: Bus, kind: Kind, window: Range) {
        self.rooms.push(Room::new(window, Vec::new()));
        if let Some(reach) = self.buses.get_mut(&bus) {
            reach.add(kind, self.rooms.len() - 1);
        }
    }

    /// A free place on `bus` for what goes into a window of `kind`; above 4 GiB only if it `is_wide`.
    pub(super) fn find(&mut self, bus: Bus, kind: Kind, wish: &Wish, is_wide: bool) -> Option<Place> {
        self.rooms(bus, kind).into_iter().find_map(|room| {
            let (areas, avoided) = match (kind, room) {
                (_, ROOT_IO) => self.areas.of_ports(),
                (_, ROOT_MEMORY) => self.areas.of_memory(is_wide),
                _ => self.areas.in_window(kind == Kind::Io, is_wide),
            };
            let found = areas.iter().find_map(|area| self.rooms[room].find(wish, area, avoided));
            found.map(|range| Place { room, range })
        })
    }

    /// Takes a place that was found, and that nobody has taken since.
    pub(super) fn take(&mut self, place: Place) {
        let taken = self.rooms[place.room].take(place.range);
        debug_assert_eq!(taken, Ok(()), "{place:?} was free");
    }
}
