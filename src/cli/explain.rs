//! `proofmark explain`: what a clause says and where it is from, how it is held against answers, what breaks it, and how it
//! is marked as known. Of a rule, the clauses it stands for.

use std::{collections::BTreeMap, io::Write};

use clap::Args;
use jiff::{ToSpan, Zoned};

use super::args::FileArgs;
use crate::{
    check::rules::{About, RULES, Rule},
    model::{
        case::{Case, Origin},
        clause::{Clause, ClauseId},
        contract::{Contract, Form},
    },
    redact::Redactor,
    reference::Deviation,
    workspace::{self, Error, Generated, Workspace},
};

mod example;

/// Cases that are named.
const FEW: usize = 5;
/// Near names that are suggested.
const NEAR: usize = 5;
/// Columns of a text.
const WIDTH: usize = 96;

#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// A clause (`http.date.present`) or a rule (`content-type`); with `*` in it, the matching names are listed
    #[arg(value_name = "CLAUSE|RULE")]
    pub name: String,
    /// Run the reference target with a deviation that breaks it, and show the report
    #[arg(long)]
    pub example: bool,
    #[command(flatten)]
    pub files: FileArgs,
}

/// Prints what is known of the name.
pub fn explain(args: &ExplainArgs, out: &mut impl Write) -> Result<(), Error> {
    let layout = args.files.layout()?;
    let workspace = workspace::open_contracts(&layout)?;
    if args.name.contains('*') {
        let found: Vec<&str> = names(&workspace).into_iter().filter(|it| fits(&args.name, it)).collect();
        if found.is_empty() {
            return Err(Error::Usage(format!("no clause and no rule fits {}", args.name)));
        }
        for name in found {
            writeln!(out, "{name}")?;
        }
        return Ok(out.flush()?);
    }
    let clauses = meant(&args.name, &workspace)?;
    let workspace = workspace.with_cases(&layout, |_| true, Generated::All)?;
    if clauses.is_empty() {
        writeln!(out, "{}", claim_kind(&args.name).unwrap_or_default())?;
    }
    for (index, id) in clauses.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        out.write_all(rendered(id, &workspace.clauses[id], &workspace).as_bytes())?;
    }
    out.flush()?;
    if args.example {
        for id in &clauses {
            example::show(id, &args.files, out)?;
        }
    }
    Ok(out.flush()?)
}

/// The clauses that a name stands for: itself, or those of the rules that are called so. None for a kind of claim.
fn meant(name: &str, workspace: &Workspace) -> Result<Vec<ClauseId>, Error> {
    if let Some((id, _)) = workspace.clauses.get_key_value(name) {
        return Ok(vec![id.clone()]);
    }
    let of_rule = RULES.iter().filter(|rule| rule.name == name);
    let mut found: Vec<ClauseId> = Vec::new();
    for rule in of_rule {
        for clause in workspace.contracts.iter().map(|contract| rule.clause_of(contract)) {
            if workspace.clauses.contains_key(&clause) && !found.contains(&clause) {
                found.push(clause);
            }
        }
    }
    if !found.is_empty() || claim_kind(name).is_some() {
        return Ok(found);
    }
    let near = nearest(name, &names(workspace));
    let hint = if near.is_empty() { String::new() } else { format!("; near it are {}", near.join(", ")) };
    Err(Error::Usage(format!("no clause and no rule is called {name}{hint}")))
}

/// Every name that can be explained.
fn names(workspace: &Workspace) -> Vec<&str> {
    let mut names: Vec<&str> = workspace.clauses.keys().map(|id| &**id).collect();
    names.extend(RULES.iter().map(|rule| rule.name).chain(CLAIMS.iter().map(|(name, _)| *name)));
    names.sort_unstable();
    names.dedup();
    names
}

/// The likest names, likest first: by their letters, or because they hold what was given.
fn nearest(name: &str, names: &[&str]) -> Vec<String> {
    let lower = name.to_lowercase();
    let likeness = |it: &str| {
        let it = it.to_lowercase();
        let holds = if it.contains(&lower) { 0.15 } else { 0.0 };
        strsim::normalized_damerau_levenshtein(&lower, &it).max(strsim::jaro_winkler(&lower, &it) - 0.1)
            + holds
    };
    let mut near: Vec<_> = names.iter().map(|it| (likeness(it), *it)).filter(|(it, _)| *it > 0.6).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.into_iter().take(NEAR).map(|(_, it)| it.to_owned()).collect()
}

fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

/// What rules are called that hold an answer to the claims of a case and not to a clause of their own.
const CLAIMS: [(&str, &str); 12] = [
    ("status", "`status` of a case's `expect`: the HTTP status is another."),
    ("header", "`headers` of a case's `expect`: a header is missing, is there, or has another value."),
    ("schema", "`schema` of a case's `expect`: the body does not satisfy that schema of the contract."),
    ("body", "`body` or `body_exact` of a case's `expect`: the body does not hold what it should."),
    ("at", "`at` of a case's `expect`: a value that a JSONPath selects is not as it should be."),
    ("error", "`error` of a case's `expect`: the answer is no error, or one of another name."),
    (
        "snapshot",
        "The approved answers of the target: status, media type or body of a step, ids and times normalised, is another.",
    ),
    ("latency", "`latency` of a case's `expect`: the answer took longer."),
    ("any-of", "`any_of` of a case's `expect`: none of the ways an answer may be is the way it is."),
    ("until", "`until` of a step: what was waited for did not come within its time."),
    ("through", "`through` of a step: a value went back, or was none of those it goes through."),
    ("capture", "`capture` of a step: a success does not have the value that later steps need."),
];

fn claim_kind(name: &str) -> Option<String> {
    let (name, text) = CLAIMS.iter().find(|(it, _)| *it == name)?;
    Some(format!(
        "{name}\n  {text}\n  A broken claim stands for the clauses of its case, or of its own `clauses:`; \
         docs/case-format.md has all claims.\n"
    ))
}

fn rendered(id: &ClauseId, clause: &Clause, workspace: &Workspace) -> String {
    let mask = |text: &str| text.to_owned();
    let redactor = Redactor::new(&mask);
    let mut text = format!("{}  {}\n", redactor.line(id), clause.strength);
    for line in textwrap::wrap(&redactor.line(&clause.text), WIDTH) {
        text += &format!("  {line}\n");
    }
    text +=
        &entry("source", &format!("{}, {}", redactor.line(&clause.document), redactor.line(&clause.section)));
    let rules: Vec<&Rule> = RULES.iter().filter(|rule| stands_for(rule, id, workspace)).collect();
    for rule in &rules {
        text += &entry("checked", &format!("by the rule `{}`, on {}", rule.name, exchanges(rule.about)));
    }
    if &**id == "dms.response.request-id-unique" {
        text += &entry("checked", "over all answers of a run, after the last one");
    }
    let mut naming: BTreeMap<Origin, Vec<&Case>> = BTreeMap::new();
    for case in workspace.suite.cases.iter().filter(|case| case.names().contains(id)) {
        naming.entry(case.origin()).or_default().push(case);
    }
    for (origin, cases) in &naming {
        let made = if *origin == Origin::Written { "" } else { "generated " };
        let named = if cases.len() == 1 { "case that names it" } else { "cases that name it" };
        text += &entry("checked", &format!("by {} {made}{named}:", cases.len()));
        for case in cases.iter().take(FEW) {
            text += &format!("            {}\n", redactor.line(&case.id));
        }
        if cases.len() > FEW {
            text += &format!("            and {} more: `proofmark list --clause {id}`\n", cases.len() - FEW);
        }
    }
    if rules.is_empty() && naming.is_empty() && &**id != "dms.response.request-id-unique" {
        text += &entry("checked", "by nothing yet");
    }
    text + &observed(id, workspace) + &broken(id) + &known(id)
}

/// Where the vendors' own services were seen to answer otherwise, as far as the clause is about it.
fn observed(id: &str, workspace: &Workspace) -> String {
    let mut text = String::new();
    for contract in workspace.contracts.iter() {
        let documented =
            |rest: &str| !contract.protocol.is_smithy() && id.strip_prefix(&*contract.api) == Some(rest);
        let aws = |clause: &str| {
            contract.protocol.clauses().is_some_and(|family| id.strip_prefix(family) == Some(clause))
        };
        let whole = documented(".answer.schema");
        for (place, member) in &contract.observed.members {
            let forms: Vec<&str> = [
                (whole || aws(".output.enum")).then(|| member.answers.iter().map(String::as_str).collect()),
                ((whole || aws(".output.no-null")) && member.null == Form::Seen).then(|| vec!["null"]),
                ((whole || aws(".output.required")) && member.absent == Form::Seen).then(|| vec!["absent"]),
            ]
            .into_iter()
            .flatten()
            .flat_map(|forms: Vec<&str>| forms)
            .collect();
            if !forms.is_empty() {
                let forms = forms.join(", ");
                text += &entry("passes", &format!("{place} {forms}: {} ({})", member.source, member.date));
            }
        }
        for (operation, seen) in &contract.observed.operations {
            let documents =
                [(".answer.status", "", &seen.statuses), (".answer.schema", " without a body", &seen.empty)];
            for (_, how, statuses) in documents.iter().filter(|(rest, ..)| documented(rest)) {
                for status in statuses.iter() {
                    let source = format!("{} ({})", seen.source, seen.date);
                    text += &entry("passes", &format!("{operation} {status}{how}: {source}"));
                }
            }
        }
    }
    text
}

/// What documents say is stated once for each API that has one.
fn stands_for(rule: &Rule, id: &ClauseId, workspace: &Workspace) -> bool {
    let documented = |api: &Contract| rule.is_about(api) && rule.clause_of(api) == *id;
    rule.clauses().contains(&id.to_string()) || workspace.contracts.iter().any(documented)
}

fn broken(id: &str) -> String {
    let mut text = String::new();
    for deviation in Deviation::ALL.iter().filter(|deviation| deviation.breaks() == id) {
        text += &entry("broken", deviation.summary());
        text += &format!("            `proofmark serve --deviate {deviation}`\n");
    }
    if !text.is_empty() {
        text += &format!("            `proofmark explain {id} --example` shows what a report says of it\n");
    }
    text
}

fn known(id: &str) -> String {
    let expires = Zoned::now().date().saturating_add(90.days());
    entry("known", "where a target fails this and it cannot be mended now, its file says:")
        + &format!(
            "            known_failures:\n              - clause: {id}\n                reason: what the target does \
             instead\n                ticket: where it is being mended\n                expires: {expires}\n"
        )
}

fn entry(word: &str, text: &str) -> String {
    let mut lines = textwrap::wrap(text, WIDTH - 10).into_iter();
    let first = format!("  {word:<9} {}\n", lines.next().unwrap_or_default());
    lines.fold(first, |entry, line| entry + &format!("            {line}\n"))
}

fn exchanges(about: About) -> String {
    match about {
        About::Every => "every answer of every case".to_owned(),
        About::Smithy => "every answer of an awsJson or restJson1 API".to_owned(),
        About::SmithyRequests => {
            "every answer of an awsJson or restJson1 API to a request of that protocol".to_owned()
        }
        About::AwsJson => "every answer of an awsJson API".to_owned(),
        About::AwsJsonRequests => "every answer of an awsJson API to a request of that protocol".to_owned(),
        About::RestJson => "every answer of a restJson1 API".to_owned(),
        About::Http | About::Rest | About::Documents => "every answer of a REST API".to_owned(),
        About::Api(api) => format!("every answer of {api}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Layout;

    fn workspace() -> Workspace {
        workspace::open(&Layout::default(), |_| true, Generated::None).unwrap()
    }

    #[test]
    fn every_clause_rule_and_deviation_can_be_explained() {
        let workspace = workspace();
        for id in workspace.clauses.keys() {
            let text = rendered(id, &workspace.clauses[id], &workspace);
            assert!(text.contains("source") && text.contains("known_failures"), "{text}");
        }
        for rule in RULES {
            assert!(
                meant(rule.name, &workspace).unwrap().contains(&ClauseId::from(rule.clause)),
                "{}",
                rule.name
            );
        }
        for deviation in Deviation::ALL {
            assert!(broken(deviation.breaks()).contains(deviation.name()));
        }
    }

    #[test]
    fn a_clause_is_told_with_all_there_is_to_it() {
        let workspace = workspace();
        let id = ClauseId::from("http.date.present");
        let text = rendered(&id, &workspace.clauses[&id], &workspace);
        for part in
            ["MUST", "by the rule `date", "No answer has a Date.", "--deviate no-date", "clause: http.date"]
        {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is_like_it() {
        let workspace = workspace();
        for (name, near) in [
            ("http.date.presnt", "http.date.present"),
            ("dms.DeleteConnection.gon", "dms.DeleteConnection.gone"),
            ("contenttype", "content-type"),
        ] {
            let Err(Error::Usage(why)) = meant(name, &workspace) else { panic!("{name}") };
            assert!(why.contains(near), "{why}");
        }
        let Err(Error::Usage(why)) = meant("zzzzzz", &workspace) else { panic!() };
        assert!(!why.contains("near"), "{why}");
    }

    #[test]
    fn patterns_stand_for_any_text() {
        for (pattern, name, fit) in [
            ("http.*", "http.date.present", true),
            ("*date*", "http.date.present", true),
            ("*present", "http.date.present", true),
            ("http.*.present", "http.date.present", true),
            ("http.*x*.present", "http.date.present", false),
            ("dms.*", "http.date.present", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }
}
