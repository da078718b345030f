//! The names of PCI devices: what `xtask` packs is what the kernel reads.

use hw::fake::Random;
use names::{pack, pack_all};
use pci_ids::Vendors;
use services::pci::names::{Key, Malformed, Names};

fn leaked(bytes: &[u8]) -> &'static [u8] {
    Box::leak(bytes.to_vec().into_boxed_slice())
}

#[test]
fn every_name_is_found_again() {
    let pack = pack_all();
    let names = Names::parse(leaked(&pack)).expect("a pack");
    println!("{} bytes", pack.len());
    let mut keys = Vec::new();
    let mut expected = Vec::new();
    for vendor in Vendors::iter() {
        keys.push(Key::Vendor(vendor.id()));
        expected.push(vendor.name());
        for device in vendor.devices() {
            keys.push(Key::Device(vendor.id(), device.id()));
            expected.push(device.name());
        }
    }
    assert!(keys.len() > 15_000);
    for (found, expected) in names.find(&keys).iter().zip(&expected) {
        assert_eq!(found.as_deref(), Some(*expected));
    }
    // One at a time finds the same as all at once, whatever the order.
    for index in (0..keys.len()).step_by(997).rev() {
        assert_eq!(names.find(&[keys[index]]), [Some(expected[index].to_string())]);
    }
    let strangers = [
        Key::Vendor(0xffee),
        Key::Device(0x8086, 0xffff),
        Key::Class(0x42),
        Key::Subsystem(u16::MAX, u16::MAX, u16::MAX, u16::MAX),
    ];
    assert_eq!(names.find(&strangers), [const { None }; 4]);
    let known = [
        Key::Subclass(1, 6),
        Key::Interface(1, 8, 2),
        Key::Subsystem(0x144d, 0xa808, 0x144d, 0xa801),
        Key::Class(2),
    ];
    let known = names.find(&known);
    let known: Vec<&str> = known.iter().flatten().map(String::as_str).collect();
    assert_eq!(
        known,
        [
            "SATA controller",
            "NVM Express",
            "SSD 970 EVO Plus",
            "Network controller"
        ]
    );
}

/// Every device of the reference laptop, and those that other units of it have.
#[test]
fn the_reference_laptop_is_named_right() {
    let names = Names::parse(leaked(&pack_all())).expect("a pack");
    let mut count = 0;
    for line in include_str!("../fixtures/pci/y540.txt").lines() {
        if line.starts_with('#') || line.starts_with("  ") {
            continue;
        }
        let words: Vec<&str> = line.splitn(6, ' ').collect();
        let (vendor, device) = words[1].split_once(':').expect("two numbers");
        let number = |text| u16::from_str_radix(text, 16).expect("a number");
        let class = u32::from_str_radix(words[3], 16).expect("a number").to_be_bytes();
        let keys = [
            Key::Device(number(vendor), number(device)),
            Key::Vendor(number(vendor)),
            Key::Subclass(class[1], class[2]),
        ];
        let found = names.find(&keys);
        assert_eq!(found[0].as_deref(), Some(words[5]), "{line}");
        assert!(found[1].is_some() && found[2].is_some(), "{line}: {found:?}");
        count += 1;
    }
    assert_eq!(count, 29);
}

#[test]
fn a_damaged_pack_is_an_error_or_has_fewer_names() {
    let some = [
        ((2, [1, 0, 0, 0]), "one"),
        ((2, [2, 0, 0, 0]), "zwei"),
        ((3, [2, 1, 0, 0]), "two's device"),
        ((2, [2, 0, 0, 0]), "twice"),
    ];
    let pack = pack(&some);
    let keys = [Key::Vendor(2), Key::Device(2, 1), Key::Class(1)];
    let names = Names::parse(leaked(&pack)).expect("a pack");
    assert_eq!(
        names.find(&keys)[..2],
        [Some("zwei".to_string()), Some("two's device".into())]
    );
    for length in 0..pack.len() {
        assert_eq!(
            Names::parse(leaked(&pack[..length])).map(drop),
            Err(Malformed),
            "{length}"
        );
    }
    let mut random = Random(7);
    for _ in 0..20_000 {
        let mut damaged = pack.clone();
        for _ in 0..=random.below(3) {
            let place = random.below(damaged.len());
            damaged[place] = random.bits() as u8;
        }
        // Not leaked for good: the pack is small and there are few of them.
        if let Ok(names) = Names::parse(leaked(&damaged)) {
            assert_eq!(names.find(&keys).len(), keys.len());
        }
    }
}
