//! Listening in the background of a run: each line becomes an event, and is kept with the stage the run was in.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::log_reader::{COMES_BACK, LogReader};
use crate::event::{Event, Observer};
use crate::stage::Stage;
use crate::wire::log::Line;

/// Most lines that are kept; a board logs for ever.
const KEPT: usize = 2000;
/// How long a board may take to print why it refused something.
const SETTLE: Duration = Duration::from_millis(400);

/// Hears a board until it is dropped.
#[derive(Debug)]
pub struct Listener {
    task: JoinHandle<()>,
}

impl Listener {
    /// Starts to listen. A port that goes away for good is only noted: the run does not depend on it.
    pub fn start(mut reader: LogReader, observer: Arc<dyn Observer>) -> Self {
        let task = tokio::spawn(async move {
            let mut garbled = false;
            loop {
                match reader.next().await {
                    Ok(heard) => observer.observe(&Event::Board { line: heard.line }),
                    Err(failure) => match reader.outlive(failure, COMES_BACK, &*observer).await {
                        Ok(()) => {}
                        Err(_) => return,
                    },
                }
                if reader.is_garbled() && !garbled {
                    garbled = true;
                    let text =
                        "the board's output is not readable text: its baud rate may be another (--baud)".to_owned();
                    observer.observe(&Event::Note { text });
                }
            }
        });
        Self { task }
    }

    /// Gives the board a moment to print why: its log may come later than the end of the link.
    pub async fn settle(&self) {
        if !self.task.is_finished() {
            tokio::time::sleep(SETTLE).await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A line, and where the run was when it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedLine {
    /// The run's stage; none before it began.
    pub stage: Option<Stage>,
    /// How many times credentials had been handed over.
    pub attempt: u32,
    /// The line, its secrets replaced.
    pub line: Line,
}

/// Remembers what the board said. It watches the same events as everybody else.
#[derive(Debug, Default)]
pub struct LogHistory {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stage: Option<Stage>,
    attempt: u32,
    told: VecDeque<LoggedLine>,
}

impl LogHistory {
    /// Everything that is still remembered, in order.
    pub fn told(&self) -> Vec<LoggedLine> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).told.iter().cloned().collect()
    }

    /// How many times credentials have been handed over.
    pub fn attempt(&self) -> u32 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).attempt
    }
}

impl Observer for LogHistory {
    fn observe(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { stage, .. } => {
                // The agent's console takes credentials and applies them in one step.
                let hands_over = match stage {
                    Stage::Configure => true,
                    Stage::Apply => state.stage != Some(Stage::Configure),
                    _ => false,
                };
                state.attempt += u32::from(hands_over);
                state.stage = Some(*stage);
            }
            Event::Board { line } => {
                if state.told.len() == KEPT {
                    state.told.pop_front();
                }
                let told = LoggedLine { stage: state.stage, attempt: state.attempt, line: line.clone() };
                state.told.push_back(told);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_knows_the_stage() {
        let memory = LogHistory::default();
        let say = |text: &str| memory.observe(&Event::Board { line: Line::parse(text) });
        say("before");
        memory.observe(&Event::Started { stage: Stage::Configure, deadline: SETTLE });
        say("during");
        let told = memory.told();
        assert_eq!((told[0].stage, told[0].attempt), (None, 0));
        assert_eq!((told[1].stage, told[1].attempt), (Some(Stage::Configure), 1));
        let start = |stage| memory.observe(&Event::Started { stage, deadline: SETTLE });
        [Stage::Apply, Stage::AwaitNetwork, Stage::Apply].into_iter().for_each(start);
        say("after another try");
        assert_eq!((memory.told()[2].attempt, memory.attempt()), (2, 2), "in one step");
        (0..2 * KEPT).for_each(|_| say("again"));
        assert_eq!(memory.told().len(), KEPT);
    }
}
