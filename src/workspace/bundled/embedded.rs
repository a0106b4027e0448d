//! The files in the program, where this build has them.

#[cfg(not(feature = "bundled"))]
pub use absent::{get, names};
#[cfg(feature = "bundled")]
pub use present::{get, names};

#[cfg(feature = "bundled")]
mod present {
    use rust_embed::RustEmbed;

    use super::super::Kind;

    #[derive(RustEmbed)]
    #[folder = "cases/"]
    struct Cases;

    // The folders below `schemas/` by themselves: the models that contracts are made from stay outside of the program.
    #[derive(RustEmbed)]
    #[folder = "schemas/awsjson/"]
    #[prefix = "awsjson/"]
    struct AwsJson;

    #[derive(RustEmbed)]
    #[folder = "schemas/dms/"]
    #[prefix = "dms/"]
    struct Dms;

    #[derive(RustEmbed)]
    #[folder = "schemas/http/"]
    #[prefix = "http/"]
    struct Http;

    #[derive(RustEmbed)]
    #[folder = "schemas/resource/"]
    #[prefix = "resource/"]
    struct Resource;

    #[derive(RustEmbed)]
    #[folder = "schemas/restjson/"]
    #[prefix = "restjson/"]
    struct RestJson;

    #[derive(RustEmbed)]
    #[folder = "schemas/veeam/"]
    #[prefix = "veeam/"]
    struct Veeam;

    #[derive(RustEmbed)]
    #[folder = "snapshots/"]
    struct Snapshots;

    #[derive(RustEmbed)]
    #[folder = "targets/"]
    struct Targets;

    /// The names of all files of this kind.
    pub fn names(kind: Kind) -> Vec<String> {
        match kind {
            Kind::Cases => Cases::iter().map(String::from).collect(),
            Kind::Schemas => {
                let apis = AwsJson::iter().chain(Dms::iter()).chain(Http::iter());
                apis.chain(Resource::iter())
                    .chain(RestJson::iter())
                    .chain(Veeam::iter())
                    .map(String::from)
                    .collect()
            }
            Kind::Snapshots => Snapshots::iter().map(String::from).collect(),
            Kind::Targets => Targets::iter().map(String::from).collect(),
        }
    }

    /// The bytes of one of them.
    pub fn get(kind: Kind, name: &str) -> Option<Vec<u8>> {
        let file = match kind {
            Kind::Cases => Cases::get(name),
            Kind::Schemas => {
                let api = AwsJson::get(name).or_else(|| Dms::get(name));
                let shared = api.or_else(|| Http::get(name)).or_else(|| Resource::get(name));
                shared.or_else(|| RestJson::get(name)).or_else(|| Veeam::get(name))
            }
            Kind::Snapshots => Snapshots::get(name),
            Kind::Targets => Targets::get(name),
        };
        file.map(|file| file.data.into_owned())
    }
}

#[cfg(not(feature = "bundled"))]
mod absent {
    use super::super::Kind;

    pub fn names(_: Kind) -> Vec<String> {
        Vec::new()
    }

    pub fn get(_: Kind, _: &str) -> Option<Vec<u8>> {
        None
    }
}
