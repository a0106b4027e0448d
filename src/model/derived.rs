//! What is read from a whole contract once, and asked for each value of each request.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::OnceLock,
};

/// The names of members, in lower case.
#[derive(Debug, Default)]
pub struct Names {
    /// Those that are shown to identify something; whether they are of two words or more.
    pub identifying: HashMap<String, bool>,
    /// Those of what a thing is made with, or is shown to have.
    pub describing: HashSet<String>,
}

/// Is derived at the first use. It says nothing that the contract does not: contracts are equal whether or not it is there,
/// and a copy of one, which may be changed, derives its own.
#[derive(Debug, Default)]
pub struct Derived {
    names: OnceLock<Names>,
    errors: OnceLock<BTreeSet<String>>,
}

impl Derived {
    pub fn names(&self, derive: impl FnOnce() -> Names) -> &Names {
        self.names.get_or_init(derive)
    }

    /// The names of all modelled errors.
    pub fn errors(&self, derive: impl FnOnce() -> BTreeSet<String>) -> &BTreeSet<String> {
        self.errors.get_or_init(derive)
    }
}

impl Clone for Derived {
    fn clone(&self) -> Derived {
        Derived::default()
    }
}

impl PartialEq for Derived {
    fn eq(&self, _: &Derived) -> bool {
        true
    }
}
