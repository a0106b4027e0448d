//! Which names mean something where: the values that `${...}` can stand for, and the clauses.

use std::{collections::BTreeSet, sync::Arc};

use super::catalog::Catalog;
use crate::{
    model::{
        clause::{ClauseId, Clauses},
        template::Placeholder,
    },
    suite::{
        decode::Spanned,
        diagnostic::{At, Problems, closest, quoted, suggestion},
    },
};

/// What every target gives by itself: the user name of its password credentials.
const GIVEN: [&str; 1] = ["target.username"];

/// What a hole is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Request,
    /// Claims are judged again from a recorded trace, so all they name has to be on record.
    Claim,
}

/// The values that one case, or one fixture, can name at one moment.
pub struct Known<'c> {
    catalog: &'c Catalog,
    api: &'c str,
    /// Full names: captures so far, those of fixtures in use, variables that the target has to set.
    names: BTreeSet<Arc<str>>,
    /// Something it uses could not be read: what that provides is not known.
    in_doubt: bool,
}

impl<'c> Known<'c> {
    pub fn new(catalog: &'c Catalog, api: &'c str) -> Self {
        Known { catalog, api, names: BTreeSet::new(), in_doubt: false }
    }

    pub fn add(&mut self, name: Arc<str>) {
        self.names.insert(name);
    }

    pub fn doubt(&mut self) {
        self.in_doubt = true;
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name) || self.catalog.has_variable(self.api, name) || GIVEN.contains(&name)
    }

    /// Tells every hole that nothing will fill.
    pub fn check(&self, placeholders: &[(Placeholder, At)], used: Use, problems: &mut Problems) {
        for (placeholder, at) in placeholders {
            match placeholder {
                Placeholder::Variable(name) | Placeholder::Upper(name) => {
                    self.check_variable(name, *at, problems)
                }
                Placeholder::Generated(generator) if generator.is_steady() => {}
                _ if used == Use::Request => {}
                Placeholder::Generated(_) => {
                    problems
                        .add(*at, "a claim about a value that is made anew each time")
                        .help("give it a name: a variable of the suite is worked out once for each case");
                }
                Placeholder::Secret(_) => {
                    let problem = problems.add(*at, "a secret in a claim");
                    problem.help("claims are shown in reports; secrets can be sent, not compared with");
                }
                Placeholder::Env(_) => {
                    let problem = problems.add(*at, "the environment in a claim");
                    problem
                        .help("claims are judged again from recordings; set a variable in the target file");
                }
            }
        }
    }

    fn check_variable(&self, name: &str, at: At, problems: &mut Problems) {
        if self.has(name) || self.in_doubt {
            return;
        }
        let names =
            || self.names.iter().map(|name| &**name).chain(self.catalog.variables_of(self.api)).chain(GIVEN);
        let member = |known: &&str| known.rsplit_once('.').is_some_and(|(_, member)| member == name);
        let meant = closest(name, names()).or_else(|| names().find(member));
        let fixture = name.split_once('.').map_or(name, |(fixture, _)| fixture);
        let help = match self.catalog.fixture(self.api, fixture) {
            Some(known) if known.provides.iter().any(|provided| **provided == *name) => {
                format!("`{fixture}` is a fixture: name it under `uses`")
            }
            known => match (meant, known) {
                (Some(meant), _) => format!("did you mean `${{{meant}}}`?"),
                (None, Some(known)) => format!("the fixture `{fixture}` provides {}", known.provided()),
                (None, None) => {
                    "a variable that targets set has to stand under `needs: { variables: [...] }`".into()
                }
            },
        };
        problems.add(at, format!("unknown variable {}", quoted(name))).help(help);
    }
}

/// The clause of this name.
pub fn clause(name: &Spanned<String>, clauses: &Clauses, problems: &mut Problems) -> Option<ClauseId> {
    if let Some((id, _)) = clauses.get_key_value(&*name.value) {
        return Some(id.clone());
    }
    let problem = problems.add(name.at, format!("unknown clause {}", quoted(&name.value)));
    match suggestion(&name.value, "there are", clauses.keys().map(|id| &**id)) {
        Some(help) => problem.help(help),
        None => problem.help("clauses are stated in schemas/<api>/clauses.yaml"),
    };
    None
}
