//! A list that was to show that something is not there, or that is walked through, read to its last page: what is not on the
//! first page may be on the next.

use serde_json::Value;

use super::Script;
use crate::model::{
    case::{self, Claim, Origin, PageTurn, Step, ValueMatcher, Walk},
    exchange::Response,
    template::TemplateValue,
};

/// Pages that are read of one list; the check takes a proof that has more for none.
const MOST: u32 = Walk::MOST as u32;

impl Script {
    /// Plans the request for the next page, where the step is about all of them.
    pub(super) fn turns_page(&mut self, step: &Step, api: &str, response: &Response) -> bool {
        if let Some(walk) = &step.walk {
            return self.walks_on(walk, response);
        }
        let is_generated = self.case.as_ref().is_some_and(|case| case.origin() == Origin::Generated);
        if !is_generated || !step.expectations.iter().any(|it| excludes(&it.claim)) {
            return false;
        }
        // A list that could not be read to its end for several cases is not read for others.
        let unreadable = format!("the last page of {}", step.operation);
        let Some(next) = self.next_page(step, api, response) else {
            if response.status >= 400 && !self.pages.is_empty() {
                self.futile.add(&unreadable);
            }
            return false;
        };
        // A page that leads to one that was read leads nowhere.
        if self.pages.contains(&next) || self.asking.attempts() >= MOST {
            self.futile.add(&unreadable);
            return false;
        }
        let turns = !self.futile.is(&unreadable);
        if turns {
            self.pages.push(next);
        }
        turns
    }

    fn walks_on(&mut self, walk: &Walk, response: &Response) -> bool {
        let next = match &walk.turn {
            PageTurn::Token { input, .. } => walk.token(response).map(|token| (input, token.clone())),
            PageTurn::Offset { input } => {
                let before = self.pages.last().and_then(|(_, offset)| match offset {
                    TemplateValue::Fixed(offset) => offset.as_u64(),
                    _ => None,
                });
                let here = walk.elements_of(response).len() as u64;
                (here > 0).then(|| (input, Value::from(before.unwrap_or(0) + here)))
            }
        };
        let next = next.map(|(input, value)| (input.clone(), TemplateValue::Fixed(value)));
        let next = next.filter(|next| !self.pages.contains(next) && self.asking.attempts() < MOST);
        let turns = next.is_some();
        self.pages.extend(next);
        turns
    }

    fn next_page(&self, step: &Step, api: &str, response: &Response) -> Option<(String, TemplateValue)> {
        let paging = self.contracts.get(api)?.operation(&step.operation)?.paging.as_ref()?;
        let token = case::token(response, &paging.output_token)?;
        Some((paging.input_token.clone(), TemplateValue::Fixed(token.clone())))
    }
}

/// Whether a claim says of a list that it does not have something.
fn excludes(claim: &Claim) -> bool {
    match claim {
        Claim::At { matcher: ValueMatcher::Excludes(_), .. } => true,
        Claim::AnyOf(ways) => ways.iter().flatten().any(|way| excludes(&way.claim)),
        _ => false,
    }
}
