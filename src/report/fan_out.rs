//! Several observers as one.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::stage::Stage;

/// Hands each event to all of them, in order.
pub struct FanOut(pub Vec<Arc<dyn Observer>>);

impl Observer for FanOut {
    fn observe(&self, event: &Event) {
        self.0.iter().for_each(|observer| observer.observe(event));
    }

    /// The first that refuses ends the run; those after it are not asked.
    fn before(&self, stage: Stage) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            for observer in &self.0 {
                observer.before(stage).await?;
            }
            Ok(())
        })
    }

    /// All are asked, since each may have something to finish; the first failure is the answer.
    fn at_end(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let mut result = Ok(());
            for observer in &self.0 {
                let ended = observer.at_end().await;
                result = result.and(ended);
            }
            result
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::code::Code;

    /// Writes down what it is asked, and refuses what it is told to.
    struct Asked {
        name: &'static str,
        refuses: bool,
        seen: Arc<Mutex<Vec<String>>>,
    }

    impl Asked {
        fn answer(&self, question: &str) -> BoxFuture<'_, Result<(), Failure>> {
            let question = format!("{} {question}", self.name);
            Box::pin(async move {
                tokio::task::yield_now().await;
                self.seen.lock().expect("no panic").push(question);
                if self.refuses { Err(Failure::new(Code::TraceFailed).saying(self.name)) } else { Ok(()) }
            })
        }
    }

    impl Observer for Asked {
        fn observe(&self, _: &Event) {}
        fn before(&self, _: Stage) -> BoxFuture<'_, Result<(), Failure>> {
            self.answer("before")
        }
        fn at_end(&self) -> BoxFuture<'_, Result<(), Failure>> {
            self.answer("at_end")
        }
    }

    #[tokio::test]
    async fn observers_are_awaited_in_order_until_one_refuses() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let observer = |name, refuses| -> Arc<dyn Observer> { Arc::new(Asked { name, refuses, seen: seen.clone() }) };
        let fan_out = FanOut(vec![observer("first", false), observer("second", true), observer("third", false)]);
        assert_eq!(fan_out.before(Stage::Apply).await.unwrap_err().message, "second");
        assert_eq!(fan_out.at_end().await.unwrap_err().message, "second");
        let seen = seen.lock().expect("no panic").join(", ");
        assert_eq!(seen, "first before, second before, first at_end, second at_end, third at_end");
    }
}
