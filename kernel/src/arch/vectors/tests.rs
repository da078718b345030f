//! Vectors: never two owners, spread over cores, freed only when nothing runs.

extern crate std;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::collections::HashMap;
use std::thread;

use hw::fake::Random;
use services::interrupts::Delivery;

use super::{DEVICE_VECTORS, Error, Place, Vectors};

const ON_EACH_CORE: usize = 176;

fn vectors(cores: u32) -> &'static Vectors {
    let vectors = Box::leak(Box::new(Vectors::new()));
    for core in 0..cores {
        vectors.add_core(core, core * 2).expect("there is room");
    }
    vectors
}

fn ignore(_: usize) {}

fn allocate(vectors: &Vectors, core: Option<u32>) -> Result<Place, Error> {
    vectors.allocate(core, "test".into(), Delivery::Message, ignore, 0)
}

fn never() -> bool {
    panic!("no handler runs")
}

#[test]
fn no_vector_has_two_owners() {
    let vectors = vectors(4);
    let mut random = Random(42);
    let mut held: HashMap<(u32, u8), String> = HashMap::new();
    let mut refused = 0;
    for turn in 0..20_000 {
        // Grows to all vectors and shrinks again, several times.
        let is_growing = turn / 2_500 % 2 == 0;
        if random.below(4) < if is_growing { 3 } else { 1 } {
            let core = (random.below(2) == 0).then(|| random.below(4) as u32);
            let name = std::format!("owner {turn}");
            match vectors.allocate(core, name.clone(), Delivery::Message, ignore, 0) {
                Ok(place) => {
                    assert!(DEVICE_VECTORS.contains(&place.vector));
                    assert!(core.is_none_or(|core| core == place.core));
                    assert_eq!(held.insert((place.core, place.vector), name), None);
                }
                Err(error) => {
                    assert_eq!(error, Error::NoVector);
                    let on = |core| held.keys().filter(|(held, _)| *held == core).count();
                    assert!(core.map_or(held.len() == 4 * ON_EACH_CORE, |core| on(core) == ON_EACH_CORE));
                    refused += 1;
                }
            }
        } else if let Some(&(core, vector)) = held.keys().nth(random.below(held.len().max(1))) {
            held.remove(&(core, vector));
            assert!(vectors.release(core, vector, never));
            assert!(!vectors.release(core, vector, never), "freed twice");
        }
    }
    assert!(refused > 0, "the vectors never ran out");
    let mut known: Vec<_> = held.into_iter().collect();
    known.sort_unstable();
    let owners = vectors.owners().into_iter();
    let listed: Vec<_> = owners
        .map(|owner| ((owner.place.core, owner.place.vector), owner.name))
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn spreads_over_the_cores_and_refuses_when_all_are_full() {
    let vectors = vectors(3);
    let mut on = [0; 3];
    for _ in 0..30 {
        on[allocate(vectors, None).expect("free").core as usize] += 1;
    }
    assert_eq!(on, [10; 3]);
    assert!((10..ON_EACH_CORE).all(|_| allocate(vectors, Some(1)).is_ok_and(|place| place.core == 1)));
    assert_eq!(allocate(vectors, Some(1)), Err(Error::NoVector));
    assert!((0..2 * (ON_EACH_CORE - 10)).all(|_| allocate(vectors, None).is_ok_and(|place| place.core != 1)));
    assert_eq!(allocate(vectors, None), Err(Error::NoVector));
    assert_eq!(vectors.owners().len(), 3 * ON_EACH_CORE);
}

#[test]
fn a_freed_vector_rests_while_others_are_free() {
    let vectors = vectors(1);
    let first = allocate(vectors, None).expect("free").vector;
    assert!(vectors.release(0, first, never));
    let later: Vec<u8> = (1..ON_EACH_CORE)
        .map(|_| allocate(vectors, None).expect("free").vector)
        .collect();
    assert!(!later.contains(&first));
    assert_eq!(allocate(vectors, None).expect("the last one").vector, first);
}

#[test]
fn refuses_cores_that_are_not_there_or_out_of_reach() {
    let vectors = Box::leak(Box::new(Vectors::new()));
    assert_eq!(allocate(vectors, None), Err(Error::NoVector));
    vectors.add_core(0, 300).expect("there is room");
    let far = Error::FarProcessor { core: 0, apic_id: 300 };
    assert_eq!(allocate(vectors, Some(0)), Err(far));
    assert_eq!(allocate(vectors, None), Err(Error::NoVector));
    assert_eq!(allocate(vectors, Some(1)), Err(Error::NoSuchCore(1)));
    assert_eq!(vectors.add_core(256, 1), Err(Error::NoSuchCore(256)));
    vectors.add_core(7, 254).expect("there is room");
    let place = allocate(vectors, None).expect("one core is near");
    assert_eq!((place.core, place.message.address), (7, 0xfeef_e000));
    assert_eq!(place.message.data, u32::from(place.vector));
    assert_eq!(vectors.online_cores(), [0, 7]);
}

static SEEN: AtomicUsize = AtomicUsize::new(0);

fn note(argument: usize) {
    SEEN.fetch_add(argument, Ordering::Relaxed);
}

#[test]
fn each_core_calls_and_counts_its_own_handlers() {
    let vectors = vectors(2);
    let place = |core, argument| {
        vectors
            .allocate(Some(core), "note".into(), Delivery::Message, note, argument)
            .expect("free")
    };
    let (one, other) = (place(0, 1), place(1, 100));
    assert_eq!(one.vector, other.vector);
    let raise = |core, vector| vectors.page(core).expect("online").dispatch(vector);
    raise(0, one.vector);
    raise(1, one.vector);
    raise(1, one.vector);
    assert_eq!(SEEN.load(Ordering::Relaxed), 201);
    assert_eq!((vectors.count(0, one.vector), vectors.count(1, one.vector)), (1, 2));
    assert!(vectors.release(1, one.vector, never));
    raise(1, one.vector);
    assert_eq!((SEEN.load(Ordering::Relaxed), vectors.unclaimed(1)), (201, 1));
    raise(0, 0xe3);
    assert_eq!(vectors.unclaimed(0), 1);
}

static HAS_BEGUN: AtomicBool = AtomicBool::new(false);
static MAY_END: AtomicBool = AtomicBool::new(false);

fn linger(_: usize) {
    HAS_BEGUN.store(true, Ordering::Release);
    while !MAY_END.load(Ordering::Acquire) {
        thread::yield_now();
    }
}

#[test]
fn a_vector_is_freed_only_when_its_handler_has_ended() {
    let vectors = vectors(1);
    let place = |name: &str| vectors.allocate(None, name.into(), Delivery::Message, linger, 0);
    let (first, second) = (place("first").expect("free"), place("second").expect("free"));
    let page = vectors.page(0).expect("online");
    let core = thread::spawn(move || page.dispatch(first.vector));
    while !HAS_BEGUN.load(Ordering::Acquire) {
        thread::yield_now();
    }
    // Whoever loses patience leaves the vector taken.
    let mut tries = 3;
    assert!(!vectors.release(0, second.vector, || {
        tries -= 1;
        tries > 0
    }));
    assert_eq!(vectors.owners().len(), 2);
    let is_released = vectors.release(0, first.vector, || {
        MAY_END.store(true, Ordering::Release);
        thread::yield_now();
        true
    });
    assert!(is_released);
    core.join().expect("the handler ended");
    assert_eq!(vectors.owners().len(), 1);
}
