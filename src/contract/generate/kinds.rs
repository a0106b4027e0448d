//! The kinds of things that a contract knows how to make and to destroy again, and which members of requests refer to
//! them.

use super::{
    examples::Examples,
    family::{self, Destroyer, Family, Identifier},
    soundness::Schemas,
};
use crate::model::contract::{Contract, Operation, ParameterLocation};
use serde_json::Value;
use std::collections::BTreeSet;

/// Names of members that do not say what they name.
const BARE: [&str; 4] = ["arn", "identifier", "id", "name"];

/// A creating operation and what it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Creator<'a> {
    pub create: &'a Operation,
    pub family: Family<'a>,
    pub destroyer: Destroyer<'a>,
}

/// All of them.
#[derive(Debug, Clone)]
pub(super) struct Kinds<'a> {
    contract: &'a Contract,
    creators: Vec<Creator<'a>>,
    /// The parameters of paths, the longest first.
    parameters: Vec<&'a str>,
    pub examples: Examples<'a>,
    pub schemas: Schemas,
}

impl<'a> Kinds<'a> {
    pub fn of(contract: &'a Contract) -> Kinds<'a> {
        let creators = contract.operations.values().filter_map(|create| creator(contract, create)).collect();
        let members = contract.operations.values().flat_map(|operation| &operation.members);
        let in_path = members.filter(|(_, member)| member.place == ParameterLocation::Path);
        let found: BTreeSet<&str> = in_path.map(|(name, _)| name.as_str()).collect();
        let mut parameters: Vec<&str> = found.into_iter().collect();
        parameters.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let schemas = Schemas::default();
        Kinds { contract, creators, parameters, examples: Examples::of(contract), schemas }
    }

    /// The parameter of a path that a member means: `amazonAccountId` for `targetAmazonAccountId`.
    pub fn parameter(&self, member: &str) -> Option<&'a str> {
        const SAYS_SOMETHING: usize = 4;
        let member = member.to_ascii_lowercase();
        let means =
            |name: &&&str| name.len() >= SAYS_SOMETHING && member.contains(&name.to_ascii_lowercase());
        self.parameters.iter().find(means).copied()
    }

    /// The paths of the collections that may have what a parameter of an operation's path names: the one before it, and
    /// those before parameters of the same name at the end of other paths.
    pub fn homes(&self, operation: &Operation, parameter: &str) -> Vec<&'a str> {
        let place = format!("/{{{parameter}}}");
        let Some(own) = self.contract.operation(&operation.name) else { return Vec::new() };
        let before = own.path.find(&place).map(|at| &own.path[..at]);
        let elsewhere = self.contract.operations.values().filter_map(|other| other.path.strip_suffix(&place));
        before.into_iter().chain(elsewhere.filter(|_| before.is_some())).collect()
    }

    /// What an operation makes, if it is known how to destroy that, and it can be given a name of its own where that is
    /// what it is known by.
    pub fn creator(&self, create: &Operation) -> Option<&Creator<'a>> {
        self.creators.iter().find(|creator| creator.create.name == create.name)
    }

    /// Who makes what the member of an operation names.
    pub fn provider(&self, operation: &Operation, member: &str) -> Option<&Creator<'a>> {
        let others = self.creators.iter().filter(|creator| creator.create.name != operation.name);
        match self.contract.protocol.is_smithy() {
            false => {
                let others: Vec<_> = others.collect();
                let lists = |home: &str| {
                    self.contract.operations.values().any(|it| it.method == "GET" && *it.path == *home)
                };
                // What is listed at the place before it is made there, or nowhere.
                let homes = self.homes(operation, member);
                let own = homes.first().is_some_and(|home| lists(home));
                let homes = homes.into_iter().take(if own { 1 } else { usize::MAX });
                { homes }.find_map(|home| others.iter().find(|it| *it.create.path == *home).copied())
            }
            true => {
                let any = member == "ResourceArn";
                let simple = |creator: &Creator<'_>| {
                    let mut needs = creator.create.members.iter().filter(|(_, member)| member.required);
                    creator.destroyer.member.ends_with("Arn")
                        && !is_costly(creator.create)
                        && !needs.any(|(name, _)| name.ends_with("Arn") || name.ends_with("Ids"))
                };
                let others: Vec<&Creator<'_>> = others.collect();
                // What is destroyed at the same place of a path is what the path names; of what says no more than `Name`
                // there, nothing else tells.
                let place = |of: &Operation, member: &str| {
                    let end = of.path.find(&format!("{{{member}"))?;
                    Some(of.path[..end].to_owned())
                };
                if let Some(own) = place(operation, member) {
                    let of_place = |it: &&&Creator<'_>| {
                        place(it.destroyer.operation, it.destroyer.member).as_ref() == Some(&own)
                    };
                    match others.iter().find(of_place) {
                        Some(found) => return Some(*found),
                        None if BARE.contains(&&*member.to_ascii_lowercase()) => return None,
                        None => {}
                    }
                }
                let fitting = others.into_iter().filter(|creator| match any {
                    true => simple(creator),
                    false => fits(member, creator.destroyer.member),
                });
                fitting.max_by_key(|creator| creator.destroyer.member.len())
            }
        }
    }

    /// Filters of a listing operation that ask for the kind of thing that it lists: a filter is called as the member is
    /// by which the thing is destroyed, with hyphens.
    pub fn filtered(&self, operation: &Operation, mut value: Value) -> Value {
        let lists = |creator: &&Creator<'_>| {
            creator.family.listing.as_ref().is_some_and(|listing| listing.operation.name == operation.name)
        };
        let Some(creator) = self.creators.iter().find(lists) else { return value };
        for filter in value.as_array_mut().into_iter().flatten() {
            if let (Some(_), Some(name)) = (filter.get("Values"), filter.get("Name"))
                && name.is_string()
            {
                filter["Name"] = hyphened(creator.destroyer.member).into();
            }
        }
        value
    }

    /// The member of a destroying operation that is spelled so, but for hyphens and letter case.
    pub fn spelled(&self, name: &str) -> Option<&'a str> {
        let letters = |text: &str| text.replace('-', "").to_ascii_lowercase();
        let members = self.creators.iter().map(|creator| creator.destroyer.member);
        members.into_iter().find(|member| letters(member) == letters(name))
    }

    /// Whether a member of an operation refers to what another operation makes, and so is no name for something new.
    pub fn refers(&self, operation: &Operation, member: &str) -> bool {
        let naming = self.creator(operation).and_then(|own| own.family.naming.as_ref());
        let is_own = naming.is_some_and(|way| way.last() == Some(&member));
        !is_own
            && !BARE.contains(&&*member.to_ascii_lowercase())
            && self.provider(operation, member).is_some_and(|other| {
                // In REST, a path may stand in its own collection: the parameter of `PUT /things/{id}` names a thing.
                self.contract.protocol.is_smithy()
                    || !operation.path.ends_with(&format!("/{{{member}}}"))
                    || other.create.path != operation.path
            })
    }
}

fn creator<'a>(contract: &'a Contract, create: &'a Operation) -> Option<Creator<'a>> {
    let family = family::of(contract, create);
    let destroyer = family.destroyer.clone()?;
    let nameless = destroyer.known_by == Identifier::Name && family.naming.is_none();
    (!nameless).then_some(Creator { create, family, destroyer })
}

/// `endpoint-arn` of `EndpointArn`.
fn hyphened(member: &str) -> String {
    let mut text = String::new();
    for letter in member.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// `MetadataModelConversion` of `CancelMetadataModelConversion`.
pub(super) fn words_behind_the_verb(operation: &str) -> &str {
    let next = operation.char_indices().skip(1).find(|(_, letter)| letter.is_ascii_uppercase());
    next.map_or("", |(at, _)| &operation[at..])
}

/// Machines cost money while they run. The guess from the name only ever asks for more: what is taken for a machine needs a target
/// that gives it up.
pub(super) fn is_costly(create: &Operation) -> bool {
    ["Instance", "Cluster", "Machine", "Server"].iter().any(|kind| create.name.ends_with(kind))
}

/// Whether a member names things as the destroyer's member does: `SourceEndpointArn` as `EndpointArn`. One that says no
/// more than `Id` or `Name` may name anything.
pub(super) fn fits(member: &str, destroyers: &str) -> bool {
    let says_what = ["Arn", "Identifier", "ReferencedId", "Id", "Name"]
        .iter()
        .find_map(|end| destroyers.strip_suffix(end))
        .is_some_and(|stem| !stem.is_empty());
    let ahead = member.strip_suffix(destroyers);
    says_what && ahead.is_some_and(|ahead| !ahead.ends_with(|c: char| c.is_ascii_uppercase()))
        || ahead == Some("")
}
