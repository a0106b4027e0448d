//! `proofmark replay`: what went over the wire once is judged again, with no network. A recorded run is judged by the cases
//! of today, a HAR file of any client by the envelope rules and by earlier answers.

use std::{io::Write, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use clap::Args;
use jiff::Timestamp;

use super::{
    args::{ColorArg, FailOnArg, FileArgs, OutputArgs, ReportFormatArg, Wanted},
    report::{rendered, save},
};
use crate::{
    model::verdict::{Verdict, Violation},
    redact::{self, Mask, Redactor},
    report::{self, FailOn, Report},
    runner::{
        rejudge::{self, Asked, Rejudged},
        summary::terms,
    },
    traffic::{self, Redaction, Source, Traffic, TrafficResult, base_path::BasePaths, har},
    workspace::{self, Error, TargetChoice, files},
};

#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// The folder of a recorded run, or a HAR file of any client
    #[arg(value_name = "DIR|FILE.har")]
    pub what: PathBuf,
    /// Of a record: only cases whose name contains FILTER (`*` matches any text)
    #[arg(long, value_name = "FILTER")]
    pub case: Vec<String>,
    /// Of a HAR file: only exchanges of this API
    #[arg(long, value_name = "API")]
    pub api: Vec<String>,
    /// The target file whose declarations apply [default: that of the record; none for a HAR file]
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    #[command(flatten)]
    pub files: FileArgs,
    /// Which broken clauses fail a case [default: as in the record; must for a HAR file]
    #[arg(long, value_enum, help_heading = "Verdict")]
    pub fail_on: Option<FailOnArg>,
    /// Write to FILE instead of standard output
    #[arg(long = "output", short = 'o', value_name = "FILE", help_heading = "Output")]
    pub to: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Takes the secrets out of a text.
type Masking = Box<dyn Fn(&str) -> String + Sync>;

/// Judges and prints; the exit code is that of a run.
pub fn replay(args: &ReplayArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    let is_record = args.what.is_dir() || args.what.file_name().is_some_and(|name| name == "run.json");
    let (report, mask): (Report, Masking) = match is_record {
        true => (of_record(args, out)?, Box::new(str::to_owned)),
        false => {
            let (report, known_secrets) = of_har(args, out)?;
            (report, Box::new(move |text| known_secrets.mask(text)))
        }
    };
    for Wanted { format, path } in &args.output.report {
        save(path, &rendered(&report, *format, ColorArg::Never, &*mask))?;
    }
    let color = args.to.as_ref().map_or(args.output.color, |_| ColorArg::Never);
    let text = rendered(&report, args.output.format, color, &*mask);
    match &args.to {
        Some(path) => save(path, &text)?,
        None => out.write_all(text.as_bytes())?,
    }
    out.flush()?;
    Ok(ExitCode::from(report::exit_code(&report)))
}

fn of_record(args: &ReplayArgs, out: &mut impl Write) -> Result<Report, Error> {
    let asked = Asked {
        record: args.what.clone(),
        cases: args.case.clone(),
        target: args.target.clone(),
        layout: args.files.layout()?,
        fail_on: args.fail_on.map(fail_on).transpose()?,
    };
    let Rejudged { report, lines } = rejudge::judged(&asked)?;
    if args.output.format == ReportFormatArg::Text {
        let redactor = Redactor::new(&str::to_owned);
        for line in lines {
            writeln!(out, "{}", redactor.line(&line))?;
        }
    }
    Ok(report)
}

fn of_har(args: &ReplayArgs, out: &mut impl Write) -> Result<(Report, crate::redact::KnownSecrets), Error> {
    if !args.case.is_empty() {
        return Err(Error::Usage(
            "--case is for records: no case says what the exchanges of a HAR file are for".into(),
        ));
    }
    let text = files::text(&args.what, files::RECORD)?;
    let har = har::read(&text).map_err(|why| Error::Usage(format!("{}: {why}", args.what.display())))?;
    let workspace = workspace::open_contracts(&args.files.layout()?)?;
    known_apis(&args.api, &workspace)?;
    let target = args.target.clone().map(|name| {
        let named = TargetChoice::named(name);
        workspace::target(&named, &args.api, &workspace).map(|resolved| resolved.target)
    });
    let file: Arc<str> = args.what.to_string_lossy().replace('\\', "/").into();
    let name = args.what.file_stem().map_or("traffic".into(), |name| name.to_string_lossy().into_owned());
    let target = target.transpose()?;
    let base_paths = BasePaths::of(&har.exchanges, &traffic::wanted(&workspace, &args.api), target.as_ref());
    let source = Source { name, file, kept: Redaction::Possible };
    let mut traffic = Traffic::new(workspace, target, args.api.clone(), source, base_paths);
    let started = har.exchanges.iter().map(|it| it.started).min().unwrap_or(Timestamp::UNIX_EPOCH);
    let ended = har.exchanges.iter().filter_map(|it| it.started.checked_add(it.elapsed).ok()).max();
    let elapsed = ended.map_or(Duration::ZERO, |ended| ended.duration_since(started).unsigned_abs());
    for exchange in har.exchanges {
        traffic.take(exchange);
    }
    let mut told = String::new();
    for (count, why) in &har.left_out {
        told += &format!("{count} left out: {why}\n");
    }
    print(&(told + &unmatched(&traffic)), args.output.format, out)?;
    if traffic.judged() == 0 {
        return Err(Error::Usage(format!(
            "{} has no exchange that a contract knows and that can be judged",
            args.what.display()
        )));
    }
    Ok(traffic.into_report(terms(fail_on(args.fail_on.unwrap_or_default())?), started, elapsed))
}

/// Names that no contract has are the question's fault.
pub fn known_apis(apis: &[String], workspace: &workspace::Workspace) -> Result<(), Error> {
    let unknown = apis.iter().find(|api| workspace.contracts.get(api).is_none());
    unknown.map_or(Ok(()), |api| {
        let known = workspace.contracts.iter().map(|contract| contract.api.to_string()).collect();
        Err(workspace::unknown("API", api, known))
    })
}

/// What stands before a report for readers; beside one for programs.
pub fn print(text: &str, format: ReportFormatArg, out: &mut impl Write) -> std::io::Result<()> {
    match format {
        ReportFormatArg::Text => out.write_all(text.as_bytes()),
        _ => {
            eprint!("{text}");
            Ok(())
        }
    }
}

/// How many exchanges were judged, and which ones were not, and why.
pub fn unmatched(traffic: &Traffic) -> String {
    let unmatched: usize = traffic.unmatched.values().sum();
    let mut told = format!("{} exchanges judged, {unmatched} that no contract knows", traffic.judged());
    told += if unmatched > 0 { ", not judged:\n" } else { "\n" };
    let mut named: Vec<(&String, &usize)> = traffic.unmatched.iter().collect();
    named.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
    for (name, count) in named.iter().take(20) {
        told += &format!("{count:>7} {}\n", redact::visible(name));
    }
    if named.len() > 20 {
        told += &format!("        and {} others\n", named.len() - 20);
    }
    for (why, count) in &traffic.excluded {
        told += &format!("{count} not judged: {why}\n");
    }
    if traffic.dropped > 0 {
        told += &format!("{} are judged and not kept\n", traffic.dropped);
    }
    told
}

/// Which broken clauses count; there is nothing here that a regression could be held against.
pub fn fail_on(fail_on: FailOnArg) -> Result<FailOn, Error> {
    match fail_on {
        FailOnArg::Must => Ok(FailOn::Must),
        FailOnArg::Should => Ok(FailOn::Should),
        FailOnArg::Inconclusive => Ok(FailOn::Inconclusive),
        FailOnArg::Regression => Err(Error::Usage(
            "--fail-on regression needs a baseline, which only `proofmark run` takes".into(),
        )),
    }
}

/// What a judged exchange is told as, where somebody watches.
pub fn line(taken: &TrafficResult, mask: Mask) -> Option<String> {
    let (name, verdict) = match taken {
        TrafficResult::Judged { name, verdict } => (name, verdict),
        TrafficResult::Excluded { name, why } => return Some(format!("not judged {name}: {why}")),
        TrafficResult::Unmatched(_) => return None,
    };
    let redactor = Redactor::new(mask);
    let redacted = |text: &str| redactor.line(text);
    let told = |word: &str, one: &Violation| {
        let at = redacted(&one.mismatch.at.to_string());
        let clauses = one.clauses.join(" ");
        format!(
            "{word} {name} {clauses}: {at}: expected {}, actual {}",
            redactor.seen(&one.mismatch.at, &one.mismatch.expected),
            redact::visible(&redactor.seen(&one.mismatch.at, &one.mismatch.actual))
        )
    };
    let lines: Vec<String> = match verdict {
        Verdict::Fail { violations, warnings } => violations
            .iter()
            .map(|it| told("FAIL", it))
            .chain(warnings.iter().map(|it| told("warn", it)))
            .collect(),
        Verdict::Pass { warnings } => warnings.iter().map(|it| told("warn", it)).collect(),
        Verdict::Inconclusive { why, .. } => {
            vec![format!("inconclusive {name}: {}", redacted(&why.to_string()))]
        }
        Verdict::Error { why } => vec![format!("ERROR {name}: {}", redacted(why))],
        Verdict::Unsupported { .. } => vec![format!("unsupported {name}: the answer says so")],
        Verdict::Skip { .. } => Vec::new(),
    };
    (!lines.is_empty()).then(|| lines.join("\n"))
}
