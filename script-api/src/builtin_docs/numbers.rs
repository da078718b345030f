//! Rhai's functions of numbers and ranges.

use super::{Builtin, row};
use crate::types::Types;

const INT: Types = Types::INT;
const FLOAT: Types = Types::FLOAT;
const NUMBER: Types = INT.or(FLOAT);
const PLAIN: Types = Types::PLAIN;
const REAL: Types = FLOAT.or(PLAIN);
const RANGE: Types = Types::RANGE;

/// The table.
pub(super) const ROWS: &[Builtin] = &[
    row(NUMBER.or(PLAIN), "abs", "(x) -> number", "The number without its sign."),
    row(NUMBER.or(PLAIN), "sign", "(x) -> int", "-1, 0 or 1."),
    row(NUMBER, "is_zero", "() -> bool", "True for 0."),
    row(INT, "is_even", "() -> bool", "True if 2 divides it."),
    row(INT, "is_odd", "() -> bool", "True if 2 does not divide it."),
    row(NUMBER, "to_float", "() -> float", "The number as a float."),
    row(
        NUMBER,
        "to_int",
        "() -> int",
        "The number as a whole number, cut towards 0.",
    ),
    row(INT, "to_binary", "() -> string", "The number with radix 2."),
    row(INT, "to_octal", "() -> string", "The number with radix 8."),
    row(INT, "to_hex", "() -> string", "The number with radix 16."),
    row(
        INT,
        "bits",
        "([from], [len]) -> iterator",
        "Goes through the bits, the lowest first.",
    ),
    row(
        INT,
        "get_bit",
        "(bit) -> bool",
        "True if the bit is set; `number[bit]` does the same.",
    ),
    row(INT, "set_bit", "(bit, value)", "Sets or clears a bit."),
    row(INT, "get_bits", "(start, count) -> int", "A group of bits as a number."),
    row(INT, "set_bits", "(start, count, value)", "Replaces a group of bits."),
    row(REAL, "sin", "(x) -> float", "Sine of an angle in radians."),
    row(REAL, "cos", "(x) -> float", "Cosine of an angle in radians."),
    row(REAL, "tan", "(x) -> float", "Tangent of an angle in radians."),
    row(REAL, "asin", "(x) -> float", "The angle with this sine, in radians."),
    row(REAL, "acos", "(x) -> float", "The angle with this cosine, in radians."),
    row(
        REAL,
        "atan",
        "(y, [x]) -> float",
        "The angle with this tangent, or of the point (x, y), in radians.",
    ),
    row(REAL, "sinh", "(x) -> float", "Hyperbolic sine."),
    row(REAL, "cosh", "(x) -> float", "Hyperbolic cosine."),
    row(REAL, "tanh", "(x) -> float", "Hyperbolic tangent."),
    row(REAL, "asinh", "(x) -> float", "Inverse hyperbolic sine."),
    row(REAL, "acosh", "(x) -> float", "Inverse hyperbolic cosine."),
    row(REAL, "atanh", "(x) -> float", "Inverse hyperbolic tangent."),
    row(REAL, "hypot", "(x, y) -> float", "The length of (x, y)."),
    row(REAL, "sqrt", "(x) -> float", "Square root."),
    row(
        REAL,
        "exp",
        "(x) -> float",
        "e to the power of x; `x ** y` is for any base.",
    ),
    row(REAL, "ln", "(x) -> float", "Natural logarithm."),
    row(
        REAL,
        "log",
        "(x, [base]) -> float",
        "Logarithm with base 10 or another one.",
    ),
    row(FLOAT, "floor", "() -> float", "The next whole number below."),
    row(FLOAT, "ceiling", "() -> float", "The next whole number above."),
    row(FLOAT, "round", "() -> float", "The nearest whole number."),
    row(FLOAT, "int", "() -> float", "The part before the point."),
    row(FLOAT, "fraction", "() -> float", "The part behind the point."),
    row(FLOAT, "is_nan", "() -> bool", "True if it is no number."),
    row(
        FLOAT,
        "is_finite",
        "() -> bool",
        "True if it is a number and not infinite.",
    ),
    row(FLOAT, "is_infinite", "() -> bool", "True if it is infinite."),
    row(FLOAT, "to_degrees", "() -> float", "Radians to degrees."),
    row(FLOAT, "to_radians", "() -> float", "Degrees to radians."),
    row(
        NUMBER.or(Types::TEXT).or(Types::CHAR).or(PLAIN),
        "max",
        "(a, b) -> number",
        "The larger of two values.",
    ),
    row(
        NUMBER.or(Types::TEXT).or(Types::CHAR).or(PLAIN),
        "min",
        "(a, b) -> number",
        "The smaller of two values.",
    ),
    row(
        PLAIN,
        "PI",
        "() -> float",
        "The ratio of a circle's circumference to its diameter.",
    ),
    row(PLAIN, "E", "() -> float", "The base of natural logarithms."),
    row(
        PLAIN,
        "range",
        "(from, to, [step]) -> iterator",
        "Goes from a number to before another one, in steps.",
    ),
    row(
        RANGE,
        "contains",
        "(number) -> bool",
        "True if the number lies in it; `number in range` does the same.",
    ),
    row(RANGE, "start", "() -> int", "Its first number."),
    row(RANGE, "end", "() -> int", "The number that ends it."),
    row(
        RANGE,
        "is_inclusive",
        "() -> bool",
        "True for `a..=b`, where the end belongs to it.",
    ),
    row(
        RANGE,
        "is_exclusive",
        "() -> bool",
        "True for `a..b`, where the end does not belong to it.",
    ),
];
