//! How much may be made of one model. A model can say a thing once and use it everywhere; where it stands is where it
//! is copied to, so a small text can ask for more than any machine has.

use serde_json::Value;

/// About as many bytes; the largest published models need half.
const MOST: usize = 64 << 20;
/// What a value weighs besides its text.
const NODE: usize = 64;

#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { left: MOST }
    }
}

impl Budget {
    /// Takes `weight` off; false, from then on, where there is not as much left.
    pub fn allows(&mut self, weight: usize) -> bool {
        match self.left.checked_sub(weight) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.left = 0;
                false
            }
        }
    }
}

/// What a copy of `value` costs.
pub(super) fn weight(value: &Value) -> usize {
    NODE + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members.iter().map(|(key, value)| key.len() + weight(value)).sum(),
        _ => 0,
    }
}
