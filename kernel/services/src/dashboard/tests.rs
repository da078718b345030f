//! Whole screens, as a terminal shows them, and random machines on terminals of all sizes.

use core::num::NonZeroU16;

use hw::fake::Random;
use vt100::Parser;

use super::*;
use crate::cores::CoreInfo;
use crate::host::MemoryInfo;
use crate::interrupts::{Delivery, InterruptInfo};
use crate::task::TaskInfo;
use alloc::vec;

const SECOND_NS: u64 = 1_000_000_000;
const UP: Key = Key::Up;
const DOWN: Key = Key::Down;

fn view(columns: usize, rows: usize) -> View {
    View {
        columns,
        rows,
        shows_escapes: true,
    }
}

fn task(id: u64, name: &str, state: TaskState) -> TaskInfo {
    TaskInfo {
        id: TaskId(id),
        parent: None,
        name: name.into(),
        core: 0,
        state,
        cpu_time_us: 0,
        operations: 0,
        arena_bytes: 128 << 10,
        stack_peak_bytes: 32 << 10,
        memory_limit_bytes: 0,
        started_ns: 0,
        position: (0, 0),
    }
}

fn interrupt(source: &str, vector: u8, count: u64) -> InterruptInfo {
    InterruptInfo {
        source: source.into(),
        vector,
        core: 0,
        delivery: Delivery::Local,
        count,
    }
}

fn core(index: u32, busy_ns: u64, online_ns: u64) -> CoreInfo {
    CoreInfo {
        index,
        is_online: true,
        busy_ns,
        online_ns,
        ..CoreInfo::default()
    }
}

/// A machine after `seconds`, on which task 2 takes half of a core and task 3 a tenth.
fn machine(seconds: u64) -> Snapshot {
    let mut tasks = vec![
        task(1, "serial", TaskState::Waiting),
        task(2, "worker", TaskState::Ready),
        task(3, "logger", TaskState::Waiting),
        task(4, "done", TaskState::Ended),
    ];
    tasks[1].cpu_time_us = seconds * 500_000;
    tasks[1].operations = seconds * 2_500_000;
    tasks[2].cpu_time_us = seconds * 100_000;
    tasks[2].operations = seconds * 1500;
    tasks[2].arena_bytes = 3 << 20;
    Snapshot {
        system: "Rhaios 0.1.0".into(),
        uptime_ns: seconds * SECOND_NS,
        unix_ms: Some(1_700_000_000_000 + seconds as i64 * 1000),
        cores: vec![
            core(0, seconds * SECOND_NS / 2, seconds * SECOND_NS),
            core(1, seconds * SECOND_NS / 10, seconds * SECOND_NS),
            core(2, seconds * SECOND_NS, seconds * SECOND_NS),
            CoreInfo {
                index: 3,
                ..CoreInfo::default()
            },
        ],
        memory: MemoryInfo {
            total_bytes: 256 << 20,
            free_bytes: 128 << 20,
            kernel_bytes: 8 << 20,
            heap_bytes: 32 << 20,
            arena_bytes: 64 << 20,
            stack_bytes: 16 << 20,
            ..MemoryInfo::default()
        },
        tasks,
        own_task: Some(TaskId(1)),
        interrupts: vec![
            interrupt("com1", 36, seconds * 7),
            interrupt("timer", 32, seconds * 1000),
        ],
    }
}

/// A terminal with the dashboard on it.
struct Sight {
    dashboard: Dashboard,
    parser: Parser,
    sent_bytes: usize,
}

impl Sight {
    fn new(view: View, first: Snapshot) -> Self {
        let size = |cells: usize| NonZeroU16::new(cells as u16).expect("not zero");
        let mut sight = Self {
            dashboard: Dashboard::new(view, first),
            parser: Parser::new(size(view.rows), size(view.columns), 0),
            sent_bytes: 0,
        };
        // Something was there before.
        sight.parser.process(b"\x1b[31;7mXXXX\r\nXXXX");
        sight.draw();
        sight
    }

    fn draw(&mut self) {
        let mut out = Vec::new();
        self.dashboard.draw(&mut out);
        self.sent_bytes = out.len();
        self.parser.process(&out);
    }

    fn update(&mut self, now: Snapshot) {
        self.dashboard.update(now);
        self.draw();
    }

    fn press(&mut self, key: Key) -> Step {
        let step = self.dashboard.press(key);
        self.draw();
        step
    }

    fn resize(&mut self, view: View) {
        let size = |cells: usize| NonZeroU16::new(cells as u16).expect("not zero");
        self.parser.screen_mut().set_size(size(view.rows), size(view.columns));
        self.dashboard.resize(view);
        self.draw();
    }

    fn lines(&self) -> Vec<String> {
        let (_, columns) = self.parser.screen().size();
        let rows = self.parser.screen().rows(0, columns.get());
        rows.map(|row| String::from(row.trim_end())).collect()
    }

    fn shows(&self, text: &str) -> bool {
        self.lines().iter().any(|line| line.contains(text))
    }

    /// What the terminal shows is what a fresh one would show.
    fn check(&mut self) {
        let cells = |parser: &Parser| {
            let screen = parser.screen();
            let (rows, columns) = screen.size();
            let mut cells = Vec::new();
            for row in 0..rows.get() {
                for column in 0..columns.get() {
                    let cell = screen.cell(row, column).expect("a cell");
                    let text = if cell.has_contents() { cell.contents() } else { " " };
                    let look = (cell.fgcolor(), cell.inverse(), cell.bold(), cell.is_wide());
                    cells.push((String::from(text), look));
                }
            }
            cells
        };
        let before = cells(&self.parser);
        self.dashboard.painter.forget();
        self.draw();
        assert!(before == cells(&self.parser), "drawn by parts:\n{:?}", self.lines());
    }
}

#[test]
fn shows_the_whole_machine() {
    let mut sight = Sight::new(view(80, 24), machine(10));
    sight.update(machine(11));
    let expected = [
        " Rhaios 0.1.0   up 0:11   22:13:31 UTC   load 53.3 %                  every 1 s",
        "0 ███████████████▌░░░░░░░░░░░░░░░ 50.0%  2 ███████████████████████████████  100%",
        "1 ███▌░░░░░░░░░░░░░░░░░░░░░░░░░░░ 10.0%  3 offline",
        "mem █████████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 128M/256M",
        "    █ kernel 8.0M  █ heap 32.0M  █ tasks 64.0M  █ stacks 16.0M  █ other 8.0M",
        "── tasks: 1 ready, 2 waiting, 1 ended (e: show) ────────────────────────────────",
        "    ID STATE   CPU ▼ MEMORY OPS/S      TIME NAME",
        "     2 ready    50.0   160K  2.5M  0:05.500 worker",
        "     3 waiting  10.0   3.0M  1.5k  0:01.100 logger",
        "     1 waiting   0.0   160K     0  0:00.000 serial",
    ];
    let lines = sight.lines();
    assert_eq!(lines[..10], expected);
    assert!(lines[10..21].iter().all(String::is_empty), "{lines:?}");
    let below = [
        "── interrupts/s ────────────────────────────────────────────────────────────────",
        "timer                             1.0k   com1                                 7",
        "q leave   ? keys   k end task   p pause   c m o t i n s sort   + - interval",
    ];
    assert_eq!(lines[21..], below);
    // Colours: a load below, at and above what is much; the selected task; no cursor.
    let screen = sight.parser.screen();
    let color = |row, column| screen.cell(row, column).map(vt100::Cell::fgcolor);
    let bars = [color(1, 2), color(2, 2), color(1, 43)];
    assert_eq!(bars, [11, 10, 9].map(|index| Some(vt100::Color::Idx(index))));
    let reversed: Vec<bool> = (0..24)
        .map(|row| screen.cell(row, 50).is_some_and(vt100::Cell::inverse))
        .collect();
    let expected: Vec<bool> = (0..24).map(|row| [0, 6, 7].contains(&row)).collect();
    assert_eq!(reversed, expected);
    assert!(screen.hide_cursor());
}

#[test]
fn small_terminals_show_what_matters_most() {
    let at = |columns, rows| Sight::new(view(columns, rows), machine(10)).lines();
    assert_eq!(at(1, 1), [""]);
    assert_eq!(at(12, 1), [" Rhaios 0.1."]);
    assert_eq!(at(24, 3)[1..], ["    ID CPU ▼ NAME", "     2  50.0 worker"]);
    let lines = at(40, 8);
    assert_eq!(lines[7], "q leave   ? keys   k end task   p pause");
    assert!(lines[3].starts_with("    ID STATE"), "{lines:?}");
}

#[test]
fn wide_terminals_have_the_panels_beside() {
    let lines = Sight::new(view(132, 30), machine(10)).lines();
    assert!(lines[4].starts_with("    █ kernel"), "{lines:?}");
    assert!(
        lines[5].contains("── tasks") && lines[5].contains("│ ── interrupts/s ─"),
        "{lines:?}"
    );
    assert!(lines[6].ends_with("1.0k") && lines[6].contains("│ timer"), "{lines:?}");
}

#[test]
fn the_selection_stays_with_its_task() {
    let mut sight = Sight::new(view(80, 24), machine(10));
    assert_eq!(sight.dashboard.selected_task().map(|task| task.id), Some(TaskId(2)));
    sight.press(DOWN);
    assert_eq!(sight.dashboard.selected_task().map(|task| task.id), Some(TaskId(3)));
    // By number it is another row.
    sight.press(Key::Character('i'));
    assert_eq!(sight.dashboard.selected_row, 2);
    sight.press(Key::Character('r'));
    assert_eq!(sight.dashboard.selected_row, 0);
    // The task goes: what is in its row is selected then, and nothing of it is left on the screen.
    let mut now = machine(11);
    now.tasks.remove(2);
    sight.update(now);
    assert!(!sight.shows("logger"));
    assert_eq!(sight.dashboard.selected_task().map(|task| task.id), Some(TaskId(2)));
    for key in [UP, Key::PageUp, Key::End, Key::PageDown, Key::Home] {
        sight.press(key);
        sight.check();
    }
    sight.update(Snapshot::default());
    assert_eq!(sight.press(Key::Character('k')), Step::Stay);
    sight.press(Key::End);
    assert_eq!(sight.dashboard.selected_task(), None);
}

#[test]
fn ends_a_task_only_when_told_so_twice() {
    let mut sight = Sight::new(view(80, 24), machine(10));
    assert_eq!(sight.press(Key::Character('k')), Step::Stay);
    assert!(sight.shows("End task 2 (worker)? y/n"));
    assert_eq!(sight.press(Key::Character('n')), Step::Stay);
    assert!(sight.shows("nothing was ended"));
    sight.press(Key::Character('k'));
    // The list changes its order meanwhile: the answer is for the task of the question.
    sight.press(Key::Character('x'));
    sight.press(Key::Character('k'));
    sight.dashboard.sort_by(Sort::Memory);
    assert_eq!(sight.press(Key::Character('y')), Step::Kill(TaskId(2)));
    sight.press(Key::Character('i'));
    sight.press(Key::Home);
    sight.press(Key::Character('k'));
    assert!(sight.shows("End task 1 (serial, this session's)? y/n"));
    sight.press(Key::Escape);
    sight.press(Key::Character('e'));
    sight.press(Key::End);
    sight.press(Key::Character('k'));
    assert!(sight.shows("task 4 has ended already"));
    // Ctrl-C leaves, whatever is asked.
    sight.press(Key::Up);
    sight.press(Key::Character('k'));
    assert_eq!(sight.press(Key::Control('c')), Step::Leave);
}

#[test]
fn keys_change_what_is_shown() {
    let mut sight = Sight::new(view(80, 24), machine(10));
    assert!(!sight.shows("done") && sight.shows("1 ended (e: show)"));
    sight.press(Key::Character('e'));
    assert!(sight.shows("done"));
    sight.press(Key::Character('+'));
    assert_eq!(sight.dashboard.interval_ms(), 2000);
    assert!(sight.shows("every 2 s"));
    for _ in 0..20 {
        sight.press(Key::Character('-'));
    }
    assert_eq!(sight.dashboard.interval_ms(), 100);
    sight.press(Key::Character('p'));
    assert!(sight.shows("PAUSED") && sight.dashboard.is_paused());
    assert_eq!(sight.press(Key::Character('p')), Step::Refresh);
    assert_eq!(sight.press(Key::Character(' ')), Step::Refresh);
    sight.press(Key::Character('?'));
    assert!(sight.shows("end the selected task") && !sight.shows("worker"));
    assert_eq!(sight.press(Key::Character('q')), Step::Stay);
    assert!(sight.shows("worker"));
    sight.press(Key::Tab);
    assert!(sight.shows("timer") && !sight.shows("worker"));
    sight.press(Key::Tab);
    for leave in [Key::Character('q'), Key::Escape, Key::Control('c')] {
        assert_eq!(sight.press(leave), Step::Leave);
    }
}

#[test]
fn rates_count_from_the_moment_before() {
    let (before, mut now) = (machine(10), machine(12));
    // One that is new counts from its start.
    let mut new = task(9, "new", TaskState::Ready);
    new.started_ns = 11_500_000_000;
    new.cpu_time_us = 250_000;
    now.tasks.push(new);
    let rates = Rates::between(Some(&before), &now);
    let shares: Vec<u32> = rates.tasks.iter().map(|task| task.share_permille).collect();
    assert_eq!(shares, [0, 500, 100, 0, 500]);
    assert_eq!(rates.tasks[1].operations_per_s, 2_500_000);
    assert_eq!(
        (rates.interrupts[0].source.as_str(), rates.interrupts[0].per_s),
        ("timer", 1000)
    );
    assert_eq!(rates.load_permille(), Some(533));
    // A clock that stands still, and counts that go back.
    let rates = Rates::between(Some(&now), &before);
    assert!(rates.tasks.iter().all(|task| task.share_permille <= 1000));
}

/// A refresh that changes every figure must not keep a slow line busy: 115200 baud are 11520 bytes a second.
#[test]
fn a_refresh_takes_few_bytes() {
    let busy = |seconds: u64| {
        let mut now = machine(seconds);
        let mut random = Random(seconds * 77 + 1);
        now.cores = (0..12)
            .map(|index| {
                core(
                    index,
                    seconds * SECOND_NS / 2 + random.bits() % (SECOND_NS / 4),
                    seconds * SECOND_NS,
                )
            })
            .collect();
        now.tasks = (0..40)
            .map(|id| task(id, "a task with a name", TaskState::Ready))
            .collect();
        for task in &mut now.tasks {
            task.cpu_time_us = seconds * 20_000 + random.bits() % 10_000;
            task.operations = seconds * 1_000_000 + random.bits() % 100_000;
            task.arena_bytes = random.bits() % (8 << 20);
        }
        now.memory.free_bytes += random.bits() % (1 << 20);
        for interrupt in &mut now.interrupts {
            interrupt.count += random.bits() % 100;
        }
        now
    };
    let mut sight = Sight::new(view(80, 24), busy(1));
    let first = sight.sent_bytes;
    let mut most = 0;
    for seconds in 2..40 {
        sight.update(busy(seconds));
        most = most.max(sight.sent_bytes);
    }
    std::println!("80x24: {first} bytes at first, {most} bytes for a refresh that changes every figure");
    assert!(first < 5000, "{first}");
    assert!(most < 2500, "{most}");
    // Nothing but the clock has changed.
    let mut quiet = machine(10);
    let mut sight = Sight::new(view(80, 24), quiet.clone());
    quiet.uptime_ns += SECOND_NS;
    sight.update(quiet.clone());
    quiet.uptime_ns += SECOND_NS;
    quiet.unix_ms = quiet.unix_ms.map(|ms| ms + 1000);
    sight.update(quiet);
    std::println!("80x24: {} bytes where hardly anything changes", sight.sent_bytes);
    assert!(sight.sent_bytes < 120, "{}", sight.sent_bytes);
}

const NAMES: [&str; 8] = [
    "",
    "x",
    "漢字のタスク",
    "a\tb\x1b[31mc\x7f",
    "e\u{301}\u{301}\u{301}e",
    "\u{200b}",
    "a very long name that no column of any table has ever had the room for, whatever the terminal",
    "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀",
];

/// Mostly ordinary numbers, and at times the largest.
fn number(random: &mut Random) -> u64 {
    match random.below(8) {
        0 => u64::MAX - random.bits() % 3,
        1 => random.bits() % 3,
        _ => random.bits() >> random.below(63),
    }
}

fn random_machine(random: &mut Random) -> Snapshot {
    let states = [TaskState::Ready, TaskState::Waiting, TaskState::Ended];
    let cores = [0, 1, 2, 4, 8, 12, 13, 64, 255][random.below(9)];
    Snapshot {
        system: NAMES[random.below(8)].into(),
        uptime_ns: number(random),
        unix_ms: (random.below(4) > 0).then(|| random.bits() as i64),
        cores: (0..cores)
            .map(|index| CoreInfo {
                index: if random.below(9) == 0 { u32::MAX } else { index },
                is_online: random.below(5) > 0,
                load_permille: number(random) as u32,
                ..core(0, number(random), number(random))
            })
            .collect(),
        memory: MemoryInfo {
            total_bytes: number(random),
            free_bytes: number(random),
            kernel_bytes: number(random),
            heap_bytes: number(random),
            heap_used_bytes: number(random),
            arena_bytes: number(random),
            task_arena_bytes: number(random),
            stack_bytes: number(random),
        },
        tasks: (0..random.below(70))
            .map(|_| TaskInfo {
                id: TaskId(if random.below(9) == 0 {
                    number(random)
                } else {
                    random.bits() % 99
                }),
                cpu_time_us: number(random),
                operations: number(random),
                arena_bytes: number(random),
                stack_peak_bytes: number(random),
                started_ns: number(random),
                ..task(0, NAMES[random.below(8)], states[random.below(3)])
            })
            .collect(),
        own_task: None,
        interrupts: (0..random.below(70))
            .map(|_| InterruptInfo {
                core: random.below(12) as u32,
                ..interrupt(NAMES[random.below(8)], random.bits() as u8, number(random))
            })
            .collect(),
    }
}

fn random_key(random: &mut Random) -> Key {
    const KEYS: [Key; 12] = [
        Key::Up,
        Key::Down,
        Key::PageUp,
        Key::PageDown,
        Key::Home,
        Key::End,
        Key::Tab,
        Key::Enter,
        Key::Delete,
        Key::Escape,
        Key::Control('l'),
        Key::Function(1),
    ];
    match random.below(2) {
        0 => KEYS[random.below(KEYS.len())],
        _ => Key::Character(char::from(b' ' + random.below(95) as u8)),
    }
}

#[test]
fn every_terminal_has_rows_that_fit() {
    let mut random = Random(0x00DA_5B0A_4D01);
    for columns in 1..=200 {
        for rows in 1..=60 {
            let mut dashboard = Dashboard::new(view(columns, rows), random_machine(&mut random));
            for key in 0..4 {
                let drawn = dashboard.rows();
                assert_eq!(drawn.len(), rows, "{columns}x{rows}");
                let widest = drawn.iter().map(crate::painter::Row::len).max();
                assert!(widest <= Some(columns), "{columns}x{rows}: {widest:?} at key {key}");
                dashboard.press(random_key(&mut random));
                if key == 2 {
                    dashboard.update(random_machine(&mut random));
                }
            }
        }
    }
}

#[test]
fn random_machines_are_drawn_right_by_parts() {
    let mut random = Random(0x5EED_DA5B_0A4D);
    for _ in 0..60 {
        let mut size = view(1 + random.below(200), 1 + random.below(60));
        let mut sight = Sight::new(size, random_machine(&mut random));
        for _ in 0..12 {
            match random.below(8) {
                0 => {
                    size = view(1 + random.below(200), 1 + random.below(60));
                    sight.resize(size);
                }
                1..4 => sight.update(random_machine(&mut random)),
                _ => {
                    sight.press(random_key(&mut random));
                }
            }
            sight.check();
        }
    }
}

#[test]
fn many_cores_find_room() {
    for (cores, columns, rows) in [(12, 80, 24), (12, 40, 24), (64, 132, 43), (255, 80, 24), (255, 20, 10)] {
        let mut now = machine(5);
        now.cores = (0..cores).map(|index| core(index, u64::from(index), 1000)).collect();
        let sight = Sight::new(view(columns, rows), now);
        let lines = sight.lines().join("\n");
        assert!(
            rows < 24 || lines.contains("worker"),
            "{cores} cores at {columns}x{rows}:\n{lines}"
        );
    }
}

#[test]
fn is_plain_text_too() {
    let text = plain::text(&machine(10));
    assert!(!text.contains('\x1b') && !text.ends_with('\n'));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "Rhaios 0.1.0, up 0:10, 22:13:30 UTC");
    assert!(lines.contains(&"core 3: offline"));
    assert!(lines.contains(&"memory 128M of 256M, kernel 8.0M, heap 32.0M, tasks 64.0M, stacks 16.0M, other 8.0M"));
    assert!(lines.contains(&"     2 ready     50.0   160K  2.5M worker"));
    assert!(lines.contains(&"interrupt timer (core 0, vector 32): 10000, 1.0k/s"));
    let mut random = Random(0x7E87);
    for _ in 0..300 {
        let text = plain::text(&Snapshot {
            system: String::new(),
            ..random_machine(&mut random)
        });
        assert!(!text.contains('\x1b'));
    }
}
