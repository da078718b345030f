//! `rand`: random numbers that nobody can predict, or a task's own that can be had again.

use alloc::boxed::Box;

use rhai::{Array, Dynamic};
use services::random::{self, Generator, SEED_BYTES};
use services::value::Value;
use sha2::{Digest, Sha256};

use super::{PLAIN, param};
use crate::compute::{Call, Error, Result};
use crate::context::TaskContext;
use crate::registry::{Api, Doc, Example, Kind, Param};

/// Looks at the clock that go into the machine's seed. Between two of them lies a varying number of nanoseconds; one
/// unpredictable bit in four of them would do.
const CLOCK_LOOKS: usize = 1024;
/// Bytes drawn between two looks at the pace.
const PIECE_BYTES: usize = 256;

const ARRAY: &[Param] = &[param("array", Kind::Array, "any values")];
const NOTES: &str = "Unpredictable, fit for keys and pass phrases, unless the task has called rand::seed.";

const INT: Doc = Doc {
    namespace: "rand",
    name: "int",
    params: &[
        param("low", Kind::Int, "the least number that may come"),
        param("high", Kind::Int, "the greatest number that may come"),
    ],
    returns: "int",
    errors: &[("out_of_range", "low is greater than high")],
    summary: "Returns a random whole number from low to high, each as likely as the others.",
    notes: NOTES,
    example: Example::Shows("rand::int(1, 6) in 1..=6", "true"),
    ..PLAIN
};
const FLOAT: Doc = Doc {
    namespace: "rand",
    name: "float",
    returns: "float",
    summary: "Returns a random float of at least 0.0 and less than 1.0.",
    notes: NOTES,
    example: Example::Shows("rand::float() < 1.0", "true"),
    ..PLAIN
};
const BYTES: Doc = Doc {
    namespace: "rand",
    name: "bytes",
    params: &[param("count", Kind::Int, "how many, 0 or more")],
    returns: "blob",
    errors: &[("out_of_range", "count is negative")],
    summary: "Returns a blob of random bytes.",
    notes: NOTES,
    example: Example::Shows("rand::bytes(32).len()", "32"),
    ..PLAIN
};
const SHUFFLE: Doc = Doc {
    namespace: "rand",
    name: "shuffle",
    params: ARRAY,
    returns: "array",
    summary: "Returns a copy of the array in random order; each order is as likely as the others.",
    notes: NOTES,
    example: Example::Shows("rand::shuffle([3, 1, 2]).order()", "[1, 2, 3]"),
    ..PLAIN
};
const CHOICE: Doc = Doc {
    namespace: "rand",
    name: "choice",
    params: ARRAY,
    errors: &[("empty", "the array has no elements")],
    summary: "Returns a random element of the array.",
    notes: NOTES,
    example: Example::Shows("rand::choice([7, 7])", "7"),
    ..PLAIN
};
const SEED: Doc = Doc {
    namespace: "rand",
    name: "seed",
    params: &[param("number", Kind::Int, "where the sequence starts; any number")],
    returns: "()",
    summary: "From now on this task's random numbers follow from a number, the same each time.",
    notes: "For tests and simulations: whoever knows the number knows the sequence. rand::seed() ends it.",
    example: Example::Shows(
        "rand::seed(1); let a = rand::int(0, 99); rand::seed(1); a == rand::int(0, 99)",
        "true",
    ),
    ..PLAIN
};
const UNSEED: Doc = Doc {
    params: &[],
    summary: "From now on this task's random numbers are unpredictable again.",
    notes: "",
    example: Example::Shows("rand::seed()", ""),
    ..SEED
};

/// Adds `rand::*`.
pub fn register(api: &mut Api) {
    api.compute(&INT, int);
    api.compute(&FLOAT, |call| {
        // 53 bits are what a float holds exactly.
        let bits = draw(call.context, Generator::bits) >> 11;
        Ok(Dynamic::from_float(bits as f64 / (1u64 << 53) as f64))
    });
    api.compute(&BYTES, bytes);
    api.compute(&SHUFFLE, shuffle);
    api.compute(&CHOICE, choice);
    api.service(&SEED, |context, arguments| {
        let generator = Box::new(Generator::reproducible(arguments.int(0) as u64));
        *context.control.random().lock() = Some(generator);
        Ok(Value::Unit)
    });
    api.service(&UNSEED, |context, _| {
        let generator = context.control.random().lock().take();
        drop(generator);
        Ok(Value::Unit)
    });
}

fn int(call: &Call<'_>) -> Result<Dynamic> {
    let (low, high) = (call.int(0)?, call.int(1)?);
    if low > high {
        let message = format_args!("low is {low} and high is {high}");
        return Err(Error::new("out_of_range", message));
    }
    let offset = draw(call.context, |generator| generator.up_to(high.abs_diff(low)));
    Ok(Dynamic::from_int(low.wrapping_add_unsigned(offset)))
}

fn bytes(call: &Call<'_>) -> Result<Dynamic> {
    let count = call.count(0, "count")?;
    let mut pace = call.pace();
    let mut blob = rhai::Blob::new();
    while blob.len() < count {
        let start = blob.len();
        blob.resize(count.min(start + PIECE_BYTES), 0);
        draw(call.context, |generator| generator.fill(&mut blob[start..]));
        pace.spend(PIECE_BYTES)?;
    }
    Ok(Dynamic::from_blob(blob))
}

/// By Fisher and Yates, from the end.
fn shuffle(call: &Call<'_>) -> Result<Dynamic> {
    let mut pace = call.pace();
    let mut array = Array::new();
    for element in call.array(0)?.iter() {
        array.push(element.clone());
        pace.spend(8)?;
    }
    for last in (1..array.len()).rev() {
        let other = draw(call.context, |generator| generator.up_to(last as u64));
        array.swap(last, other as usize);
        pace.spend(8)?;
    }
    Ok(Dynamic::from_array(array))
}

fn choice(call: &Call<'_>) -> Result<Dynamic> {
    let array = call.array(0)?;
    let Some(last) = array.len().checked_sub(1) else {
        return Err(Error::new("empty", "an empty array has no element to choose"));
    };
    let index = draw(call.context, |generator| generator.up_to(last as u64));
    Ok(array.get(index as usize).cloned().unwrap_or_default())
}

/// Uses the task's generator, or else the machine's.
fn draw<T>(context: &TaskContext, work: impl FnOnce(&mut Generator) -> T) -> T {
    if let Some(generator) = context.control.random().lock().as_mut() {
        return work(generator);
    }
    if !random::is_ready() {
        random::seed_machine(seed(context));
    }
    random::with_machine(work).expect("it has just got its seed")
}

/// What the processor offers, and how long the clock takes to look at, mixed.
fn seed(context: &TaskContext) -> [u8; SEED_BYTES] {
    let mut mixer = Sha256::new();
    mixer.update(context.host.machine.entropy().unwrap_or_default());
    mixer.update(context.host.clock.unix_ms().unwrap_or_default().to_le_bytes());
    for _ in 0..CLOCK_LOOKS {
        mixer.update(context.host.clock.uptime_ns().to_le_bytes());
    }
    mixer.finalize().into()
}
