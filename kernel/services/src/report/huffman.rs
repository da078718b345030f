//! Huffman codes as DEFLATE wants them: lengths with a limit, and canonical codes from lengths.
//!
//! Source: RFC 1951, 3.2.2.

/// Symbols of the largest alphabet, that of literals and lengths.
pub(super) const SYMBOL_LIMIT: usize = 286;
const NODE_LIMIT: usize = 2 * SYMBOL_LIMIT;
/// The longest code that DEFLATE knows, in bits.
pub(super) const LENGTH_LIMIT: usize = 15;

/// A code for up to `SYMBOL_LIMIT` symbols.
pub(super) struct Code {
    /// Bits of each symbol's code; 0 for a symbol that is not used.
    pub(super) lengths: [u8; SYMBOL_LIMIT],
    /// The codes, the first bit lowest.
    codes: [u16; SYMBOL_LIMIT],
    /// Scratch: what a node of the tree weighs, and the number of the node above it.
    weights: [u32; NODE_LIMIT],
    parents: [u16; NODE_LIMIT],
}

impl Code {
    pub(super) const fn new() -> Self {
        Self {
            lengths: [0; SYMBOL_LIMIT],
            codes: [0; SYMBOL_LIMIT],
            weights: [0; NODE_LIMIT],
            parents: [0; NODE_LIMIT],
        }
    }

    /// Makes the code for symbols that come this often, none longer than `limit` bits. It always has two symbols or
    /// more, for not every decoder takes fewer.
    pub(super) fn make(&mut self, frequencies: &mut [u16], limit: usize) {
        for symbol in 0..frequencies.len().min(2) {
            if frequencies.iter().filter(|frequency| **frequency > 0).count() < 2 {
                frequencies[symbol] = frequencies[symbol].max(1);
            }
        }
        while self.set_lengths(frequencies) > limit {
            // Flatter frequencies make a flatter tree.
            for frequency in frequencies.iter_mut().filter(|frequency| **frequency > 0) {
                *frequency = *frequency / 2 + 1;
            }
        }
        self.set_codes();
    }

    /// Sets the lengths of an optimal code, and returns the longest.
    fn set_lengths(&mut self, frequencies: &[u16]) -> usize {
        /// Stands for "no node above".
        const ROOT: u16 = u16::MAX;
        let symbols = frequencies.len();
        for (weight, frequency) in self.weights.iter_mut().zip(frequencies) {
            *weight = (*frequency).into();
        }
        self.parents.fill(ROOT);
        let mut nodes = symbols;
        while let (Some(first), Some(second)) = self.lightest_two(nodes) {
            self.weights[nodes] = self.weights[first] + self.weights[second];
            self.parents[first] = nodes as u16;
            self.parents[second] = nodes as u16;
            nodes += 1;
        }
        self.lengths.fill(0);
        let mut longest = 0;
        for symbol in (0..symbols).filter(|symbol| frequencies[*symbol] > 0) {
            let mut length = 0;
            let mut node = self.parents[symbol];
            while node != ROOT {
                length += 1;
                node = self.parents[usize::from(node)];
            }
            self.lengths[symbol] = length;
            longest = longest.max(length.into());
        }
        longest
    }

    /// The two lightest of the first `nodes` nodes that have none above them.
    fn lightest_two(&self, nodes: usize) -> (Option<usize>, Option<usize>) {
        let (mut first, mut second) = (None, None);
        let weight = |node: Option<usize>| node.map_or(u32::MAX, |node| self.weights[node]);
        for node in (0..nodes).filter(|node| self.weights[*node] > 0 && self.parents[*node] == u16::MAX) {
            if self.weights[node] < weight(first) {
                (first, second) = (Some(node), first);
            } else if self.weights[node] < weight(second) {
                second = Some(node);
            }
        }
        (first, second)
    }

    fn set_codes(&mut self) {
        let mut counts = [0u16; LENGTH_LIMIT + 2];
        for length in self.lengths.iter().filter(|length| **length > 0) {
            counts[usize::from(*length) + 1] += 1;
        }
        // The first code of each length; afterwards the next free one.
        let mut next = [0u16; LENGTH_LIMIT + 2];
        for length in 1..next.len() {
            next[length] = (next[length - 1] + counts[length]) << 1;
        }
        for (code, length) in self.codes.iter_mut().zip(&self.lengths) {
            let length = usize::from(*length);
            if length > 0 {
                *code = next[length].reverse_bits() >> (16 - length);
                next[length] += 1;
            }
        }
    }

    /// A symbol's code, the first bit lowest, and its bits.
    pub(super) fn of(&self, symbol: usize) -> (u32, u32) {
        (self.codes[symbol].into(), self.lengths[symbol].into())
    }
}
