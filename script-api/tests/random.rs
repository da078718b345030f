//! Random numbers: none before there is noise enough, and what scripts see of it.

mod host;

use host::standard_machine;

#[test]
fn throws_rather_than_guess() {
    let machine = standard_machine();
    machine.start_session();
    assert_eq!(machine.enter("rand::bytes(4).len()"), "4\n");
    machine.enter("debug::starve_random(true)");
    for call in [
        "rand::int(1, 6)",
        "rand::float()",
        "rand::bytes(4)",
        "rand::shuffle([1, 2])",
        "rand::choice([1, 2])",
        "task::wait(task::start(|| rand::int(1, 6)))",
    ] {
        let shown = machine.enter(call);
        assert!(
            shown.contains("not_ready") && shown.contains("of 256 bits"),
            "{call}: {shown}"
        );
    }
    assert!(machine.enter("rand::wait_ready(20)").contains("timed_out"));
    assert_eq!(machine.enter("rand::info().is_ready"), "false\n");
    // Numbers that follow from a number need no noise.
    assert_eq!(machine.enter("rand::seed(1); rand::int(1, 1)"), "1\n");
    machine.enter("rand::seed()");
    machine.enter("debug::starve_random(false)");
    let mut noise = [0; 4096];
    services::random::Generator::reproducible(2).fill(&mut noise);
    let kind = services::random::Kind::Host;
    machine.host.random.contribute(kind, &noise, &[]).expect("good noise");
    assert_eq!(machine.enter("rand::wait_ready(); rand::bytes(4).len()"), "4\n");
}

#[test]
fn shows_sources_and_their_failures() {
    let machine = standard_machine();
    machine.start_session();
    let kind = services::random::Kind::Jitter;
    assert!(machine.host.random.contribute(kind, &[7; 100], &[]).is_err());
    let shown = machine.enter("for one in rand::sources() { print(`${one.source} ${one.state} ${one.failure}`) }");
    assert_eq!(shown, "jitter failed one value repeats\nhost good \n");
}

#[test]
fn each_task_has_numbers_of_its_own() {
    let machine = standard_machine();
    machine.start_session();
    machine.enter("let tasks = []; for n in 0..20 { tasks.push(task::start(|| rand::int(0, 1000000000000000))); }");
    let shown = machine.enter("let seen = #{}; for t in tasks { seen[task::wait(t).to_string()] = 1; } seen.len()");
    assert_eq!(shown, "20\n");
    assert!(machine.enter("rand::info().seeds >= 20").contains("true"));
}
