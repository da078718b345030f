//! Which physical frames are in use: one bit per frame, over storage that the caller found.
//!
//! It is pure bookkeeping and never touches the frames, so it is tested on the host. A set bit means used; the bits
//! past the last frame stay set for ever, so no search needs to look at the length of the last word.
//!
//! Single frames are handed out by next fit: the search goes on at the word of the last success, and freeing moves it
//! to the freed word. With memory almost full the next allocation is therefore found at once, and an allocation that
//! cannot succeed is refused by the count without a search.

/// Frames that one storage word describes.
const FRAMES_PER_WORD: usize = u64::BITS as usize;

/// Why a frame could not be freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The frame is not one of this bitmap's.
    OutOfRange {
        /// Number of the frame.
        frame: usize,
    },
    /// The frame is already free.
    AlreadyFree {
        /// Number of the frame.
        frame: usize,
    },
}

impl core::fmt::Display for Error {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::OutOfRange { frame } => write!(formatter, "frame {frame:#x} is beyond the end of memory"),
            Self::AlreadyFree { frame } => write!(formatter, "frame {frame:#x} was freed twice"),
        }
    }
}

/// The used and free frames of the machine.
#[derive(Debug)]
pub struct FrameBitmap<'a> {
    words: &'a mut [u64],
    /// Frames described, free or not.
    total: usize,
    free: usize,
    /// Word where the next search for a single frame starts.
    hint: usize,
}

impl<'a> FrameBitmap<'a> {
    /// Words of storage that `frames` frames need.
    pub const fn words_for(frames: usize) -> usize {
        frames.div_ceil(FRAMES_PER_WORD)
    }

    /// A bitmap of `frames` frames, all used. If `storage` holds fewer bits than that, the frames past it are left out
    /// (`total` tells how many there are).
    pub fn new(storage: &'a mut [u64], frames: usize) -> Self {
        let total = frames.min(storage.len().saturating_mul(FRAMES_PER_WORD));
        storage.fill(u64::MAX);
        Self {
            words: storage,
            total,
            free: 0,
            hint: 0,
        }
    }

    /// Frames described, free or not.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Frames that are free now.
    pub fn free_count(&self) -> usize {
        self.free
    }

    /// True if `frame` exists and is free.
    pub fn is_free(&self, frame: usize) -> bool {
        frame < self.total && self.words[frame / FRAMES_PER_WORD] & bit(frame) == 0
    }

    /// Marks `count` frames from `start_frame` on as free, whatever they were, and returns how many were used before.
    /// The part of the range beyond the last frame is ignored.
    pub fn release_range(&mut self, start_frame: usize, count: usize) -> usize {
        let mut changed = 0;
        for (index, mask) in self.masks(start_frame, count) {
            changed += (self.words[index] & mask).count_ones() as usize;
            self.words[index] &= !mask;
        }
        self.free += changed;
        changed
    }

    /// Marks `count` frames from `start_frame` on as used, whatever they were, and returns how many were free before.
    /// The part of the range beyond the last frame is ignored.
    pub fn reserve_range(&mut self, start_frame: usize, count: usize) -> usize {
        let mut changed = 0;
        for (index, mask) in self.masks(start_frame, count) {
            changed += (!self.words[index] & mask).count_ones() as usize;
            self.words[index] |= mask;
        }
        self.free -= changed;
        changed
    }

    /// Takes one free frame, or `None` if there is none.
    pub fn allocate(&mut self) -> Option<usize> {
        if self.free == 0 {
            return None;
        }
        let has_free = |word: &u64| *word != u64::MAX;
        let (before, after) = self.words.split_at(self.hint);
        let index = match after.iter().position(has_free) {
            Some(offset) => self.hint + offset,
            None => before.iter().position(has_free)?,
        };
        let frame = index * FRAMES_PER_WORD + self.words[index].trailing_ones() as usize;
        self.words[index] |= bit(frame);
        self.free -= 1;
        self.hint = index;
        Some(frame)
    }

    /// Takes `count` frames in a row whose first number is a multiple of `alignment_frames` (0 counts as 1) and which
    /// all lie below `below_frame`, if that is given. The lowest such run is taken.
    pub fn allocate_contiguous(
        &mut self,
        count: usize,
        alignment_frames: usize,
        below_frame: Option<usize>,
    ) -> Option<usize> {
        if count == 0 || count > self.free {
            return None;
        }
        let alignment = alignment_frames.max(1);
        let limit = below_frame.map_or(self.total, |below| below.min(self.total));
        let mut start = 0;
        loop {
            start = self.first_free(start, limit)?.checked_next_multiple_of(alignment)?;
            let end = start.checked_add(count).filter(|end| *end <= limit)?;
            match self.first_used(start, end) {
                None => {
                    self.reserve_range(start, count);
                    return Some(start);
                }
                Some(used) => start = used + 1,
            }
        }
    }

    /// Gives one frame back.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] or [`Error::AlreadyFree`]; nothing has changed then.
    pub fn free(&mut self, frame: usize) -> Result<(), Error> {
        if frame >= self.total {
            return Err(Error::OutOfRange { frame });
        }
        let index = frame / FRAMES_PER_WORD;
        if self.words[index] & bit(frame) == 0 {
            return Err(Error::AlreadyFree { frame });
        }
        self.words[index] &= !bit(frame);
        self.free += 1;
        self.hint = index;
        Ok(())
    }

    /// The lowest free frame in `start..limit`.
    fn first_free(&self, start: usize, limit: usize) -> Option<usize> {
        self.first(start, limit, |word| !word)
    }

    /// The lowest used frame in `start..limit`.
    fn first_used(&self, start: usize, limit: usize) -> Option<usize> {
        self.first(start, limit, |word| word)
    }

    /// The lowest frame in `start..limit` whose bit is set in `wanted(word)`.
    fn first(&self, start: usize, limit: usize, wanted: impl Fn(u64) -> u64) -> Option<usize> {
        for (index, mask) in self.masks(start, limit.saturating_sub(start)) {
            let found = wanted(self.words[index]) & mask;
            if found != 0 {
                return Some(index * FRAMES_PER_WORD + found.trailing_zeros() as usize);
            }
        }
        None
    }

    /// The words that a range of frames touches, each with the bits of the range in it.
    fn masks(&self, start_frame: usize, count: usize) -> impl Iterator<Item = (usize, u64)> + use<> {
        let end = start_frame.saturating_add(count).min(self.total);
        // An empty range touches no word, not even the one it lies in.
        let start = if start_frame < end {
            start_frame
        } else {
            end.next_multiple_of(FRAMES_PER_WORD)
        };
        (start / FRAMES_PER_WORD..end.div_ceil(FRAMES_PER_WORD)).map(move |index| {
            let first = start.saturating_sub(index * FRAMES_PER_WORD);
            let last = (end - index * FRAMES_PER_WORD).min(FRAMES_PER_WORD);
            (index, (u64::MAX >> (FRAMES_PER_WORD - (last - first))) << first)
        })
    }
}

/// The bit of `frame` in its word.
const fn bit(frame: usize) -> u64 {
    1 << (frame % FRAMES_PER_WORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small repeatable pseudo-random numbers (xorshift64).
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % limit as u64) as usize
        }
    }

    #[test]
    fn starts_with_every_frame_used() {
        let mut storage = [0; 4];
        let mut bitmap = FrameBitmap::new(&mut storage, 200);
        assert_eq!((bitmap.total(), bitmap.free_count(), bitmap.allocate()), (200, 0, None));
    }

    #[test]
    fn describes_no_more_frames_than_the_storage_holds() {
        let mut storage = [0; 2];
        let mut bitmap = FrameBitmap::new(&mut storage, 1000);
        assert_eq!(bitmap.release_range(0, usize::MAX), 128);
        assert_eq!(bitmap.total(), 128);
    }

    #[test]
    fn hands_out_each_frame_once_and_none_beyond_the_last() {
        let mut storage = [0; 4];
        let mut bitmap = FrameBitmap::new(&mut storage, 200);
        bitmap.release_range(3, 1_000_000);
        let mut seen = [false; 200];
        while let Some(frame) = bitmap.allocate() {
            assert!(frame >= 3 && !seen[frame]);
            seen[frame] = true;
        }
        assert_eq!(seen.iter().filter(|seen| **seen).count(), 197);
    }

    #[test]
    fn refuses_a_double_free_and_a_frame_out_of_range() {
        let mut storage = [0; 4];
        let mut bitmap = FrameBitmap::new(&mut storage, 200);
        assert_eq!(bitmap.free(7), Ok(()));
        assert_eq!(bitmap.free(7), Err(Error::AlreadyFree { frame: 7 }));
        assert_eq!(bitmap.free(200), Err(Error::OutOfRange { frame: 200 }));
        assert_eq!(bitmap.free(usize::MAX), Err(Error::OutOfRange { frame: usize::MAX }));
        assert_eq!((bitmap.free_count(), bitmap.allocate()), (1, Some(7)));
    }

    #[test]
    fn contiguous_runs_respect_alignment_and_limit() {
        let mut storage = [0; 16];
        let mut bitmap = FrameBitmap::new(&mut storage, 1024);
        bitmap.release_range(5, 1000);
        bitmap.reserve_range(130, 1);
        assert_eq!(bitmap.allocate_contiguous(100, 64, None), Some(192));
        assert_eq!(bitmap.allocate_contiguous(64, 64, Some(128)), Some(64));
        assert_eq!(bitmap.allocate_contiguous(60, 1, Some(64)), None);
        assert_eq!(bitmap.allocate_contiguous(59, 1, Some(64)), Some(5));
        assert_eq!(bitmap.allocate_contiguous(1, usize::MAX, None), None);
        assert_eq!(bitmap.allocate_contiguous(0, 1, None), None);
        assert_eq!(bitmap.allocate_contiguous(usize::MAX, 1, None), None);
    }

    #[test]
    fn agrees_with_a_plain_model_over_random_use() {
        const FRAMES: usize = 515;
        let mut storage = [0; FrameBitmap::words_for(FRAMES)];
        let mut bitmap = FrameBitmap::new(&mut storage, FRAMES);
        let mut free = [false; FRAMES];
        let mut random = Random(0x5eed);
        for _ in 0..50_000 {
            let (start, count) = (random.below(FRAMES + 10), random.below(20));
            let range = start.min(FRAMES)..(start + count).min(FRAMES);
            match random.below(16) {
                0 => {
                    bitmap.release_range(start, count);
                    free[range].fill(true);
                }
                1 => {
                    bitmap.reserve_range(start, count);
                    free[range].fill(false);
                }
                2..7 => {
                    let expected = match free.get(start) {
                        None => Err(Error::OutOfRange { frame: start }),
                        Some(true) => Err(Error::AlreadyFree { frame: start }),
                        Some(false) => Ok(()),
                    };
                    assert_eq!(bitmap.free(start), expected);
                    if expected.is_ok() {
                        free[start] = true;
                    }
                }
                7 | 8 => {
                    let alignment = 1 << random.below(5);
                    let fits = |at: &usize| at + count <= FRAMES && free[*at..at + count].iter().all(|free| *free);
                    let expected = (0..FRAMES).step_by(alignment).find(fits).filter(|_| count > 0);
                    assert_eq!(bitmap.allocate_contiguous(count, alignment, None), expected);
                    if let Some(at) = expected {
                        free[at..at + count].fill(false);
                    }
                }
                _ => match bitmap.allocate() {
                    None => assert!(!free.contains(&true)),
                    Some(frame) => assert!(core::mem::take(&mut free[frame])),
                },
            }
            assert_eq!(bitmap.free_count(), free.iter().filter(|free| **free).count());
        }
    }
}
