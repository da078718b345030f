//! How the machine would be switched off and started again, as facts for people.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use hw::facts::{Fact, Facts};

use super::{FixedHardware, is_acpi_mode};
use crate::acpi::describe::profile;
use crate::acpi::fadt::Fadt;
use crate::acpi::sleep::SoftOff;

/// What the tables offer: `off`, `reset`, `mode`, `profile`. All of them are nothing, or the last resorts, where there are
/// no tables.
pub fn describe(fadt: Option<&Fadt>, soft_off: Option<SoftOff>, hardware: &impl FixedHardware) -> Facts {
    let has_off = fadt.is_some_and(|fadt| fadt.pm1a_control.is_some()) && soft_off.is_some();
    let register = fadt.and_then(|fadt| fadt.reset);
    let register = register.map(|reset| format!("{} = {:#x}", reset.register, reset.value).into());
    let last_resorts = ["keyboard controller", "triple fault"].map(Fact::from);
    let ways: Vec<Fact> = register.into_iter().chain(last_resorts).collect();
    let mode = fadt.and_then(|fadt| is_acpi_mode(fadt, hardware));
    let mode = mode.map(|is_acpi| if is_acpi { "acpi" } else { "legacy" });
    vec![
        ("off", has_off.then_some("acpi").into()),
        ("reset", Fact::List(ways)),
        ("mode", mode.into()),
        ("profile", fadt.map(|fadt| profile(fadt.profile)).into()),
    ]
}
