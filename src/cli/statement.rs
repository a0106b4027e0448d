//! `proofmark statement`: what a vendor publishes of a recorded run, its signature, and the check of both.

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand, ValueEnum};

use super::{
    args::FileArgs,
    mutate::{self, MutateArgs},
    report::save,
};
use crate::{
    model::target::Implementation,
    redact::Redactor,
    report::{
        self,
        statement::{self, Form, Refused},
    },
    runner::{
        record,
        verify::{self, Again, Asked, Done},
    },
    workspace::{Error, bundled},
};

mod sign;

use sign::{CheckArgs, KeyArgs, SignArgs};

/// Columns of a sentence.
const WIDTH: usize = 80;

#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct StatementArgs {
    #[command(subcommand)]
    pub command: Option<StatementCommand>,
    #[command(flatten)]
    pub make: MakeArgs,
}

#[derive(Debug, Clone, Subcommand)]
pub enum StatementCommand {
    /// Compute a statement again from the recorded run, and exit 1 if either was changed
    Verify(VerifyArgs),
    /// Make a key pair to sign statements, in the format of minisign
    Key(KeyArgs),
}

#[derive(Debug, Clone, Default, Args)]
pub struct MakeArgs {
    /// The folder of a recorded run [default: target/proofmark/last]
    #[arg(value_name = "DIR")]
    pub record: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "yaml", help_heading = "Output")]
    pub format: StatementFormat,
    /// Write to FILE instead of standard output
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// The organization behind the target; this and the next options add to `implementation` in the target file
    #[arg(long, value_name = "NAME", help_heading = "Implementation")]
    pub organization: Option<String>,
    /// The name of the target
    #[arg(long, value_name = "NAME", help_heading = "Implementation")]
    pub project: Option<String>,
    /// The version that was judged
    #[arg(long, value_name = "VERSION", help_heading = "Implementation")]
    pub version: Option<String>,
    /// The web page of the target
    #[arg(long, value_name = "URL", help_heading = "Implementation")]
    pub url: Option<String>,
    /// A contact address; may be repeated
    #[arg(long, value_name = "ADDRESS", help_heading = "Implementation")]
    pub contact: Vec<String>,
    /// Add the mutation score of the run (docs/mutation.md); takes the suite that the run was judged by
    #[arg(long)]
    pub mutation: bool,
    #[command(flatten)]
    pub signing: SignArgs,
}

#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// The statement, YAML or JSON
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The folder of the recorded run [default: target/proofmark/last]
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    #[command(flatten)]
    pub signature: CheckArgs,
    #[command(flatten)]
    pub again: AgainArgs,
}

#[derive(Debug, Clone, Default, Args)]
pub struct AgainArgs {
    /// The target file whose declarations apply [default: the recorded one, if it is unchanged]
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    /// Exit 3 if the traces cannot be judged again
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub files: FileArgs,
}

impl AgainArgs {
    /// What a mutation score is measured by.
    fn measured(&self) -> MutateArgs {
        let FileArgs { cases, schemas, .. } = self.files.clone();
        MutateArgs { target: self.target.clone(), cases, schemas, ..MutateArgs::default() }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum StatementFormat {
    #[default]
    Yaml,
    Json,
}

/// Makes a statement, or checks one. Exits 1 where something was changed.
pub fn statement(args: &StatementArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    match &args.command {
        Some(StatementCommand::Verify(args)) => verify(args, out),
        Some(StatementCommand::Key(args)) => sign::key(args, out).map(|()| ExitCode::SUCCESS),
        None => make(&args.make, out),
    }
}

fn make(args: &MakeArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    let folder = args.record.clone().unwrap_or_else(|| record::LAST.into());
    let record = record::whole(&folder)?;
    let said = Implementation {
        organization: args.organization.clone(),
        project: args.project.clone(),
        version: args.version.clone(),
        url: args.url.clone(),
        contact: args.contact.clone(),
    };
    let mut statement = match statement::of(&record, &said) {
        Ok(statement) => statement,
        Err(refused) => return answer(&refused),
    };
    if args.mutation {
        let score = mutate::whole(&MutateArgs::default(), &folder)?;
        statement.mutation = Some(report::mutation::sensitivity(&score));
    }
    let form = match args.format {
        StatementFormat::Yaml => Form::Yaml,
        StatementFormat::Json => Form::Json,
    };
    let text = statement::render(&statement, form);
    match &args.output {
        Some(path) => {
            let signature = sign::signature(&args.signing, &text, path, &statement.record.document)?;
            save(path, &text)?;
            signature.map_or(Ok(()), |signature| save(&sign::beside(path), &signature))?;
        }
        None => {
            out.write_all(text.as_bytes())?;
            out.flush()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn verify(args: &VerifyArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    let file = bundled::file(&args.file)?;
    let folder = args.run.clone().unwrap_or_else(|| record::LAST.into());
    let record = record::whole(&folder)?;
    let signed = match sign::checked(&args.signature, &file.text, &args.file)? {
        Ok(signed) => signed,
        Err(why) => return answer(&Refused::Unsigned(why)),
    };
    let (statement, report) = match statement::verify(&file.text, &record) {
        Ok(believed) => believed,
        Err(refused) => return answer(&refused),
    };
    if let Some(run) = signed.as_ref().and_then(sign::Signed::run)
        && *run != *statement.record.document
    {
        return answer(&Refused::Unsigned("it was signed for another run".into()));
    }
    let asked = Asked { target: args.again.target.clone(), layout: args.again.files.layout()? };
    let Again { done, mut differences, mut told } = verify::again(&report, &folder, &asked)?;
    match (&statement.mutation, done) {
        (None, _) => {}
        (Some(said), Done::Judged) => {
            let score = mutate::whole(&args.again.measured(), &folder)?;
            differences.extend(report::mutation::differences(said, &score));
            told.push("the mutation score was worked out anew".into());
        }
        (Some(_), Done::NotJudged) => told.push("the mutation score was NOT worked out anew".into()),
    }
    if !differences.is_empty() {
        return answer(&Refused::Changed(statement::few(differences)));
    }
    writeln!(out, "{}: {}, as {} says", args.file.display(), statement.result.word(), folder.display())?;
    for line in told.into_iter().chain(signed.map(|signed| signed.message())) {
        writeln!(out, "{}", Redactor::new(&str::to_owned).line(&line))?;
    }
    out.flush()?;
    Ok(match (done, args.again.strict) {
        (Done::NotJudged, true) => ExitCode::from(3),
        _ => ExitCode::SUCCESS,
    })
}

/// 1 where something was changed, a line for each; else the question was wrong. What was written there by others stays
/// text.
pub(super) fn answer(refused: &Refused) -> Result<ExitCode, Error> {
    let line = |text: &str| Redactor::new(&str::to_owned).line(text);
    match refused {
        Refused::Changed(sentences) | Refused::Differs(sentences) => {
            eprintln!("refused: {}:", refused.head());
            let form = textwrap::Options::new(WIDTH).initial_indent("  ").subsequent_indent("    ");
            let form = form.break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation);
            sentences.iter().for_each(|sentence| eprintln!("{}", textwrap::fill(&line(sentence), &form)));
            Ok(ExitCode::from(1))
        }
        refused if refused.is_tampering() => {
            eprintln!("refused: {}", line(&refused.to_string()));
            Ok(ExitCode::from(1))
        }
        refused => Err(Error::Usage(line(&refused.to_string()))),
    }
}
