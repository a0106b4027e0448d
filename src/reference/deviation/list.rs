//! The catalogue of deviations: what the target does, in one line, its name, and the clause that it breaks first of all.

deviations! {
    // --- HTTP, both APIs

    /// No answer has a Date.
    NoDate, "no-date", breaks "http.date.present";
    /// Errors have no Date.
    NoDateOnError, "no-date-on-error", breaks "http.date.present";
    /// Date is written as RFC 3339 has it.
    BadDate, "bad-date", breaks "http.date.format";
    /// Deleting takes three seconds longer than it need.
    SlowDelete, "slow-delete", breaks "dms.DeleteConnection.success";

    // --- DMS: the envelope of every answer

    /// No answer has x-amzn-RequestId.
    OmitRequestId, "omit-request-id", breaks "dms.response.request-id";
    /// Errors have no x-amzn-RequestId.
    OmitRequestIdOnError, "omit-request-id-on-error", breaks "dms.response.request-id";
    /// x-amzn-RequestId is there and empty.
    EmptyRequestId, "empty-request-id", breaks "dms.response.request-id";
    /// Every answer has the same x-amzn-RequestId.
    RepeatRequestId, "repeat-request-id", breaks "dms.response.request-id-unique";
    /// Answers are called application/json.
    ContentTypeJson, "content-type-json", breaks "awsjson.response.content-type";
    /// Answers are called application/x-amz-json-1.0.
    ContentTypeOlder, "content-type-older", breaks "awsjson.response.content-type";
    /// Answers have no Content-Type.
    ContentTypeMissing, "content-type-missing", breaks "awsjson.response.content-type";
    /// Errors have no Content-Type.
    ContentTypeMissingOnError, "content-type-missing-on-error", breaks "awsjson.response.content-type";
    /// Content-Type is given twice, with two values.
    ContentTypeTwice, "content-type-twice", breaks "awsjson.response.content-type";
    /// The end of the body is told by the end of the connection alone.
    CloseDelimited, "close-delimited", breaks "awsjson.response.content-length";
    /// Success has the status 201.
    SuccessCreated, "success-201", breaks "awsjson.response.success-200";
    /// Success has the status 202.
    SuccessAccepted, "success-202", breaks "awsjson.response.success-200";
    /// A success has the body OK.
    BodyNotJson, "body-not-json", breaks "awsjson.response.json";
    /// A body is cut in the middle, and Content-Length fits the half.
    BodyTruncated, "body-truncated", breaks "awsjson.response.json";
    /// A success has no body at all.
    BodyEmpty, "body-empty", breaks "awsjson.response.json";
    /// A body begins with a byte order mark.
    ByteOrderMark, "byte-order-mark", breaks "awsjson.response.json";
    /// A success is an array that holds the output.
    OutputInArray, "output-in-array", breaks "awsjson.response.json";

    // --- DMS: output

    /// A member without a value is written as null.
    NullMember, "null-member", breaks "awsjson.output.no-null";
    /// Numbers are written as strings.
    NumberAsString, "number-as-string", breaks "awsjson.output.types";
    /// Identifiers are written as numbers.
    StringAsNumber, "string-as-number", breaks "awsjson.output.types";
    /// Booleans are written as strings.
    BooleanAsString, "boolean-as-string", breaks "awsjson.output.types";
    /// Lists are written as objects with numbered members.
    ListAsObject, "list-as-object", breaks "awsjson.output.types";
    /// A structure is written as a list of one.
    StructureAsList, "structure-as-list", breaks "awsjson.output.types";
    /// InstanceCreateTime is an RFC 3339 string.
    TimestampAsString, "timestamp-as-string", breaks "awsjson.output.timestamp";
    /// EndpointType has the name of the enum member instead of its value.
    EnumUnknown, "enum-unknown", breaks "awsjson.output.enum";
    /// Members of the output begin with a lower-case letter.
    MemberCaseChanged, "member-case-changed", breaks "awsjson.output.member-names";
    /// DeleteConnection's output is empty.
    MemberMissing, "member-missing", breaks "dms.DeleteConnection.success";
    /// DeleteConnection's output stands within a member Output.
    OutputWrapped, "output-wrapped", breaks "dms.DeleteConnection.success";
    /// A connection's Status is a word that no document has.
    UnknownConnectionStatus, "unknown-connection-status", breaks "dms.Connection.status-values";
    /// DeleteConnection gives the connection with the Status it had.
    DeleteStatusNotDeleting, "delete-status-not-deleting", breaks "dms.DeleteConnection.status-deleting";
    /// DeleteConnection gives back another EndpointArn than was sent.
    EndpointArnNotEchoed, "endpoint-arn-not-echoed", breaks "dms.DeleteConnection.echoes-arns";
    /// DeleteConnection gives back another ReplicationInstanceArn than was sent.
    InstanceArnNotEchoed, "instance-arn-not-echoed", breaks "dms.DeleteConnection.echoes-arns";
    /// CreateEndpoint gives another identifier than was asked for.
    IdentifierNotEchoed, "identifier-not-echoed", breaks "dms.CreateEndpoint.echoes-input";

    // --- DMS: errors

    /// Errors have the status 200.
    ErrorAsSuccess, "error-as-200", breaks "awsjson.error.not-in-success";
    /// Errors have the status 200 and stand within a member Output.
    ErrorInOutput, "error-in-output", breaks "awsjson.error.not-in-success";
    /// Errors have the status 500.
    ErrorAsServerError, "error-as-500", breaks "awsjson.error.status";
    /// Errors have the status 404.
    ErrorAsNotFound, "error-as-404", breaks "awsjson.error.status";
    /// Errors say nowhere what they are.
    NoDiscriminator, "no-discriminator", breaks "awsjson.error.discriminator";
    /// Errors say what they are in a nested member alone.
    NestedDiscriminator, "nested-discriminator", breaks "awsjson.error.discriminator";
    /// Header and body of an error name two types.
    DiscriminatorsDisagree, "discriminators-disagree", breaks "awsjson.error.discriminators-agree";
    /// Errors are called Exception where the model calls them Fault.
    ErrorRenamed, "error-renamed", breaks "dms.DeleteConnection.ResourceNotFoundFault";
    /// ResourceNotFoundFault is answered as InvalidResourceStateFault.
    NotFoundAsInvalidState, "not-found-as-invalid-state", breaks "dms.DeleteConnection.ResourceNotFoundFault";
    /// An error's message is an object.
    MessageNotString, "message-not-string", breaks "awsjson.error.shape";
    /// An error's text stands under Message.
    MessageCapitalised, "message-capitalised", breaks "awsjson.error.message-member";
    /// Errors are pages of HTML.
    HtmlError, "html-error", breaks "awsjson.response.content-type";

    // --- DMS: life cycles

    /// DeleteConnection says that it deletes, and does nothing.
    DeleteDoesNothing, "delete-does-nothing", breaks "dms.DeleteConnection.gone";
    /// A deleted connection stays deleting for ever.
    NeverGone, "never-gone", breaks "dms.DeleteConnection.gone";
    /// DeleteConnection deletes, in place of the named connection, the one whose endpoint has the likest name.
    DeleteRemovesAnother, "delete-removes-another", breaks "dms.DeleteConnection.leaves-others";
    /// DeleteConnection deletes all connections of the instance.
    DeleteRemovesAllOfInstance, "delete-removes-all-of-instance", breaks "dms.DeleteConnection.leaves-others";
    /// DeleteConnection succeeds for what does not exist.
    AbsentAccepted, "absent-accepted", breaks "dms.DeleteConnection.ResourceNotFoundFault";
    /// DeleteConnection succeeds where access is denied.
    DeniedAccepted, "denied-accepted", breaks "dms.DeleteConnection.AccessDeniedFault";
    /// AccessDeniedFault is called AccessDeniedException.
    DeniedRenamed, "denied-renamed", breaks "dms.DeleteConnection.AccessDeniedFault";
    /// DeleteConnection succeeds where the state forbids it.
    BusyAccepted, "busy-accepted", breaks "dms.DeleteConnection.InvalidResourceStateFault";
    /// DeleteConnection deletes what it refuses to delete.
    RefusedDeleteDeletes, "refused-delete-deletes", breaks "dms.DeleteConnection.refusal-changes-nothing";
    /// A connection that was seen to be successful is testing again.
    StatusGoesBackward, "status-goes-backward", breaks "dms.TestConnection.status-forward";
    /// A test of a connection never ends.
    TestNeverEnds, "test-never-ends", breaks "dms.TestConnection.reaches-successful";
    /// TestConnection gives the connection as successful at once.
    TestStatusNotTesting, "test-status-not-testing", breaks "dms.TestConnection.status-testing";
    /// TestConnection succeeds for what does not exist.
    TestOfAbsentAccepted, "test-of-absent-accepted", breaks "dms.TestConnection.ResourceNotFoundFault";
    /// A second endpoint or instance may have the identifier of the first.
    DuplicateAccepted, "duplicate-accepted", breaks "dms.CreateEndpoint.ResourceAlreadyExistsFault";
    /// DeleteEndpoint says that it deletes, and does nothing.
    EndpointNeverGone, "endpoint-never-gone", breaks "dms.DeleteEndpoint.gone";
    /// DeleteReplicationInstance says that it deletes, and does nothing.
    InstanceNeverGone, "instance-never-gone", breaks "dms.DeleteReplicationInstance.gone";
    /// A created instance never becomes available.
    InstanceNeverAvailable, "instance-never-available", breaks "dms.CreateReplicationInstance.becomes-available";

    // --- DMS: listings

    /// DescribeConnections lists everything, whatever the filters.
    FilterIgnored, "filter-ignored", breaks "dms.DescribeConnections.filters";
    /// Only the first filter counts.
    SecondFilterIgnored, "second-filter-ignored", breaks "dms.DescribeConnections.filters-combine";
    /// DescribeConnections lists nothing.
    TestedNotListed, "tested-not-listed", breaks "dms.TestConnection.reaches-successful";
    /// MaxRecords counts for nothing.
    MaxRecordsIgnored, "max-records-ignored", breaks "dms.DescribeConnections.max-records";
    /// A Marker leads to the first page again.
    MarkerIgnored, "marker-ignored", breaks "dms.DescribeConnections.paging";
    /// Between two pages one record is lost.
    PagingLosesOne, "paging-loses-one", breaks "dms.DescribeConnections.paging";
    /// The last record of a page is the first of the next.
    PagingRepeatsOne, "paging-repeats-one", breaks "dms.DescribeConnections.paging";
    /// The last page has a Marker.
    MarkerOnLastPage, "marker-on-last-page", breaks "dms.DescribeConnections.last-page";

    // --- DMS: requests that are not to be served

    /// A missing EndpointArn is no obstacle.
    MissingEndpointArnAccepted, "missing-endpoint-arn-accepted", breaks "dms.DeleteConnection.required-endpoint-arn";
    /// A missing ReplicationInstanceArn is no obstacle.
    MissingInstanceArnAccepted, "missing-instance-arn-accepted", breaks "dms.DeleteConnection.required-instance-arn";
    /// A missing member is answered 500.
    MissingMemberIsServerError, "missing-member-is-500", breaks "awsjson.input.required";
    /// A required member that is null counts as given.
    NullAccepted, "null-accepted", breaks "dms.input.null-is-absent";
    /// A member of another JSON type is taken for text.
    WrongTypeAccepted, "wrong-type-accepted", breaks "dms.DeleteConnection.type-checked";
    /// A member of another JSON type is answered 500.
    WrongTypeIsServerError, "wrong-type-is-500", breaks "dms.DeleteConnection.type-checked";
    /// An empty string is no obstacle.
    EmptyStringAccepted, "empty-string-accepted", breaks "dms.DeleteConnection.empty-string";
    /// What is no ARN is no obstacle.
    NotAnArnAccepted, "not-an-arn-accepted", breaks "dms.DeleteConnection.not-an-arn";
    /// A member that the model does not know is answered 500.
    UnknownMemberIsServerError, "unknown-member-is-500", breaks "awsjson.input.unknown-member";
    /// An EndpointType that the model does not know is taken.
    EnumInputAccepted, "enum-input-accepted", breaks "dms.CreateEndpoint.enum-input";
    /// A body that is not JSON is answered 200.
    BadJsonAccepted, "bad-json-accepted", breaks "awsjson.input.json";
    /// A body that is not JSON is answered 500.
    BadJsonIsServerError, "bad-json-is-500", breaks "awsjson.input.json";
    /// Any Content-Type will do, and none too.
    AnyContentTypeAccepted, "any-content-type-accepted", breaks "awsjson.request.content-type";
    /// A Content-Type with a charset is refused.
    CharsetRefused, "charset-refused", breaks "awsjson.request.content-type-parameters";
    /// Without X-Amz-Target everything is answered 200.
    MissingTargetAccepted, "missing-target-accepted", breaks "awsjson.request.target-required";
    /// What stands before the dot of X-Amz-Target does not matter.
    WrongPrefixAccepted, "wrong-prefix-accepted", breaks "awsjson.request.target-prefix";
    /// X-Amz-Target is compared without regard to case.
    TargetCaseInsensitive, "target-case-insensitive", breaks "awsjson.request.target-exact";
    /// An operation that does not exist is answered 200.
    UnknownOperationAccepted, "unknown-operation-accepted", breaks "awsjson.request.target-unknown";
    /// Any method will do.
    AnyMethodAccepted, "any-method-accepted", breaks "awsjson.request.method";
    /// Any path will do.
    AnyPathAccepted, "any-path-accepted", breaks "awsjson.request.path";

    // --- DMS: operations that the contract drives

    /// Where the contract drives, a missing member is no obstacle.
    GenericMissingAccepted, "generic-missing-accepted", breaks "awsjson.input.required";
    /// Where the contract drives, a member of another JSON type is no obstacle.
    GenericTypeAccepted, "generic-type-accepted", breaks "awsjson.input.types";
    /// Where the contract drives, a value beside the enum is no obstacle.
    GenericEnumAccepted, "generic-enum-accepted", breaks "awsjson.input.constraints";
    /// Where the contract drives, a number out of range is no obstacle.
    GenericRangeAccepted, "generic-range-accepted", breaks "awsjson.input.constraints";
    /// Where the contract drives, a text or list too short or too long is no obstacle.
    GenericLengthAccepted, "generic-length-accepted", breaks "awsjson.input.constraints";
    /// Where the contract drives, a text that does not match its pattern is no obstacle.
    GenericPatternAccepted, "generic-pattern-accepted", breaks "awsjson.input.constraints";
    /// Where the contract drives, a union with no member or two is no obstacle.
    GenericUnionAccepted, "generic-union-accepted", breaks "awsjson.input.union";
    /// Where the contract drives, a null is answered 500.
    GenericNullIsServerError, "generic-null-is-500", breaks "awsjson.input.null-is-absent";
    /// Where the contract drives, what is refused is made all the same.
    GenericRefusedCreates, "generic-refused-creates", breaks "awsjson.input.refused-changes-nothing";
    /// Where the contract drives, what was made is in no list.
    GenericNotListed, "generic-not-listed", breaks "awsjson.life.listed";
    /// Where the contract drives, what was destroyed stays where it is.
    GenericStays, "generic-stays", breaks "awsjson.life.gone";
    /// Where the contract drives, the smallest input is not enough to make anything.
    GenericNotServed, "generic-not-served", breaks "awsjson.life.served";
    /// Where the contract drives, a number will do for a text, and a text for a number.
    GenericConverted, "generic-converted", breaks "awsjson.input.no-conversion";
    /// Where the contract drives, an input that is right is answered 500.
    GenericServerError, "generic-server-error", breaks "awsjson.input.valid";
    /// Where the contract drives, an operation that asks for nothing is refused.
    GenericNothingServed, "generic-nothing-served", breaks "awsjson.input.served";
    /// Where the contract drives, every member of an output is a list.
    GenericWrongType, "generic-wrong-type", breaks "awsjson.output.types";
    /// Where the contract drives, what is not there is answered with an error that the model does not have.
    GenericErrorUnmodelled, "generic-error-unmodelled", breaks "awsjson.error.modelled";

    // --- DMS: authentication

    /// A request without authentication is served.
    UnsignedAccepted, "unsigned-accepted", breaks "awsjson.auth.missing";
    /// Any access key will do.
    UnknownKeyAccepted, "unknown-key-accepted", breaks "awsjson.auth.unknown-key";
    /// The signature is not looked at.
    BadSignatureAccepted, "bad-signature-accepted", breaks "awsjson.auth.bad-signature";
    /// A request may be as old as it likes.
    StaleAccepted, "stale-accepted", breaks "awsjson.auth.stale-date";
    /// A request refused for its authentication is answered 500.
    RefusalIsServerError, "auth-refusal-is-500", breaks "awsjson.auth.missing";

    // --- Veeam: 204

    /// A 204 has a body, and a Content-Length that says so.
    NoContentWithBody, "204-with-body", breaks "http.204.no-content";
    /// Bytes follow a 204 whose header does not announce them.
    NoContentWithStrayBytes, "204-with-stray-bytes", breaks "http.204.no-content";
    /// A 204 has Content-Length: 0.
    NoContentWithContentLength, "204-with-content-length", breaks "http.204.no-content-length";
    /// A 204 has Transfer-Encoding: chunked.
    NoContentWithTransferEncoding, "204-with-transfer-encoding", breaks "http.204.no-transfer-encoding";
    /// Removing is answered 200.
    DeleteAnswersOk, "delete-answers-200", breaks "veeam.DeleteAmazonConnection.success";
    /// Removing is answered 202.
    DeleteAnswersAccepted, "delete-answers-202", breaks "veeam.DeleteAmazonConnection.success";

    // --- Veeam: answers

    /// Success is called text/plain.
    SuccessAsText, "success-as-text", breaks "veeam.response.content-type";
    /// Success has no Content-Type.
    SuccessWithoutType, "success-without-type", breaks "veeam.response.content-type";
    /// An id is not a UUID.
    IdNotUuid, "id-not-uuid", breaks "veeam.AmazonConnection.members";
    /// A connection has no id.
    IdMissing, "id-missing", breaks "veeam.AmazonConnection.members";
    /// The method of a link is one that the document does not have.
    LinkMethodUnknown, "link-method-unknown", breaks "veeam.answer.schema";
    /// totalCount is a string.
    TotalCountAsString, "total-count-as-string", breaks "veeam.answer.schema";
    /// A list has no totalCount.
    TotalCountMissing, "total-count-missing", breaks "veeam.answer.schema";
    /// A list has no results.
    ResultsMissing, "results-missing", breaks "veeam.GetAllAmazonConnections.success";
    /// A list is a bare array.
    BareList, "bare-list", breaks "veeam.answer.schema";
    /// Adding is answered 200.
    CreateAnswersOk, "create-answers-200", breaks "veeam.CreateAmazonConnection.success";
    /// The connection that was asked for by its id has another one.
    AnotherConnectionGiven, "another-connection-given", breaks "veeam.GetAmazonConnectionById.success";
    /// A token's lifetime is given as a string.
    ExpiresInAsString, "expires-in-as-string", breaks "veeam.answer.schema";

    // --- Veeam: errors

    /// The status in a problem is not that of the answer.
    ProblemStatusDiffers, "problem-status-differs", breaks "problem.status.same";
    /// A problem's status is a string.
    ProblemStatusAsString, "problem-status-as-string", breaks "veeam.error.status";
    /// A problem has no status.
    ProblemWithoutStatus, "problem-without-status", breaks "veeam.error.shape";
    /// A problem has no type.
    ProblemWithoutType, "problem-without-type", breaks "veeam.error.shape";
    /// A problem has no title.
    ProblemWithoutTitle, "problem-without-title", breaks "veeam.error.shape";
    /// A problem has no errorCode.
    ProblemWithoutErrorCode, "problem-without-error-code", breaks "veeam.error.shape";
    /// A problem's details are an object.
    ProblemDetailsAsObject, "problem-details-as-object", breaks "veeam.error.shape";
    /// A problem's errorCode is one that the document does not have.
    ProblemUnknownCode, "problem-unknown-code", breaks "veeam.error.code";
    /// A problem's type is words.
    ProblemTypeNotUri, "problem-type-not-uri", breaks "veeam.error.type";
    /// A problem's instance is words.
    ProblemInstanceNotUri, "problem-instance-not-uri", breaks "veeam.error.instance";
    /// The status in a problem is 600.
    ProblemStatusOutOfRange, "problem-status-out-of-range", breaks "veeam.error.status";
    /// Problems are pages of HTML.
    ProblemAsHtml, "problem-as-html", breaks "veeam.response.content-type";
    /// Problems have no body.
    ProblemEmpty, "problem-empty", breaks "veeam.error.shape";

    // --- Veeam: state

    /// Removing is answered 204 and does nothing.
    RemoveDoesNothing, "remove-does-nothing", breaks "veeam.DeleteAmazonConnection.gone";
    /// A removed connection is still in the list.
    ListKeepsRemoved, "list-keeps-removed", breaks "veeam.DeleteAmazonConnection.gone";
    /// Removing removes all the others too.
    RemoveRemovesAll, "remove-removes-all", breaks "veeam.DeleteAmazonConnection.leaves-others";
    /// Removing removes another connection.
    RemoveRemovesAnother, "remove-removes-another", breaks "veeam.DeleteAmazonConnection.leaves-others";
    /// An id that no connection has is answered 204.
    UnknownIdAccepted, "unknown-id-accepted", breaks "veeam.DeleteAmazonConnection.404";
    /// An id that no connection has is answered 400.
    UnknownIdIsBadRequest, "unknown-id-is-400", breaks "veeam.DeleteAmazonConnection.404";
    /// A removal that is refused for its token or version removes all the same.
    RefusedRemoveRemoves, "refused-remove-removes", breaks "veeam.DeleteAmazonConnection.refusal-changes-nothing";
    /// An id in upper-case letters is not known.
    UpperCaseIdUnknown, "upper-case-id-unknown", breaks "veeam.DeleteAmazonConnection.uppercase-id";
    /// An id that is not a UUID is answered 404.
    MalformedIdIsNotFound, "malformed-id-is-404", breaks "veeam.DeleteAmazonConnection.400-malformed";
    /// An id that is not a UUID is answered 500.
    MalformedIdIsServerError, "malformed-id-is-500", breaks "veeam.DeleteAmazonConnection.400-malformed";
    /// A connection that was added is not in the list.
    CreatedNotListed, "created-not-listed", breaks "veeam.GetAllAmazonConnections.lists-created";

    // --- Veeam: requests that are not to be served, or are

    /// A request without a token is served.
    NoTokenAccepted, "no-token-accepted", breaks "veeam.auth.required";
    /// Any token will do.
    GarbageTokenAccepted, "garbage-token-accepted", breaks "veeam.auth.garbage";
    /// A token's time is never over.
    ExpiredTokenAccepted, "expired-token-accepted", breaks "veeam.auth.expired";
    /// A token that was signed out will do.
    SignedOutTokenAccepted, "signed-out-token-accepted", breaks "veeam.auth.signed-out";
    /// A request with credentials of another scheme is served.
    AnySchemeAccepted, "any-scheme-accepted", breaks "veeam.auth.scheme";
    /// A request without a good token is answered 403.
    UnauthorizedAsForbidden, "unauthorized-as-403", breaks "veeam.auth.required";
    /// x-api-version may be left out.
    VersionNotRequired, "version-not-required", breaks "veeam.version.required";
    /// An Accept of another media type is answered 406.
    UnsupportedAcceptRefused, "unsupported-accept-406", breaks "veeam.accept.unsupported";
    /// An Accept of application/problem+json is answered 406.
    ProblemAcceptRefused, "problem-accept-406", breaks "veeam.accept.problem-json";
    /// A request without Accept is answered 400.
    AcceptRequired, "accept-required", breaks "veeam.accept.absent";
    /// A wrong password will do.
    WrongPasswordAccepted, "wrong-password-accepted", breaks "veeam.token.wrong-password";
    /// A refresh token is never accepted.
    RefreshRefused, "refresh-refused", breaks "veeam.token.refresh";
    /// Any refresh token will do.
    UnknownRefreshAccepted, "unknown-refresh-accepted", breaks "veeam.token.refresh-unknown";
    /// Without grant_type, password is understood.
    GrantTypeNotRequired, "grant-type-not-required", breaks "veeam.token.grant-type-required";
    /// A grant_type that is none gives a token.
    AnyGrantTypeAccepted, "any-grant-type-accepted", breaks "veeam.token.grant-type-values";
    /// A JSON body is as good as a form.
    TokenFromJson, "token-from-json", breaks "veeam.token.form-encoded";
    /// A connection can be added without RegionId.
    RegionNotRequired, "region-not-required", breaks "veeam.CreateAmazonConnection.region-required";
    /// RegionId may be anything.
    RegionTypeUnchecked, "region-type-unchecked", breaks "veeam.CreateAmazonConnection.types";
    /// RegionId is understood only as regionId.
    RegionOnlyAsInProse, "region-only-as-in-prose", breaks "veeam.CreateAmazonConnection.member-names";
    /// A body that is not JSON is answered 500.
    MalformedBodyIsServerError, "malformed-body-is-500", breaks "veeam.CreateAmazonConnection.json";

    // --- Veeam: operations that the contract drives

    /// Where the contract drives, a request without a token is served.
    GenericTokenNotRequired, "generic-token-not-required", breaks "veeam.auth.required";
    /// A public operation is not served without a token.
    PublicNeedsToken, "public-needs-token", breaks "veeam.auth.public";
    /// Where the contract drives, x-api-version may be left out.
    GenericVersionNotRequired, "generic-version-not-required", breaks "veeam.version.required";
    /// Where the contract drives, a request that is right is answered 500.
    GenericValidIsServerError, "generic-valid-is-500", breaks "veeam.input.valid";
    /// Where the contract drives, a method that a path does not have is answered 501.
    GenericMethodIsNotImplemented, "generic-method-is-501", breaks "veeam.request.method-405";
    /// Where the contract drives, a method that a path does not have is answered 200.
    GenericAnyMethodAccepted, "generic-any-method-accepted", breaks "veeam.request.method";
    /// Where the contract drives, an id that is not a UUID is one that is not there.
    GenericIdUnchecked, "generic-id-unchecked", breaks "veeam.path.malformed-400";
    /// Where the contract drives, an id that is not a UUID is served.
    GenericMalformedIdServed, "generic-malformed-id-served", breaks "veeam.path.malformed";
    /// Where the contract drives, what is not there is a bad request.
    GenericAbsentIsBadRequest, "generic-absent-is-400", breaks "veeam.path.absent-404";
    /// Where the contract drives, what is not there is shown and removed all the same.
    GenericAbsentAccepted, "generic-absent-accepted", breaks "veeam.path.absent";
    /// Where the contract drives, any value of a query will do.
    GenericQueryUnchecked, "generic-query-unchecked", breaks "veeam.input.parameters";
    /// Where the contract drives, any JSON will do as a body, and none too.
    GenericBodyUnchecked, "generic-body-unchecked", breaks "veeam.input.required";
    /// Where the contract drives, members of a body may have any type.
    GenericBodyTypeUnchecked, "generic-body-type-unchecked", breaks "veeam.input.types";
    /// Where the contract drives, values of a body have no limits.
    GenericBodyLimitsUnchecked, "generic-body-limits-unchecked", breaks "veeam.input.constraints";
    /// Where the contract drives, a body that is not JSON is answered 500.
    GenericMalformedBodyIsServerError, "generic-malformed-body-is-500", breaks "veeam.input.json";
    /// Where the contract drives, what is refused is added all the same.
    GenericRefusedAdds, "generic-refused-adds", breaks "veeam.input.refused-changes-nothing";
    /// Where the contract drives, success has the status 203.
    GenericUndocumentedStatus, "generic-undocumented-status", breaks "veeam.answer.status";
    /// Where the contract drives, success lacks what the document requires.
    GenericRequiredLeftOut, "generic-required-left-out", breaks "veeam.answer.schema";
}
