//! Values to bytes by a format, and back.

use alloc::vec::Vec;

use rhai::{Array, Dynamic};

use super::format::{Field, Format};
use crate::compute::{Error, Pace, Result, bytes_of, unexpected};

/// `values` as bytes.
///
/// # Errors
///
/// `wrong_type`, `wrong_count`, `out_of_range`.
pub(super) fn pack(format: &Format, values: &[Dynamic], pace: &mut Pace) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut next = values.iter().enumerate();
    for (field, size_bytes) in format.fields() {
        pace.spend(size_bytes + 4)?;
        if field == Field::Padding {
            out.push(0);
            continue;
        }
        let (index, value) = next
            .next()
            .ok_or_else(|| Error::new("wrong_count", format_args!("there are only {} values", values.len())))?;
        match field {
            Field::Padding => {}
            Field::Bool => out.push(value.as_bool().map_err(|_| unexpected(value, "a bool"))?.into()),
            Field::Int { is_signed, .. } => {
                let number = value.as_int().map_err(|_| unexpected(value, "an int"))?;
                if !fits(number, size_bytes, is_signed) {
                    let message = format_args!("value {index}, {number}, does not fit into {size_bytes} bytes");
                    return Err(Error::new("out_of_range", message));
                }
                push(format, &number.to_le_bytes()[..size_bytes], &mut out);
            }
            Field::Float => push(format, &(float(value)? as f32).to_le_bytes(), &mut out),
            Field::Double => push(format, &float(value)?.to_le_bytes(), &mut out),
            Field::Bytes => {
                let bytes = bytes_of(value)?;
                let zeros = size_bytes.checked_sub(bytes.len()).ok_or_else(|| {
                    let message = format_args!("value {index} has {} bytes, its field {size_bytes}", bytes.len());
                    Error::new("out_of_range", message)
                })?;
                out.extend_from_slice(&bytes);
                out.resize(out.len() + zeros, 0);
            }
        }
    }
    match next.len() {
        0 => Ok(out),
        more => Err(Error::new("wrong_count", format_args!("{more} values have no field"))),
    }
}

/// The values that the first bytes of `data` stand for.
///
/// # Errors
///
/// `too_short`, `out_of_range`.
pub(super) fn unpack(format: &Format, data: &[u8], pace: &mut Pace) -> Result<Array> {
    if data.len() < format.size_bytes() {
        let message = format_args!(
            "the format takes {} bytes, there are {}",
            format.size_bytes(),
            data.len()
        );
        return Err(Error::new("too_short", message));
    }
    let mut values = Array::new();
    let mut rest = data;
    for (field, size_bytes) in format.fields() {
        pace.spend(size_bytes + 4)?;
        let (bytes, after) = rest.split_at(size_bytes);
        rest = after;
        values.push(match field {
            Field::Padding => continue,
            Field::Bool => Dynamic::from_bool(bytes != [0]),
            Field::Int { is_signed, .. } => Dynamic::from_int(int(format, bytes, is_signed)?),
            Field::Float => Dynamic::from_float(f32::from_bits(word(format, bytes) as u32).into()),
            Field::Double => Dynamic::from_float(f64::from_bits(word(format, bytes))),
            Field::Bytes => Dynamic::from_blob(bytes.to_vec()),
        });
    }
    Ok(values)
}

fn fits(number: i64, size_bytes: usize, is_signed: bool) -> bool {
    let bits = 8 * size_bytes as u32;
    match (is_signed, bits) {
        (true, 64) => true,
        (true, _) => (-(1i64 << (bits - 1))..1i64 << (bits - 1)).contains(&number),
        (false, 64) => number >= 0,
        (false, _) => (0..1i64 << bits).contains(&number),
    }
}

fn float(value: &Dynamic) -> Result<f64> {
    let number = value.as_float().or_else(|_| value.as_int().map(|number| number as f64));
    number.map_err(|_| unexpected(value, "a float"))
}

fn push(format: &Format, little_endian: &[u8], out: &mut Vec<u8>) {
    if format.is_big_endian() {
        out.extend(little_endian.iter().rev());
    } else {
        out.extend_from_slice(little_endian);
    }
}

/// Up to eight bytes as a number without sign.
fn word(format: &Format, bytes: &[u8]) -> u64 {
    let join = |word: u64, &byte: &u8| word << 8 | u64::from(byte);
    if format.is_big_endian() {
        bytes.iter().fold(0, join)
    } else {
        bytes.iter().rev().fold(0, join)
    }
}

fn int(format: &Format, bytes: &[u8], is_signed: bool) -> Result<i64> {
    let word = word(format, bytes);
    if is_signed {
        let unused_bits = 64 - 8 * bytes.len() as u32;
        return Ok((word << unused_bits) as i64 >> unused_bits);
    }
    i64::try_from(word).map_err(|_| Error::new("out_of_range", format_args!("{word} is beyond the range of an int")))
}
