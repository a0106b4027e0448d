//! The arguments that select cases, as a selection.

use super::{args::SelectionArgs, shard};
use crate::{
    plan::Selection,
    workspace::{Error, Workspace},
};

/// Turns the arguments into a selection; a name that nothing has is the question's fault.
pub fn checked(args: &SelectionArgs, workspace: &Workspace) -> Result<Selection, Error> {
    let selection = unchecked(args)?;
    workspace.knows(&selection)?;
    Ok(selection)
}

/// The same before anybody knows which names there are.
pub fn unchecked(args: &SelectionArgs) -> Result<Selection, Error> {
    Ok(Selection {
        filters: args.filters.clone(),
        operations: args.operation.clone(),
        excluded: args.exclude.clone(),
        clauses: args.clause.clone(),
        profiles: args.profile.map(Into::into).into_iter().collect(),
        origins: args.origin.map(Into::into).into_iter().collect(),
        apis: args.api.iter().map(|api| api.as_str().into()).collect(),
        shard: args.shard.map(shard::shard).transpose()?,
    })
}
