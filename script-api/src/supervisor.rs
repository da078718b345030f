//! Keeps a prompt on a terminal: starts it, starts it again when it has ended, and starts the next one when its line is
//! detached. A service: runs on the executor, not on a fiber.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::{Context, Poll};

use services::host::{BoxFuture, Host};
use services::lock::Lock;
use services::task::{TaskError, TaskId, TaskSpec};
use services::terminal::Terminal;
use services::terminal::jobs::Detached;

use crate::session;

/// Between two sessions, so that one that cannot even start does not keep the machine busy.
const PAUSE_NS: u64 = 100_000_000;
/// Characters of a line that name it.
const NAME_CHARACTERS: usize = 40;

/// Runs sessions on `terminal` for ever.
pub async fn serve(host: Host, terminal: &'static Terminal) {
    let mut watched = Watched::new();
    loop {
        serve_once(host, terminal, &mut watched).await;
        terminal.print(String::from("\nThe session was restarted.\n")).await;
        host.clock.sleep_until(host.clock.uptime_ns() + PAUSE_NS).await;
    }
}

/// Runs sessions on `terminal` until one ends because that was wanted: Ctrl-D.
pub async fn serve_until_end(host: Host, terminal: &'static Terminal) {
    serve_once(host, terminal, &mut Watched::new()).await;
}

/// The same; lines that outlive the session in the background stay in `watched`.
async fn serve_once(host: Host, terminal: &'static Terminal, watched: &mut Watched) {
    // The line that was detached, until its successor has started.
    let mut predecessor: Option<Detached> = None;
    loop {
        let parcel = Arc::new(Lock::new(
            predecessor
                .as_mut()
                .map(|detached| core::mem::take(&mut detached.legacy)),
        ));
        let content = Arc::clone(&parcel);
        let spec = TaskSpec {
            name: String::from("prompt"),
            core: None,
            body: Box::new(move || {
                let legacy = content.lock().take();
                // Shared with the supervisor: nothing of it may stay on the fiber.
                let mut content = Some(content);
                host.tasks.on_kernel_heap(&mut || drop(content.take()));
                session::run_with(host, terminal, legacy)
            }),
        };
        match host.tasks.start(spec) {
            Ok(prompt) => {
                if let Some(detached) = predecessor.take() {
                    host.tasks.hand_over(detached.task, prompt, &short(&detached.text));
                    terminal.note_handed_over(detached.task);
                    watched.push((detached.task, host.tasks.ended(detached.task)));
                }
                let mut ended = host.tasks.ended(prompt);
                match until_end_or_detached(terminal, &mut ended, watched).await {
                    End::Detached(detached) => {
                        terminal.print(announce(&detached)).await;
                        predecessor = Some(detached);
                        continue;
                    }
                    End::Ended(error) => {
                        terminal.forget_evaluation();
                        drop(host.tasks.wait(prompt).await);
                        match error {
                            Some(error) => terminal.print(farewell(&error)).await,
                            None => return,
                        }
                    }
                }
            }
            Err(error) => {
                // What was to be handed on comes back, for the next try.
                if let (Some(detached), Some(legacy)) = (&mut predecessor, parcel.lock().take()) {
                    detached.legacy = legacy;
                }
                terminal.print(format!("\nno session: {error}\n")).await;
                if predecessor.is_none() {
                    terminal.forget_evaluation();
                }
            }
        }
        host.clock.sleep_until(host.clock.uptime_ns() + PAUSE_NS).await;
    }
}

enum End {
    /// With its error, where it has one.
    Ended(Option<TaskError>),
    Detached(Detached),
}

/// Lines in the background, and what tells of their ends.
type Watched = Vec<(TaskId, BoxFuture<Option<TaskError>>)>;

/// Waits for the prompt's task, and meanwhile tells of lines in the background that could not tell of their end
/// themselves.
async fn until_end_or_detached(
    terminal: &'static Terminal,
    ended: &mut BoxFuture<Option<TaskError>>,
    watched: &mut Watched,
) -> End {
    loop {
        let next = poll_fn(|context| {
            let end = ended.as_mut().poll(context);
            // Asked afterwards: a line that was detached and has ended at once is no prompt that has ended.
            if let Poll::Ready(detached) = terminal.poll_detached(context) {
                return Poll::Ready(Next::End(End::Detached(detached)));
            }
            if let Poll::Ready(error) = end {
                return Poll::Ready(Next::End(End::Ended(error)));
            }
            poll_watched(watched, context).map(|(task, error)| Next::LineEnded(task, error))
        });
        match next.await {
            Next::End(end) => return end,
            Next::LineEnded(task, error) => {
                if terminal.forget_line(task) {
                    let end = error.map_or_else(
                        || String::from("done"),
                        |error| format!("error[{}]: {}", error.code, error.message),
                    );
                    terminal.print(format!("[{}] {end}\n", task.0)).await;
                }
            }
        }
    }
}

enum Next {
    End(End),
    LineEnded(TaskId, Option<TaskError>),
}

fn poll_watched(watched: &mut Watched, context: &mut Context<'_>) -> Poll<(TaskId, Option<TaskError>)> {
    let mut polls = watched.iter_mut().enumerate();
    let ended = polls.find_map(|(index, (task, ended))| match ended.as_mut().poll(context) {
        Poll::Ready(error) => Some((index, *task, error)),
        Poll::Pending => None,
    });
    match ended {
        Some((index, task, error)) => {
            drop(watched.swap_remove(index));
            Poll::Ready((task, error))
        }
        None => Poll::Pending,
    }
}

/// What the person is told of a line that goes to the background.
fn announce(detached: &Detached) -> String {
    let id = detached.task.0;
    let mut text = format!("\n[{id}] goes on in the background: {}\n", short(&detached.text));
    let left_behind = &detached.legacy.left_behind;
    if !left_behind.is_empty() {
        text += &format!("These stay with it: {}\n", left_behind.join(", "));
    }
    text
}

/// The beginning of a line, on one line.
fn short(line: &str) -> String {
    let mut words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = words.char_indices().nth(NAME_CHARACTERS) {
        words.truncate(cut);
        words += "...";
    }
    words
}

/// What the next session is told of the last one's end.
fn farewell(error: &TaskError) -> String {
    log::error!("the session ended: {error}");
    let report = error.report.trim_end();
    format!(
        "\n{report}\nerror[{}]: {}\nThe session was restarted; its variables are lost.\n",
        error.code, error.message
    )
}
