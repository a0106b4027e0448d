//! Whether something is gone: by the step with which the case looks, by the list of its kind, by how the target speaks of
//! nothing.

use serde_json::{Map, Value};

use super::{PARTS, Pending, Turn};
use crate::{
    exec::{
        Session,
        drive::Failed,
        ledger::{
            cleanup::{self, Cleanup},
            state::TrackedResource,
        },
        owned_ids,
        sweep::search::Search,
    },
    matcher::absence,
    model::exchange::Response,
};

impl Session {
    /// How to destroy what a list calls by the name that was given, where the target does not find what its answer called so;
    /// nothing where that is not known. None where no list shows anything called so.
    pub(super) async fn called_otherwise(
        &self,
        pending: &mut Pending<'_>,
        search: &mut Search<'_>,
    ) -> Option<Vec<Cleanup>> {
        let resource = pending.resource;
        if std::mem::replace(&mut pending.sought, true) || resource.intent.names.is_empty() {
            return None;
        }
        let family = self.family(resource)?;
        let found = self.find(resource, &family, search).await.ok().filter(|found| !found.is_empty())?;
        let undo: Vec<Cleanup> = found.iter().filter_map(|identity| family.undo_of(identity)).collect();
        let called = found.iter().flat_map(|identity| self.placed(resource, &undo, identity));
        self.owned.add(&resource.api, &called.collect::<Vec<_>>(), &[]);
        Some(undo)
    }

    /// Whether a list shows what the target has accepted to destroy. Of lists that show a part each, not too many are asked.
    pub(in crate::exec::sweep) async fn is_still_listed(
        &self,
        resource: &TrackedResource,
        search: &mut Search<'_>,
    ) -> bool {
        let is_part = !resource.intent.asking.is_empty();
        let known = resource.undo.iter().rfind(|undo| undo.is_whole());
        let Some(undo) = known.filter(|_| !is_part || search.listed.parts() < PARTS) else { return false };
        self.is_in_list(resource, undo, search).await == Some(true)
    }

    /// Gone is what the target says is not there, or speaks of no more.
    pub(super) async fn look(
        &self,
        pending: &mut Pending<'_>,
        undo: &Cleanup,
        look: &cleanup::GoneCheck,
    ) -> Turn {
        let api = &pending.resource.api;
        let mut names = Vec::new();
        undo.input.values().for_each(|value| owned_ids::texts(value, &mut names));
        // What is called as the request for it asked is not among what answers have named.
        names.retain(|name| {
            self.owned.has_anywhere(api, name) || pending.resource.intent.names.contains(name)
        });
        match self.ask(api, &look.operation, &look.input).await {
            Err(Failed::Refused(why) | Failed::Unsendable(why)) => {
                pending.why = why;
                Turn::Over(pending.given_up())
            }
            Ok(Err(broken)) => {
                pending.why = format!("{}: {broken}", look.operation);
                Turn::Unanswered
            }
            Ok(Ok(response)) if self.tells_absence(api, &look.operation, &response) => pending.next(),
            Ok(Ok(response)) if response.status == 200 => {
                let body = String::from_utf8_lossy(&response.body).to_lowercase();
                let is_shown = names.iter().any(|name| has_word(&body, &name.to_lowercase()));
                if response.json().is_ok() && !names.is_empty() && !is_shown {
                    return pending.next();
                }
                pending.again(format!("{} still shows it", look.operation))
            }
            Ok(Ok(response)) => {
                let is_final =
                    self.contract(api).is_some_and(|it| absence::is_final(&it.protocol, &response));
                pending.why = format!("{} answered {}", look.operation, self.status_in_words(api, &response));
                pending.blind = is_final || (400..500).contains(&response.status);
                Turn::Again
            }
        }
    }

    /// Whether the target answers the same to a request that names nothing: the error it gives for what is not there,
    /// whatever it is called. Only to be asked of what it has agreed to destroy.
    pub(super) async fn is_as_of_nothing(&self, api: &str, undo: &Cleanup, response: &Response) -> bool {
        let Some(absent) = self.values(api).variables().get("gen:absent").cloned() else { return false };
        let input = undo.input.iter().map(|(name, value)| {
            let named = value.as_str().is_some_and(|text| self.owned.has_anywhere(api, text));
            let nothing = match value.as_str().and_then(|text| text.rsplit_once([':', '/'])) {
                Some((before, _)) => {
                    let separator = &value.as_str().unwrap_or_default()[before.len()..=before.len()];
                    format!("{before}{separator}{}", absent.as_str().unwrap_or_default()).into()
                }
                None => absent.clone(),
            };
            (name.clone(), if named { nothing } else { value.clone() })
        });
        let input: Map<String, Value> = input.collect();
        if input == undo.input {
            return false;
        }
        match self.ask(api, &undo.operation, &input).await {
            Ok(Ok(other)) => {
                other.status == response.status
                    && self.error_name(api, &other) == self.error_name(api, response)
                    && self.error_name(api, response).is_some()
            }
            _ => false,
        }
    }
}

/// Whether a name stands anywhere in a body, as a key or inside a longer text too, and not only as the beginning or the end
/// of another word.
fn has_word(body: &str, name: &str) -> bool {
    let is_end = |end: Option<char>| end.is_none_or(|end| !end.is_alphanumeric());
    body.match_indices(name).any(|(at, _)| {
        is_end(body[..at].chars().next_back()) && is_end(body[at + name.len()..].chars().next())
    })
}
