//! Text that grows: `+` and `+=` of a string and another value, in place of Rhai's own.
//!
//! Rhai's `+=` copies the whole string for each value that is not itself text, so a loop that builds text takes time
//! that grows with the square of the text; here it appends in place. For numbers and truth values both operators also
//! save the search for `to_string`. The results are the same. They are operators, so they have no `Doc`.

use alloc::boxed::Box;
use core::fmt::{Display, Write};

use rhai::{Dynamic, EvalAltResult, FLOAT, FloatWrapper, FuncRegistration, INT, ImmutableString, NativeCallContext};

use crate::context::TaskContext;
use crate::registry::Api;

/// Characters between two looks at what is asked of the task.
const CHECK_INTERVAL: usize = 4096;

/// Adds the operators.
pub fn register(api: &mut Api) {
    let module = api.global();
    for name in ["+=", "append"] {
        let registration = |name| FuncRegistration::new(name).in_global_namespace().with_purity(false);
        registration(name).set_into_module(module, |text: &mut ImmutableString, number: INT| {
            text.make_mut().push_str(Digits::of(number).as_str());
        });
        registration(name).set_into_module(module, |text: &mut ImmutableString, number: FLOAT| {
            push(text, FloatWrapper::new(number));
        });
        registration(name).set_into_module(module, |text: &mut ImmutableString, truth: bool| push(text, truth));
        registration(name).set_into_module(module, append);
    }
    FuncRegistration::new("pad")
        .in_global_namespace()
        .with_purity(false)
        .set_into_module(module, pad);
    let registration = || FuncRegistration::new("+").in_global_namespace().with_purity(true);
    registration().set_into_module(module, |text: &str, number: INT| {
        let mut joined = ImmutableString::from(text);
        joined += Digits::of(number).as_str();
        joined
    });
    registration().set_into_module(module, |text: &str, number: FLOAT| {
        joined(text, FloatWrapper::new(number))
    });
    registration().set_into_module(module, |text: &str, truth: bool| joined(text, truth));
    registration().set_into_module(module, |number: INT, text: &str| {
        let mut joined = ImmutableString::from(Digits::of(number).as_str());
        joined += text;
        joined
    });
    registration().set_into_module(module, |number: FLOAT, text: &str| {
        joined(FloatWrapper::new(number), text)
    });
    registration().set_into_module(module, |truth: bool, text: &str| joined(truth, text));
    FuncRegistration::new("to_string")
        .in_global_namespace()
        .with_purity(true)
        .set_into_module(module, |number: INT| ImmutableString::from(Digits::of(number).as_str()));
}

/// Appends `padding` until the text has `length` characters. Rhai's own never ends where the padding is empty, and cannot
/// be interrupted.
fn pad(
    call: NativeCallContext<'_>,
    text: &mut ImmutableString,
    length: INT,
    padding: &str,
) -> Result<(), Box<EvalAltResult>> {
    let missing = usize::try_from(length)
        .unwrap_or(0)
        .saturating_sub(text.chars().count());
    let context = TaskContext::of(&call)?;
    for (index, character) in padding.chars().cycle().take(missing).enumerate() {
        if index.is_multiple_of(CHECK_INTERVAL) {
            context.checkpoint(&call)?;
        }
        text.make_mut().push(character);
    }
    Ok(())
}

/// Appends a value as `to_string` writes it.
fn push(text: &mut ImmutableString, value: impl Display) {
    // Writing to a string never fails.
    let _ = write!(text.make_mut(), "{value}");
}

/// Two values as one text.
fn joined(left: impl Display, right: impl Display) -> ImmutableString {
    let mut text = ImmutableString::new();
    let _ = write!(text.make_mut(), "{left}{right}");
    text
}

/// Appends what `to_string` makes of any value.
fn append(call: NativeCallContext<'_>, text: &mut ImmutableString, value: Dynamic) -> Result<(), Box<EvalAltResult>> {
    let mut value = value;
    let printed = call.call_native_fn_raw("to_string", true, &mut [&mut value])?;
    match printed.as_immutable_string_ref() {
        Ok(printed) => *text += printed.as_str(),
        // Rhai's own answer to a `to_string` that gives no text.
        Err(kind) => *text += call.engine().map_type_name(kind),
    }
    Ok(())
}

/// A number's decimal digits, with its sign.
struct Digits {
    text: [u8; 20],
    start: usize,
}

impl Digits {
    fn of(number: INT) -> Self {
        let mut digits = Self {
            text: [b'0'; 20],
            start: 20,
        };
        let mut rest = number.unsigned_abs();
        loop {
            digits.start -= 1;
            digits.text[digits.start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            digits.start -= 1;
            digits.text[digits.start] = b'-';
        }
        digits
    }

    fn as_str(&self) -> &str {
        // Only ASCII is ever written.
        core::str::from_utf8(&self.text[self.start..]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_as_the_library_does() {
        let powers = (0..63).flat_map(|bit| [(1_i64 << bit) - 1, 1 << bit]);
        let decimal = (0..19).flat_map(|exponent| [10_i64.pow(exponent) - 1, 10_i64.pow(exponent)]);
        for number in powers.chain(decimal).chain([i64::MAX]) {
            for number in [number, -number, -number - 1] {
                assert_eq!(Digits::of(number).as_str(), number.to_string());
            }
        }
    }
}
