//! What happens on simulated devices, as lines for people.

use std::sync::Arc;

use crate::commands::app::App;
use crate::sim::host::Observer;
use crate::text;

/// Shows what happens on the devices, unless that is too much to print.
pub(super) fn observer(app: &App<'_>) -> Option<Observer> {
    let output = app.output;
    let observer: Observer = Arc::new(move |name, timed| {
        let seconds = timed.at.as_secs_f32();
        output.remark(&format!("{name}  {seconds:8.3} s  {}", text::sanitise(&timed.event.to_string())));
    });
    (!output.quiet).then_some(observer)
}
