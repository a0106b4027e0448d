//! Stand-in until the room is there.
use std::collections::BTreeMap;
use crate::model::contract::{ApiName, Contract};
#[derive(Debug)]
pub struct Contracts(BTreeMap<ApiName, Contract>);
#[derive(Debug)]
pub struct ContractError;
impl Contracts {
    pub fn new(all: Vec<Contract>) -> Result<Contracts, ContractError> {
        Ok(Contracts(all.into_iter().map(|c| (c.api.clone(), c)).collect()))
    }
    pub fn get(&self, api: &str) -> Option<&Contract> {
        self.0.get(api)
    }
}
