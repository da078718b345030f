//! The terminal in machine mode: [`raw_repl`] on its queues.

use alloc::string::String;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::Poll;

use super::Terminal;
use super::raw_repl::{self, BANNER, RawRepl, Request, SOFT_REBOOT};

/// Where the terminal is in a program's hands. It outlives the session: one that died in machine mode is followed by one
/// that answers for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It is in a person's hands.
    #[default]
    Off,
    /// The last request was answered.
    Idle,
    /// A request is being read.
    Reading,
    /// A request is to be answered.
    Running,
}

impl Terminal {
    /// Where the machine mode is.
    pub fn machine_phase(&self) -> Phase {
        self.queues.lock().machine
    }

    /// Reads a program's next request; the first time it is greeted. [`Request::Run`] and [`Request::Refused`] want
    /// [`Terminal::answer`].
    pub async fn read_request(&'static self) -> Request {
        self.room().await;
        {
            let mut queues = self.queues.lock();
            if queues.machine != Phase::Idle {
                queues.send(BANNER);
            }
            queues.machine = Phase::Reading;
        }
        let mut repl = RawRepl::default();
        poll_fn(move |context| {
            let mut queues = self.queues.lock();
            let mut out = Vec::new();
            let request = loop {
                let Some(byte) = queues.next_input(context) else {
                    break None;
                };
                if let Some(request) = repl.feed(byte, &mut out) {
                    break Some(request);
                }
            };
            queues.send(&out);
            match request {
                None => Poll::Pending,
                Some(request) => {
                    queues.machine = match &request {
                        Request::Run(_) | Request::Refused(_) => Phase::Running,
                        Request::Reset | Request::Leave => Phase::Off,
                    };
                    if request == Request::Reset {
                        queues.send(SOFT_REBOOT);
                    }
                    Poll::Ready(request)
                }
            }
        })
        .await
    }

    /// Answers the request that was read last, with an error or an empty text.
    pub async fn answer(&'static self, error: String) {
        self.room().await;
        let bytes = raw_repl::answer(&error);
        let mut queues = self.queues.lock();
        queues.machine = Phase::Idle;
        queues.send(&bytes);
    }
}
