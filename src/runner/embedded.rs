//! The reference target in the process of the run, where this build has it.

#[cfg(not(feature = "reference"))]
pub use absent::{Embedded, Options, keeps_the_contract, start};
#[cfg(feature = "reference")]
pub use present::{Embedded, Options, keeps_the_contract, start};

#[cfg(feature = "reference")]
mod present {
    use tokio::runtime::Runtime;

    pub use crate::reference::Options;
    use crate::{model::target::Target, reference, runner::runtime, workspace::Error};

    /// The reference target, on threads of its own: it is another process in all but name.
    pub struct Embedded {
        running: reference::Running,
        threads: Threads,
    }

    struct Threads(Option<Runtime>);

    impl Drop for Threads {
        fn drop(&mut self) {
            if let Some(runtime) = self.0.take() {
                // Waiting for it is not allowed where a runner may be dropped.
                runtime.shutdown_background();
            }
        }
    }

    impl Embedded {
        /// Stops it.
        pub async fn stop(self) {
            let Embedded { running, threads: _threads } = self;
            running.stop().await;
        }
    }

    /// Whether it behaves as the contract says, and as its approved snapshots show.
    pub fn keeps_the_contract(options: &Options) -> bool {
        options.deviation.is_none() && options.variation.is_none()
    }

    /// Starts the reference target and points every API of `target` at it.
    pub async fn start(target: &mut Target, options: reference::Options) -> Result<Embedded, Error> {
        fn usage_error(error: impl std::fmt::Display) -> Error {
            Error::Usage(format!("the embedded reference target: {error}"))
        }
        let runtime = runtime()?;
        let started = runtime.spawn(reference::start(options)).await;
        let threads = Threads(Some(runtime));
        let running = started.map_err(usage_error)?.map_err(usage_error)?;
        let url = url::Url::parse(&running.base_url).map_err(usage_error)?;
        for api in target.apis.values_mut() {
            api.base_url = url.clone();
        }
        Ok(Embedded { running, threads })
    }
}

#[cfg(not(feature = "reference"))]
mod absent {
    use crate::{model::target::Target, workspace::Error};

    /// There is nothing to choose.
    #[derive(Debug, Clone, Default)]
    pub struct Options;

    pub enum Embedded {}

    impl Embedded {
        pub async fn stop(self) {
            match self {}
        }
    }

    pub fn keeps_the_contract(_: &Options) -> bool {
        true
    }

    /// This build has no reference target.
    pub async fn start(target: &mut Target, _: Options) -> Result<Embedded, Error> {
        Err(Error::Usage(format!(
            "target {} is the embedded reference target, and this build has none: name another with PROOFMARK_TARGET, or \
             build proofmark with the feature `reference`",
            target.name
        )))
    }
}
