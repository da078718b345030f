//! A byte queue between one producer and one consumer, without locks, so that an interrupt handler can be either.
//!
//! The cells are atomics, so even a second producer or consumer by mistake only mixes up bytes and breaks nothing else;
//! the queue needs no unsafe code. The counts run freely and are reduced at each use; a power of two as capacity keeps
//! that right when they overflow.

use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// A queue of up to `N` bytes; `N` is a power of two. Usable as a `static`.
#[derive(Debug)]
pub struct ByteRing<const N: usize> {
    cells: [AtomicU8; N],
    /// Bytes ever pushed; written by the producer only.
    pushed: AtomicUsize,
    /// Bytes ever popped; written by the consumer only.
    popped: AtomicUsize,
}

impl<const N: usize> ByteRing<N> {
    /// An empty queue.
    pub const fn new() -> Self {
        const { assert!(N.is_power_of_two(), "the capacity of a ring must be a power of two") };
        Self {
            cells: [const { AtomicU8::new(0) }; N],
            pushed: AtomicUsize::new(0),
            popped: AtomicUsize::new(0),
        }
    }

    /// Bytes the queue can hold.
    pub const fn capacity(&self) -> usize {
        N
    }

    /// Bytes waiting; the other side may change it at any time.
    pub fn len(&self) -> usize {
        // In this order the difference cannot go below zero: `pushed` is at least any earlier `popped`.
        let popped = self.popped.load(Ordering::Acquire);
        let pushed = self.pushed.load(Ordering::Acquire);
        // A consumer that moved on between the loads can make the difference too large, never too small.
        pushed.wrapping_sub(popped).min(N)
    }

    /// True if nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True if there is no room.
    pub fn is_full(&self) -> bool {
        self.len() == N
    }

    /// Producer: adds a byte; false if there is no room.
    pub fn push(&self, byte: u8) -> bool {
        self.push_slice(&[byte]) == 1
    }

    /// Producer: adds as many of `bytes` as there is room for, and returns how many.
    pub fn push_slice(&self, bytes: &[u8]) -> usize {
        let pushed = self.pushed.load(Ordering::Relaxed);
        // Acquire: the consumer has finished reading the cells that are written below.
        let room = N - pushed.wrapping_sub(self.popped.load(Ordering::Acquire)).min(N);
        let count = bytes.len().min(room);
        for (index, byte) in bytes[..count].iter().enumerate() {
            self.cells[pushed.wrapping_add(index) % N].store(*byte, Ordering::Relaxed);
        }
        // Release: the bytes are there before the count says so.
        self.pushed.store(pushed.wrapping_add(count), Ordering::Release);
        count
    }

    /// Consumer: takes the oldest byte.
    pub fn pop(&self) -> Option<u8> {
        let mut byte = [0];
        (self.pop_slice(&mut byte) == 1).then_some(byte[0])
    }

    /// Consumer: takes as many bytes as wait and fit, and returns how many.
    pub fn pop_slice(&self, buffer: &mut [u8]) -> usize {
        let popped = self.popped.load(Ordering::Relaxed);
        // Acquire: pairs with the producer's release, so the cells below hold what it wrote.
        let waiting = self.pushed.load(Ordering::Acquire).wrapping_sub(popped).min(N);
        let count = buffer.len().min(waiting);
        for (index, byte) in buffer[..count].iter_mut().enumerate() {
            *byte = self.cells[popped.wrapping_add(index) % N].load(Ordering::Relaxed);
        }
        // Release: the cells have been read before the producer may write them again.
        self.popped.store(popped.wrapping_add(count), Ordering::Release);
        count
    }
}

impl<const N: usize> Default for ByteRing<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{ByteRing, Ordering};

    #[test]
    fn keeps_the_order_and_refuses_when_full() {
        static RING: ByteRing<4> = ByteRing::new();
        assert_eq!(RING.push_slice(b"abcdef"), 4);
        assert!(RING.is_full() && !RING.push(b'x'));
        let mut buffer = [0; 3];
        assert_eq!((RING.pop_slice(&mut buffer), &buffer), (3, b"abc"));
        assert!(RING.push(b'y'));
        assert_eq!((RING.pop(), RING.pop(), RING.pop()), (Some(b'd'), Some(b'y'), None));
        assert!(RING.is_empty());
    }

    #[test]
    fn counts_may_overflow() {
        let ring: ByteRing<8> = ByteRing::new();
        ring.pushed.store(usize::MAX - 2, Ordering::Relaxed);
        ring.popped.store(usize::MAX - 2, Ordering::Relaxed);
        for round in 0..20_u8 {
            assert_eq!(ring.push_slice(&[round, round + 1, round + 2]), 3);
            assert_eq!(ring.len(), 3);
            let mut buffer = [0; 8];
            assert_eq!(ring.pop_slice(&mut buffer), 3);
            assert_eq!(buffer[..3], [round, round + 1, round + 2]);
        }
    }

    #[test]
    fn two_threads_lose_and_reorder_nothing() {
        const BYTES: usize = 500_000;
        let ring: ByteRing<64> = ByteRing::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut sent = 0;
                while sent < BYTES {
                    let chunk: Vec<u8> = (sent..BYTES.min(sent + 1 + sent % 50))
                        .map(|n| (n % 251) as u8)
                        .collect();
                    sent += ring.push_slice(&chunk);
                    std::thread::yield_now();
                }
            });
            let mut received = 0;
            let mut buffer = [0; 37];
            while received < BYTES {
                assert!(ring.len() <= ring.capacity());
                let count = ring.pop_slice(&mut buffer);
                for byte in &buffer[..count] {
                    assert_eq!(usize::from(*byte), received % 251);
                    received += 1;
                }
                std::thread::yield_now();
            }
            assert_eq!(ring.pop(), None);
        });
    }
}
