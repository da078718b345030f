//! Where a machine spends its time: its instruction pointer, read through the monitor again and again.

use std::collections::HashMap;
use std::path::Path;

use xtask::elf::{self, Symbol};
use xtask::symbols;

use crate::error::Error;
use crate::machine::Machine;

/// Samples by function.
pub struct Profile {
    functions: Vec<Symbol>,
    hits: HashMap<String, u32>,
    samples: u32,
}

impl Profile {
    /// Nothing sampled yet; names come from the symbols of the linked kernel `file`.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read.
    pub fn new(file: &Path) -> Result<Self, Error> {
        let mut functions = elf::functions(&std::fs::read(file)?).map_err(xtask::error::Error::from)?;
        // The linker script also names places of the boot code by their low, physical addresses.
        functions.retain(|function| function.address >= symbols::BASE);
        functions.sort_by_key(|function| function.address);
        Ok(Self {
            functions,
            hits: HashMap::new(),
            samples: 0,
        })
    }

    /// Looks once at what the machine's first processor does.
    ///
    /// # Errors
    ///
    /// Where the monitor does not answer.
    pub fn sample(&mut self, machine: &mut Machine) -> Result<(), Error> {
        let registers = machine.monitor().human("info registers")?;
        let name = if registers.contains("HLT=1") {
            String::from("(halted)")
        } else {
            let digits = registers.split("IP=").nth(1).unwrap_or_default();
            let digits = digits
                .split(|character: char| !character.is_ascii_hexdigit())
                .next()
                .unwrap_or_default();
            self.name(u64::from_str_radix(digits, 16).unwrap_or(0))
        };
        *self.hits.entry(name).or_default() += 1;
        self.samples += 1;
        Ok(())
    }

    /// The `count` functions met most often, as JSON objects for the measurement `name`.
    pub fn top(&self, name: &str, count: usize) -> Vec<String> {
        let mut hits: Vec<_> = self.hits.iter().collect();
        hits.sort_by_key(|(function, hits)| (std::cmp::Reverse(**hits), *function));
        let row = |(function, hits): (&String, &u32)| {
            let percent = 100.0 * f64::from(*hits) / f64::from(self.samples.max(1));
            let function = function.replace('"', "'");
            format!("{{\"profile\": \"{name}\", \"percent\": {percent:.1}, \"function\": \"{function}\"}}")
        };
        hits.into_iter().take(count).map(row).collect()
    }

    fn name(&self, address: u64) -> String {
        let after = self.functions.partition_point(|function| function.address <= address);
        match self.functions.get(after.wrapping_sub(1)) {
            Some(function) => format!("{:#}", rustc_demangle::demangle(&function.name)),
            None => String::from("(firmware and boot loader)"),
        }
    }
}
