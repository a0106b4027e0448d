//! `cargo test` for a crate of cases, or for a server that brings its cases along.

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{Error, Selection};
use crate::{
    harness::{self, Asked, Provide},
    workspace::{self, TargetChoice},
};

/// Runs the cases beside `Cargo.toml` as the tests of a crate: [`Conformance::from_env`], then [`Conformance::main`].
///
/// | variable | what it sets |
/// |---|---|
/// | `PROOFMARK_TARGET` | the target: a name in `targets/`, or the path of a target file |
/// | `PROOFMARK_BASE_URL` | the address, in place of the base URLs in the target file |
/// | `PROOFMARK_CASES` | the folder of cases, in place of `cases/` |
/// | `PROOFMARK_SCHEMAS` | the folder of contracts, in place of `schemas/` |
/// | `PROOFMARK_SEED` | the number that generated cases are made from |
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     proofmark::main()
/// }
/// ```
pub fn main() -> ExitCode {
    Conformance::from_env().main()
}

/// The cases of a crate as its tests, with what the test itself decides.
///
/// Each written case is one test; the generated cases of an operation are one test together. Filters, `--exact`, `--list`,
/// `cargo nextest` and `cargo insta review` work as with other tests.
///
/// ```no_run
/// # mod my_server {
/// #     pub struct Server;
/// #     pub fn start() -> std::io::Result<Server> { Ok(Server) }
/// #     impl Server { pub fn url(&self) -> String { "http://127.0.0.1:4000".into() } }
/// # }
/// use proofmark::Conformance;
///
/// fn main() -> std::process::ExitCode {
///     Conformance::from_env().base_url(|| Ok(my_server::start()?.url())).main()
/// }
/// ```
pub struct Conformance {
    folder: PathBuf,
    target: Option<String>,
    base_url: Option<Provide>,
    tokens: Vec<(String, Provide)>,
    selection: Selection,
}

impl Conformance {
    /// The folders beside `Cargo.toml` (`cases/`, `schemas/`, `targets/`), and the environment variables that [`main`]
    /// lists. Where a folder is missing, the bundled files take its place, if the feature `bundled` is on.
    pub fn from_env() -> Self {
        let folder = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
        let (base_url, tokens) = (None, Vec::new());
        Conformance { folder, target: None, base_url, tokens, selection: Selection::default() }
    }

    /// Takes the folders below `dir`, in place of those beside `Cargo.toml`.
    pub fn workspace(mut self, dir: impl AsRef<Path>) -> Self {
        self.folder = dir.as_ref().to_owned();
        self
    }

    /// Judges this target, unless `PROOFMARK_TARGET` names another: a name in `targets/`, or the path of a target file. If
    /// neither names one, it is the only file in `targets/`, or else the embedded reference target.
    pub fn target(mut self, name: impl Into<String>) -> Self {
        self.target = Some(name.into());
        self
    }

    /// Starts the target and gives its address, such as `http://127.0.0.1:4000`, which takes the place of the base URLs in
    /// the target file. `start` is called once, when the first test runs: never for `--list`, and never if
    /// `PROOFMARK_BASE_URL` gives an address. If it fails, so does every test.
    pub fn base_url(mut self, start: impl FnOnce() -> Result<String, Error> + Send + 'static) -> Self {
        self.base_url = Some(Box::new(move || start().map_err(|error| error.to_string())));
        self
    }

    /// Calls an API with this bearer token, in place of the credentials that the target file names. `token` is called once,
    /// when the first test runs and after the target has started. Reports never show the token.
    pub fn bearer_token(
        mut self,
        api: impl Into<String>,
        token: impl FnOnce() -> Result<String, Error> + Send + 'static,
    ) -> Self {
        self.tokens.push((api.into(), Box::new(move || token().map_err(|error| error.to_string()))));
        self
    }

    /// Makes tests of these cases alone.
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Runs the tests that the arguments of the process select, and gives the exit code of the test program: 0 if all
    /// passed, 101 if one failed, 2 if a file is invalid or the target is unknown (no request was sent), 130 after Ctrl-C.
    pub fn main(self) -> ExitCode {
        match self.asked() {
            Ok(asked) => harness::run(asked),
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::from(2)
            }
        }
    }

    fn asked(self) -> Result<Asked, Error> {
        let seed = set("PROOFMARK_SEED").map(|seed| seed.parse()).transpose();
        let mut layout = workspace::Layout::below(&self.folder);
        layout.seed = seed.map_err(|_| Error::new("PROOFMARK_SEED is not a number"))?;
        layout.cases = set("PROOFMARK_CASES").map(PathBuf::from).or(layout.cases);
        layout.schemas = set("PROOFMARK_SCHEMAS").map(PathBuf::from).or(layout.schemas);
        let only = || layout.targets.as_deref().and_then(only_target);
        let target = set("PROOFMARK_TARGET").or(self.target).or_else(only);
        let given = set("PROOFMARK_BASE_URL");
        let base_url = self.base_url.filter(|_| given.is_none());
        let choice = TargetChoice { target, base_url: given };
        Ok(Asked { layout, choice, selection: self.selection.inner(), base_url, tokens: self.tokens })
    }
}

/// The name of the one target file in a folder; none where there are several.
fn only_target(folder: &Path) -> Option<String> {
    let names =
        std::fs::read_dir(folder).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names = names.filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned));
    let only = names.next()?;
    names.next().is_none().then_some(only)
}

fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
