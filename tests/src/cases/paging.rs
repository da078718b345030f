//! The page tables, read from the machine's memory, keep the promises that no program can look at from inside: no
//! page is writable and executable, nothing lies at or near address zero, device registers are not cached.
//!
//! Source: Intel SDM volume 3, section 4.5 (4-level paging).

use crate::ensure;
use crate::error::Error;
use crate::machine::{Config, Machine};
use crate::runner::{Company, Context, Test};

pub(super) const TESTS: &[Test] = &[Test {
    name: "paging_keeps_writable_and_executable_apart",
    company: Company::Shared,
    run: walk,
}];

const MEMORY_MIB: u32 = 64;
/// Where the image starts.
const IMAGE: u64 = 0xffff_ffff_8000_0000;
/// Stacks in the image.
const STATIC_STACKS: usize = 10;
const PRESENT: u64 = 1 << 0;
const WRITABLE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const CACHE_DISABLED: u64 = 1 << 4;
const LARGE: u64 = 1 << 7;
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// A mapped page: what the processor allows there after all levels.
struct Page {
    address: u64,
    physical: u64,
    bytes: u64,
    is_writable: bool,
    is_executable: bool,
    is_user: bool,
    is_uncached: bool,
}

fn walk(context: &Context) -> Result<(), Error> {
    let iso = context.images.with_command_line("")?;
    let config = Config {
        memory_mib: MEMORY_MIB,
        ..Config::default()
    };
    context.with_machine(&config, &iso, |machine| {
        machine.boot()?;
        // Arenas, stacks and heap are there, in use and used up.
        machine.eval("let t = task::start(|| { let a = []; a.pad(100000, 1); time::sleep_ms(1000000); a.len() });")?;
        machine.check("task::wait(task::start(|| 1))", "1")?;
        machine.monitor().human("stop")?;
        let registers = machine.monitor().human("info registers")?;
        check_registers(&registers)?;
        let memory = dump(machine)?;
        machine.monitor().human("cont")?;
        let mut pages = Vec::new();
        collect(
            &memory,
            register(&registers, "CR3")? & ADDRESS,
            4,
            0,
            WRITABLE | USER,
            &mut pages,
        )?;
        check_pages(&pages)
    })
}

/// Protection is switched on at all: write protection, no-execute, and what this processor offers beyond.
fn check_registers(registers: &str) -> Result<(), Error> {
    let bits = [
        ("CR0", 16, "WP"),
        ("EFER", 11, "NXE"),
        ("CR4", 20, "SMEP"),
        ("CR4", 21, "SMAP"),
        ("CR4", 11, "UMIP"),
    ];
    for (name, bit, meaning) in bits {
        ensure!(
            register(registers, name)? >> bit & 1 == 1,
            "{meaning} is off: {registers}"
        );
    }
    Ok(())
}

fn register(registers: &str, name: &str) -> Result<u64, Error> {
    let start = registers.split(&format!("{name}=")).nth(1).unwrap_or_default();
    let digits = start
        .split(|character: char| !character.is_ascii_hexdigit())
        .next()
        .unwrap_or_default();
    u64::from_str_radix(digits, 16).map_err(|_| Error::Wrong(format!("no {name} in {registers}")))
}

/// All of the machine's memory.
fn dump(machine: &mut Machine) -> Result<Vec<u8>, Error> {
    let file = machine.folder().join("memory");
    let bytes = u64::from(MEMORY_MIB) << 20;
    let arguments = format!(r#"{{"val": 0, "size": {bytes}, "filename": "{}"}}"#, file.display());
    machine
        .monitor()
        .command(&format!(r#"{{"execute": "pmemsave", "arguments": {arguments}}}"#))?;
    let memory = std::fs::read(&file)?;
    std::fs::remove_file(&file)?;
    Ok(memory)
}

/// Adds the pages below the table at `table`, whose entries cover `address` onwards.
fn collect(
    memory: &[u8],
    table: u64,
    level: u32,
    address: u64,
    allowed: u64,
    pages: &mut Vec<Page>,
) -> Result<(), Error> {
    for index in 0..512_u64 {
        let at = (table + index * 8) as usize;
        let entry = memory
            .get(at..at + 8)
            .and_then(|bytes| bytes.try_into().ok())
            .map(u64::from_le_bytes);
        let entry = entry.ok_or_else(|| Error::Wrong(format!("a page table at {table:#x}, outside of memory")))?;
        if entry & PRESENT == 0 {
            continue;
        }
        let bytes = 1_u64 << (12 + 9 * (level - 1));
        let mut start = address + index * bytes;
        if level == 4 && index >= 256 {
            start |= 0xffff_0000_0000_0000;
        }
        // Permissions narrow on the way down; no-execute adds up.
        let here = entry & allowed & (WRITABLE | USER) | (entry | allowed) & NO_EXECUTE;
        if level > 1 && entry & LARGE == 0 {
            collect(memory, entry & ADDRESS, level - 1, start, here, pages)?;
            continue;
        }
        ensure!(level < 4, "entry {index} of the highest table is {entry:#x}");
        pages.push(Page {
            address: start,
            physical: entry & ADDRESS & !(bytes - 1),
            bytes,
            is_writable: here & WRITABLE != 0,
            is_executable: here & NO_EXECUTE == 0,
            is_user: here & USER != 0,
            is_uncached: entry & CACHE_DISABLED != 0,
        });
    }
    Ok(())
}

fn check_pages(pages: &[Page]) -> Result<(), Error> {
    let ram_end = u64::from(MEMORY_MIB) << 20;
    let mut executable_bytes = 0;
    for page in pages {
        let address = page.address;
        ensure!(
            !(page.is_writable && page.is_executable),
            "{address:#x} is writable and executable"
        );
        ensure!(!page.is_user, "{address:#x} is open to user mode");
        ensure!(address >> 63 == 1, "{address:#x} is mapped in the lower half");
        ensure!(
            page.physical < ram_end || page.is_uncached || is_screen(page),
            "{address:#x} caches device registers"
        );
        executable_bytes += if page.is_executable { page.bytes } else { 0 };
    }
    // The machine has code, and no more of it than the kernel can have: no stray executable range.
    ensure!(
        (4096..16 << 20).contains(&executable_bytes),
        "{executable_bytes} executable bytes"
    );
    check_guards(pages)?;
    let has_registers = pages.iter().any(|page| page.physical == 0xfee0_0000);
    ensure!(has_registers, "the local interrupt controller is not mapped");
    Ok(())
}

/// Below each of the kernel's own stacks (the boot processor's, seven for interrupts, two for reports) a page is missing.
fn check_guards(pages: &[Page]) -> Result<(), Error> {
    let image: Vec<_> = pages.iter().filter(|page| page.address >= IMAGE).collect();
    let is_gap = |pair: &&[&Page]| pair[1].address == pair[0].address + 2 * pair[0].bytes;
    let gaps = image.windows(2).filter(is_gap).count();
    ensure!(
        gaps == STATIC_STACKS,
        "{gaps} single pages are missing in the image, not one below each of {STATIC_STACKS} stacks"
    );
    Ok(())
}

/// The frame buffer may combine writes; the standard display of the emulator has it at this address.
fn is_screen(page: &Page) -> bool {
    (0xfd00_0000..0xfe00_0000).contains(&page.physical) && !page.is_executable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(entries: &[(usize, u64)]) -> Vec<u8> {
        let mut table = vec![0; 4096];
        for (index, entry) in entries {
            table[index * 8..index * 8 + 8].copy_from_slice(&entry.to_le_bytes());
        }
        table
    }

    /// Four tables at 0, 1000h, 2000h, 3000h; the last entry is the parameter.
    fn pages(leaf: u64) -> Vec<Page> {
        let mut memory = table(&[(256, 0x1000 | 3)]);
        memory.extend(table(&[(0, 0x2000 | 3)]));
        memory.extend(table(&[(0, 0x3000 | 3)]));
        memory.extend(table(&[(5, leaf)]));
        let mut pages = Vec::new();
        collect(&memory, 0, 4, 0, WRITABLE | USER, &mut pages).expect("the tables lie in memory");
        pages
    }

    #[test]
    fn the_oracle_sees_a_page_that_breaks_a_promise() {
        let code = pages(0x5000 | PRESENT);
        assert_eq!(
            (code.len(), code[0].address, code[0].physical),
            (1, 0xffff_8000_0000_5000, 0x5000)
        );
        assert!(code[0].is_executable && !code[0].is_writable);
        assert!(check_pages(&pages(0x5000 | PRESENT | WRITABLE)).is_err());
        let data = pages(0x5000 | PRESENT | WRITABLE | NO_EXECUTE);
        assert!(data[0].is_writable && !data[0].is_executable);
        assert!(check_pages(&pages(0xfee0_0000 | PRESENT | WRITABLE | NO_EXECUTE)).is_err());
    }
}
