//! Setting the date.

mod host;

use host::standard_machine;

#[test]
fn sets_the_date_in_both_ways_and_refuses_what_is_none() {
    let machine = standard_machine();
    machine.start_session();
    machine.enter("time::set(\"2031-02-03T04:05:06.007+01:00\")");
    assert_eq!(machine.enter("time::now()"), "\"2031-02-03T03:05:06.007Z\"\n");
    machine.enter("time::set(0)");
    assert_eq!(machine.enter("time::now()"), "\"1970-01-01T00:00:00.000Z\"\n");
    for (call, code) in [
        ("time::set(-1)", "out_of_range"),
        ("time::set(253402300800000)", "out_of_range"),
        ("time::set(9223372036854775807)", "out_of_range"),
        ("time::set(\"1969-12-31\")", "out_of_range"),
        ("time::set(\"yesterday\")", "parse_error"),
    ] {
        let shown = machine.enter(call);
        assert!(shown.contains(code), "{call}: {shown}");
    }
    assert_eq!(machine.enter("time::unix_ms()"), "0\n");
    machine.enter("time::set(253402300799999)");
    assert_eq!(machine.enter("time::now()"), "\"9999-12-31T23:59:59.999Z\"\n");
}
