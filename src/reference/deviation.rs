//! Deviations: deliberate breaks of the contracts, one clause each, that the suite is tested with. What a deviation does
//! stands where it acts: in `rewrite` and `wire` for finished answers, in a handler otherwise.

use std::{fmt, str::FromStr};

/// A name that is in no catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} called {name}")]
pub struct UnknownName {
    /// `deviation` or `variation`.
    pub what: &'static str,
    pub name: String,
}

macro_rules! deviations {
    ($( $(#[doc = $doc:literal])+ $variant:ident, $name:literal, breaks $clause:literal; )+) => {
        /// One deliberate contract break of the reference target.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Deviation {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl Deviation {
            pub const ALL: &[Deviation] = &[$( Deviation::$variant, )+];

            /// The name on the command line, in kebab case.
            pub fn name(self) -> &'static str {
                match self { $( Deviation::$variant => $name, )+ }
            }

            /// The id of the clause that is broken first of all.
            pub fn breaks(self) -> &'static str {
                match self { $( Deviation::$variant => $clause, )+ }
            }

            /// What the target does, in one line.
            pub fn summary(self) -> &'static str {
                match self { $( Deviation::$variant => concat!($($doc),+).trim_ascii(), )+ }
            }
        }
    };
}

pub use self::list::Deviation;

mod list;

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Deviation {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let known = Deviation::ALL.iter().copied().find(|deviation| deviation.name() == name);
        known.ok_or_else(|| UnknownName { what: "deviation", name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_name_leads_back_to_its_deviation() {
        for deviation in Deviation::ALL {
            assert_eq!(deviation.name().parse(), Ok(*deviation));
        }
        let names: HashSet<_> = Deviation::ALL.iter().map(|deviation| deviation.name()).collect();
        assert_eq!(names.len(), Deviation::ALL.len(), "a name is given twice");
    }

    #[test]
    fn an_unknown_name_is_told_apart() {
        let error = "omit-everything".parse::<Deviation>().unwrap_err();
        assert_eq!(error.to_string(), "there is no deviation called omit-everything");
    }
}
