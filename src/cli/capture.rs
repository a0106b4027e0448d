//! `proofmark capture`: one request to a live target becomes a case: what was sent, and of the answer what will be so again.
//! The request goes the way that every other goes, through permissions, guard and ledger.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use serde_json::{Map, Value};

use super::{args::StageArgs, new};
use crate::{
    cli::{
        console::{self, print},
        sweep::command,
    },
    contract::generate,
    exec,
    matcher::{error_reading::error_names, media_type},
    model::{
        case::{Case, CaseId, Suite},
        contract::{Contract, Operation},
        exchange::{End, Exchange, Leftover, Response, Role, Trace},
        verdict::Verdict,
    },
    plan::{self, Decision},
    redact::Redactor,
    report::derive::{self, Derived},
    runner::{Opening, Runner, clean_up, interrupt::interrupts, kept},
    suite::{
        self, SourceFile,
        write::{self, CaseText, scalar},
    },
    workspace::{self, Error, Generated, Workspace, files, state::state_dir},
};

mod secrets;

#[derive(Debug, Clone, Args)]
pub struct CaptureArgs {
    /// The operation to call
    #[arg(value_name = "OPERATION")]
    pub operation: String,
    /// The API of the operation, if several have one of that name
    #[arg(long, value_name = "API")]
    pub api: Option<String>,
    /// The input of the operation by member name, as JSON with the `${...}` of case files; or @FILE
    #[arg(long, value_name = "JSON|@FILE", default_value = "{}")]
    pub send: String,
    /// The name of the case [default: derived from the response]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Write to FILE, which must not exist yet, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub stage: StageArgs,
}

/// Sends, and writes the case. Exits with 1 where the answer breaks a clause, and with 3 where there is none. What can be
/// wrong with the question is found before anything is sent.
pub async fn capture(args: &CaptureArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    let mut workspace = workspace::open(&args.stage.files.layout()?, |_| true, Generated::None)?;
    let sent = sent(&args.send)?;
    let (contract, operation) = new::find(&workspace, &args.operation, args.api.as_deref())?;
    let (contract, operation) = (contract.clone(), operation.clone());
    let asking = Asking { contract: &contract, operation: &operation, sent: &sent };
    let name = args.name.as_deref().unwrap_or(FIRST);
    if !suite::is_case_name(name) {
        return Err(Error::Usage(format!("--name {name}: {}; nothing was sent", suite::CASE_NAMES)));
    }
    let case = asking.case(&workspace, name)?;
    secrets::refuse_in_clear(&case.steps[0].request.input)?;
    workspace.suite = Arc::new(with(&workspace.suite, &case));
    let mut resolved =
        workspace::target(&args.stage.target.choice()?, &[contract.api.to_string()], &workspace)?;
    let state_dir = state_dir(args.stage.state_dir.clone())?;
    for line in kept::use_kept_fixtures(&mut resolved.target, &state_dir)? {
        eprintln!("{line}");
    }
    let job = plan::job(&case, workspace.ground(&resolved.target));
    match &job.decision {
        Decision::Run => {}
        Decision::Skip(why) => return Err(Error::Usage(format!("{why}; nothing was sent"))),
        Decision::Unsupported(operation) => {
            return Err(Error::Usage(format!(
                "the target file says that {operation} is not there; nothing was sent"
            )));
        }
    }
    let interrupt = interrupts(command("sweep", &args.stage.without_cases()), print);
    let runner = Runner::open(workspace, resolved, Opening::new(state_dir, interrupt)).await?;
    let mask = |text: &str| runner.session.known_secrets().mask(text);
    secrets::refuse_known("--send", &Value::Object(sent.clone()).to_string(), &mask)?;
    secrets::refuse_known("--name", name, &mask)?;
    let refused = |why: String| Error::Usage(format!("{why}; nothing was sent"));
    runner.session.prepare(std::slice::from_ref(&job)).await.map_err(refused)?;
    args.out.as_deref().map_or(Ok(()), free)?;
    let mut trace = exec::run(&job, &runner.session).await;
    runner.session.close().await;
    let unconfirmed = clean_up::resolve(&runner).await;
    unconfirmed.destroyed().for_each(|what| eprintln!("looked for at the end, found and destroyed: {what}"));
    unconfirmed.supersede(&case.id, &mut trace);
    trace.leftovers.extend(unconfirmed.left().into_iter().map(Leftover::from));
    let told = asking.print(&case, &trace, &runner, args, out);
    runner.close().await;
    told
}

/// Fails where the file is there already, or could not be written.
fn free(path: &Path) -> Result<(), Error> {
    new::create(path, "").map_err(|wrong| match wrong {
        Error::Usage(why) => Error::Usage(format!("--out {why}; nothing was sent")),
        other => other,
    })?;
    Ok(fs::remove_file(path)?)
}

/// What is to be sent, by member.
fn sent(given: &str) -> Result<Map<String, Value>, Error> {
    let text = match given.strip_prefix('@') {
        Some(path) => files::text(Path::new(path), files::TEXT)?,
        None => given.to_owned(),
    };
    serde_json::from_str(&text)
        .map_err(|error| Error::Usage(format!("--send: this is no JSON object: {error}; nothing was sent")))
}

fn with(suite: &Suite, case: &Arc<Case>) -> Suite {
    let mut suite = suite.clone();
    suite.cases = vec![Arc::clone(case)];
    suite
}

/// A question to a target.
struct Asking<'a> {
    contract: &'a Contract,
    operation: &'a Operation,
    sent: &'a Map<String, Value>,
}

/// What the case is called before there is an answer.
const FIRST: &str = "captured";

impl Asking<'_> {
    /// The case that sends and claims next to nothing, as it will be written: what is wrong with the input is said of the file.
    fn case(&self, workspace: &Workspace, name: &str) -> Result<Arc<Case>, Error> {
        let anything = |file: &mut CaseText| file.line(2, "expect: { status: [2xx, 3xx, 4xx, 5xx] }");
        let text = self.file(workspace, name, anything);
        let source = SourceFile { path: "--send".into(), text: text.into() };
        let loaded = suite::load(std::slice::from_ref(&source), &workspace.contracts, &workspace.clauses);
        let mut own = loaded
            .or_else(|wrong| self.beside(workspace, &source).ok_or(wrong))
            .map_err(Error::Diagnostics)?;
        let wanted: CaseId = format!("{}::{}::{name}", self.contract.api, self.operation.name).into();
        let found = own.cases.drain(..).find(|case| case.id == wanted);
        found
            .ok_or_else(|| Error::Usage("a bug in Proofmark: the case that was written does not load".into()))
    }

    /// The same, where it names variables that the suite sets.
    fn beside(&self, workspace: &Workspace, source: &SourceFile) -> Option<Suite> {
        let api = &self.contract.api;
        let variables = workspace.suite.variables.get(api)?;
        let mut text = source.text.to_string();
        text += "\nvariables:\n";
        for (name, value) in variables {
            text += &format!("  {}: {}\n", scalar(name), write::flow(&write::template(value)));
        }
        let source = SourceFile { path: Arc::clone(&source.path), text: text.into() };
        suite::load(&[source], &workspace.contracts, &workspace.clauses).ok()
    }

    /// The file, with what `claims` writes into the case.
    fn file(&self, workspace: &Workspace, name: &str, claims: impl FnOnce(&mut CaseText)) -> String {
        let source = format!("{}, {}", self.contract.title, self.operation.name);
        let mut file = CaseText::new(new::modeline(), &self.contract.api, &self.operation.name, &source);
        file.line(1, &format!("{name}:"));
        let input: Vec<(String, Value)> = self.sent.clone().into_iter().collect();
        match input.is_empty() {
            true => file.line(2, "send: {}"),
            false => file.send(2, &input),
        }
        // Whatever a creation makes is undone.
        let first = generate::first(self.contract, self.operation, &workspace.clauses, workspace.seed);
        new::captures(&mut file, &first);
        claims(&mut file);
        new::undo(&mut file, &first, self.sent);
        file.finish()
    }

    fn print(
        &self,
        case: &Arc<Case>,
        trace: &Trace,
        runner: &Runner,
        args: &CaptureArgs,
        out: &mut impl Write,
    ) -> Result<ExitCode, Error> {
        let mask = |text: &str| runner.session.known_secrets().mask(text);
        let redactor = Redactor::new(&mask);
        for left in &trace.leftovers {
            eprintln!("{}", redactor.line(&left.message));
        }
        let step = |exchange: &&Exchange| matches!(exchange.role, Role::Step { index: 0, .. });
        let Some(exchange) = trace.exchanges.iter().rev().find(step) else {
            let why = match &trace.end {
                End::Refused(why) | End::Stopped(why) => redactor.line(why),
                End::Interrupted => return Ok(ExitCode::from(130)),
                end => redactor.line(&format!("{end:?}")),
            };
            if trace.exchanges.is_empty() {
                return Err(Error::Usage(format!("{why}; nothing was sent")));
            }
            eprintln!("{} was not asked: {why}", self.operation.name);
            return Ok(ExitCode::from(3));
        };
        let response = match &exchange.answer {
            Ok(response) => response,
            Err(broken) => {
                eprintln!("no answer to make a case of: {}", redactor.line(&broken.to_string()));
                return Ok(ExitCode::from(3));
            }
        };
        let name = args.name.clone().unwrap_or_else(|| self.name(response));
        let mut text = self.file(&runner.workspace, &name, |file| self.claims(response, runner, file));
        if mask(&text) != text {
            eprintln!("the answer has a secret of the target in it; of it the status alone is claimed");
            let status =
                |file: &mut CaseText| file.line(2, &format!("expect: {{ status: {} }}", response.status));
            text = self.file(&runner.workspace, &name, status);
        }
        let source = SourceFile { path: "the captured case".into(), text: text.as_str().into() };
        let workspace = &runner.workspace;
        let loads = suite::load(std::slice::from_ref(&source), &workspace.contracts, &workspace.clauses);
        if let Err(wrong) = loads.or_else(|wrong| self.beside(workspace, &source).ok_or(wrong)) {
            let why: Vec<String> = wrong.iter().map(|it| redactor.line(&it.to_string())).collect();
            eprintln!("a bug in Proofmark: the case that was made is none: {}", why.join("; "));
            return Ok(ExitCode::from(3));
        }
        match args.out.as_deref().map(|path| (path, new::create(path, &text))) {
            Some((path, Ok(()))) => writeln!(out, "{}: {name}", path.display())?,
            // It was free a moment ago; what was sent for is not thrown away.
            Some((_, Err(wrong))) => {
                out.write_all(text.as_bytes())?;
                out.flush()?;
                eprintln!("{}; the case is printed instead", console::explained(&wrong));
                return Ok(ExitCode::from(3));
            }
            None => out.write_all(text.as_bytes())?,
        }
        out.flush()?;
        let Verdict::Fail { violations, .. } = runner.judge(case, trace).verdict else {
            return Ok(ExitCode::from(if trace.leftovers.is_empty() { 0 } else { 3 }));
        };
        eprintln!("the answer is not as it should be; look before you keep the case:");
        for one in violations {
            let (at, clauses) = (&one.mismatch.at, one.clauses.join(" "));
            let (expected, actual) =
                (redactor.seen(at, &one.mismatch.expected), redactor.seen(at, &one.mismatch.actual));
            eprintln!(
                "  {clauses}: {}",
                redactor.line(&format!("{at}: expected {expected}, actual {actual}"))
            );
        }
        Ok(ExitCode::from(1))
    }

    fn name(&self, response: &Response) -> String {
        match error_names(&self.contract.protocol, response).resolved() {
            Some(error) if response.status >= 400 && is_word(error) => format!("answers-{error}"),
            _ => format!("answers-{}", response.status),
        }
    }

    /// The claims that will hold again.
    fn claims(&self, response: &Response, runner: &Runner, file: &mut CaseText) {
        let workspace = &runner.workspace;
        let (api, operation) = (&self.contract.api, self.operation);
        let names = error_names(&self.contract.protocol, response);
        let error = names.resolved().filter(|error| response.status >= 400 && is_word(error));
        let clause = match error {
            Some(error) => format!("{api}.{}.{error}", operation.name),
            None => format!("{api}.{}.success", operation.name),
        };
        let fits = error.is_some() || response.status < 300;
        if fits && workspace.clauses.contains_key(clause.as_str()) {
            file.line(2, &format!("clauses: [{clause}]"));
        }
        file.line(2, "expect:");
        file.line(3, &format!("status: {}", response.status));
        if let Some(value) = response.header("content-type") {
            file.line(3, &format!("headers: {{ content-type: {} }}", scalar(&media_type(value).0)));
        }
        if let Some(error) = error {
            file.line(3, &format!("error: {error}"));
        }
        let media_type = response.header("content-type");
        let documented = operation.answer(response.status).and_then(|answer| answer.schema_of(media_type));
        let schema = error.filter(|error| self.contract.schema(error).is_some()).or(documented);
        if let (Some(schema), Ok(body)) = (schema, response.json()) {
            match workspace.contracts.schema_mismatches(api, schema, body).len() {
                0 => file.line(3, &format!("schema: {}", scalar(schema))),
                count => file
                    .line(3, &format!("# {count} differences from the schema {schema} when it was captured")),
            }
        }
        if response.body.is_empty() {
            file.line(3, "body: empty");
        } else if let (Ok(body), None, 200..=299) = (response.json(), error, response.status) {
            let mask = |text: &str| runner.session.known_secrets().mask(text);
            derive::derive(body, self.sent, &mask).write(file);
        }
    }
}

impl Derived {
    fn write(&self, file: &mut CaseText) {
        if !self.body.is_empty() {
            file.line(3, "body:");
            for (name, value) in &self.body {
                file.line(4, &format!("{}: {}", scalar(name), write::flow(&write::literal(value))));
            }
        }
        if !self.at.is_empty() {
            file.line(3, "at:");
            for (path, matcher) in &self.at {
                file.line(4, &format!("{}: {matcher}", scalar(path)));
            }
        }
    }
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}
