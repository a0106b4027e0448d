//! The arguments of `proofmark mutate`.

use std::{path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};

use crate::mutation::Class;

#[derive(Debug, Clone, Default, Args)]
pub struct MutateArgs {
    /// The folder of a recorded run [default: target/proofmark/last]
    #[arg(value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// Only operators of this name or class; may be given often, or with commas; `list` shows them all
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Selection")]
    pub operators: Vec<String>,
    /// Only answers of this operation
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    pub operation: Vec<String>,
    /// Only changes that break this clause by construction (`*` stands for any text)
    #[arg(long, value_name = "ID", help_heading = "Selection")]
    pub clause: Vec<String>,
    /// Judge only this many of all mutants
    #[arg(long, value_name = "COUNT", help_heading = "Selection")]
    pub sample: Option<usize>,
    /// What the sample is chosen by; the same number always chooses the same mutants
    #[arg(long, value_name = "NUMBER", default_value_t = 1, help_heading = "Selection")]
    pub seed: u64,
    /// Exit 1 where the score of a class is lower, in per cent; may be given often
    #[arg(long, value_name = "CLASS=PERCENT", help_heading = "Verdict")]
    pub require: Vec<Required>,
    /// Hold the score to this file: required scores, and equivalent mutants with their reasons
    #[arg(long, value_name = "FILE", help_heading = "Verdict")]
    pub hold: Option<PathBuf>,
    /// Print the claims that would notice the ten survivors that matter most
    #[arg(long, help_heading = "Output")]
    pub suggest: bool,
    /// How to print the score
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: MutateFormat,
    /// Write to FILE instead of standard output
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Name every operation and every survivor
    #[arg(long, help_heading = "Output")]
    pub all: bool,
    /// Threads to judge with [default: one for each core]
    #[arg(long, value_name = "COUNT", help_heading = "Output")]
    pub threads: Option<usize>,
    /// The target file whose declarations hold [default: the one that the run was made with]
    #[arg(long, value_name = "TARGET", help_heading = "Files")]
    pub target: Option<String>,
    /// A folder of case files to use in place of the bundled one
    #[arg(long, value_name = "DIR", help_heading = "Files")]
    pub cases: Option<PathBuf>,
    /// A folder of contracts to use in place of the bundled one
    #[arg(long, value_name = "DIR", help_heading = "Files")]
    pub schemas: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum MutateFormat {
    /// For a reader
    #[default]
    Text,
    /// One document; its JSON Schema is schemas/mutation.schema.json
    Json,
    /// For a job summary
    Markdown,
    /// One page that needs no network
    Html,
}

/// `shape=97.5`
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Required {
    pub class: Class,
    pub least: f64,
}

impl FromStr for Required {
    type Err = String;

    fn from_str(text: &str) -> Result<Required, String> {
        let (name, least) = text.split_once('=').ok_or("expected CLASS=PERCENT, as in shape=97.5")?;
        let classes: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
        let class = Class::ALL.into_iter().find(|class| class.name() == name);
        let class =
            class.ok_or_else(|| format!("there is no class {name}; the classes: {}", classes.join(", ")))?;
        let least: f64 =
            least.trim_end_matches('%').trim().parse().map_err(|_| format!("{least} is no number"))?;
        match (0.0..=100.0).contains(&least) {
            true => Ok(Required { class, least }),
            false => Err(format!("{least} is not between 0 and 100")),
        }
    }
}
