//! `espctl sim --cloud`: a stand-in for a cloud, and what is printed once it listens.

use std::sync::Arc;

use serde_json::{Value, json};

use super::args::Args;
use super::listening::cannot_listen;
use super::{list, ready};
use crate::code::Code;
use crate::commands::app::App;
use crate::failure::Failure;
use crate::report::Document;
use crate::sim::cloud::{Cloud, Fault, Observer, User};
use crate::text;

/// Answers until somebody ends the program.
pub(super) async fn run(args: &Args, app: &App<'_>) -> Result<Document, Failure> {
    let faults = args.fault.iter().map(|text| fault(text)).collect::<Result<_, _>>()?;
    let cloud = Cloud::bind(args.http, faults).await.map_err(|error| cannot_listen(args, &error))?;
    let base_url = format!("http://{}/v1/", ready::reachable(cloud.address()));
    app.output.announce(&document(&base_url, &cloud.users()))?;
    cloud
        .run(app.process.interruption().cancelled(), observer(app))
        .await
        .map_err(|error| Failure::new(Code::Unexpected).saying("the stand-in cloud ended").caused_by(&error))?;
    Ok(Document::nothing())
}

fn fault(text: &str) -> Result<Fault, Failure> {
    text.parse().map_err(|error: crate::sim::cloud::fault::FaultError| {
        let failure = Failure::new(Code::UsageInvalid)
            .saying("cannot set up the stand-in cloud")
            .because(text::sanitise(&error.to_string()).into_owned())
            .hint("espctl sim --list shows the faults of the cloud");
        match list::meant_of_the_cloud(text) {
            Some(name) => failure.hint(format!("did you mean {name}?")),
            None => failure,
        }
    })
}

/// Shows each call and its status, unless that is too much to print. Nothing that a client sent is shown.
fn observer(app: &App<'_>) -> Option<Observer> {
    let output = app.output;
    let observer: Observer = Arc::new(move |call, status| {
        let call = call.unwrap_or("(unknown call)");
        match status {
            Some(status) => output.remark(&format!("cloud  {call}  {status}")),
            None => output.remark(&format!("cloud  {call}  no answer")),
        }
    });
    (!output.quiet).then_some(observer)
}

/// The document that says where it is and how to log in.
fn document(base_url: &str, users: &[User]) -> Document {
    let mut commands = vec![
        format!("esp-rainmaker-cli profile add stand-in --base-url {base_url}"),
        "esp-rainmaker-cli profile switch stand-in".to_owned(),
    ];
    commands.extend(
        users
            .iter()
            .take(1)
            .map(|user| format!("esp-rainmaker-cli login --user_name {} --password {}", user.name, user.password)),
    );
    let mut lines = vec![format!("The stand-in cloud listens on {base_url}")];
    for user in users {
        let code = user.code.as_ref().map(|code| format!(", code {code}")).unwrap_or_default();
        lines.push(format!("User {}, password {}{code}", user.name, user.password));
    }
    lines.push("Log in with:".to_owned());
    lines.extend(commands.iter().map(|command| format!("  {command}")));
    let users: Vec<_> = users.iter().map(described).collect();
    let body = json!({
        "outcome": "ready",
        "cloud": "rainmaker",
        "base_url": base_url,
        "users": users,
        "commands": commands,
    });
    Document::new("sim-cloud", lines.join("\n"), body)
}

fn described(user: &User) -> Value {
    let mut described = json!({ "user_name": user.name, "password": user.password });
    if let Some(code) = &user.code {
        described["code"] = code.as_str().into();
    }
    described
}
