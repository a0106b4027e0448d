//! Which part of a run this machine has: said at the command line, or by the CI system it runs in.

use std::{env, str::FromStr};

use crate::{
    plan::{Shard, ShardError},
    workspace::Error,
};

/// `3/8`, or `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardArg {
    Part(Shard),
    Auto,
}

impl FromStr for ShardArg {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        match text {
            "auto" => Ok(ShardArg::Auto),
            _ => text.parse().map(ShardArg::Part),
        }
    }
}

/// Where the first of them begins to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Zero,
    One,
}

/// The variables that a system sets: which part, out of how many.
struct System {
    index: &'static str,
    count: &'static str,
    first: First,
}

/// As their manuals say: GitLab (`parallel`), CircleCI (`parallelism`), Buildkite (`parallelism`), Azure Pipelines
/// (`parallel`), Semaphore (`parallelism`), and indexed jobs of Kubernetes, which do not tell how many there are.
const SYSTEMS: [System; 6] = [
    System { index: "CI_NODE_INDEX", count: "CI_NODE_TOTAL", first: First::One },
    System { index: "CIRCLE_NODE_INDEX", count: "CIRCLE_NODE_TOTAL", first: First::Zero },
    System { index: "BUILDKITE_PARALLEL_JOB", count: "BUILDKITE_PARALLEL_JOB_COUNT", first: First::Zero },
    System { index: "SYSTEM_JOBPOSITIONINPHASE", count: "SYSTEM_TOTALJOBSINPHASE", first: First::One },
    System { index: "SEMAPHORE_JOB_INDEX", count: "SEMAPHORE_JOB_COUNT", first: First::One },
    System { index: "JOB_COMPLETION_INDEX", count: "PROOFMARK_SHARDS", first: First::Zero },
];

/// The part that is meant.
pub fn shard(arg: ShardArg) -> Result<Shard, Error> {
    match arg {
        ShardArg::Part(shard) => Ok(shard),
        ShardArg::Auto => {
            from_ci(|name| env::var(name).ok().filter(|value| !value.is_empty())).map_err(Error::Usage)
        }
    }
}

/// What the environment says: `PROOFMARK_SHARD` before all others, which must agree. An environment that says nothing,
/// or half of it, is wrong: a part taken for the whole would judge the rest by silence.
fn from_ci(variable: impl Fn(&str) -> Option<String>) -> Result<Shard, String> {
    if let Some(text) = variable("PROOFMARK_SHARD") {
        return text.parse().map_err(|error: ShardError| format!("PROOFMARK_SHARD: {error}"));
    }
    let mut found: Vec<(&System, Shard)> = Vec::new();
    for system in &SYSTEMS {
        let System { index, count, .. } = system;
        let shard = match (variable(index), variable(count)) {
            (None, None) => continue,
            // GitLab sets the number of parts for every job there is.
            (None, Some(count)) if count == "1" => Shard::new(1, 1),
            (None, Some(_)) => return Err(format!("--shard auto: {count} is set, but not {index}")),
            (Some(_), None) => return Err(format!("--shard auto: {index} is set, but not {count}")),
            (Some(index), Some(count)) => numbered(&index, &count, system.first),
        };
        let shard = shard.ok_or_else(|| format!("--shard auto: {index} and {count} name no part"))?;
        found.push((system, shard));
    }
    match &found[..] {
        [] => {
            let names: Vec<_> = SYSTEMS.iter().map(|it| format!("{} of {}", it.index, it.count)).collect();
            Err(format!("--shard auto: none of these is set: PROOFMARK_SHARD, {}", names.join(", ")))
        }
        [(one, shard), others @ ..] => match others.iter().find(|(_, other)| other != shard) {
            None => Ok(*shard),
            Some((other, part)) => Err(format!(
                "--shard auto: {} says {shard}, but {} says {part}; set PROOFMARK_SHARD",
                one.index, other.index
            )),
        },
    }
}

fn numbered(index: &str, count: &str, first: First) -> Option<Shard> {
    let read = |text: &str| text.trim().parse::<usize>().ok();
    let index = match first {
        First::Zero => read(index)?.checked_add(1)?,
        First::One => read(index)?,
    };
    Shard::new(index, read(count)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_says_which_part_it_is() {
        let table: [(&[(&str, &str)], &str); 15] = [
            (&[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "4")], "1/4"),
            (&[("CI_NODE_TOTAL", "1")], "1/1"),
            (&[("CIRCLE_NODE_INDEX", "0"), ("CIRCLE_NODE_TOTAL", "4")], "1/4"),
            (&[("BUILDKITE_PARALLEL_JOB", "3"), ("BUILDKITE_PARALLEL_JOB_COUNT", "4")], "4/4"),
            (&[("SYSTEM_JOBPOSITIONINPHASE", "2"), ("SYSTEM_TOTALJOBSINPHASE", "2")], "2/2"),
            (&[("SEMAPHORE_JOB_INDEX", "2"), ("SEMAPHORE_JOB_COUNT", "2")], "2/2"),
            (&[("JOB_COMPLETION_INDEX", "7"), ("PROOFMARK_SHARDS", "8")], "8/8"),
            (&[("PROOFMARK_SHARD", "2/3"), ("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "4")], "2/3"),
            (
                &[
                    ("CI_NODE_INDEX", "1"),
                    ("CI_NODE_TOTAL", "4"),
                    ("JOB_COMPLETION_INDEX", "0"),
                    ("PROOFMARK_SHARDS", "4"),
                ],
                "1/4",
            ),
            (&[], "none of these is set: PROOFMARK_SHARD, CI_NODE_INDEX of CI_NODE_TOTAL"),
            (&[("PROOFMARK_SHARD", "4")], "PROOFMARK_SHARD: `4` is not a shard"),
            (&[("JOB_COMPLETION_INDEX", "0")], "JOB_COMPLETION_INDEX is set, but not PROOFMARK_SHARDS"),
            (&[("CI_NODE_TOTAL", "4")], "CI_NODE_TOTAL is set, but not CI_NODE_INDEX"),
            (&[("CI_NODE_INDEX", "5"), ("CI_NODE_TOTAL", "4")], "name no part"),
            (
                &[
                    ("CI_NODE_INDEX", "1"),
                    ("CI_NODE_TOTAL", "4"),
                    ("CIRCLE_NODE_INDEX", "1"),
                    ("CIRCLE_NODE_TOTAL", "4"),
                ],
                "CI_NODE_INDEX says 1/4, but CIRCLE_NODE_INDEX says 2/4",
            ),
        ];
        for (set, expected) in table {
            let variable =
                |name: &str| set.iter().find(|(have, _)| *have == name).map(|(_, value)| (*value).to_owned());
            let found = from_ci(variable).map_or_else(|why| why, |shard| shard.to_string());
            assert!(found.contains(expected), "{set:?}: {found}");
        }
    }

    #[test]
    fn a_part_is_given_or_looked_for() {
        assert_eq!("auto".parse(), Ok(ShardArg::Auto));
        assert_eq!("2/3".parse(), Ok(ShardArg::Part(Shard::new(2, 3).unwrap())));
        assert!("Auto".parse::<ShardArg>().is_err());
    }
}
