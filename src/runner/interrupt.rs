//! Ctrl-C and SIGTERM: heard from the moment somebody asks for them, and what a person is told when they come.

use std::{future::Future, io};

use tokio::sync::watch;

use crate::exec::Interrupt;

/// Shows a line to a person.
pub type Tell = fn(&str);

/// What a process is at when it is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It waits; there is nothing of its own on the target.
    Waiting,
    /// It runs cases.
    Running,
}

/// The first Ctrl-C or SIGTERM lets the run end cleanly; the second leaves at once, and says which command sweeps.
pub fn interrupts(sweep: String, tell: Tell) -> watch::Receiver<Interrupt> {
    let (_, running) = watch::channel(Doing::Running);
    interrupts_of(running, sweep, tell)
}

/// The same for a process that runs only now and then.
pub fn interrupts_of(doing: watch::Receiver<Doing>, sweep: String, tell: Tell) -> watch::Receiver<Interrupt> {
    let (send, receive) = watch::channel(Interrupt::No);
    let mut signals = Signals::heard(tell);
    tokio::spawn(async move {
        signals.next().await;
        let at = *doing.borrow();
        tell(first(at));
        let _ = send.send(Interrupt::Yes);
        signals.next().await;
        if at == Doing::Running {
            tell(&format!("left at once: what this run created may still be there; `{sweep}` destroys it"));
        }
        std::process::exit(130);
    });
    receive
}

/// What is said at the first signal, on a line of its own behind the `^C` of the terminal.
fn first(doing: Doing) -> &'static str {
    match doing {
        Doing::Waiting => "\nended",
        Doing::Running => "\ninterrupted: destroying what this run created; once more leaves it where it is",
    }
}

/// Resolves at the first Ctrl-C or SIGTERM after the call.
pub fn asked_to_end(tell: Tell) -> impl Future<Output = ()> {
    let mut signals = Signals::heard(tell);
    async move { signals.next().await }
}

/// Both signals. None that comes after this is made is lost, nor does it end the process.
struct Signals {
    #[cfg(unix)]
    both: [Option<tokio::signal::unix::Signal>; 2],
    #[cfg(windows)]
    ctrl_c: Option<tokio::signal::windows::CtrlC>,
}

impl Signals {
    #[cfg(unix)]
    fn heard(tell: Tell) -> Signals {
        use tokio::signal::unix::{SignalKind, signal};
        let both = [SignalKind::interrupt(), SignalKind::terminate()];
        Signals { both: both.map(|kind| unheard(signal(kind), tell)) }
    }

    #[cfg(windows)]
    fn heard(tell: Tell) -> Signals {
        Signals { ctrl_c: unheard(tokio::signal::windows::ctrl_c(), tell) }
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        async fn one(signal: &mut Option<tokio::signal::unix::Signal>) {
            match signal {
                Some(signal) => {
                    signal.recv().await;
                }
                None => std::future::pending().await,
            }
        }
        let [interrupt, terminate] = &mut self.both;
        tokio::select! {
            () = one(interrupt) => {}
            () = one(terminate) => {}
        }
    }

    #[cfg(windows)]
    async fn next(&mut self) {
        match &mut self.ctrl_c {
            Some(ctrl_c) => {
                ctrl_c.recv().await;
            }
            None => std::future::pending().await,
        }
    }
}

/// A signal that cannot be listened for ends the process as it always did; what is left then is for `sweep`.
fn unheard<T>(signal: io::Result<T>, tell: Tell) -> Option<T> {
    signal.inspect_err(|error| tell(&format!("signals are not listened for: {error}"))).ok()
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::{Command, id};

    use super::*;

    /// Who is told that something listens may end it before anybody waits for that. Unheard, this would end the tests.
    #[tokio::test]
    async fn a_signal_is_heard_from_the_moment_it_is_asked_for() {
        for name in ["-TERM", "-INT"] {
            let asked_to_end = asked_to_end(|_| ());
            assert!(Command::new("kill").args([name, &id().to_string()]).status().unwrap().success());
            asked_to_end.await;
        }
    }

    #[test]
    fn only_what_runs_destroys() {
        assert!(first(Doing::Running).contains("destroying"));
        assert_eq!(first(Doing::Waiting).trim(), "ended");
    }
}
