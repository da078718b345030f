//! The generator against the cipher's published numbers, the tests against bad sources, and the way from noise to a task.

use std::collections::HashSet;

use hw::fake::Random;

use super::generator::stretch;
use super::health::{Claim, Failure, Progress, Tests, WINDOW};
use super::source::State;
use super::{Generator, Kind, NotReady, Root};

/// An endless source for tests.
type Noise = Box<dyn FnMut() -> u8>;

fn good(seed: u64) -> Noise {
    let mut random = Random(seed);
    Box::new(move || (random.bits() >> 20) as u8)
}

fn counting(step: u8) -> Noise {
    let mut value = 0_u8;
    Box::new(move || {
        value = value.wrapping_add(step);
        value
    })
}

fn repeating(pattern: Vec<u8>) -> Noise {
    let mut place = 0;
    Box::new(move || {
        place = (place + 1) % pattern.len();
        pattern[place]
    })
}

/// Mostly one value, in so many of a thousand samples.
fn biased(per_mille: usize) -> Noise {
    let mut random = Random(99);
    Box::new(move || {
        if random.below(1000) < per_mille {
            7
        } else {
            (random.bits() >> 20) as u8
        }
    })
}

fn bad_sources() -> Vec<(&'static str, Noise)> {
    let mut random = Random(3);
    let long_pattern = (0..16).map(|_| random.bits() as u8).collect();
    vec![
        ("stuck at 0", Box::new(|| 0)),
        ("stuck at 255", Box::new(|| 255)),
        ("biased", biased(900)),
        ("alternating", repeating(vec![3, 200])),
        ("counter", counting(1)),
        ("counter by 37", counting(37)),
        ("counting down", counting(255)),
        ("pattern of 16", repeating(long_pattern)),
        ("square wave", repeating([vec![1; 8], vec![9; 8]].concat())),
    ]
}

fn failure(claim: Claim, mut noise: Noise, samples: usize) -> Option<Failure> {
    let mut tests = Tests::new(claim);
    (0..samples).find_map(|_| tests.test(noise()).err())
}

#[test]
fn the_cipher_gives_its_published_numbers() {
    // RFC 8439, appendix A.1, test vectors 1 and 2: key and nonce zero, blocks 0 and 1.
    let mut key = [0; 32];
    let mut rest = [0; 96];
    stretch(&mut key, &mut rest);
    let block = |start: &str| -> Vec<u8> {
        let digits = |at: usize| u8::from_str_radix(&start[at..at + 2], 16).expect("hexadecimal");
        (0..start.len()).step_by(2).map(digits).collect()
    };
    assert_eq!(
        key.to_vec(),
        block("76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7")
    );
    assert_eq!(
        rest.to_vec(),
        block(concat!(
            "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
            "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed",
            "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f"
        ))
    );
}

#[test]
fn the_same_number_gives_the_same_stream() {
    let mut first = Generator::reproducible(7);
    // ChaCha20 with the key 07 00 .. 00, nonce and counter 0.
    let mut start = [0; 8];
    first.fill(&mut start);
    let (mut again, mut other) = (Generator::reproducible(7), Generator::reproducible(8));
    assert_eq!(again.bits().to_le_bytes(), start);
    assert_ne!(other.bits().to_le_bytes(), start);
}

#[test]
fn draws_every_number_equally_often() {
    let machine = Root::with_known_seed([5; 32]).generator().expect("ready");
    for mut generator in [Generator::reproducible(1), machine] {
        for last in [0, 1, 2, 6, 9] {
            let mut counts = [0u32; 10];
            let draws = 10_000 * (last + 1);
            for _ in 0..draws {
                counts[generator.up_to(last) as usize] += 1;
            }
            for (number, &count) in (0..).zip(&counts) {
                let expected = if number <= last { 10_000 } else { 0 };
                assert!(count.abs_diff(expected) < 600, "{number} of {last}: {count}");
            }
        }
        assert!((0..1000).all(|_| generator.up_to(u64::MAX / 2 + 1) <= u64::MAX / 2 + 1));
        assert!((0..100).any(|_| generator.up_to(u64::MAX) > u64::MAX / 2));
    }
}

#[test]
fn every_length_of_output_is_new() {
    let mut generator = Root::with_known_seed([1; 32]).generator().expect("ready");
    let mut seen = HashSet::new();
    for length in (1..700).chain(1..700) {
        let mut bytes = vec![0; length];
        generator.fill(&mut bytes);
        for chunk in bytes.chunks_exact(16) {
            assert!(seen.insert(chunk.to_vec()), "the same 16 bytes twice");
        }
    }
    assert!(seen.len() > 20_000);
}

#[test]
fn the_cutoffs_are_those_of_a_chance_of_one_in_two_to_the_thirty() {
    for (claim, probability) in [(Claim::HalfBit, 0.5_f64.sqrt()), (Claim::FourBits, 1.0 / 16.0)] {
        let entropy = -probability.log2();
        assert_eq!(f64::from(claim.repetition_cutoff()), 1.0 + (30.0 / entropy).round());
        // The tail of the binomial distribution, from its end.
        let trials = u32::from(WINDOW);
        let ln_factorial = |n: u32| (1..=n).map(|k| f64::from(k).ln()).sum::<f64>();
        let chance = |hits: u32| {
            (ln_factorial(trials) - ln_factorial(hits) - ln_factorial(trials - hits)
                + f64::from(hits) * probability.ln()
                + f64::from(trials - hits) * (1.0 - probability).ln())
            .exp()
        };
        let tail = |from: u32| (from..=trials).map(chance).sum::<f64>();
        let cutoff = u32::from(claim.window_cutoff());
        assert!(tail(cutoff) <= 2_f64.powi(-30) && tail(cutoff - 1) > 2_f64.powi(-30));
    }
}

#[test]
fn bad_sources_fail_within_the_first_window() {
    for claim in [Claim::HalfBit, Claim::FourBits] {
        for (name, noise) in bad_sources() {
            assert!(failure(claim, noise, WINDOW.into()).is_some(), "{claim:?}: {name}");
        }
    }
    let of = |noise| failure(Claim::HalfBit, noise, 512);
    assert_eq!(of(repeating(vec![4])), Some(Failure::Repetition));
    assert_eq!(of(biased(900)), Some(Failure::Proportion));
    assert_eq!(of(counting(1)), Some(Failure::Pattern));
}

#[test]
fn good_sources_pass_for_long() {
    for seed in 1..20 {
        assert_eq!(failure(Claim::FourBits, good(seed), 200_000), None, "seed {seed}");
    }
    // Uneven, but by less than half a bit is needed for.
    assert_eq!(failure(Claim::HalfBit, biased(600), 500_000), None);
    let mut tests = Tests::new(Claim::FourBits);
    let mut noise = good(5);
    let passed = (0..5120).filter(|_| tests.test(noise()) == Ok(Progress::WindowPassed));
    assert_eq!(passed.count(), 10);
}

#[test]
fn bad_sources_never_make_the_root_ready() {
    for kind in [Kind::Jitter, Kind::Interrupts, Kind::VirtioRng, Kind::Host] {
        for (name, mut noise) in bad_sources() {
            let root = Root::new();
            let samples: Vec<u8> = (0..100_000).map(|_| noise()).collect();
            let results: Vec<_> = samples
                .chunks(100)
                .map(|piece| root.contribute(kind, piece, &[]))
                .collect();
            assert!(results.last().is_some_and(Result::is_err), "{name}");
            assert!(!root.is_ready(), "{kind:?}: {name}");
            assert_eq!(root.generator().err(), Some(NotReady { bits: 0 }));
            assert!(matches!(root.sources()[0].state, State::Failed(_)));
        }
    }
}

#[test]
fn a_source_that_turns_bad_takes_back_what_it_counted() {
    let root = Root::new();
    let mut noise = good(8);
    // Two windows to begin with, then three that count 64 bits each.
    let samples: Vec<u8> = (0..512 * 5).map(|_| noise()).collect();
    root.contribute(Kind::Jitter, &samples, &[]).expect("good");
    assert_eq!(root.info().pool_bits, 192);
    assert!(root.contribute(Kind::Jitter, &[1; 100], &[]).is_err());
    assert_eq!(root.info().pool_bits, 0);
    // It stays off, however good it looks now.
    assert_eq!(root.contribute(Kind::Jitter, &samples, &[]), Err(Failure::Repetition));
    assert!(!root.is_ready());
    // Another one makes up for it.
    root.contribute(Kind::VirtioRng, &samples, &[]).expect("good");
    assert!(root.is_ready());
}

#[test]
fn nothing_comes_out_before_enough_has_come_in() {
    let root = Root::new();
    root.personalize(b"Monday");
    let mut noise = good(77);
    let samples: Vec<u8> = (0..512 * 6).map(|_| noise()).collect();
    for (index, piece) in samples.chunks(512).enumerate() {
        assert!(!root.is_ready());
        assert_eq!(
            root.generator().err().map(|error| error.bits),
            Some(64 * (index as u32).saturating_sub(2))
        );
        root.contribute(Kind::Jitter, piece, &[]).expect("good");
    }
    assert!(root.is_ready());
    let info = root.info();
    assert_eq!((info.pool_bits, info.seedings, info.seeds), (0, 1, 0));
    let jitter = root.sources()[0];
    assert_eq!(
        (jitter.kind, jitter.state, jitter.bits),
        (Kind::Jitter, State::Good, 256)
    );
}

#[test]
fn broken_instructions_are_refused() {
    let mut random = Random(4);
    for broken in [0, u64::MAX] {
        let root = Root::new();
        root.contribute_word(Kind::Rdrand, random.bits()).expect("good");
        assert_eq!(root.contribute_word(Kind::Rdrand, broken), Err(Failure::BrokenValue));
        assert_eq!(
            root.contribute_word(Kind::Rdrand, random.bits()),
            Err(Failure::BrokenValue)
        );
    }
    let root = Root::new();
    let number = random.bits();
    root.contribute_word(Kind::Rdseed, number).expect("good");
    assert_eq!(root.contribute_word(Kind::Rdseed, number), Err(Failure::BrokenValue));
    assert!((0..1000).any(|_| root.contribute_word(Kind::Rdrand, random.bits()).is_ok() && root.is_ready()));
}

#[test]
fn roots_with_other_noise_have_other_numbers() {
    let first_numbers = |noise_seed: u64, personal: &[u8]| {
        let root = Root::new();
        root.personalize(personal);
        let mut noise = good(noise_seed);
        let samples: Vec<u8> = (0..512 * 3).map(|_| noise()).collect();
        root.contribute(Kind::Host, &samples, &[]).expect("good");
        root.generator().expect("ready").bits()
    };
    assert_eq!(first_numbers(1, b"a"), first_numbers(1, b"a"));
    assert_ne!(first_numbers(1, b"a"), first_numbers(2, b"a"));
    assert_ne!(first_numbers(1, b"a"), first_numbers(1, b"b"));
}

#[test]
fn tasks_share_no_numbers() {
    let root = Root::with_known_seed([9; 32]);
    let mut seen = HashSet::new();
    for _ in 0..2000 {
        let mut generator = root.generator().expect("ready");
        for _ in 0..50 {
            assert!(seen.insert(generator.bits()));
        }
    }
    assert_eq!(root.info().seeds, 2000);
}

#[test]
fn a_new_key_reaches_every_task_and_none_at_all_stops_them() {
    let root = Root::with_known_seed([9; 32]);
    // Two copies of one machine, as far as this task goes.
    let twin = Root::with_known_seed([9; 32]);
    let (mut task, mut copy) = (root.generator().expect("ready"), twin.generator().expect("ready"));
    task.refresh(&root).expect("ready");
    assert_eq!(task.bits(), copy.bits());
    let mut noise = good(1);
    let samples: Vec<u8> = (0..512 * 3).map(|_| noise()).collect();
    root.contribute(Kind::Host, &samples, &[]).expect("good");
    assert!(root.info().seedings > 1);
    task.refresh(&root).expect("ready");
    assert_ne!(task.bits(), copy.bits());

    root.starve(true);
    assert!(task.refresh(&root).is_err() && root.generator().is_err());
    root.contribute(Kind::Host, &samples, &[]).expect("good");
    assert!(!root.is_ready());
    root.starve(false);
    root.contribute(Kind::Host, &samples, &[]).expect("good");
    task.refresh(&root).expect("ready again");
}

#[test]
fn a_task_takes_a_new_seed_after_so_many_bytes() {
    let root = Root::with_known_seed([9; 32]);
    let mut task = root.generator().expect("ready");
    for _ in 0..256 {
        task.refresh(&root).expect("ready");
        task.fill(&mut [0; 1024]);
    }
    assert_eq!(root.info().seeds, 4);
}
