//! `rand`: random numbers that nobody can predict, or a task's own that can be had again.
//!
//! Each task has a generator of its own from its first call on; it lies on the kernel heap and gets its seeds from the
//! machine's root.

use alloc::boxed::Box;
use alloc::format;

use rhai::{Array, Dynamic};
use services::host;
use services::random::source::{SourceInfo, State};
use services::random::{Generator, NotReady, READY_BITS};
use services::value::Value;

use super::{PLAIN, int as number, param};
use crate::compute::{Call, Error, Result};
use crate::context::TaskContext;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

/// Bytes drawn between two looks at the pace.
const PIECE_BYTES: usize = 1024;
/// Between two looks whether there are random numbers.
const LOOK_MS: u64 = 5;

const ARRAY: &[Param] = &[param("array", Kind::Array, "any values")];
const NOT_READY: (&str, &str) = (
    "not_ready",
    "too little noise has come in since the start to make random numbers that nobody can predict",
);
const NOTES: &str = "Unpredictable, fit for keys and pass phrases, unless the task has called rand::seed.";

const INT: Doc = Doc {
    namespace: "rand",
    name: "int",
    params: &[
        param("low", Kind::Int, "the least number that may come"),
        param("high", Kind::Int, "the greatest number that may come"),
    ],
    returns: "int",
    errors: &[NOT_READY, ("out_of_range", "low is greater than high")],
    summary: "Returns a random whole number from low to high, each as likely as the others.",
    notes: NOTES,
    example: Example::Shows("rand::int(1, 6) in 1..=6", "true"),
    ..PLAIN
};
const FLOAT: Doc = Doc {
    namespace: "rand",
    name: "float",
    returns: "float",
    errors: &[NOT_READY],
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
    errors: &[NOT_READY, ("out_of_range", "count is negative")],
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
    errors: &[NOT_READY],
    summary: "Returns a copy of the array in random order; each order is as likely as the others.",
    notes: NOTES,
    example: Example::Shows("rand::shuffle([3, 1, 2]).order()", "[1, 2, 3]"),
    ..PLAIN
};
const CHOICE: Doc = Doc {
    namespace: "rand",
    name: "choice",
    params: ARRAY,
    errors: &[NOT_READY, ("empty", "the array has no elements")],
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

const WAIT_READY: Doc = Doc {
    namespace: "rand",
    name: "wait_ready",
    params: &[param(
        "timeout_ms",
        Kind::Optional(&Kind::Int),
        "how long to wait at most; without it, as long as it takes",
    )],
    returns: "()",
    errors: &[
        ("timed_out", "there are still no random numbers"),
        ("out_of_range", "timeout_ms is negative"),
    ],
    waits: true,
    summary: "Waits until there are unpredictable random numbers.",
    notes: "Less than a second after the start there are, on nearly every machine.",
    example: Example::Shows("rand::wait_ready(1000)", ""),
};
const INFO: Doc = Doc {
    namespace: "rand",
    name: "info",
    returns: "map",
    summary: "Tells whether there are unpredictable random numbers, and how much noise they stand on.",
    notes: "is_ready; pool_bits, which count and wait for the next key; needed_bits, at which it is made; seedings, the \
            keys made so far; seeds, given to tasks.",
    example: Example::Shows("rand::info().is_ready", "true"),
    ..PLAIN
};
const SOURCES: Doc = Doc {
    namespace: "rand",
    name: "sources",
    returns: "array",
    summary: "Lists where random numbers come from: each source of noise with its state.",
    notes: "One map each: source, state (`testing`, `good`, or `failed` once it has failed a test, which switches it off), \
            samples taken, bits that they count, failure.",
    example: Example::Shows("rand::sources().filter(|one| one.state == \"good\").len() > 0", "true"),
    ..PLAIN
};

/// Adds `rand::*`.
pub fn register(api: &mut Api) {
    api.compute(&INT, int);
    api.compute(&FLOAT, |call| {
        // 53 bits are what a float holds exactly.
        let bits = draw(call.context, Generator::bits)? >> 11;
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
    api.service(&WAIT_READY, wait_ready);
    api.service(&INFO, info);
    api.service(&SOURCES, |context, _| {
        let sources = context.host.random.sources();
        Ok(Value::Array(sources.iter().map(source).collect()))
    });
}

fn int(call: &Call<'_>) -> Result<Dynamic> {
    let (low, high) = (call.int(0)?, call.int(1)?);
    if low > high {
        let message = format_args!("low is {low} and high is {high}");
        return Err(Error::new("out_of_range", message));
    }
    let offset = draw(call.context, |generator| generator.up_to(high.abs_diff(low)))?;
    Ok(Dynamic::from_int(low.wrapping_add_unsigned(offset)))
}

fn bytes(call: &Call<'_>) -> Result<Dynamic> {
    let count = call.count(0, "count")?;
    let mut pace = call.pace();
    let mut blob = rhai::Blob::new();
    while blob.len() < count {
        let start = blob.len();
        blob.resize(count.min(start + PIECE_BYTES), 0);
        draw(call.context, |generator| generator.fill(&mut blob[start..]))?;
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
        let other = draw(call.context, |generator| generator.up_to(last as u64))?;
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
    let index = draw(call.context, |generator| generator.up_to(last as u64))?;
    Ok(array.get(index as usize).cloned().unwrap_or_default())
}

/// Uses the task's generator, which is made for the first number.
fn draw<T>(context: &TaskContext, work: impl FnOnce(&mut Generator) -> T) -> Result<T> {
    let root = context.host.random;
    let is_new = context.control.random().lock().is_none();
    if is_new {
        let made = context.on_kernel_heap(|| {
            let generator = Box::new(root.generator()?);
            *context.control.random().lock() = Some(generator);
            Ok(())
        });
        made.map_err(|error: NotReady| Error::new(NOT_READY.0, error))?;
    }
    let result = {
        let mut slot = context.control.random().lock();
        let generator = slot.as_mut().expect("this task alone has it");
        generator.refresh(root).map(|()| work(generator))
    };
    result.map_err(|error| Error::new(NOT_READY.0, error))
}

fn wait_ready(context: &TaskContext, arguments: &Args<'_>) -> core::result::Result<Value, ScriptError> {
    let clock = context.host.clock;
    let limit_ms = match arguments.len() {
        0 => u64::MAX,
        _ => arguments.count(0, "timeout_ms")?,
    };
    let deadline_ns = clock.uptime_ns().saturating_add(limit_ms.saturating_mul(1_000_000));
    while !context.host.random.is_ready() {
        if clock.uptime_ns() >= deadline_ns {
            let bits = context.host.random.info().pool_bits;
            let message = format_args!("only {bits} of {READY_BITS} bits of noise have come in");
            return Err(ScriptError::new("timed_out", message));
        }
        host::block_on(context.host.tasks, context.after_ms(LOOK_MS))?;
    }
    Ok(Value::Unit)
}

pub(super) fn info(context: &TaskContext, _: &Args<'_>) -> core::result::Result<Value, ScriptError> {
    let info = context.host.random.info();
    Ok(Value::map([
        ("is_ready", Value::Bool(info.is_ready)),
        ("pool_bits", number(info.pool_bits)),
        ("needed_bits", number(READY_BITS)),
        ("seedings", number(info.seedings)),
        ("seeds", number(info.seeds)),
    ]))
}

fn source(info: &SourceInfo) -> Value {
    let failure = match info.state {
        State::Failed(failure) => format!("{failure}").into(),
        _ => Value::Unit,
    };
    Value::map([
        ("source", info.kind.name().into()),
        ("state", info.state.name().into()),
        ("samples", number(info.samples)),
        ("bits", number(info.bits)),
        ("failure", failure),
    ])
}
