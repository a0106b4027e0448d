//! Commands that read recorded runs take the same things by the same names, and show no option that they do not read.

use std::collections::BTreeSet;

use clap::{Arg, Command, CommandFactory};
use proofmark::cli::command::Cli;

/// Where a command takes the folder of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Record {
    /// As its first argument.
    First,
    /// As `--run`, because something else comes first.
    Run,
}

/// A command, where it takes the record, whether it prints a document, and which files it reads besides.
const COMMANDS: [(&[&str], Record, bool, &[&str]); 9] = [
    (&["report"], Record::First, true, &[]),
    (&["report", "merge"], Record::First, true, &[]),
    (&["compare"], Record::First, true, &[]),
    (&["badge"], Record::First, true, &[]),
    (&["statement"], Record::First, true, &[]),
    (&["mutate"], Record::First, true, &["cases", "schemas"]),
    (&["replay"], Record::First, true, &["cases", "schemas", "snapshots", "seed"]),
    (&["statement", "verify"], Record::Run, false, &["cases", "schemas", "snapshots", "seed"]),
    (&["known", "update"], Record::Run, false, &["schemas"]),
];

fn found<'c>(program: &'c Command, names: &[&str]) -> &'c Command {
    names
        .iter()
        .fold(program, |command, name| command.find_subcommand(name).unwrap_or_else(|| panic!("{name}")))
}

fn value(argument: &Arg) -> String {
    argument.get_value_names().into_iter().flatten().map(ToString::to_string).collect()
}

#[test]
fn what_reads_records_has_one_habit() {
    let mut program = Cli::command();
    program.build();
    for (names, record, prints, files) in COMMANDS {
        let command = found(&program, names);
        let long = |name: &str| command.get_arguments().find(|it| it.get_long() == Some(name));
        let first = command.get_positionals().next();
        match record {
            Record::First => assert!(first.is_some_and(|it| value(it).starts_with("DIR")), "{names:?}"),
            Record::Run => assert!(long("run").is_some_and(|it| value(it) == "DIR"), "{names:?}"),
        }
        assert_eq!(long("output").is_some(), prints, "{names:?}");
        if let Some(output) = long("output") {
            assert_eq!((output.get_short(), value(output)), (Some('o'), "FILE".to_owned()), "{names:?}");
            assert!(long("format").is_some_and(|it| it.get_short().is_none()), "{names:?}");
        }
        let mut read: BTreeSet<&str> = ["cases", "schemas", "snapshots", "seed"].into();
        read.retain(|name| long(name).is_some());
        if names == ["mutate"] {
            // It chooses a sample by a number of its own.
            assert!(read.remove("seed"));
        }
        assert_eq!(read, files.iter().copied().collect(), "{names:?}");
        for (name, expected) in
            [("cases", "DIR"), ("schemas", "DIR"), ("target", "TARGET"), ("baseline", "DIR")]
        {
            assert!(long(name).is_none_or(|it| value(it) == expected), "{names:?}: {name}");
        }
    }
}

#[test]
fn what_creates_a_file_takes_its_name_by_the_same_letter() {
    let mut program = Cli::command();
    program.build();
    for name in ["report", "compare", "badge", "statement", "mutate", "replay", "new", "capture"] {
        let command = found(&program, &[name]);
        let short = command.get_arguments().find(|it| it.get_short() == Some('o'));
        assert!(short.is_some_and(|it| value(it) == "FILE"), "{name}");
    }
}
