//! What is broken of Veeam Backup for AWS, and of HTTP where only that side shows it.

macro_rules! with_veeam {
    ($next:ident! { $($before:tt)* }) => { $next! { $($before)*
        // --- 204

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

        // --- answers

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

        // --- errors

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

        // --- state

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
        /// Removing an id that is not a UUID is answered 500.
        MalformedIdIsServerError, "malformed-id-is-500", breaks "veeam.DeleteAmazonConnection.400-malformed";
        /// A connection that was added is not in the list.
        CreatedNotListed, "created-not-listed", breaks "veeam.GetAllAmazonConnections.lists-created";

        // --- requests that are not to be served, or are

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

        // --- operations that the contract drives

        /// Where the contract drives, a request without a token is served.
        GenericTokenNotRequired, "generic-token-not-required", breaks "veeam.auth.required";
        /// A public operation is not served without a token.
        PublicNeedsToken, "public-needs-token", breaks "veeam.auth.public";
        /// A public operation is answered 403 without a token, where a 403 is documented.
        PublicForbidden, "public-forbidden", breaks "veeam.auth.public";
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
        /// Where the contract drives, what was added is in no list.
        GenericAddedNotListed, "generic-added-not-listed", breaks "veeam.life.listed";
        /// Where the contract drives, removing says that it removes, and does nothing.
        GenericRemoveDoesNothing, "generic-remove-does-nothing", breaks "veeam.life.gone";
        /// Where the contract drives, success has the status 203.
        GenericUndocumentedStatus, "generic-undocumented-status", breaks "veeam.answer.status";
        /// Where the contract drives, success lacks what the document requires.
        GenericRequiredLeftOut, "generic-required-left-out", breaks "veeam.answer.schema";

        // --- tokens

        /// Logging in is answered 201.
        LoginAnswersCreated, "login-answers-201", breaks "veeam.Authenticate.success";
        /// A token that was given for a password opens nothing.
        PasswordTokenUseless, "password-token-useless", breaks "veeam.token.password";
        /// A token is given without its type.
        TokenWithoutType, "token-without-type", breaks "veeam.token.type";
        /// A token is given without its lifetime.
        TokenWithoutLifetime, "token-without-lifetime", breaks "veeam.token.type";
        /// Signing out is answered 200.
        SignOutAnswersOk, "sign-out-answers-200", breaks "veeam.SignOut.success";
        /// Signing out without a token is answered 204.
        SignOutOfNobodyAccepted, "sign-out-of-nobody-accepted", breaks "veeam.SignOut.401";
        /// A 401 has the errorCode UnknownError.
        UnauthorizedUnknownError, "unauthorized-unknown-error", breaks "veeam.auth.error-code";

        // --- connections

        /// A connection can be removed at /api/v1/amazonConnection too.
        SingularPathServed, "singular-path-served", breaks "veeam.DeleteAmazonConnection.path";
        /// Removing a connection a second time is answered 204.
        SecondRemoveAccepted, "second-remove-accepted", breaks "veeam.DeleteAmazonConnection.second-delete";
        /// A 404 has the errorCode UnknownError.
        NotFoundUnknownError, "not-found-unknown-error", breaks "veeam.DeleteAmazonConnection.404-code";
        /// An id that no connection ever had is shown.
        NeverAddedShown, "never-added-shown", breaks "veeam.GetAmazonConnectionById.404";
        /// Showing an id that is not a UUID is answered 500.
        MalformedIdShownIsServerError, "malformed-id-shown-is-500", breaks "veeam.GetAmazonConnectionById.400-malformed";
        /// A region that does not exist will do.
        UnknownRegionAccepted, "unknown-region-accepted", breaks "veeam.CreateAmazonConnection.unknown-region";
        /// totalCount is 1, however many there are.
        TotalCountTooLow, "total-count-too-low", breaks "veeam.GetAllAmazonConnections.total-count";

        // --- how it is asked, and answers

        /// A removal that accepts application/json alone is answered 406.
        JsonAcceptRefused, "json-accept-406", breaks "veeam.accept.json";
        /// Removing with x-api-version 1.0-rev0 is answered 400.
        VersionRefused, "version-refused", breaks "veeam.version.accepted";
        /// Any x-api-version will do.
        AnyVersionAccepted, "any-version-accepted", breaks "veeam.version.unknown";
        /// Times are written without a zone.
        TimesWithoutZone, "times-without-zone", breaks "veeam.answer.date-time";
        /// What there is to say about an error stands under detail.
        DetailsAsDetail, "details-as-detail", breaks "veeam.error.details";
        /// Removing what is not there is answered 410.
        AbsentRemoveIsGone, "absent-remove-is-410", breaks "veeam.answer.status-documented";
        /// Where the contract drives, a number will do for a text, and a text for a number.
        GenericBodyConverted, "generic-body-converted", breaks "veeam.input.no-conversion";
    } };
}
