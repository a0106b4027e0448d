//! `proofmark new`: the beginning of a case file, made from the contract: the operation asked with the smallest input that
//! its model calls right, what the answer has to be, and one request that has to be refused.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Map, Value};

use super::{
    args::{FileArgs, StageArgs},
    sweep::command,
};
use crate::{
    contract::generate,
    model::{
        case::{Auth, Capture, CaptureFrom, Case, Claim, Expectation, Need, StatusPattern, Step},
        contract::{Access, Contract, Effect, Operation, ParameterLocation},
        target::DISPOSABLE,
        template::{Part, Placeholder, TemplateValue},
    },
    suite::write::{self, CaseText, scalar},
    workspace::{self, Error, Workspace},
};

/// Where the schema of case files is, seen from `cases/<api>/`.
const SCHEMA: &str = "../../schemas/case.schema.json";
/// The same in a repository that `proofmark init` has begun.
const SCHEMA_OF_INIT: &str = "../../.proofmark/case.schema.json";

#[derive(Debug, Clone, Args)]
pub struct NewArgs {
    /// The operation that the cases are about
    #[arg(value_name = "OPERATION")]
    pub operation: String,
    /// The API of the operation, if several have one of that name
    #[arg(long, value_name = "API")]
    pub api: Option<String>,
    /// Write to FILE, which must not exist yet, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub files: FileArgs,
}

/// Prints or writes the file.
pub fn new(args: &NewArgs, out: &mut impl Write) -> Result<(), Error> {
    let workspace = workspace::open_contracts(&args.files.layout()?)?;
    let (contract, operation) = find(&workspace, &args.operation, args.api.as_deref())?;
    let text = file(&workspace, contract, operation);
    match &args.out {
        Some(path) => {
            create(path, &text)?;
            let check = command("check", &StageArgs { files: checked(args, path), ..StageArgs::default() });
            writeln!(out, "{}: {}; `{check}` judges it", path.display(), operation.name)?;
        }
        None => out.write_all(text.as_bytes())?,
    }
    Ok(out.flush()?)
}

/// The flags with which `check` reads the new file: none where the project file names its folder.
fn checked(args: &NewArgs, path: &Path) -> FileArgs {
    let mut files = args.files.clone();
    if files.schemas.is_some() || !Path::new(workspace::PROJECT).is_file() {
        let folder = path.parent().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        files.cases = files.cases.or_else(|| Some(folder.unwrap_or(Path::new(".")).to_owned()));
    }
    files
}

/// The operation of this name, and the contract it is in.
pub fn find<'a>(
    workspace: &'a Workspace,
    name: &str,
    api: Option<&str>,
) -> Result<(&'a Contract, &'a Operation), Error> {
    let contracts =
        || workspace.contracts.iter().filter(|contract| api.is_none_or(|api| *contract.api == *api));
    if let Some(api) = api.filter(|api| workspace.contracts.get(api).is_none()) {
        let known = workspace.contracts.iter().map(|contract| contract.api.to_string()).collect();
        return Err(workspace::unknown("API", api, known));
    }
    let found: Vec<_> = contracts().filter_map(|it| Some((it, it.operation(name)?))).collect();
    match found[..] {
        [one] => Ok(one),
        [] => {
            let names = contracts().flat_map(|it| it.operations.keys().map(ToString::to_string)).collect();
            Err(workspace::unknown("operation", name, names))
        }
        [..] => {
            let apis: Vec<&str> = found.iter().map(|(contract, _)| &*contract.api).collect();
            Err(Error::Usage(format!(
                "{name} is an operation of {}: say which with --api",
                apis.join(" and ")
            )))
        }
    }
}

/// Writes a file that is not there yet.
pub fn create(path: &Path, text: &str) -> Result<(), Error> {
    let at = |error: io::Error| Error::Usage(format!("{}: {error}", path.display()));
    if path.symlink_metadata().is_ok() {
        return Err(Error::Usage(format!(
            "{}: expected nothing there yet, found something; give another name, or take it away",
            path.display()
        )));
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(at)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(at)?;
    file.write_all(text.as_bytes()).map_err(at)
}

/// The first line of a case file, for this working folder.
pub fn modeline() -> &'static str {
    if Path::new(".proofmark/case.schema.json").is_file() { SCHEMA_OF_INIT } else { SCHEMA }
}

/// The text of the file.
pub fn file(workspace: &Workspace, contract: &Contract, operation: &Operation) -> String {
    let case = generate::first(contract, operation, &workspace.clauses, workspace.seed);
    let first = First { workspace, contract, operation, input: input(&case), case: &case };
    let source = format!("{}, {}", contract.title, operation.name);
    let mut file = CaseText::new(modeline(), &contract.api, &operation.name, &source);
    first.success(&mut file);
    file.line(0, "");
    first.error(&mut file);
    file.finish()
}

/// What the file is made of.
struct First<'a> {
    workspace: &'a Workspace,
    contract: &'a Contract,
    operation: &'a Operation,
    case: &'a Case,
    /// As files write it.
    input: Vec<(String, Value)>,
}

/// What is wrong with the request that has to be refused.
enum Refusal<'a> {
    /// Its names are nobody's.
    Absent {
        error: Option<&'a str>,
        status: u16,
    },
    Without(&'a str),
    Unsigned,
    /// A method that the path does not have.
    Method,
}

impl First<'_> {
    fn success(&self, file: &mut CaseText) {
        let name = match self.operation.effect {
            Effect::Read => "answers-what-it-is-asked",
            Effect::Change | Effect::Destroy | Effect::Unknown if self.input.is_empty() => {
                "does-what-it-is-for"
            }
            Effect::Create | Effect::Upsert => "makes-what-it-is-asked-for",
            Effect::Change | Effect::Unknown => "changes-what-it-names",
            Effect::Destroy => "destroys-what-it-names",
        };
        file.line(1, &format!("{name}:"));
        if self.names_nobody() {
            file.line(
                2,
                "# The IDs are valid but do not exist. Replace them with those of a resource: a fixture's",
            );
            file.line(2, "# (`uses: [thing]` and \"${thing.id}\"), or a variable that the target file sets.");
        }
        self.clauses(file, &[format!("{}.{}.success", self.contract.api, self.operation.name)]);
        self.needs(file);
        self.request(file, &self.input);
        let Some((status, answer)) = self.operation.successes().next() else {
            file.line(2, "expect: { status: 2xx }");
            return undo(file, self.case, &self.input.iter().cloned().collect());
        };
        match &answer.schema {
            Some(schema) => {
                file.line(2, "expect:");
                file.line(3, &format!("status: {status}"));
                file.line(3, &format!("schema: {}", scalar(schema)));
            }
            None if status == 204 => file.line(2, "expect: { status: 204, body: empty }"),
            None => file.line(2, &format!("expect: {{ status: {status} }}")),
        }
        undo(file, self.case, &self.input.iter().cloned().collect());
    }

    fn error(&self, file: &mut CaseText) {
        let refusal = self.refusal();
        let (api, operation) = (&self.contract.api, &self.operation.name);
        let shared = self.contract.protocol.clauses();
        let (name, clause, expect) = match &refusal {
            Refusal::Absent { error: Some(error), status } => {
                let expect = format!("{{ status: {status}, error: {error}, schema: {error} }}");
                ("cannot-find-what-never-was", format!("{api}.{operation}.{error}"), expect)
            }
            Refusal::Absent { error: None, status } => {
                let clause = format!("{api}.{operation}.{status}");
                ("cannot-find-what-never-was", clause, format!("{{ status: {status} }}"))
            }
            Refusal::Without(_) => {
                let clause = match shared {
                    Some(family) => format!("{family}.input.required"),
                    None => format!("{api}.body.required"),
                };
                ("refuses-a-request-with-a-member-missing", clause, "{ status: 4xx }".to_owned())
            }
            Refusal::Unsigned => {
                let clause = match shared {
                    Some(family) => format!("{family}.auth.missing"),
                    None => format!("{api}.auth.required"),
                };
                let status = if self.operation.answers.contains_key(&401) { "401" } else { "4xx" };
                ("refuses-a-caller-who-is-nobody", clause, format!("{{ status: {status} }}"))
            }
            Refusal::Method => ("refuses-another-method", String::new(), "{ status: 4xx }".to_owned()),
        };
        file.line(1, &format!("{name}:"));
        self.clauses(file, &[clause]);
        self.needs(file);
        match &refusal {
            Refusal::Absent { .. } => self.request(file, &self.input),
            Refusal::Without(member) => {
                let left: Vec<_> = self.input.iter().filter(|(name, _)| name != member).cloned().collect();
                self.request(file, &left);
            }
            Refusal::Unsigned => {
                file.send(2, &self.input);
                file.line(2, "auth: none");
                captures(file, self.case);
            }
            Refusal::Method => {
                self.request(file, &self.input);
                file.line(2, "raw: { method: PROPFIND }");
            }
        }
        file.line(2, &format!("expect: {expect}"));
        undo(file, self.case, &self.input.iter().cloned().collect());
    }

    fn refusal(&self) -> Refusal<'_> {
        let absent = self.operation.errors.iter().find(|error| error.name.contains("NotFound"));
        let required = |place: &dyn Fn(ParameterLocation) -> bool| {
            let members = self.operation.members.iter();
            let mut found = members.filter(move |(_, member)| member.required && place(member.place));
            found.next().map(|(name, _)| name.as_str())
        };
        match (self.contract.protocol.is_smithy(), absent) {
            (true, Some(error)) if self.names_nobody() => {
                Refusal::Absent { error: Some(&error.name), status: error.status }
            }
            (true, _) => required(&|_| true).map_or(Refusal::Unsigned, Refusal::Without),
            (false, _) if self.operation.answers.contains_key(&404) && self.names_nobody() => {
                Refusal::Absent { error: None, status: 404 }
            }
            (false, _) if self.operation.access == Access::Protected => Refusal::Unsigned,
            (false, _) => {
                required(&|place| place != ParameterLocation::Path && place != ParameterLocation::Header)
                    .map_or(Refusal::Method, Refusal::Without)
            }
        }
    }

    /// Whether the input names something that would have to be there.
    fn names_nobody(&self) -> bool {
        let members = self.operation.members.iter();
        let mut naming = members.filter(|(name, member)| match member.place {
            ParameterLocation::Path => true,
            ParameterLocation::Body => {
                member.required && (name.ends_with("Arn") || name.ends_with("Identifier"))
            }
            _ => false,
        });
        self.operation.effect != Effect::Create
            && naming.any(|(name, _)| self.input.iter().any(|(it, _)| it == name))
            || naming.any(|(_, member)| member.place == ParameterLocation::Path)
    }

    /// Those of these that are stated.
    fn clauses(&self, file: &mut CaseText, wanted: &[String]) {
        let stated: Vec<&str> = wanted
            .iter()
            .filter(|id| self.workspace.clauses.contains_key(id.as_str()))
            .map(String::as_str)
            .collect();
        if !stated.is_empty() {
            file.line(2, &format!("clauses: [{}]", stated.join(", ")));
        }
    }

    /// What would do its work whatever it is given goes only to targets that may be spoilt.
    fn needs(&self, file: &mut CaseText) {
        let features: Vec<&str> = self
            .case
            .needs
            .iter()
            .filter_map(|need| match need {
                Need::Feature(feature) => Some(&**feature),
                Need::Lift(_) => Some(DISPOSABLE),
                Need::Variable(_) => None,
            })
            .collect();
        if !features.is_empty() {
            file.line(2, &format!("needs: {{ features: [{}] }}", features.join(", ")));
        }
    }

    fn request(&self, file: &mut CaseText, input: &[(String, Value)]) {
        file.send(2, input);
        let step = &self.case.steps[0];
        if step.request.auth == Auth::OwnToken {
            file.line(2, "auth: own-token");
        }
        captures(file, self.case);
    }
}

/// What a creation is known by when it is undone.
pub fn captures(file: &mut CaseText, first: &Case) {
    for Capture { name, from, .. } in &first.steps[0].captures {
        if let CaptureFrom::Body(path) = from {
            let path = write::quoted(&path.to_string());
            file.line(2, &format!("capture: {{ {name}: {{ body: {path}, optional: true }} }}"));
        }
    }
}

/// What undoes a creation that sends `input`; what it names by a member that is not there cannot be undone.
pub fn undo(file: &mut CaseText, first: &Case, input: &Map<String, Value>) {
    let own = sent(&first.steps[0], first);
    for step in &first.finally {
        // What was named by the first case may be named otherwise in this one.
        let member = |(name, value): (String, Value)| {
            let named = own.iter().find(|(_, have)| *have == value).map(|(member, _)| member);
            let value = match named {
                Some(member) => input.get(member).cloned()?,
                None => value,
            };
            Some((name, value))
        };
        let Some(sent) = sent(step, first).into_iter().map(member).collect::<Option<Vec<_>>>() else {
            continue;
        };
        file.line(2, "finally:");
        file.line(3, &format!("- operation: {}", step.operation));
        file.send(4, &sent);
        let Some(poll) = &step.poll else { continue };
        let errors = errors(&poll.until);
        let gone = "{ status: [2xx, 404, 410] }".to_owned();
        let named = (!errors.is_empty()).then(|| format!("{{ error: [{}] }}", errors.join(", ")));
        let ways: Vec<String> = [gone].into_iter().chain(named).collect();
        file.line(4, &format!("until: {{ any_of: [{}] }}", ways.join(", ")));
        file.line(4, "every: 5s");
        file.line(4, "within: 20m");
    }
}

/// The names of errors that claims speak of.
fn errors(claims: &[Expectation]) -> Vec<String> {
    let named = claims.iter().flat_map(|expectation| match &expectation.claim {
        Claim::Error(names) => names.clone(),
        Claim::AnyOf(ways) => ways.iter().flat_map(|way| errors(way)).collect(),
        Claim::Status(patterns) => {
            debug_assert!(patterns.contains(&StatusPattern::Class(2)));
            Vec::new()
        }
        _ => Vec::new(),
    });
    named.collect()
}

/// What the first step sends.
fn input(case: &Case) -> Vec<(String, Value)> {
    sent(&case.steps[0], case)
}

fn sent(step: &Step, case: &Case) -> Vec<(String, Value)> {
    let member = |(name, value): &(String, TemplateValue)| (name.clone(), write::template(&own(value, case)));
    step.request.input.iter().map(member).collect()
}

/// With the values of the case's row where it names them: a file for one case needs no matrix.
fn own(value: &TemplateValue, case: &Case) -> TemplateValue {
    match value {
        TemplateValue::Text(template) => match &template.parts[..] {
            [Part::Placeholder(Placeholder::Variable(name))] => {
                let row = case.row.iter().find(|(column, _)| column == name);
                row.map_or_else(|| value.clone(), |(_, value)| value.clone())
            }
            _ => value.clone(),
        },
        TemplateValue::List(items) => TemplateValue::List(items.iter().map(|item| own(item, case)).collect()),
        TemplateValue::Object(members) => TemplateValue::Object(
            members.iter().map(|(name, value)| (name.clone(), own(value, case))).collect(),
        ),
        fixed => fixed.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        suite::{self, SourceFile},
        workspace::Layout,
    };

    #[test]
    fn the_first_file_of_every_operation_loads() {
        let workspace = workspace::open_contracts(&Layout::default()).unwrap();
        let mut files = Vec::new();
        for contract in workspace.contracts.iter() {
            for operation in contract.operations.values() {
                let text = file(&workspace, contract, operation).into();
                let path = format!("{}/{}.yaml", contract.api, operation.name).into();
                files.push(SourceFile { path, text });
            }
        }
        assert!(files.len() >= 119 + 163, "{} operations", files.len());
        let suite = suite::load(&files, &workspace.contracts, &workspace.clauses);
        let suite =
            suite.unwrap_or_else(|wrong| panic!("{}", crate::cli::explain(&Error::Diagnostics(wrong))));
        assert_eq!(suite.cases.len(), 2 * files.len());
    }

    #[test]
    fn operations_are_found_by_their_names() {
        let workspace = workspace::open_contracts(&Layout::default()).unwrap();
        let found = |name: &str, api: Option<&str>| match find(&workspace, name, api) {
            Ok((contract, operation)) => format!("{} {}", contract.api, operation.name),
            Err(Error::Usage(why)) => why,
            Err(_) => String::new(),
        };
        assert_eq!(found("DeleteConnection", None), "dms DeleteConnection");
        assert!(found("DeleteConection", None).contains("did you mean DeleteConnection?"));
        assert!(found("DeleteConnection", Some("veeam")).starts_with("no operation"));
        assert!(found("DeleteConnection", Some("s3")).starts_with("no API"));
    }
}
