//! `proofmark completions` and `proofmark man`: what a shell and `man` are told of the command line, made from the same
//! description that reads it.

use std::{fs, io::Write, path::PathBuf};

use clap::Args;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::workspace::Error;

/// The program's name, which is also that of its first manual page.
const NAME: &str = "proofmark";

#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// The shell to complete for
    #[arg(value_enum)]
    pub shell: Shell,
}

#[derive(Debug, Clone, Args)]
pub struct ManArgs {
    /// Write a page for each command into this folder, instead of the first page to standard output
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Prints the script that a shell sources.
pub fn completions(
    args: &CompletionsArgs,
    mut program: clap::Command,
    out: &mut impl Write,
) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, NAME, &mut script);
    out.write_all(&script)?;
    Ok(out.flush()?)
}

/// Prints the page of the program, or writes those of all commands.
pub fn man(args: &ManArgs, program: clap::Command, out: &mut impl Write) -> Result<(), Error> {
    let Some(folder) = &args.out else {
        out.write_all(&page(program)?)?;
        return Ok(out.flush()?);
    };
    let at = |error: std::io::Error| Error::Usage(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(at)?;
    let pages = pages(&program)?;
    for (name, page) in &pages {
        fs::write(folder.join(name), page).map_err(at)?;
    }
    writeln!(out, "{} pages in {}", pages.len(), folder.display())?;
    Ok(out.flush()?)
}

/// Every page with the name of its file: `proofmark.1`, `proofmark-run.1`, ...
fn pages(program: &clap::Command) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut whole = program.clone();
    whole.build();
    let mut pages = vec![(format!("{NAME}.1"), page(program.clone())?)];
    below(&whole, NAME, &mut pages)?;
    Ok(pages)
}

/// The pages of the commands of a command.
fn below(command: &clap::Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) -> Result<(), Error> {
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("{name}-{}", command.get_name());
        below(command, &name, pages)?;
        // clap wants names that live as long as the program; there is one for each command.
        let named: &'static str = Box::leak(name.clone().into_boxed_str());
        let command = command.clone().name(named).bin_name(name.replace('-', " "));
        pages.push((format!("{name}.1"), page(command.disable_help_subcommand(true))?));
    }
    Ok(())
}

fn page(command: clap::Command) -> Result<Vec<u8>, Error> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command::Cli;
    use clap::{CommandFactory, ValueEnum};

    fn commands() -> Vec<String> {
        Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
    }

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            completions(&CompletionsArgs { shell: *shell }, Cli::command(), &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            for command in commands() {
                assert!(script.contains(&command), "{shell}: {command}");
            }
        }
    }

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_page() {
        let pages = pages(&Cli::command()).unwrap();
        for command in commands() {
            let wanted = format!("proofmark-{command}.1");
            let (_, page) = pages.iter().find(|(name, _)| *name == wanted).unwrap();
            let page = String::from_utf8_lossy(page);
            assert!(page.contains(".SH NAME") && page.contains("proofmark"), "{command}");
        }
    }
}
