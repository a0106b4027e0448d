//! Approved answers: what a step says about the comparison, and how the file of a case is called.

use std::sync::Arc;

use serde_json_path::JsonPath;

/// How the answer of a step is compared with the approved one.
#[derive(Debug, Clone, Default)]
pub struct SnapshotRule {
    /// Why the answer is not compared.
    pub skip: Option<String>,
    pub need: SnapshotNeed,
    /// Members that stand as a placeholder.
    pub redact: Vec<Arc<JsonPath>>,
    /// Lists whose order is compared; all others are sorted.
    pub ordered: Vec<Arc<JsonPath>>,
    pub messages: Messages,
}

/// Whether a step can do without an approved set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SnapshotNeed {
    /// A target that has no set is judged by the contract alone.
    #[default]
    WhereThereIsASet,
    /// `snapshot: true`: without a set the claim stays open.
    Always,
}

/// What becomes of the texts by which errors explain themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Messages {
    #[default]
    Free,
    Exact,
}

/// Longer names are cut, so that they fit with an ending on every system.
const LONGEST_FILE_NAME: usize = 150;
/// Devices of Windows, which no file can be called.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// A name as that of a file which is good on every system: names of APIs and operations come from models, where they may
/// be anything. What is lost on the way is made up for by a checksum, so that two names never share a file.
pub fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '=' | ',' | '#');
    let row = |c: char| if matches!(c, '[' | ']') { '_' } else { c };
    let named: String = name.chars().map(row).collect();
    let kept: String =
        named.chars().map(|c| if plain(c) { c } else { '_' }).take(LONGEST_FILE_NAME).collect();
    let stem = kept.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
    let trimmed = kept.trim_matches(|c| matches!(c, '_' | '.'));
    let lost = kept != named || trimmed.len() + 1 < kept.len() || trimmed.is_empty() || kept.ends_with('.');
    let reserved = numbered || trimmed.is_empty() || DEVICES.contains(&&*stem);
    if !lost && !reserved {
        return trimmed.to_owned();
    }
    // FNV-1a, which is the same on every machine.
    let mix = |sum: u32, byte: u8| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let sum = name.bytes().fold(0x811c_9dc5, mix);
    format!("{}{trimmed}-{sum:08x}", if reserved { "_" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_snapshots_are_plain_files_on_every_system() {
        for (name, file) in [
            ("deletes-a-live-connection", "deletes-a-live-connection"),
            ("refuses[value=7]", "refuses_value=7"),
            ("DeleteConnection", "DeleteConnection"),
            ("..", "_-a3d4a70d"),
            ("", "_-811c9dc5"),
            ("nul", "_nul-0d725c20"),
            ("a.", "a-01248e26"),
        ] {
            assert_eq!(file_name(name), file, "{name}");
        }
        for odd in ["../../x", "a/b", "a\\b", "COM1.x", "a:b", "ä", ".git", "x\0", &"a".repeat(500)] {
            let file = file_name(odd);
            assert!(file.len() <= 200 && !file.starts_with('.') && !file.ends_with('.'), "{odd}: {file}");
            assert!(!file.contains(['/', '\\', ':', '\0']), "{odd}: {file}");
        }
        assert_ne!(file_name("a:b"), file_name("a;b"));
        assert!(file_name("COM1.x").starts_with('_'));
    }
}
