//! `blob` and `pad`, in place of Rhai's own: what grows to a size that a script names.
//!
//! Where a size is too large, Rhai's end the whole task with all its variables; these throw `too_large`, or end the
//! evaluation at the memory limit, and can be stopped. Else the results are the same. They are methods of types rather than
//! services of the machine, so they have no `Doc`.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rhai::{Array, Blob, Dynamic, EvalAltResult, FuncRegistration, INT, NativeCallContext};

use crate::context::TaskContext;
use crate::error::thrown;
use crate::registry::Api;

type Result<T> = core::result::Result<T, Box<EvalAltResult>>;

/// What is appended between two looks at what is asked of the task.
const CHECKED_BYTES: usize = 64 * 1024;
const CHECKED_ELEMENTS: usize = 1024;

/// Adds the functions.
pub fn register(api: &mut Api) {
    let module = api.global();
    let registration = |name, is_pure| {
        FuncRegistration::new(name)
            .in_global_namespace()
            .with_purity(is_pure)
            .with_volatility(false)
    };
    registration("blob", true).set_into_module(module, |call: NativeCallContext<'_>, length: INT| {
        blob(&call, length, 0)
    });
    registration("blob", true).set_into_module(module, |call: NativeCallContext<'_>, length: INT, value: INT| {
        blob(&call, length, value)
    });
    registration("pad", false).set_into_module(
        module,
        |call: NativeCallContext<'_>, bytes: &mut Blob, length: INT, value: INT| pad_blob(&call, bytes, length, value),
    );
    registration("pad", false).set_into_module(
        module,
        |call: NativeCallContext<'_>, array: &mut Array, length: INT, element: Dynamic| {
            pad_array(&call, array, length, &element)
        },
    );
}

fn blob(call: &NativeCallContext<'_>, length: INT, value: INT) -> Result<Blob> {
    let mut bytes = Blob::new();
    pad_blob(call, &mut bytes, length, value)?;
    Ok(bytes)
}

/// Appends the lowest byte of `value` until there are `length` bytes.
fn pad_blob(call: &NativeCallContext<'_>, bytes: &mut Blob, length: INT, value: INT) -> Result<()> {
    grow(call, bytes, length, CHECKED_BYTES, &(value as u8))
}

/// Appends copies of `element` until there are `length` elements.
fn pad_array(call: &NativeCallContext<'_>, array: &mut Array, length: INT, element: &Dynamic) -> Result<()> {
    grow(call, array, length, CHECKED_ELEMENTS, element)
}

fn grow<T: Clone>(
    call: &NativeCallContext<'_>,
    list: &mut Vec<T>,
    length: INT,
    step: usize,
    element: &T,
) -> Result<()> {
    let context = TaskContext::of(call)?;
    let length = usize::try_from(length).unwrap_or(0);
    if list.try_reserve_exact(length.saturating_sub(list.len())).is_err() {
        let message = format_args!("there is no memory for a length of {length}");
        return Err(thrown("too_large", message, call.call_position()));
    }
    while list.len() < length {
        context.checkpoint(call)?;
        list.resize(length.min(list.len() + step), element.clone());
    }
    Ok(())
}
