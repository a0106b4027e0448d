//! Digests of the files that a workspace was loaded from, computed at their first use: one case by name needs none.

use std::{
    borrow::Borrow,
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use sha2::{Digest as _, Sha256};

use crate::{model::contract::ApiName, report::Digests, suite::SourceFile};

/// The files of each contract, what was hashed of the case files, and the digests once they are needed.
#[derive(Debug, Default)]
pub(super) struct FileDigests {
    contracts: BTreeMap<ApiName, Vec<SourceFile>>,
    suite: Option<(Hash, u64)>,
    digests: OnceLock<Digests>,
}

impl FileDigests {
    /// Of the files of each contract, in the order of their names.
    pub fn of_contracts(contracts: BTreeMap<ApiName, Vec<SourceFile>>) -> Self {
        FileDigests { contracts, ..FileDigests::default() }
    }

    /// The same contracts with a suite: its case files, and the seed of its generated cases.
    pub fn with_suite(&self, cases: &[SourceFile], seed: u64) -> Self {
        let suite = Some((Hash::of(cases), seed));
        FileDigests { contracts: self.contracts.clone(), suite, digests: OnceLock::new() }
    }

    /// All of them but that of the target file.
    pub fn get(&self) -> &Digests {
        self.digests.get_or_init(|| {
            let of = |(api, files): (&ApiName, &Vec<SourceFile>)| (api.clone(), Hash::of(files).finish());
            let contracts: BTreeMap<_, _> = self.contracts.iter().map(of).collect();
            let suite = self.suite.clone().map(|(mut hash, seed)| {
                hash.part(&contracts.values().map(|it| &**it).collect::<String>());
                hash.part(&seed.to_string());
                hash.finish()
            });
            Digests { suite, contracts, target: None }
        })
    }
}

/// Of texts by their names in their folders, and of words that belong to them; wherever the folders are.
#[derive(Debug, Clone)]
pub(super) struct Hash(Sha256);

impl Hash {
    pub fn of<F: Borrow<SourceFile>>(files: &[F]) -> Hash {
        let mut hash = Hash(Sha256::new());
        for file in files {
            let SourceFile { path, text } = file.borrow();
            let mut names = path.rsplitn(3, ['/', '\\']);
            let name = [names.next(), names.next()].map(Option::unwrap_or_default);
            name.into_iter().for_each(|name| hash.part(name));
            hash.part(text);
        }
        hash
    }

    fn part(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }

    pub fn finish(self) -> Arc<str> {
        hex::encode(self.0.finalize()).into()
    }
}
