//! What `scan` and `reset` share: a device is opened and one thing is carried out on it.

use super::app::App;
use super::args::SessionArgs;
use super::device;
use super::input::one_reader;
use super::label;
use super::single_run::{self, log_access};
use crate::device::{Context, Device, Need};
use crate::failure::Failure;
use crate::report::Document;

/// Opens a device for what `need` says, carries out `work` on it, and releases it on every way out but an interruption,
/// which drops it.
pub(super) async fn with_device(
    args: &SessionArgs,
    app: &App<'_>,
    need: Need<'_>,
    work: impl AsyncFnOnce(&mut dyn Device, &Context<'_>) -> Result<Document, Failure>,
) -> Result<Document, Failure> {
    one_reader(&args.device, &args.security, &[])?;
    let input = app.input(args.device.seconds(app.environment, app.files));
    let target = device::target(&args.device, None, &input, app).await?;
    let choice = target.dialect;
    if let Some(dialect) = choice.dialect() {
        dialect.check_need(need, target.locator.address())?;
    }
    let plan = device::security_plan(&args.security, None, &input, app).await?;
    let plan = device::completed(plan, target.payload.as_ref(), app)?;
    let (device_run, person) =
        single_run::start(args.device.seconds(app.environment, app.files), &args.record, &input, app).await?;
    let context = device_run.context(target.kind);
    let mut answers = person.answers();
    let run = async {
        let mut device = device_run.open((choice, need), &target.locator, &plan, &context, &mut *answers).await?;
        let result = work(&mut *device, &context).await;
        device.close().await;
        result
    };
    let log = log_access(target.kind);
    let work = async { run.await.map_err(|failure| device_run.diagnosed(label::explained(failure, &target), &log)) };
    single_run::finish(&device_run, work).await
}
