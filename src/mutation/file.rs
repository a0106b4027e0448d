//! The reviewed file that holds a suite to its score: the least score of each class, and the mutants that a person has found
//! to be no mistakes, each with a reason.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Class, Key, OPERATORS, Score, VERSION};
use crate::plan::glob;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The version of the operators that the figures were measured with.
    pub operators: u32,
    /// The least score of a class, in per cent.
    #[serde(default)]
    pub require: BTreeMap<Class, f64>,
    #[serde(default)]
    pub equivalents: Vec<Equivalent>,
}

/// Mutants that break nothing, although the rule does not leave them to the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equivalent {
    pub operator: String,
    /// `dms::CreateEndpoint`; `*` stands for any text.
    pub operation: String,
    /// `body /Endpoint/Port`, as reports name it; `*` stands for any text.
    pub place: String,
    pub reason: String,
}

impl Equivalent {
    fn is_about(&self, key: &Key) -> bool {
        self.operator == key.operator().name
            && glob(&self.operation, &format!("{}::{}", key.api, key.operation))
            && glob(&self.place, &key.place)
    }
}

impl File {
    /// Reads it, and refuses operators that are not there, figures that are no shares, and entries without a reason.
    pub fn parse(text: &str) -> Result<File, String> {
        let file: File = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        if file.operators != VERSION {
            return Err(format!(
                "it is about version {} of the operators, and these are version {VERSION}: measure again",
                file.operators
            ));
        }
        if let Some((class, _)) = file.require.iter().find(|(_, least)| !(0.0..=100.0).contains(*least)) {
            return Err(format!("the score required of {class} is not between 0 and 100"));
        }
        for Equivalent { operator, reason, .. } in &file.equivalents {
            if !OPERATORS.iter().any(|known| known.name == operator) {
                return Err(format!("there is no operator {operator}"));
            }
            if reason.trim().is_empty() {
                return Err(format!("an equivalent of {operator} has no reason"));
            }
        }
        Ok(file)
    }

    /// The entry that a mutant is one of.
    pub fn equivalent(&self, key: &Key) -> Option<usize> {
        self.equivalents.iter().position(|entry| entry.is_about(key))
    }

    /// What the score does not keep of this file, one sentence each.
    pub fn broken(&self, score: &Score) -> Vec<String> {
        let mut broken = below(&self.require, score);
        for (index, entry) in self.equivalents.iter().enumerate() {
            let of_entry = || score.kinds.iter().filter(|(_, kind)| kind.equivalent == Some(index));
            let what = format!("{} of {} at {}", entry.operator, entry.operation, entry.place);
            if let Some((key, _)) = of_entry().find(|(_, kind)| kind.tally.noticed + kind.tally.doubted > 0) {
                let place = format!("{}::{} at {}", key.api, key.operation, key.place);
                broken.push(format!("the equivalent {what} is none: the suite notices it ({place})"));
            } else if of_entry().next().is_none() {
                broken.push(format!("the equivalent {what} speaks of no mutant of this run"));
            }
        }
        broken
    }
}

/// The classes whose score is below what is required of them.
pub fn below(require: &BTreeMap<Class, f64>, score: &Score) -> Vec<String> {
    let is_below = |(class, least): (&Class, &f64)| match score.of_class(*class).score() {
        Some(have) if have >= *least => None,
        Some(have) => Some(format!("{class}: {have:.2} % is less than the required {least} %")),
        None => Some(format!("{class}: {least} % is required, and no mutant of the class was judged")),
    };
    require.iter().filter_map(is_below).collect()
}
