//! Lines that run in the background: how the prompt's running line is detached, brought back, and told of.
//!
//! Detaching changes who has the terminal, and nothing else: the line's task goes on wherever it is, waiting or not. The
//! supervisor of the prompt hears of it and starts the next prompt with the [`Legacy`] that was left here as the line
//! began. What the line's task has started and shared goes to the next prompt then, also where the line ends before that;
//! its end is told after its leaving ([`Terminal::poll_handed_over`]). While a line is brought back, Ctrl-C and the keys
//! are its own.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::task::{Context, Poll, Waker};

use super::Terminal;
use crate::legacy::Legacy;
use crate::lock::Lock;
use crate::task::{Control, TaskId};
use crate::waker_slot::WakerSlot;

/// A line that runs.
#[derive(Debug)]
pub struct Running {
    /// Its task.
    pub task: TaskId,
    /// The task's control.
    pub control: &'static Control,
    /// The line itself.
    pub text: String,
}

/// A line that was detached, for the prompt's supervisor.
#[derive(Debug)]
pub struct Detached {
    /// Its task.
    pub task: TaskId,
    /// The line itself.
    pub text: String,
    /// What the next prompt starts with.
    pub legacy: Legacy,
}

/// Where a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the prompt that it was typed at.
    Prompt,
    /// In the background.
    Background,
    /// At a later prompt, which waits for it.
    BroughtBack,
}

/// Why a line cannot be detached or brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The task is no line of this terminal's prompt.
    NotAtPrompt,
    /// No line runs in the background by that number.
    NotFound,
    /// Another one was brought back and still runs.
    InUse,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NotAtPrompt => "only a line that runs at the prompt can go to the background",
            Self::NotFound => {
                "no line runs in the background by that number; task::wait takes the result of one that ended"
            }
            Self::InUse => "another line was brought back and still runs",
        })
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    state: Lock<State>,
    supervisor: WakerSlot,
    /// Who waits for the line that was brought back.
    waiter: WakerSlot,
}

#[derive(Debug, Default)]
struct State {
    /// The prompt's running line, and what it leaves where it is detached.
    current: Option<(Running, Legacy)>,
    detached: Option<Detached>,
    background: Vec<InBackground>,
    /// The line that was brought back, and the control of the line that waits for it.
    brought_back: Option<(TaskId, &'static Control)>,
}

#[derive(Debug)]
struct InBackground {
    task: TaskId,
    control: &'static Control,
    /// The next prompt has what its task had started and shared.
    is_handed_over: bool,
    /// It has ended, and waits for that.
    leaver: Option<Waker>,
}

impl State {
    fn is_in_background(&self, task: TaskId) -> bool {
        self.background.iter().any(|line| line.task == task)
    }

    fn place(&self, task: TaskId) -> Place {
        match self.brought_back {
            _ if !self.is_in_background(task) => Place::Prompt,
            Some((brought_back, _)) if brought_back == task => Place::BroughtBack,
            _ => Place::Background,
        }
    }
}

impl Terminal {
    /// As [`Terminal::begin_evaluation`], for a line that can be detached, also by a Ctrl-Z that was typed since it was
    /// entered: `legacy` goes to the next prompt then. Call it with allocations on the kernel heap.
    pub fn begin_line(&self, line: Running, legacy: Legacy) {
        let control = line.control;
        let replaced = self.jobs.state.lock().current.replace((line, legacy));
        drop(replaced);
        let detaches = {
            let mut queues = self.queues.lock();
            !queues.begin_evaluation(control) && queues.take_control_z()
        };
        if detaches {
            self.detach_as_typed();
        }
    }

    /// Ctrl-Z.
    pub(super) fn detach_as_typed(&self) {
        if self.detach(None).is_err() {
            self.queues.lock().ring();
        }
    }

    /// Where the line of `task` would end now.
    pub fn place(&self, task: TaskId) -> Place {
        self.jobs.state.lock().place(task)
    }

    /// The line of `task` has ended. At its prompt, the terminal belongs to nobody then; in the background, the supervisor
    /// tells of its end unless [`Terminal::forget_line`] comes first. Call it with allocations on the kernel heap.
    pub fn end_line(&self, task: TaskId) -> Place {
        let (place, ended) = {
            let mut state = self.jobs.state.lock();
            let place = state.place(task);
            let ended = if place == Place::Prompt {
                state.current.take()
            } else {
                None
            };
            (place, ended)
        };
        drop(ended);
        if place == Place::Prompt {
            self.end_evaluation();
        }
        place
    }

    /// Sends the running line to the background: that of `asking`, or without one whichever has the terminal. The line
    /// that was brought back goes there again. Returns its task.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotAtPrompt`].
    pub fn detach(&self, asking: Option<TaskId>) -> Result<TaskId, Refusal> {
        let mut state = self.jobs.state.lock();
        if let Some((task, waiting)) = state.brought_back
            && asking.is_none_or(|asking| asking == task)
        {
            state.brought_back = None;
            self.queues.lock().set_evaluation(waiting);
            drop(state);
            self.jobs.waiter.wake();
            return Ok(task);
        }
        if let Some(task) = asking.filter(|task| state.is_in_background(*task)) {
            return Ok(task);
        }
        let is_meant = |line: &Running| asking.is_none_or(|asking| asking == line.task);
        // Until the supervisor has taken the last one, there is no prompt that another could be detached from.
        if state.detached.is_some() || !state.current.as_ref().is_some_and(|(line, _)| is_meant(line)) {
            return Err(Refusal::NotAtPrompt);
        }
        if state.background.try_reserve(1).is_err() {
            return Err(Refusal::NotAtPrompt);
        }
        let Some((line, legacy)) = state.current.take() else {
            return Err(Refusal::NotAtPrompt);
        };
        let Running { task, control, text } = line;
        control.set_leaves(true);
        state.detached = Some(Detached { task, text, legacy });
        state.background.push(InBackground {
            task,
            control,
            is_handed_over: false,
            leaver: None,
        });
        self.queues.lock().end_evaluation();
        drop(state);
        self.jobs.supervisor.wake();
        Ok(task)
    }

    /// For the prompt's supervisor: the line that was detached.
    pub fn poll_detached(&self, context: &Context<'_>) -> Poll<Detached> {
        self.jobs.supervisor.set(context.waker());
        match self.jobs.state.lock().detached.take() {
            Some(detached) => Poll::Ready(detached),
            None => Poll::Pending,
        }
    }

    /// For the prompt's supervisor: the next prompt has what the detached line's task had started and shared.
    pub fn note_handed_over(&self, task: TaskId) {
        let leaver = {
            let mut state = self.jobs.state.lock();
            let line = state.background.iter_mut().find(|line| line.task == task);
            line.and_then(|line| {
                line.is_handed_over = true;
                line.leaver.take()
            })
        };
        leaver.into_iter().for_each(Waker::wake);
    }

    /// Ready when the end of the line of `task` may be told: at once, except where it was detached just now.
    pub fn poll_handed_over(&self, task: TaskId, context: &Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let replaced = {
            let mut state = self.jobs.state.lock();
            let mut lines = state.background.iter_mut();
            match lines.find(|line| line.task == task) {
                Some(line) if !line.is_handed_over => line.leaver.replace(waker),
                _ => return Poll::Ready(()),
            }
        };
        drop(replaced);
        Poll::Pending
    }

    /// Forgets a line that ran in the background; false where it has been told of.
    pub fn forget_line(&self, task: TaskId) -> bool {
        let forgotten = {
            let mut state = self.jobs.state.lock();
            let at = state.background.iter().position(|line| line.task == task);
            at.map(|at| state.background.remove(at))
        };
        forgotten.is_some()
    }

    /// Gives Ctrl-C and the keys to a line that runs in the background, while the one of `waiting` waits for it.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub fn bring_back(&self, task: TaskId, waiting: &'static Control) -> Result<(), Refusal> {
        let mut state = self.jobs.state.lock();
        let mut lines = state.background.iter();
        let control = lines.find(|line| line.task == task).map(|line| line.control);
        let control = control.ok_or(Refusal::NotFound)?;
        if state.brought_back.is_some() {
            return Err(Refusal::InUse);
        }
        let mut queues = self.queues.lock();
        if !queues.is_evaluating(waiting) || core::ptr::eq(control, waiting) {
            return Err(Refusal::NotAtPrompt);
        }
        state.brought_back = Some((task, waiting));
        queues.set_evaluation(control);
        Ok(())
    }

    /// Ready when the line that was brought back is in the background again.
    pub fn poll_detached_again(&self, task: TaskId, context: &Context<'_>) -> Poll<()> {
        self.jobs.waiter.set(context.waker());
        match self.jobs.state.lock().brought_back {
            Some((known, _)) if known == task => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// The wait for the line that was brought back is over: the terminal belongs to the one that waited.
    pub fn end_bring_back(&self, task: TaskId) {
        let mut state = self.jobs.state.lock();
        if let Some((known, waiting)) = state.brought_back
            && known == task
        {
            state.brought_back = None;
            self.queues.lock().set_evaluation(waiting);
        }
    }

    /// The prompt's task has died: its line, and what it waited for, is over.
    pub(super) fn forget_running_line(&self) {
        let ended = {
            let mut state = self.jobs.state.lock();
            state.brought_back = None;
            state.current.take()
        };
        drop(ended);
    }
}
