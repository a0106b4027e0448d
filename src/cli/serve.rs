//! `proofmark serve`: the reference target alone, until it is interrupted.

use std::{fs, io::Write, str::FromStr, time::Duration};

use super::args::ServeArgs;
use crate::{
    reference::{self, Delays, Deviation, Options, Tls, Variation},
    runner::interrupt,
    workspace::Error,
};

/// The word after `--deviate` or `--vary` that asks for all names.
const LIST: &str = "list";

/// Serves until Ctrl-C or SIGTERM. Prints `listening on http://...` when it is ready.
pub async fn serve(args: &ServeArgs, out: &mut impl Write) -> Result<(), Error> {
    if args.deviate.as_deref() == Some(LIST) {
        for deviation in Deviation::ALL {
            writeln!(out, "{deviation:<36} breaks {}", deviation.breaks())?;
        }
        return Ok(());
    }
    if args.vary.as_deref() == Some(LIST) {
        for variation in Variation::ALL {
            writeln!(out, "{variation}")?;
        }
        return Ok(());
    }
    let life = Duration::from_millis(args.delay);
    let options = Options {
        listen: args.listen,
        tls: args.tls_ca.as_ref().map(|_| Tls::SelfSigned),
        delays: Delays {
            creating: life,
            testing: life,
            deleting: life,
            token_life: Duration::from_secs(args.token_life),
        },
        deviation: args.deviate.as_deref().map(named).transpose()?,
        variation: args.vary.as_deref().map(named).transpose()?,
    };
    // Who reads that it listens may ask it to end at once.
    let asked_to_end = interrupt::asked_to_end(super::console::print);
    let running = reference::start(options).await.map_err(|error| Error::Usage(error.to_string()))?;
    if let (Some(path), Some(pem)) = (&args.tls_ca, &running.ca_pem) {
        fs::write(path, pem)?;
    }
    writeln!(out, "listening on {}", running.base_url)?;
    out.flush()?;
    asked_to_end.await;
    running.stop().await;
    Ok(())
}

fn named<T: FromStr<Err: std::fmt::Display>>(name: &str) -> Result<T, Error> {
    name.parse().map_err(|error| Error::Usage(format!("{error}; `list` in its place shows them all")))
}
