//! The catalogue of variations: what another honest server might do differently without breaking a clause. The suite
//! must stay green under each of them.

use std::{fmt, str::FromStr};

use super::deviation::UnknownName;

macro_rules! variations {
    ($( $(#[doc = $doc:literal])+ $variant:ident, $name:literal; )+) => {
        /// One harmless peculiarity of the reference target.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Variation {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl Variation {
            pub const ALL: &[Variation] = &[$( Variation::$variant, )+];

            /// The name on the command line, in kebab case.
            pub fn name(self) -> &'static str {
                match self { $( Variation::$variant => $name, )+ }
            }

            /// What the target does, in one line.
            pub fn summary(self) -> &'static str {
                match self { $( Variation::$variant => concat!($($doc),+).trim_ascii(), )+ }
            }
        }
    };
}

variations! {
    /// Header names are written In-Title-Case.
    TitleCaseHeaders, "title-case-headers";
    /// Header names are written IN-UPPER-CASE.
    UpperCaseHeaders, "upper-case-headers";
    /// Answers have headers that nobody asked for.
    ExtraHeaders, "extra-headers";
    /// Media types have the parameter charset=utf-8.
    Charset, "charset";
    /// Media types are written in upper case.
    UpperCaseMediaTypes, "upper-case-media-types";
    /// Bodies come in chunks, without Content-Length.
    Chunked, "chunked";
    /// Every connection is closed after one answer.
    ConnectionClose, "connection-close";
    /// The first answer of each operation that reads, and of the one that logs in, is that of a target that throttles.
    ThrottledOnce, "throttled-once";
    /// Every answer takes a twentieth of a second longer.
    Delayed, "delayed";
    /// Members of objects stand in the opposite order.
    ReversedMembers, "reversed-members";
    /// Bodies have a member that no document knows, at the top.
    ExtraMembers, "extra-members";
    /// Bodies have members that no document knows, in every object.
    ExtraNestedMembers, "extra-nested-members";
    /// JSON is indented and ends with a line break.
    PrettyJson, "pretty-json";
    /// Every character of a JSON string is written as \uXXXX.
    EscapedJson, "escaped-json";
    /// Error types have the namespace of the service in front.
    NamespacedErrorTypes, "namespaced-error-types";
    /// Error types have a URI behind them.
    SuffixedErrorTypes, "suffixed-error-types";
    /// Error types have the namespace in front and a URI behind.
    NamespacedAndSuffixedErrorTypes, "namespaced-and-suffixed-error-types";
    /// Errors name their type in the header, in code and in __type.
    AllDiscriminators, "all-discriminators";
    /// Errors name their type in the header X-Amzn-Errortype alone.
    HeaderDiscriminator, "header-discriminator";
    /// Errors name their type in the member code alone.
    CodeDiscriminator, "code-discriminator";
    /// Errors are worded otherwise.
    OtherMessages, "other-messages";
    /// Errors have no message, which every model leaves optional.
    NoMessages, "no-messages";
    /// Request ids are no UUIDs.
    PlainRequestIds, "plain-request-ids";
    /// Optional members of endpoints, instances and connections are left out.
    OptionalMembersLeftOut, "optional-members-left-out";
    /// The last page of a listing has an empty Marker.
    EmptyMarker, "empty-marker";
    /// Filters that no endpoint or instance passes are answered with an empty list.
    NothingIsEmptyList, "nothing-is-empty-list";
    /// A filter's value that is no class of instances is refused.
    FilterValuesJudged, "filter-values-judged";
    /// InstanceCreateTime has a fraction.
    FractionalTimestamps, "fractional-timestamps";
    /// Problems are called application/json whatever Accept says.
    ProblemsAsJson, "problems-as-json";
    /// Problems have an instance, data and members that no document knows.
    ExtraProblemMembers, "extra-problem-members";
    /// UUIDs are written in upper-case letters.
    UpperCaseIds, "upper-case-ids";
    /// Connections have no links.
    NoLinks, "no-links";
    /// A 204 names a media type.
    MediaTypeOnNoContent, "media-type-on-204";
    /// Whatever is wrong with a token, the errorCode is AccessDenied.
    UnauthorizedAccessDenied, "unauthorized-access-denied";
    /// Answers have the forms that AWS was seen to give: EndpointType and CompressionType in upper case, null for the address of a private instance.
    AnswersAsObserved, "answers-as-observed";
    /// The test of a connection is over before it is answered.
    TestedAtOnce, "tested-at-once";
    /// An id that is not a UUID is answered 404, as a router does that knows no such path.
    MalformedIdIsNotFound, "malformed-id-is-404";
    /// A method that a path does not have is refused with a page.
    MethodRefusedInHtml, "method-refused-in-html";
    /// A session ends with its hundredth request, as when a server is restarted.
    SessionsEnd, "sessions-end";
    /// Lists of texts stand in the opposite order.
    TextsReversed, "texts-reversed";
    /// Texts that are JSON are written anew, indented.
    JsonTextsIndented, "json-texts-indented";
    /// A page has half as many elements as it was asked for, at least one.
    SmallPages, "small-pages";
    /// What is created passes through the states that are documented before the settled one.
    MoreStates, "more-states";
    /// Lists show what was created only after 300 milliseconds.
    ListsLag, "lists-lag";
    /// Every second list has its elements in the opposite order.
    OtherOrder, "other-order";
    /// Integers are written as 1.0.
    IntegersWithFraction, "integers-with-fraction";
    /// What is only written is shown as stars.
    SecretsMasked, "secrets-masked";
    /// Lists of tags have one that the service has added.
    ForeignTags, "foreign-tags";
    /// totalCount counts what this caller is not shown, too.
    TotalCountOfHidden, "total-count-of-hidden";
}

impl fmt::Display for Variation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Variation {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let known = Variation::ALL.iter().copied().find(|variation| variation.name() == name);
        known.ok_or_else(|| UnknownName { what: "variation", name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_name_leads_back_to_its_variation() {
        for variation in Variation::ALL {
            assert_eq!(variation.name().parse(), Ok(*variation));
        }
        let names: HashSet<_> = Variation::ALL.iter().map(|variation| variation.name()).collect();
        assert_eq!(names.len(), Variation::ALL.len(), "a name is given twice");
    }
}
