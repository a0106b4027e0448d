//! The folder that ledgers and cached tokens are kept in.

use std::path::PathBuf;

use super::{Error, files};

/// Where ledgers and cached tokens live: the folder given, else the one the system has for the state of programs.
pub fn state_dir(given: Option<PathBuf>) -> Result<PathBuf, Error> {
    use etcetera::BaseStrategy;
    if let Some(folder) = given {
        return match folder.is_file() {
            true => {
                let then = "give one, or nothing for the default";
                Err(files::unfit(&folder, "a folder for --state-dir", then).into())
            }
            false => Ok(folder),
        };
    }
    let strategy = etcetera::choose_base_strategy().map_err(|error| {
        Error::Usage(format!("no home folder to keep ledgers in ({error}); give --state-dir"))
    })?;
    Ok(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("proofmark"))
}
