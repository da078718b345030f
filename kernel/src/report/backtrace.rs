//! Who called whom: a walk along the frame pointers that reads only mapped memory.

use core::fmt;

use super::symbols;
use crate::memory::{DIRECT_MAP, paging};

/// Frames shown at most.
const DEPTH_LIMIT: usize = 40;

/// Writes one line a frame, the innermost first.
pub fn write(out: &mut dyn fmt::Write, rip: u64, rbp: u64) -> fmt::Result {
    write_place(out, rip as usize, rip as usize)?;
    let mut base = rbp as usize;
    for _ in 0..DEPTH_LIMIT {
        if base < DIRECT_MAP || !base.is_multiple_of(8) || !paging::is_mapped(base) || !paging::is_mapped(base + 15) {
            return Ok(());
        }
        // SAFETY: both words are mapped, as just checked, and aligned; at worst they hold no frame.
        let [caller_base, return_address] = unsafe { (base as *const [usize; 2]).read_volatile() };
        if return_address == 0 {
            return Ok(());
        }
        // The call lies before the address to which it returns.
        write_place(out, return_address, return_address.wrapping_sub(1))?;
        base = caller_base;
    }
    out.write_str("    ...\n")
}

/// Writes one line: an address and the function that holds `lookup`.
fn write_place(out: &mut dyn fmt::Write, address: usize, lookup: usize) -> fmt::Result {
    match symbols::find(lookup) {
        Some((name, offset)) => writeln!(out, "  {address:#018x} {name}+{offset:#x}"),
        None => writeln!(out, "  {address:#018x} ?"),
    }
}
