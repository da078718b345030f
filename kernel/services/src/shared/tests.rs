//! Channels and cells, with wakers that count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::vec;

use super::channel::Refused;
use super::*;
use crate::value::Value;

const OWNER: TaskId = TaskId(1);
const OTHER: TaskId = TaskId(2);

#[derive(Default)]
struct Counting(AtomicUsize);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn waker() -> (Arc<Counting>, Waker) {
    let counting = Arc::new(Counting::default());
    (Arc::clone(&counting), Waker::from(counting))
}

fn table() -> Table {
    Table::new(10_000)
}

fn send(channel: &Channel, value: Value, waker: &Waker) -> Poll<Result<(), Refused>> {
    channel.poll_send(&mut Some(value), &Context::from_waker(waker))
}

#[test]
fn values_come_out_in_order_and_full_means_wait() {
    let table = table();
    let handle = table.make_channel(OWNER, 2).expect("there is room");
    let channel = table.channel(handle).expect("it is open");
    let (sender, sender_waker) = waker();
    let (receiver, receiver_waker) = waker();
    let context = Context::from_waker(&receiver_waker);
    assert!(channel.poll_receive(&context).is_pending());
    assert_eq!(send(&channel, Value::Int(1), &sender_waker), Poll::Ready(Ok(())));
    assert_eq!(receiver.0.load(Ordering::Relaxed), 1);
    assert_eq!(send(&channel, Value::Int(2), &sender_waker), Poll::Ready(Ok(())));
    let mut third = Some(Value::Int(3));
    assert!(
        channel
            .poll_send(&mut third, &Context::from_waker(&sender_waker))
            .is_pending()
    );
    assert_eq!(third, Some(Value::Int(3)), "a value that waits stays with its sender");
    assert_eq!(channel.poll_receive(&context), Poll::Ready(Ok(Value::Int(1))));
    assert_eq!(sender.0.load(Ordering::Relaxed), 1);
    assert!(
        channel
            .poll_send(&mut third, &Context::from_waker(&sender_waker))
            .is_ready()
    );
    assert_eq!((channel.len(), third), (2, None));
}

#[test]
fn an_end_wakes_all_and_what_was_sent_still_comes() {
    let table = table();
    let handle = table.make_channel(OWNER, 4).expect("there is room");
    let channel = table.channel(handle).expect("it is open");
    let (receiver, receiver_waker) = waker();
    let context = Context::from_waker(&receiver_waker);
    assert!(send(&channel, Value::Int(7), &receiver_waker).is_ready());
    assert_eq!(channel.poll_receive(&context), Poll::Ready(Ok(Value::Int(7))));
    assert!(channel.poll_receive(&context).is_pending());
    assert!(channel.poll_receive(&context).is_pending(), "a waker is left once");
    assert!(send(&channel, Value::Int(8), &receiver_waker).is_ready());
    assert_eq!(receiver.0.load(Ordering::Relaxed), 1);
    table.end_of(OTHER);
    assert!(table.channel(handle).is_ok());
    table.end_of(OWNER);
    assert_eq!(table.channel(handle).err(), Some(Closed));
    assert_eq!(channel.poll_receive(&context), Poll::Ready(Ok(Value::Int(8))));
    assert_eq!(channel.poll_receive(&context), Poll::Ready(Err(Closed)));
    let refused = send(&channel, Value::Int(9), &receiver_waker);
    assert_eq!(refused, Poll::Ready(Err(Refused::Closed(Value::Int(9)))));
}

#[test]
fn what_all_hold_together_is_bounded_and_given_back() {
    let table = table();
    let (_, waker) = waker();
    for _ in 0..100 {
        let first = table.make_channel(OWNER, 10).expect("there is room");
        let second = table.make_cell(OWNER).expect("there is room");
        let channel = table.channel(first).expect("it is open");
        let cell = table.cell(second).expect("it is open");
        assert!(send(&channel, Value::Blob(vec![0; 6_000]), &waker) == Poll::Ready(Ok(())));
        assert!(!cell.set(Value::Blob(vec![0; 6_000])), "together that is too much");
        assert_eq!(*cell.get(), Value::Unit);
        assert!(cell.set(Value::Blob(vec![0; 3_000])));
        let refused = send(&channel, Value::Blob(vec![0; 3_000]), &waker);
        assert!(matches!(refused, Poll::Ready(Err(Refused::OutOfMemory(_)))));
        table.end_of(OWNER);
    }
    assert_eq!(table.bytes.used.load(Ordering::Relaxed), 0);
    assert_eq!(table.count_of(OWNER), 0);
}

#[test]
fn a_task_has_so_many_objects_and_no_more() {
    let table = table();
    for _ in 0..OBJECTS_PER_TASK {
        table.make_counter(OWNER, 0).expect("there is room");
    }
    assert_eq!(table.make_counter(OWNER, 0), Err(Error::TooMany));
    let other = table.make_counter(OTHER, 5).expect("others have room");
    assert!(table.forget(other) && !table.forget(other));
    assert_eq!(table.counter(other).err(), Some(Closed));
}

#[test]
fn one_task_changes_a_cell_at_a_time_and_its_death_lets_the_next() {
    let table = table();
    let handle = table.make_cell(OWNER).expect("there is room");
    let cell = table.cell(handle).expect("it is open");
    let (next, next_waker) = waker();
    let context = Context::from_waker(&next_waker);
    assert_eq!(cell.poll_begin_change(OTHER, &context), Poll::Ready(Ok(())));
    assert!(cell.poll_begin_change(OWNER, &context).is_pending());
    cell.end_change(OWNER);
    assert_eq!(next.0.load(Ordering::Relaxed), 0, "only the changer ends a change");
    table.end_of(OTHER);
    assert_eq!(next.0.load(Ordering::Relaxed), 1);
    assert_eq!(cell.poll_begin_change(OWNER, &context), Poll::Ready(Ok(())));
}

#[test]
fn a_closed_channel_is_forgotten_when_it_is_empty() {
    let table = table();
    let (_, waker) = waker();
    let handle = table.make_channel(OWNER, 4).expect("there is room");
    let channel = table.channel(handle).expect("it is open");
    assert!(send(&channel, Value::Int(1), &waker).is_ready());
    assert!(table.close_channel(handle) && !table.close_channel(handle));
    assert!(table.channel(handle).is_ok(), "a value still waits");
    let context = Context::from_waker(&waker);
    assert_eq!(channel.poll_receive(&context), Poll::Ready(Ok(Value::Int(1))));
    assert_eq!(channel.poll_receive(&context), Poll::Ready(Err(Closed)));
    assert!(!table.close_channel(handle));
    assert_eq!(table.count_of(OWNER), 0);
}

#[test]
fn events_reach_those_who_listen_and_no_more_than_they_can_hold() {
    let table = table();
    let listen = |event: &str| {
        let handle = table
            .make_timer(OWNER, std::format!("on {event}"), Some(event.into()))
            .expect("there is room");
        (handle, table.timer(handle).expect("it is there"))
    };
    let ((_, link), (handle, other)) = (listen("link"), listen("power"));
    let (counting, waker) = waker();
    let context = Context::from_waker(&waker);
    assert!(link.poll_event(&context).is_pending());
    assert!(table.has_listener("link") && !table.has_listener("lin"));
    assert_eq!(table.emit("link", &Value::Int(1)), 1);
    assert_eq!(table.emit("nobody", &Value::Int(1)), 0);
    assert_eq!(counting.0.load(Ordering::Relaxed), 1);
    assert_eq!(link.poll_event(&context), Poll::Ready(Ok(Value::Int(1))));
    assert!(other.poll_event(&context).is_pending());
    for number in 0..timer::QUEUE_LIMIT as i64 + 3 {
        table.emit("link", &Value::Int(number));
    }
    assert_eq!(link.figures().skipped, 3);
    for number in 0..timer::QUEUE_LIMIT as i64 {
        assert_eq!(link.poll_event(&context), Poll::Ready(Ok(Value::Int(number))));
    }
    // What is too large for all of them together is dropped too, and what was taken is given back.
    assert_eq!(table.emit("link", &Value::Blob(vec![0; 20_000])), 0);
    assert_eq!(table.emit("link", &Value::Blob(vec![0; 9000])), 1);
    assert!(link.poll_event(&context).is_ready());
    assert_eq!(table.emit("link", &Value::Blob(vec![0; 9000])), 1);
    // It ends with its owner, which may change.
    table.give_all(OWNER, OTHER);
    assert!(table.give(handle, OWNER));
    assert_eq!((table.count_of(OTHER), table.count_of(OWNER)), (1, 1));
    table.end_of(OTHER);
    assert_eq!(link.poll_event(&context), Poll::Ready(Err(Closed)));
    assert!(!table.has_listener("link") && table.has_listener("power"));
    assert!(table.forget(handle) && !table.give(handle, OWNER));
}
