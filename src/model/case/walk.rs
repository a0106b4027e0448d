//! A list that is read page by page, and what its pages have to be together.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::model::{clause::ClauseId, contract::next_token, exchange::Response, template::TemplateValue};

/// The step's request is sent again for each further page. Its pages are judged together.
#[derive(Debug, Clone)]
pub struct Walk {
    pub turn: PageTurn,
    /// Where each answer has its elements.
    pub list: Arc<JsonPath>,
    /// The members that tell one element from another.
    pub by: Vec<String>,
    /// How many elements a page was asked to have at most.
    pub size: usize,
    /// Subsets of elements: each is on one of the pages.
    pub elements: Vec<TemplateValue>,
    /// Where each answer says how many elements there are.
    pub total: Option<Arc<JsonPath>>,
    /// That the pages have every element, none twice, and end.
    pub complete: Vec<ClauseId>,
    /// That no page is larger than it was asked to be. Where there is no clause, the target may choose.
    pub no_larger: Vec<ClauseId>,
    /// That there are no fewer elements in all than the pages have.
    pub counted: Vec<ClauseId>,
}

/// How the next page is asked for.
#[derive(Debug, Clone)]
pub enum PageTurn {
    /// By a token, which the answer gives while there is a next page.
    Token { input: String, output: String },
    /// By how many elements to leave out, until a page has none.
    Offset { input: String },
}

impl Walk {
    /// Pages that are read of one list.
    pub const MOST: usize = 50;

    pub(super) fn names<'a>(&'a self, names: &mut BTreeSet<&'a ClauseId>) {
        names.extend(self.clauses());
    }

    /// What stands for the next page in a success.
    pub fn token<'r>(&self, response: &'r Response) -> Option<&'r Value> {
        match &self.turn {
            PageTurn::Token { output, .. } => token(response, output),
            PageTurn::Offset { .. } => None,
        }
    }

    /// The elements that a success has, with the JSON Pointer of each.
    pub fn elements_of<'r>(&self, response: &'r Response) -> Vec<(String, &'r Value)> {
        let Ok(body) = response.json() else { return Vec::new() };
        let lists = if response.status < 400 { self.list.query_located(body).all() } else { Vec::new() };
        let elements = lists.into_iter().filter_map(|node| {
            let at = node.location().to_json_pointer();
            Some(
                node.node()
                    .as_array()?
                    .iter()
                    .enumerate()
                    .map(move |(index, it)| (format!("{at}/{index}"), it)),
            )
        });
        elements.flatten().collect()
    }

    pub fn clauses(&self) -> impl Iterator<Item = &ClauseId> {
        self.complete.iter().chain(&self.no_larger).chain(&self.counted)
    }
}

/// What the member of a success holds that leads to the next page; an empty text leads nowhere.
pub fn token<'r>(response: &'r Response, member: &str) -> Option<&'r Value> {
    next_token(response.json().ok().filter(|_| response.status < 400)?, member)
}
