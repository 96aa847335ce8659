//! What `scan`, `reset` and their like share: a session is opened and one thing is carried out in it.

use super::App;
use super::args::SessionArgs;
use super::device;
use super::dialect::NeedsSession;
use super::input::one_reader;
use super::single_run::{self, log_access};
use crate::failure::Failure;
use crate::provision::{Context, Opened};

/// Opens a session with the device, carries out `work` in it, and closes it on every way out but an interruption, which
/// drops it.
///
/// `needs` is what the work is for a board with the agent's console alone.
pub(super) async fn in_session<T>(
    args: &SessionArgs,
    app: &App<'_>,
    needs: NeedsSession<'_>,
    work: impl AsyncFnOnce(&mut Opened, &mut Context<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    one_reader(&args.device, &args.security, &[])?;
    let input = app.input(args.device.timeout);
    let target = device::target(&args.device, &input, app).await?;
    needs.check(&target.locator)?;
    let plan = device::security_plan(&args.security, None, target.payload.as_ref(), &input, app).await?;
    let (device_run, person) = single_run::start(args.device.timeout, &args.record, &input, app).await?;
    let mut answers = person.answers();
    let run = async {
        match device_run.in_session(&target.locator, target.kind, &plan, &mut *answers, work).await {
            Ok(done) => Ok(done),
            Err(failure) => {
                Err(Box::pin(needs.explain(failure, &target.locator, &device_run.context(target.kind))).await)
            }
        }
    };
    let log = log_access(&target.locator);
    Box::pin(device_run.run(async { run.await.map_err(|failure| device_run.diagnosed(failure, &log)) })).await
}
