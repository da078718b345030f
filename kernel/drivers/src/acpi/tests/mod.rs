//! The parsers against the tables of real machines.

mod contents;
mod lists;
mod malformed;

use std::io::Read as _;
use std::path::PathBuf;

use super::dmar::Dmar;
use super::dump::{self, Memory, Root, fix_sum, table};
use super::fadt::Fadt;
use super::hpet::Hpet;
use super::madt::Madt;
use super::mcfg::{self, Window};
use super::sleep::SoftOff;
use super::{Error, Signature, Table, Tables};

const Y540: &str = "lenovo-legion-y540-15irh-pg0-81sy";

/// A machine's tables.
struct Fixture {
    name: String,
    tables: Vec<Vec<u8>>,
}

impl Fixture {
    /// It has all tables, those with code too.
    fn is_complete(&self) -> bool {
        !self.name.contains(".fixed.")
    }
}

fn read(path: &PathBuf) -> Fixture {
    let file = std::fs::File::open(path).expect("the fixture is there");
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut text)
        .expect("the fixture is whole");
    Fixture {
        name: path.file_name().expect("a file").to_string_lossy().into_owned(),
        tables: dump::tables(&String::from_utf8_lossy(&text)),
    }
}

/// Every fixture, and the dumps of the folder that `ACPI_DUMPS` names.
fn fixtures() -> Vec<Fixture> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/acpi");
    let folders = std::iter::once(own).chain(std::env::var_os("ACPI_DUMPS").map(PathBuf::from));
    let entries = folders.flat_map(|folder| std::fs::read_dir(folder).expect("the fixtures are there"));
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let dumps = paths.filter(|path| path.extension().is_some_and(|extension| extension == "gz"));
    dumps.map(|path| read(&path)).collect()
}

fn y540() -> Vec<Vec<u8>> {
    let found = fixtures().into_iter().find(|fixture| fixture.name.starts_with(Y540));
    found.expect("the reference machine").tables
}

/// Everything the kernel reads from tables.
#[derive(Debug)]
struct Machine {
    fadt: Fadt,
    madt: Madt,
    hpet: Option<Hpet>,
    windows: Vec<Window>,
    dmar: Option<Dmar>,
    soft_off: Option<SoftOff>,
}

fn read_machine(memory: &Memory) -> Result<Machine, Error> {
    let tables = Tables::open(memory, &memory.root_pointer)?;
    let needed = |name: &[u8; 4]| {
        tables.find(name)?.ok_or(Error::WrongTable {
            signature: Signature(*name),
        })
    };
    let fadt = Fadt::parse(&needed(b"FACP")?)?;
    let windows = tables.find(b"MCFG")?.map(|table| mcfg::windows(&table)).transpose()?;
    Ok(Machine {
        soft_off: tables.soft_off(&fadt),
        fadt,
        madt: Madt::parse(&needed(b"APIC")?)?,
        hpet: tables.find(b"HPET")?.map(|table| Hpet::parse(&table)).transpose()?,
        windows: windows.unwrap_or_default(),
        dmar: tables.find(b"DMAR")?.map(|table| Dmar::parse(&table)).transpose()?,
    })
}
