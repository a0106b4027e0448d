//! Which recorded answers were cut because they were too long.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, Body, MOST_BYTES, RecordedTrace};

/// The exchanges of each entry whose answers were cut when they were kept.
pub type Cut = BTreeMap<String, BTreeSet<usize>>;

/// Reads from the text of a file of traces which answers were cut.
pub fn cut_in(traces: &str) -> Result<Cut, serde_json::Error> {
    let mut cut = BTreeMap::new();
    for line in traces.lines().skip(1) {
        let trace: RecordedTrace = serde_json::from_str(line)?;
        let is_cut = |answer: &Answer| match answer {
            Answer::Response { body, .. } => is_cut(body),
            Answer::Broken(_) => false,
        };
        let indices = trace.exchanges.iter().enumerate().filter(|(_, it)| is_cut(&it.answer));
        let indices: BTreeSet<usize> = indices.map(|(index, _)| index).collect();
        if !indices.is_empty() {
            cut.insert(trace.entry, indices);
        }
    }
    Ok(cut)
}

/// Of a body that is only masked, all is there but the secrets.
fn is_cut(body: &Body) -> bool {
    body.of.is_some_and(|of| of > MOST_BYTES)
}
