//! The firmware's tables of the reference machine, from its dump.

use std::io::Read;
use std::path::PathBuf;
use std::sync::OnceLock;

use drivers::acpi::dump::{Memory, Root};
use drivers::acpi::fadt::Fadt;
use drivers::acpi::{self, Signature, Tables, describe};
use drivers::power::{FixedHardware, describe::describe as describe_power};
use flate2::read::GzDecoder;
use services::acpi::{Acpi, Error};
use services::facts::{Fact, Facts};

const DUMP: &str = "../tests/fixtures/acpi/lenovo-legion-y540-15irh-pg0-81sy.acpidump.txt.gz";

/// The tables.
pub(super) struct FakeAcpi;

fn memory() -> &'static Memory {
    static MEMORY: OnceLock<Memory> = OnceLock::new();
    MEMORY.get_or_init(|| {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(DUMP);
        let file = std::fs::File::open(path).expect("the fixture is there");
        let mut text = String::new();
        GzDecoder::new(file)
            .read_to_string(&mut text)
            .expect("the fixture is whole");
        Memory::of_dump(&text, Root::Xsdt)
    })
}

fn tables() -> Result<Tables<'static, Memory>, Error> {
    Tables::open(memory(), &memory().root_pointer).map_err(malformed)
}

fn malformed(error: acpi::Error) -> Error {
    Error::Malformed(error.to_string())
}

impl Acpi for FakeAcpi {
    fn list(&self) -> Result<Vec<Facts>, Error> {
        Ok(describe::list(&tables()?))
    }

    fn read(&self, signature: &str, index: usize) -> Result<Vec<u8>, Error> {
        let named = Signature::from_text(signature);
        let found = named.map_or(Ok(None), |named| tables()?.raw(named, index).map_err(malformed))?;
        found.ok_or_else(|| Error::NotFound {
            signature: signature.into(),
            index,
        })
    }

    fn info(&self, signature: &str, index: usize) -> Result<Facts, Error> {
        describe::info(self.read(signature, index)?).map_err(malformed)
    }
}

/// Registers in which no bit is set but that ACPI mode is on.
struct Registers;

impl FixedHardware for Registers {
    fn read16(&self, _: &acpi::fadt::FixedRegister) -> Option<u16> {
        Some(1)
    }

    fn write16(&self, _: &acpi::fadt::FixedRegister, _: u16) -> Option<()> {
        None
    }

    fn write8(&self, _: &acpi::fadt::FixedRegister, _: u8) -> Option<()> {
        None
    }
}

/// What the tables say of power; its buttons make no events.
pub(super) fn power() -> Facts {
    let tables = tables().expect("the root is whole");
    let fadt = tables
        .find(b"FACP")
        .expect("it is whole")
        .map(|table| Fadt::parse(&table));
    let fadt = fadt.transpose().expect("it is whole");
    let soft_off = fadt.and_then(|fadt| tables.soft_off(&fadt));
    let mut facts = describe_power(fadt.as_ref(), soft_off, &Registers);
    facts.extend([
        ("power_button", Fact::Flag(false)),
        ("sleep_button", Fact::Flag(false)),
        ("presses", Fact::Number(0)),
    ]);
    facts
}
