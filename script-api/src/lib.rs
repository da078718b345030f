//! The script interface: the services of the machine as Rhai functions, and the session that a person types at.
//!
//! | module | what it does |
//! |---|---|
//! | [`session`] | the prompt: read, evaluate, print |
//! | [`supervisor`] | starts the prompt, and the next one when a line is detached; [`legacy`] is what passes between |
//! | [`program`] | programs from files, and tasks that run a function of another task |
//! | [`engine`] | makes every engine, with its limits and safepoints |
//! | [`warm`], [`table`] | what is made once: at boot, and while the prompt waits |
//! | [`registry`] | one description per function, from which all else follows |
//! | [`functions`] | the functions, one file per namespace |
//! | [`catalogue`], [`builtin_docs`] | what there is: namespaces with their purpose, and the functions of Rhai's own |
//! | [`completion`] | what Tab offers |
//! | [`ask`] | `?name` at the prompt |
//! | [`suggest`], [`advice`] | what was meant by an unknown name, and what to do about an error |
//! | [`view`], [`source`], [`types`] | what a session has: variables, functions, their texts, their types |
//! | [`entries`] | how often each function has been entered |
//! | [`context`] | what a running script's native code stands on |
//! | [`compute`] | natives that compute on a script's values, at a pace that others can bear |
//! | [`convert`], [`handles`] | values between a script and the rest of the machine, and those that name something there |
//! | [`error`] | errors with stable codes |
//! | [`show`] | values and errors as the prompt shows them |
//! | [`last_result`], [`underscore`] | `_`, and what a `;` at the end means |
//! | [`pager`] | long results, page by page |
//! | [`chart`] | numbers as charts of text |
//! | [`complete`] | whether an input is finished |
//! | [`resolver`] | `import`, and which file is meant |
//! | [`evaluate`] | which of the two evaluators runs a text; [`suitable`] decides |
//! | [`timers`] | the tasks that call functions at a time or on an event |
//! | [`order`] | sorts lists of names |
//! | [`sort`] | a sort that can be stopped |
//!
//! # Memory
//!
//! Code here runs on a task's fiber. While Rhai runs, allocations come from the task's arena; inside
//! [`Tasks::on_kernel_heap`](services::host::Tasks::on_kernel_heap) they come from the kernel heap. A fiber may be
//! abandoned at any moment (a stack overflow, a panic), and its arena is then freed whole without running a destructor.
//! So nothing that lives on the fiber across script code may own kernel memory, and nothing that leaves the fiber may
//! lie in the arena: values are copied at the border, in [`convert`].
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod advice;
pub mod ask;
pub mod builtin_docs;
pub mod catalogue;
pub mod chart;
pub mod complete;
pub mod completion;
pub mod compute;
pub mod context;
pub mod convert;
pub mod engine;
pub mod entries;
pub mod error;
pub mod evaluate;
pub mod functions;
pub mod handles;
pub mod last_result;
pub mod legacy;
pub mod order;
pub mod pager;
pub mod program;
pub mod registry;
pub mod resolver;
pub mod session;
pub mod show;
pub mod sort;
pub mod source;
pub mod suggest;
pub mod suitable;
pub mod supervisor;
pub mod table;
pub mod timers;
pub mod types;
pub mod underscore;
pub mod view;
pub mod warm;

pub use warm::warm_up;
