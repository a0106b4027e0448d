//! Every deviation shows, and no variation changes what an answer is.

use std::{collections::HashSet, time::Duration};

use futures_util::{StreamExt, stream};
use proofmark::{
    model::clause::Strength,
    reference::{self, Deviation, Options, Variation},
    suite::{self, SourceFile},
};
use serde_json::json;

use super::{
    client::{Target, quick},
    conversation::{self, About, Transcript},
};

/// Conversations at the same time.
const TOGETHER: usize = 8;

async fn transcript(options: Options, about: About) -> Transcript {
    let running = reference::start(options).await.unwrap();
    let transcript = conversation::hold(&running.addr.to_string(), about).await;
    running.stop().await;
    transcript
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_target_always_says_the_same() {
    let (one, other) = (transcript(quick(), About::Both).await, transcript(quick(), About::Both).await);
    for (one, other) in one.answers.iter().zip(&other.answers) {
        assert_eq!(one, other);
    }
    assert_eq!(one.answers.len(), other.answers.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_deviation_shows() {
    let dms = transcript(quick(), About::Dms).await;
    let veeam = transcript(quick(), About::Veeam).await;
    // What is late says the same; see below. What holds between the answers about one resource shows to a case that makes
    // one, changes it and looks: tests/deviations.rs.
    let of_one_answer = |deviation: &Deviation| {
        *deviation != Deviation::SlowDelete && !deviation.breaks().starts_with("resource.")
    };
    let spoken = Deviation::ALL.iter().copied().filter(of_one_answer);
    let silent: Vec<Deviation> = stream::iter(spoken)
        .map(async |deviation| {
            let options = Options { deviation: Some(deviation), ..quick() };
            let (about, honest) = match deviation.breaks().split('.').next() {
                Some("dms" | "awsjson") => (About::Dms, &dms),
                _ => (About::Veeam, &veeam),
            };
            (transcript(options, about).await.answers == honest.answers).then_some(deviation)
        })
        .buffer_unordered(TOGETHER)
        .filter_map(async |silent| silent)
        .collect()
        .await;
    assert_eq!(silent, [], "these make no difference");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_variation_shows_and_leaves_every_status_as_it_is() {
    let honest = transcript(quick(), About::Both).await;
    // Who is told to come back later has to come back, and whose session ends has to log in again, which a conversation does
    // not; and it shows no list of two texts and no document as a text again. What shows in lists, states and tags of resources
    // alone, the cases about resources see: tests/deviations.rs.
    let patient = |variation: &Variation| {
        use Variation::{
            ForeignTags, JsonTextsIndented, ListsLag, MoreStates, OtherOrder, SecretsMasked, SessionsEnd,
            SmallPages, TextsReversed, ThrottledOnce,
        };
        let of_resources = matches!(
            variation,
            ForeignTags | ListsLag | MoreStates | OtherOrder | SecretsMasked | SmallPages
        );
        !of_resources && !matches!(variation, ThrottledOnce | SessionsEnd | TextsReversed | JsonTextsIndented)
    };
    let varied: Vec<(Variation, Transcript)> = stream::iter(Variation::ALL.iter().copied().filter(patient))
        .map(async |variation| {
            (variation, transcript(Options { variation: Some(variation), ..quick() }, About::Both).await)
        })
        .buffer_unordered(TOGETHER)
        .collect()
        .await;
    for (variation, varied) in varied {
        // Nothing found is an error to one server and an empty list to another; a malformed id is refused in two ways.
        if !matches!(variation, Variation::NothingIsEmptyList | Variation::MalformedIdIsNotFound) {
            assert_eq!(varied.statuses, honest.statuses, "{variation}");
        }
        let spoken = variation != Variation::Delayed;
        assert_eq!(varied.answers != honest.answers, spoken, "{variation}");
    }
}

#[tokio::test]
async fn a_slow_delete_is_not_answered_at_once() {
    let target = Target::start(Options { deviation: Some(Deviation::SlowDelete), ..quick() }).await;
    assert_eq!(target.dms("DescribeConnections", json!({})).await.status, 200);
    let delete = target.dms("DeleteConnection", json!({}));
    assert!(tokio::time::timeout(Duration::from_millis(100), delete).await.is_err());
}

#[test]
fn a_deviation_breaks_a_clause_that_is_stated() {
    let clauses: HashSet<String> = [
        include_str!("../../../schemas/http/clauses.yaml"),
        include_str!("../../../schemas/awsjson/clauses.yaml"),
        include_str!("../../../schemas/dms/clauses.yaml"),
        include_str!("../../../schemas/veeam/clauses.yaml"),
        include_str!("../../../schemas/resource/clauses.yaml"),
    ]
    .iter()
    .flat_map(|text| text.lines())
    .filter_map(|line| line.strip_suffix(':').filter(|id| !id.starts_with([' ', '#'])))
    .map(str::to_owned)
    .collect();
    for deviation in Deviation::ALL {
        assert!(clauses.contains(deviation.breaks()), "{deviation} breaks {}", deviation.breaks());
    }
}

/// Obligations, and what should be, that no deviation breaks first of all, each with the reason why none can.
const UNBROKEN: &[(&str, &str)] = &[
    (
        "veeam.transport.https",
        "it excepts the loopback, and the target is reached in no other way; the rule's own tests show it",
    ),
    (
        "veeam.response.content-length",
        "an answer with a Content-Length that is no integer is none that HTTP libraries let through, so it is shown \
         by the rule's own tests",
    ),
    (
        "dms.DeleteReplicationInstance.InvalidResourceStateFault",
        "which states forbid deleting is for the service to say; an instance of a case's own is in none of them for \
         sure, and one that is being deleted may be gone before it is asked to go again",
    ),
];

#[test]
fn every_obligation_is_broken_by_a_deviation_or_it_is_said_why_not() {
    let files = ["http", "awsjson", "dms", "veeam"].map(|api| {
        let path = format!("schemas/{api}/clauses.yaml");
        let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        SourceFile { path: path.into(), text: text.into() }
    });
    let clauses = suite::load_clauses(&files).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let broken: HashSet<&str> = Deviation::ALL.iter().map(|deviation| deviation.breaks()).collect();
    let excused: HashSet<&str> = UNBROKEN.iter().map(|(clause, _)| *clause).collect();
    let obligations = clauses.iter().filter(|(_, clause)| clause.strength >= Strength::Should);
    let unbroken: Vec<_> =
        obligations.map(|(id, _)| &**id).filter(|id| !broken.contains(id) && !excused.contains(id)).collect();
    assert!(unbroken.is_empty(), "neither broken nor excused:\n{}", unbroken.join("\n"));
    for (clause, reason) in UNBROKEN {
        assert!(clauses.contains_key(*clause), "{clause} is no clause");
        assert!(!broken.contains(clause), "{clause} is broken by a deviation, though it is said: {reason}");
    }
}
