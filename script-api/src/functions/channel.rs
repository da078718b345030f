//! `channel`: values from one task to another.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::{Context, Poll};

use rhai::Array;
use services::host::{self, BoxFuture};
use services::shared::channel::{CAPACITY_LIMIT, Refused};
use services::shared::{Channel, Closed, Handle};
use services::value::Value;

use super::int;
use crate::context::TaskContext;
use crate::handles;
use crate::registry::{Api, Args, Doc, Example, Kind, Param, ScriptError};

const CHANNEL: Param = Param {
    name: "channel",
    kind: Kind::Channel,
    meaning: "what channel::open returned, here or in another task",
};
const TIMEOUT: Param = Param {
    name: "timeout_ms",
    kind: Kind::Optional(&Kind::Int),
    meaning: "how long to wait at most; without it, as long as it takes",
};
const CLOSED: (&str, &str) = ("closed", "the channel was closed, or the task that opened it has ended");
const TIMED_OUT: (&str, &str) = ("timed_out", "nothing happened in timeout_ms");

const OPEN: Doc = Doc {
    namespace: "channel",
    name: "open",
    params: &[Param {
        name: "capacity",
        kind: Kind::Int,
        meaning: "how many values may wait in it, 1 to 65536",
    }],
    returns: "channel",
    errors: &[
        ("out_of_range", "capacity is not from 1 to 65536"),
        ("too_many", "the task has 4096 channels, cells and counters already"),
        ("out_of_memory", "there is not enough free memory"),
    ],
    waits: false,
    summary: "Opens a channel, through which tasks send each other values.",
    notes: "Capture it in the closures of the tasks that use it. Each value goes to one receiver. The channel ends with \
            the task that opened it.",
    example: Example::Shows(
        "let c = channel::open(8); task::start(|| c.send(6 * 7)); c.receive()",
        "42",
    ),
};

const SEND: Doc = Doc {
    namespace: "channel",
    name: "send",
    params: &[
        CHANNEL,
        Param {
            name: "value",
            kind: Kind::Any,
            meaning: "what to send; the receiver gets a copy",
        },
        TIMEOUT,
    ],
    returns: "()",
    errors: &[
        CLOSED,
        TIMED_OUT,
        ("out_of_memory", "what waits in channels takes too much memory"),
        ("cannot_copy", "the value belongs to this task alone"),
        ("out_of_range", "timeout_ms is negative"),
    ],
    waits: true,
    summary: "Sends a value; waits while the channel is full.",
    notes: "",
    example: Example::Shows("let c = channel::open(2); c.send(1); c.send(2); c.len()", "2"),
};

const RECEIVE: Doc = Doc {
    namespace: "channel",
    name: "receive",
    params: &[CHANNEL, TIMEOUT],
    returns: "any",
    errors: &[CLOSED, TIMED_OUT, ("out_of_range", "timeout_ms is negative")],
    waits: true,
    summary: "Takes the oldest value; waits while there is none.",
    notes: "What was sent before the channel was closed still comes out.",
    example: Example::Shows(
        "let c = channel::open(1); try { c.receive(5) } catch (error) { print(error.code) }",
        "timed_out",
    ),
};

const SELECT: Doc = Doc {
    namespace: "channel",
    name: "select",
    params: &[
        Param {
            name: "channels",
            kind: Kind::Array,
            meaning: "channels, at least one; where several have a value, the first wins",
        },
        TIMEOUT,
    ],
    returns: "map",
    errors: &[
        ("closed", "all of them are closed and empty"),
        TIMED_OUT,
        (
            "wrong_arguments",
            "the list is empty or holds something else than channels",
        ),
        ("out_of_range", "timeout_ms is negative"),
    ],
    waits: true,
    summary: "Takes a value from the first of several channels that has one.",
    notes: "Returns #{index, value}: the channel's place in the list, and what came out of it.",
    example: Example::Shows(
        "let a = channel::open(1); let b = channel::open(1); b.send(\"x\"); channel::select([a, b])",
        "#{\"index\": 1, \"value\": \"x\"}",
    ),
};

const LEN: Doc = Doc {
    namespace: "channel",
    name: "len",
    params: &[CHANNEL],
    returns: "int",
    errors: &[CLOSED],
    waits: false,
    summary: "Returns how many values wait in the channel.",
    notes: "",
    example: Example::Shows("channel::open(5).len()", "0"),
};

const CLOSE: Doc = Doc {
    namespace: "channel",
    name: "close",
    params: &[CHANNEL],
    returns: "bool",
    errors: &[],
    waits: false,
    summary: "Ends the channel for all tasks; tells whether it was open.",
    notes: "Who waits for it gets `closed`.",
    example: Example::Shows("let c = channel::open(1); [c.close(), c.close()]", "[true, false]"),
};

/// Adds `channel::*`.
pub fn register(api: &mut Api) {
    handles::register(api.global());
    api.service(&OPEN, open);
    api.method(&SEND, send);
    api.method(&RECEIVE, receive);
    api.service(&SELECT, select);
    api.method(&LEN, len);
    api.method(&CLOSE, close);
}

fn closed(_: Closed) -> ScriptError {
    ScriptError::new(CLOSED.0, CLOSED.1)
}

fn timed_out() -> ScriptError {
    ScriptError::new(TIMED_OUT.0, TIMED_OUT.1)
}

fn find(context: &TaskContext, arguments: &Args<'_>) -> Result<Arc<Channel>, ScriptError> {
    let handle = arguments.handle(0).ok_or_else(|| closed(Closed))?;
    context.host.shared.channel(handle).map_err(closed)
}

/// The end of a wait, where the argument at `index` sets one.
fn limit(context: &TaskContext, arguments: &Args<'_>, index: usize) -> Result<Option<BoxFuture<()>>, ScriptError> {
    if arguments.len() <= index {
        return Ok(None);
    }
    Ok(Some(context.after_ms(arguments.count(index, TIMEOUT.name)?)))
}

/// Waits until `poll` is ready.
fn wait<T: Send + 'static>(
    context: &TaskContext,
    limit: Option<BoxFuture<()>>,
    poll: impl FnMut(&mut Context<'_>) -> Poll<T> + Send + 'static,
) -> Result<T, ScriptError> {
    host::block_on(context.host.tasks, host::within(limit, poll))?.ok_or_else(timed_out)
}

fn open(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let capacity = usize::try_from(arguments.int(0))
        .ok()
        .filter(|capacity| (1..=CAPACITY_LIMIT).contains(capacity))
        .ok_or_else(|| ScriptError::new("out_of_range", "capacity must be from 1 to 65536"))?;
    let made = context.host.shared.make_channel(context.host.tasks.current(), capacity);
    made.map(Value::Handle).map_err(super::no_object)
}

fn send(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let channel = find(context, arguments)?;
    let mut slot = Some(arguments.any(1)?);
    let limit = limit(context, arguments, 2)?;
    match wait(context, limit, move |waker| channel.poll_send(&mut slot, waker))? {
        Ok(()) => Ok(Value::Unit),
        Err(Refused::Closed(_)) => Err(closed(Closed)),
        Err(Refused::OutOfMemory(_)) => Err(ScriptError::new(
            "out_of_memory",
            "what waits in channels and cells takes too much memory",
        )),
    }
}

fn receive(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let channel = find(context, arguments)?;
    let limit = limit(context, arguments, 1)?;
    let received = wait(context, limit, move |waker| channel.poll_receive(waker))?;
    if received.is_err()
        && let Some(handle) = arguments.handle(0)
    {
        // Closed and empty: nobody gets anything from it any more.
        context.host.shared.forget(handle);
    }
    received.map_err(closed)
}

fn select(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let wrong = || ScriptError::new("wrong_arguments", "select takes a list of channels, at least one");
    let handles = arguments.with(0, |list: &Array| {
        list.iter().map(handles::handle).collect::<Option<Vec<Handle>>>()
    });
    let handles = handles
        .flatten()
        .filter(|handles| !handles.is_empty())
        .ok_or_else(wrong)?;
    if handles
        .iter()
        .any(|handle| handle.kind != services::shared::Kind::Channel)
    {
        return Err(wrong());
    }
    // One that has ended has nothing to give any more.
    let channels: Vec<Option<Arc<Channel>>> = handles
        .iter()
        .map(|handle| context.host.shared.channel(*handle).ok())
        .collect();
    let limit = limit(context, arguments, 1)?;
    let poll = move |waker: &mut Context<'_>| {
        let mut is_open = false;
        for (index, channel) in channels.iter().enumerate() {
            match channel.as_ref().map(|channel| channel.poll_receive(waker)) {
                Some(Poll::Ready(Ok(value))) => return Poll::Ready(Ok((index, value))),
                Some(Poll::Pending) => is_open = true,
                Some(Poll::Ready(Err(Closed))) | None => {}
            }
        }
        if is_open {
            Poll::Pending
        } else {
            Poll::Ready(Err(Closed))
        }
    };
    let (index, value) = wait(context, limit, poll)?.map_err(closed)?;
    Ok(Value::map([("index", int(index)), ("value", value)]))
}

fn len(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    Ok(int(find(context, arguments)?.len()))
}

fn close(context: &TaskContext, arguments: &Args<'_>) -> Result<Value, ScriptError> {
    let handle = arguments.handle(0).ok_or_else(|| closed(Closed))?;
    Ok(context.host.shared.close_channel(handle).into())
}
