//! Tables as facts for people: the list of all, and the contents of those that the parsers know.

use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use hw::bytes::{u8_at, u32_at};
use hw::facts::{Fact, Facts};

use super::aml::Block;
use super::dmar::{Dmar, Scope};
use super::fadt::{EventBlock, Fadt, FixedRegister, PROFILES};
use super::hpet::Hpet;
use super::madt::{Line, Madt, Polarity, Trigger};
use super::tables::Listed;
use super::{Error, Header, PhysicalMemory, Table, Tables, mcfg};

/// One row for each table: `signature`, `address`, `size_bytes`, `revision`, `oem` (its maker's names), `checksum` (whether
/// it is right; nothing for the one kind without) and `problem`. Few and narrow enough for a terminal.
pub fn list<M: PhysicalMemory>(tables: &Tables<'_, M>) -> Vec<Facts> {
    tables.list().iter().map(row).collect()
}

fn row(listed: &Listed) -> Facts {
    let (header, problem) = (listed.header.as_ref(), listed.problem);
    let with_maker = header.filter(|header| header.has_checksum());
    let is_summed = match problem {
        None => with_maker.map(|_| true),
        Some(_) => Some(false),
    };
    let maker = with_maker.map(|header| format!("{} {}", header.oem_id, header.oem_table_id));
    let signature = header.map(|header| header.signature.to_string());
    vec![
        ("signature", signature.into()),
        ("address", Fact::hex(listed.address)),
        (
            "size_bytes",
            header.map(|header| Fact::number(header.length_bytes)).into(),
        ),
        (
            "revision",
            with_maker.map(|header| Fact::number(header.revision)).into(),
        ),
        ("oem", maker.into()),
        ("checksum", is_summed.into()),
        ("problem", problem.map(|problem| problem.to_string()).into()),
    ]
}

/// What the table `bytes` says: its header, and its contents where it is a kind that is known.
///
/// # Errors
///
/// The table is damaged.
pub fn info(bytes: Vec<u8>) -> Result<Facts, Error> {
    if bytes.starts_with(b"FACS") {
        return Ok(control_structure(&bytes));
    }
    let table = Table::check(bytes)?;
    let mut facts = header(&table);
    facts.extend(match &table.signature().0 {
        b"FACP" => fadt(&Fadt::parse(&table)?),
        b"APIC" => madt(&Madt::parse(&table)?),
        b"HPET" => hpet(&Hpet::parse(&table)?),
        b"MCFG" => vec![("windows", windows(&table)?)],
        b"DMAR" => dmar(&Dmar::parse(&table)?),
        b"XSDT" => vec![("tables", entries::<8>(&table))],
        b"RSDT" => vec![("tables", entries::<4>(&table))],
        _ => Block::of(table).map(|block| code(&block)).unwrap_or_default(),
    });
    Ok(facts)
}

fn header(table: &Table) -> Facts {
    let Some(header) = Header::parse(table.bytes()) else {
        return Facts::new();
    };
    vec![
        ("signature", header.signature.to_string().into()),
        ("size_bytes", Fact::number(header.length_bytes)),
        ("revision", Fact::number(header.revision)),
        ("oem_id", header.oem_id.into()),
        ("oem_table_id", header.oem_table_id.into()),
        ("oem_revision", Fact::hex(header.oem_revision)),
        ("creator", header.creator.into()),
    ]
}

/// The firmware's control structure (section 5.2.10), which has no sum.
fn control_structure(bytes: &[u8]) -> Facts {
    let word = |offset| u32_at(bytes, offset).map(Fact::hex).into();
    vec![
        ("signature", "FACS".into()),
        ("size_bytes", u32_at(bytes, 4).map(Fact::number).into()),
        ("hardware_signature", word(8)),
        ("waking_vector", word(12)),
        ("global_lock", word(16)),
        ("version", u8_at(bytes, 32).map(Fact::number).into()),
    ]
}

fn code(block: &Block) -> Facts {
    vec![
        ("code_bytes", Fact::Number(block.code().len() as u64)),
        ("integer_bits", Fact::number(block.integer_bits())),
    ]
}

fn entries<const BYTES: usize>(table: &Table) -> Fact {
    let number = |entry: &[u8]| {
        entry
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    Fact::list(table.body().chunks_exact(BYTES), |entry| Fact::hex(number(entry)))
}

fn register(register: Option<FixedRegister>) -> Fact {
    register.map(|register| register.to_string()).into()
}

fn event_block(block: Option<EventBlock>) -> Fact {
    let facts = |block: EventBlock| -> Facts {
        vec![
            ("register", register(Some(block.register))),
            ("size_bytes", Fact::number(block.length_bytes)),
            ("first_event", Fact::number(block.first_event)),
        ]
    };
    block.map(facts).into()
}

/// How scripts name the kind of a button.
pub fn button(is_fixed: bool) -> &'static str {
    if is_fixed { "fixed" } else { "by AML or absent" }
}

/// How scripts name a profile.
pub fn profile(number: u8) -> Fact {
    match PROFILES.get(usize::from(number)) {
        Some(name) => (*name).into(),
        None => Fact::number(number),
    }
}

fn fadt(fadt: &Fadt) -> Facts {
    let reset = fadt.reset.map(|reset| -> Facts {
        let place = register(Some(reset.register));
        vec![("register", place), ("value", Fact::hex(reset.value))]
    });
    let timer = fadt.timer.map(|timer| -> Facts {
        let bits: u8 = if timer.is_32_bit { 32 } else { 24 };
        vec![
            ("register", register(Some(timer.register))),
            ("bits", Fact::number(bits)),
        ]
    });
    vec![
        ("profile", profile(fadt.profile)),
        ("facs", Fact::hex(fadt.facs_address)),
        ("dsdt", Fact::hex(fadt.dsdt_address)),
        ("sci_interrupt", Fact::number(fadt.sci_interrupt)),
        ("smi_command_port", fadt.smi_command_port.map(Fact::hex).into()),
        ("acpi_enable", Fact::hex(fadt.acpi_enable)),
        ("acpi_disable", Fact::hex(fadt.acpi_disable)),
        ("pm1a_event", register(fadt.pm1a_event)),
        ("pm1b_event", register(fadt.pm1b_event)),
        ("pm1a_control", register(fadt.pm1a_control)),
        ("pm1b_control", register(fadt.pm1b_control)),
        ("gpe0", event_block(fadt.gpe0)),
        ("gpe1", event_block(fadt.gpe1)),
        ("timer", timer.into()),
        ("reset", reset.into()),
        ("century_register", fadt.century_register.map(Fact::number).into()),
        ("power_button", button(fadt.has_fixed_power_button).into()),
        ("sleep_button", button(fadt.has_fixed_sleep_button).into()),
        ("legacy_devices", fadt.has_legacy_devices.into()),
        ("i8042", fadt.has_8042.into()),
        ("cmos_rtc", (!fadt.has_no_rtc).into()),
        ("vga", (!fadt.has_no_vga).into()),
        ("msi", (!fadt.has_no_msi).into()),
        ("aspm", (!fadt.has_no_aspm).into()),
        ("hardware_reduced", fadt.is_hardware_reduced.into()),
    ]
}

/// The two words for an interrupt line.
fn line(line: Line) -> [(&'static str, Fact); 2] {
    let polarity = match line.polarity {
        Polarity::BusDefault => "bus",
        Polarity::ActiveHigh => "high",
        Polarity::ActiveLow => "low",
    };
    let trigger = match line.trigger {
        Trigger::BusDefault => "bus",
        Trigger::Edge => "edge",
        Trigger::Level => "level",
    };
    [("active", polarity.into()), ("trigger", trigger.into())]
}

fn with_line(mut facts: Facts, of: Line) -> Fact {
    facts.extend(line(of));
    facts.into()
}

fn madt(madt: &Madt) -> Facts {
    let processors = Fact::list(&madt.processors, |processor| {
        let facts: Facts = vec![
            ("uid", Fact::number(processor.uid)),
            ("apic_id", Fact::number(processor.apic_id)),
            ("enabled", processor.is_enabled.into()),
            ("online_capable", processor.is_online_capable.into()),
        ];
        facts.into()
    });
    let io_apics = Fact::list(&madt.io_apics, |io_apic| {
        let facts: Facts = vec![
            ("id", Fact::number(io_apic.id)),
            ("address", Fact::hex(io_apic.address)),
            ("first_interrupt", Fact::number(io_apic.first_interrupt)),
        ];
        facts.into()
    });
    let overrides = Fact::list(&madt.overrides, |entry| {
        let from = ("isa_interrupt", Fact::number(entry.isa_interrupt));
        with_line(vec![from, ("interrupt", Fact::number(entry.interrupt))], entry.line)
    });
    let nmi_sources = Fact::list(&madt.nmi_sources, |source| {
        with_line(vec![("interrupt", Fact::number(source.interrupt))], source.line)
    });
    let local_nmis = Fact::list(&madt.local_nmis, |nmi| {
        let uid = nmi.processor_uid.map(Fact::number).into();
        with_line(vec![("uid", uid), ("input", Fact::number(nmi.input))], nmi.line)
    });
    vec![
        ("local_apic", Fact::hex(madt.local_apic_address)),
        ("has_8259", madt.has_8259.into()),
        ("processors", processors),
        ("io_apics", io_apics),
        ("overrides", overrides),
        ("nmi_sources", nmi_sources),
        ("local_nmis", local_nmis),
    ]
}

fn hpet(hpet: &Hpet) -> Facts {
    vec![
        ("address", Fact::hex(hpet.address)),
        ("least_ticks", Fact::number(hpet.least_ticks)),
    ]
}

fn windows(table: &Table) -> Result<Fact, Error> {
    Ok(Fact::list(mcfg::windows(table)?, |window| {
        let facts: Facts = vec![
            ("address", Fact::hex(window.address)),
            ("segment", Fact::number(window.segment)),
            ("first_bus", Fact::number(window.first_bus)),
            ("last_bus", Fact::number(window.last_bus)),
        ];
        facts.into()
    }))
}

fn scopes(scopes: &[Scope]) -> Fact {
    Fact::list(scopes, |scope| {
        let kind = match scope.kind {
            1 => "pci device",
            2 => "pci bridge",
            3 => "io apic",
            4 => "hpet",
            5 => "acpi device",
            _ => "other",
        };
        let mut path = format!("{:02x}", scope.first_bus);
        for (device, function) in &scope.path {
            path += &format!(":{device:02x}.{function:x}");
        }
        let facts: Facts = vec![
            ("kind", kind.into()),
            ("id", Fact::number(scope.enumeration_id)),
            ("path", path.into()),
        ];
        facts.into()
    })
}

fn dmar(dmar: &Dmar) -> Facts {
    let units = Fact::list(&dmar.units, |unit| {
        let facts: Facts = vec![
            ("address", Fact::hex(unit.address)),
            ("segment", Fact::number(unit.segment)),
            ("all_others", unit.has_all_others.into()),
            ("scopes", scopes(&unit.scopes)),
        ];
        facts.into()
    });
    let regions = Fact::list(&dmar.reserved_regions, |region| {
        let facts: Facts = vec![
            ("segment", Fact::number(region.segment)),
            ("first", Fact::hex(region.first)),
            ("last", Fact::hex(region.last)),
            ("scopes", scopes(&region.scopes)),
        ];
        facts.into()
    });
    vec![
        ("address_bits", Fact::number(dmar.address_bits)),
        ("interrupt_remapping", dmar.remaps_interrupts.into()),
        ("x2apic_opt_out", dmar.refuses_x2apic.into()),
        ("protection_opt_in", dmar.wants_protection.into()),
        ("units", units),
        ("reserved_regions", regions),
    ]
}
