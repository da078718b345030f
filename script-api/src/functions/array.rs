//! `sort`, `sort_desc` and `order` of arrays, in place of Rhai's own.
//!
//! Rhai's cannot be interrupted, drop the errors of a comparison, and panic where an order contradicts itself. For valid
//! orders the results are the same. They are methods of a type rather than services of the machine, so they have no
//! `Doc`, and no namespace.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::TypeId;
use core::cmp::Ordering;

use rhai::{
    Array, Dynamic, EvalAltResult, FLOAT, FnPtr, FuncRegistration, INT, ImmutableString, Module, NativeCallContext,
    Position,
};

use crate::context::TaskContext;
use crate::error::thrown;
use crate::registry::Api;
use crate::sort::{merge_runs, merge_sort};

type Result<T> = core::result::Result<T, Box<EvalAltResult>>;

/// Comparisons between two looks at what is asked of the task.
const CHECK_INTERVAL: u32 = 4096;

/// Adds the sorts.
pub fn register(api: &mut Api) {
    let module = api.global();
    for name in ["sort", "sort_by"] {
        set(
            module,
            name,
            "Sorts the array by a comparison.",
            |call: NativeCallContext<'_>, array: &mut Array, by: FnPtr| sort_by(&call, array, &by),
        );
    }
    for name in ["order", "order_by"] {
        let order = |call: NativeCallContext<'_>, array: &mut Array, by: FnPtr| {
            let mut copy = array.clone();
            sort_by(&call, &mut copy, &by).map(|()| copy)
        };
        registration(name, "Returns a copy that is sorted by a comparison.")
            .with_purity(true)
            .set_into_module(module, order);
    }
    set(
        module,
        "sort",
        "Sorts the array.",
        |call: NativeCallContext<'_>, array: &mut Array| sort(&call, array, |order| order),
    );
    set(
        module,
        "sort_desc",
        "Sorts the array, largest first.",
        |call: NativeCallContext<'_>, array: &mut Array| sort(&call, array, Ordering::reverse),
    );
    let order = |call: NativeCallContext<'_>, array: &mut Array| {
        let mut copy = array.clone();
        sort(&call, &mut copy, |order| order).map(|()| copy)
    };
    registration("order", "Returns a sorted copy.")
        .with_purity(true)
        .set_into_module(module, order);
    let order_desc = |call: NativeCallContext<'_>, array: &mut Array| {
        let mut copy = array.clone();
        sort(&call, &mut copy, Ordering::reverse).map(|()| copy)
    };
    registration("order_desc", "Returns a sorted copy, largest first.")
        .with_purity(true)
        .set_into_module(module, order_desc);
}

fn registration(name: &str, summary: &str) -> FuncRegistration {
    FuncRegistration::new(name)
        .in_global_namespace()
        .with_comments([alloc::format!("/// {summary}")])
}

fn set<A: 'static, const N: usize, const X: bool, const F: bool, FUNC>(
    module: &mut Module,
    name: &str,
    summary: &str,
    function: FUNC,
) where
    FUNC: rhai::RhaiNativeFunc<A, N, X, (), F> + Send + Sync + 'static,
{
    registration(name, summary)
        .with_purity(false)
        .set_into_module(module, function);
}

fn sort_by(call: &NativeCallContext<'_>, array: &mut Array, comparison: &FnPtr) -> Result<()> {
    let context = TaskContext::of(call)?;
    context.enter(call)?;
    merge_sort(array, |a, b| {
        let answer = comparison.call_raw(call, None, [a.clone(), b.clone()])?;
        if let Ok(number) = answer.as_int() {
            Ok(number.cmp(&0))
        } else if let Ok(is_before) = answer.as_bool() {
            Ok(if is_before { Ordering::Less } else { Ordering::Greater })
        } else {
            let message = alloc::format!("a comparison must return an int or a bool, not {}", answer.type_name());
            Err(thrown("wrong_type", message, call.call_position()))
        }
    })
}

fn sort(call: &NativeCallContext<'_>, array: &mut Array, direction: fn(Ordering) -> Ordering) -> Result<()> {
    let context = TaskContext::of(call)?;
    context.enter(call)?;
    let Some(first) = array.first() else { return Ok(()) };
    let kind = first.type_id();
    if array.iter().any(|element| element.type_id() != kind) {
        return Err(not_sortable("elements of different types cannot be sorted"));
    }
    let compare = comparison(kind).ok_or_else(|| {
        not_sortable(&alloc::format!(
            "elements of {} cannot be sorted",
            call.engine().map_type_name(first.type_name())
        ))
    })?;
    if array.iter().all(is_plain) {
        if kind == TypeId::of::<INT>() {
            return sort_ints(&context, call, array, direction(Ordering::Less) == Ordering::Greater);
        }
        if kind == TypeId::of::<FLOAT>() {
            let key = |element: &Dynamic| element.as_float().unwrap_or_default();
            let compare = |a: &FLOAT, b: &FLOAT| direction(a.partial_cmp(b).unwrap_or(Ordering::Equal));
            return sort_keys(&context, call, array, key, compare);
        }
    }
    let mut comparisons = 0u32;
    merge_sort(array, |a, b| {
        comparisons = comparisons.wrapping_add(1);
        if comparisons.is_multiple_of(CHECK_INTERVAL) {
            context.checkpoint(call)?;
        }
        Ok(direction(compare(a, b)))
    })
}

/// A value that is nothing but its value: not shared with a closure, and without a tag.
fn is_plain(element: &Dynamic) -> bool {
    !element.is_shared() && element.tag() == 0
}

/// Sorts whole numbers, of which equal ones cannot be told apart: runs by the library's fastest sort, a run between two
/// looks at what is asked of the task.
fn sort_ints(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    array: &mut Array,
    is_descending: bool,
) -> Result<()> {
    let mut keys: Vec<INT> = array
        .iter()
        .map(|element| element.as_int().unwrap_or_default())
        .collect();
    for run in keys.chunks_mut(CHECK_INTERVAL as usize) {
        run.sort_unstable();
        context.checkpoint(call)?;
    }
    let mut comparisons = 0u32;
    merge_runs(&mut keys, CHECK_INTERVAL as usize, |a, b| -> Result<Ordering> {
        comparisons = comparisons.wrapping_add(1);
        if comparisons.is_multiple_of(CHECK_INTERVAL) {
            context.checkpoint(call)?;
        }
        Ok(a.cmp(b))
    })?;
    if is_descending {
        keys.reverse();
    }
    for (element, key) in array.iter_mut().zip(keys) {
        *element = key.into();
    }
    Ok(())
}

/// Sorts numbers as such, which is several times faster than sorting values that may be anything.
fn sort_keys<K: Copy + Default + Into<Dynamic>>(
    context: &TaskContext,
    call: &NativeCallContext<'_>,
    array: &mut Array,
    key: fn(&Dynamic) -> K,
    compare: impl Fn(&K, &K) -> Ordering,
) -> Result<()> {
    let mut keys: Vec<K> = array.iter().map(key).collect();
    let mut comparisons = 0u32;
    merge_sort(&mut keys, |a, b| -> Result<Ordering> {
        comparisons = comparisons.wrapping_add(1);
        if comparisons.is_multiple_of(CHECK_INTERVAL) {
            context.checkpoint(call)?;
        }
        Ok(compare(a, b))
    })?;
    for (element, key) in array.iter_mut().zip(keys) {
        *element = key.into();
    }
    Ok(())
}

/// How elements of a type compare; `None` where they have no order.
fn comparison(kind: TypeId) -> Option<fn(&Dynamic, &Dynamic) -> Ordering> {
    if kind == TypeId::of::<i64>() {
        Some(|a, b| a.as_int().unwrap_or_default().cmp(&b.as_int().unwrap_or_default()))
    } else if kind == TypeId::of::<f64>() {
        Some(|a, b| {
            let (a, b) = (a.as_float().unwrap_or_default(), b.as_float().unwrap_or_default());
            a.partial_cmp(&b).unwrap_or(Ordering::Equal)
        })
    } else if kind == TypeId::of::<char>() {
        Some(|a, b| a.as_char().unwrap_or_default().cmp(&b.as_char().unwrap_or_default()))
    } else if kind == TypeId::of::<bool>() {
        Some(|a, b| a.as_bool().unwrap_or_default().cmp(&b.as_bool().unwrap_or_default()))
    } else if kind == TypeId::of::<ImmutableString>() {
        Some(
            |a, b| match (a.as_immutable_string_ref(), b.as_immutable_string_ref()) {
                (Ok(a), Ok(b)) => a.as_str().cmp(b.as_str()),
                _ => Ordering::Equal,
            },
        )
    } else if kind == TypeId::of::<()>() {
        Some(|_, _| Ordering::Equal)
    } else {
        None
    }
}

/// The error that Rhai's own sort gives.
fn not_sortable(message: &str) -> Box<EvalAltResult> {
    EvalAltResult::ErrorFunctionNotFound(message.into(), Position::NONE).into()
}
