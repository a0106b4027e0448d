//! `proofmark proxy`: stands between any client and a target, passes everything on as it is, and holds every answer to what
//! it owes. What is broken is told as it passes, and all of it at the end.

use std::{
    future::poll_fn,
    io::Write,
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use clap::Args;
use jiff::Timestamp;
use tokio::{net::TcpListener, sync::mpsc};
use url::Url;

use super::{
    args::{ColorArg, FailOnArg, FileArgs, OutputArgs, Wanted},
    replay,
    report::{rendered, save},
};
use crate::{
    exec,
    model::target::Tls,
    redact,
    report::{self, FailOn},
    runner::{interrupt::asked_to_end, record, summary::terms},
    traffic::{
        CapturedExchange, MOST_BODY, Redaction, Source, Traffic, TrafficResult,
        base_path::BasePaths,
        content_coding,
        proxy::{
            self as passing,
            pairing::Captured,
            relay::{ExchangeSender, Upstream},
        },
    },
    workspace::{self, Error, TargetChoice},
};

#[derive(Debug, Clone, Args)]
pub struct ProxyArgs {
    /// The target: http://HOST:PORT or https://HOST:PORT, with the base path of its APIs, if they have one; paths of
    /// requests are not changed
    #[arg(long, value_name = "URL")]
    pub upstream: String,
    /// The address and port that clients connect to; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Only exchanges of this API
    #[arg(long, value_name = "API")]
    pub api: Vec<String>,
    /// A target file, for its known failures and unsupported operations
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    /// Trust the certificates in this PEM file, instead of those of the system
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    #[command(flatten)]
    pub files: FileArgs,
    /// Which broken clauses count
    #[arg(long, value_enum, default_value = "must", help_heading = "Verdict")]
    pub fail_on: FailOnArg,
    /// Record the exchanges in this folder, for `proofmark report`
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub record: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Serves until Ctrl-C or SIGTERM. Prints `listening on http://...` when it is ready; the exit code is that of a run.
pub async fn proxy(args: &ProxyArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    let upstream = upstream(args)?;
    let fail_on = replay::fail_on(args.fail_on)?;
    let mut traffic = traffic(args, &upstream.url)?;
    if let Some(folder) = &args.record {
        record::prepare(folder)?;
    }
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| Error::Usage(format!("--listen {}: {error}", args.listen)))?;
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        eprintln!("other machines can reach {address}, and through it {}", upstream.url);
    }
    // Whoever is told that it listens may ask it to end.
    let mut asked_to_end = Box::pin(asked_to_end(|line| eprintln!("{line}")));
    if poll_fn(|cx| Poll::Ready(asked_to_end.as_mut().poll(cx).is_ready())).await {
        return Ok(ExitCode::from(130));
    }
    writeln!(out, "listening on http://{address}")?;
    out.flush()?;
    let (started, clock) = (Timestamp::now(), Instant::now());
    let (judge, mut seen) = mpsc::unbounded_channel();
    let judging = async {
        let mut unanswered = 0;
        while let Some((passed, _place)) = seen.recv().await {
            match passed {
                Captured::Exchange(exchange) => {
                    unanswered += usize::from(exchange.answer.is_err());
                    print(&mut traffic, *exchange);
                }
                Captured::Unread(why) => {
                    traffic.unread(&why);
                    eprintln!("not read: {}", redact::visible(&traffic.mask(&why)));
                }
            }
        }
        if unanswered > 0 {
            eprintln!("{unanswered} requests had no answer");
        }
    };
    tokio::join!(passing::serve(listener, upstream, ExchangeSender::new(judge), asked_to_end), judging);
    end(traffic, args, fail_on, (started, clock.elapsed()), out)
}

fn upstream(args: &ProxyArgs) -> Result<Upstream, Error> {
    let wrong = |why: &str| Error::Usage(format!("--upstream {}: {why}", args.upstream));
    let url = Url::parse(&args.upstream).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("give http://HOST:PORT or https://HOST:PORT"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("credentials are the client's, and pass through"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("give no query: that of each request passes as it is"));
    }
    let tls = Tls { ca: args.ca.clone(), ..Tls::default() };
    let tls = (url.scheme() == "https").then(|| exec::tls_config(&tls)).transpose();
    Ok(Upstream { url, tls: tls.map_err(|error| wrong(&error.to_string()))?.map(Arc::new) })
}

fn traffic(args: &ProxyArgs, upstream: &Url) -> Result<Traffic, Error> {
    let workspace = workspace::open_contracts(&args.files.layout()?)?;
    replay::known_apis(&args.api, &workspace)?;
    let target = args.target.clone().map(|name| {
        let named = TargetChoice::named(name);
        workspace::target(&named, &args.api, &workspace).map(|resolved| resolved.target)
    });
    let source = Source { name: "proxy".into(), file: args.upstream.as_str().into(), kept: Redaction::None };
    let target = target.transpose()?;
    let base_paths = BasePaths::declared(upstream.path(), target.as_ref());
    Ok(Traffic::new(workspace, target, args.api.clone(), source, base_paths))
}

/// Judges one exchange, and says at once what is wrong with it.
fn print(traffic: &mut Traffic, mut exchange: CapturedExchange) {
    content_coding::decode(&mut exchange, content_coding::Writer::Ourselves, &mut { MOST_BODY });
    let taken = traffic.take(exchange);
    let text = match &taken {
        TrafficResult::Unmatched(name) if traffic.unmatched.get(name) == Some(&1) => {
            Some(format!("not judged: not an operation of a contract: {}", redact::visible(name)))
        }
        TrafficResult::Unmatched(_) => None,
        TrafficResult::Judged { .. } | TrafficResult::Excluded { .. } => {
            replay::line(&taken, &|text| traffic.mask(text))
        }
    };
    if let Some(text) = text {
        eprintln!("{text}");
    }
}

fn end(
    traffic: Traffic,
    args: &ProxyArgs,
    fail_on: FailOn,
    (started, elapsed): (Timestamp, Duration),
    out: &mut impl Write,
) -> Result<ExitCode, Error> {
    replay::print(&replay::unmatched(&traffic), args.output.format, out)?;
    let judged = traffic.judged();
    let (report, known_secrets) = traffic.into_report(terms(fail_on), started, elapsed);
    let mask = |text: &str| known_secrets.mask(text);
    if let Some(folder) = &args.record {
        record::write(folder, &report, &mask)
            .map_err(|error| Error::Usage(format!("{}: {error}", folder.display())))?;
    }
    for Wanted { format, path } in &args.output.report {
        save(path, &rendered(&report, *format, ColorArg::Never, &mask))?;
    }
    out.write_all(rendered(&report, args.output.format, args.output.color, &mask).as_bytes())?;
    out.flush()?;
    let code = match report::exit_code(&report) {
        // Where nothing was judged, the question is open.
        0 if judged == 0 => 3,
        code => code,
    };
    Ok(ExitCode::from(code))
}
