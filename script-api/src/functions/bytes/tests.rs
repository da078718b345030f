//! Packing: known bytes, limits of every field, and formats that nobody means.

use alloc::format;
use alloc::vec::Vec;

use super::format::Format;
use super::pack::{pack, unpack};
use crate::compute::{Pace, Result};
use crate::functions::tests::{mutations, numbers};
use rhai::{Array, Dynamic};

fn pack_all(format: &str, values: &[Dynamic]) -> Result<Vec<u8>> {
    pack(&Format::parse(format, &mut Pace::free())?, values, &mut Pace::free())
}

fn unpack_all(format: &str, data: &[u8]) -> Result<Array> {
    unpack(&Format::parse(format, &mut Pace::free())?, data, &mut Pace::free())
}

fn code<T: core::fmt::Debug>(result: Result<T>) -> &'static str {
    result.expect_err("refused").code().expect("a code")
}

#[test]
fn packs_known_bytes_and_unpacks_them() {
    let values: Vec<Dynamic> = alloc::vec![
        (-2i64).into(),
        0x1234i64.into(),
        0x0102_0304i64.into(),
        (-1i64).into(),
        1.5f64.into(),
        (-0.5f64).into(),
        true.into(),
        Dynamic::from_blob(alloc::vec![7, 8, 0]),
    ];
    let little = pack_all("<bH x Iq fd? 3s", &values).expect("it fits");
    let mut expected = alloc::vec![0xfe, 0x34, 0x12, 0, 4, 3, 2, 1];
    expected.extend([0xff; 8]);
    expected.extend([0, 0, 0xc0, 0x3f, 0, 0, 0, 0, 0, 0, 0xe0, 0xbf, 1, 7, 8, 0]);
    assert_eq!(little, expected);
    let big = pack_all(">bHxIqfd?3s", &values).expect("it fits");
    assert_eq!(big[1..8], [0x12, 0x34, 0, 1, 2, 3, 4]);
    for (format, bytes) in [("<bHxIqfd?3s", little), ("!bHxIqfd?3s", big)] {
        let back = unpack_all(format, &bytes).expect("long enough");
        assert_eq!(format!("{back:?}"), format!("{values:?}"));
        for end in 0..bytes.len() {
            assert_eq!(code(unpack_all(format, &bytes[..end])), "too_short");
        }
    }
}

#[test]
fn checks_the_range_of_every_field() {
    let ranges = [
        ("b", -128, 127),
        ("B", 0, 255),
        ("h", -32768, 32767),
        ("H", 0, 65535),
        ("i", i64::from(i32::MIN), i64::from(i32::MAX)),
        ("L", 0, i64::from(u32::MAX)),
        ("q", i64::MIN, i64::MAX),
        ("Q", 0, i64::MAX),
    ];
    for (format, least, most) in ranges {
        for number in [least, most] {
            let bytes = pack_all(format, &[number.into()]).expect("in range");
            let back = unpack_all(format, &bytes).expect("in range");
            assert_eq!(back[0].as_int(), Ok(number), "{format}");
        }
        let beyond = [least.checked_sub(1), most.checked_add(1)];
        for number in beyond.into_iter().flatten() {
            assert_eq!(
                code(pack_all(format, &[number.into()])),
                "out_of_range",
                "{format} {number}"
            );
        }
    }
    assert_eq!(code(unpack_all("Q", &[0xff; 8])), "out_of_range");
    assert_eq!(code(pack_all("2s", &["abc".into()])), "out_of_range");
    assert_eq!(code(pack_all("H", &["1".into()])), "wrong_type");
    assert_eq!(code(pack_all("HH", &[1i64.into()])), "wrong_count");
    assert_eq!(code(pack_all("H", &[1i64.into(), 2i64.into()])), "wrong_count");
}

#[test]
fn refuses_formats_without_sense_or_bound() {
    for format in ["z", "<<H", "3", "H 2", "2 H", "ü", "H>"] {
        assert_eq!(code(unpack_all(format, &[])), "bad_format", "{format}");
    }
    for format in ["999999999s", "99999999999999999999999999999q", "16777217x"] {
        assert_eq!(code(unpack_all(format, &[])), "too_large", "{format}");
    }
    let size = Format::parse("<HHI8s0q", &mut Pace::free())
        .expect("valid")
        .size_bytes();
    assert_eq!(size, 16);
}

#[test]
fn survives_mutated_formats() {
    let mut numbers = numbers();
    let data: Vec<u8> = (0..200).map(|_| numbers.below(256) as u8).collect();
    for format in mutations("<2bBh3HiI 4x lLqQ?fd10s", 20_000) {
        if let Ok(values) = unpack_all(&format, &data) {
            let size = Format::parse(&format, &mut Pace::free())
                .expect("it unpacked")
                .size_bytes();
            let bytes = pack_all(&format, &values).expect("what was unpacked fits");
            assert_eq!(bytes.len(), size, "{format}");
        }
    }
}
