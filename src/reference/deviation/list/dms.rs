//! What is broken of awsJson1.1 and of AWS DMS.

macro_rules! with_dms {
    ($next:ident! { $($before:tt)* }) => { $next! { $($before)*
        // --- the envelope of every answer

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

        // --- output

        /// A member without a value is written as null.
        NullMember, "null-member", breaks "awsjson.output.no-null";
        /// Numbers other than times are written as strings.
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

        // --- errors

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
        /// DeleteConnection says ResourceNotFoundException where the model says ResourceNotFoundFault.
        ErrorRenamed, "error-renamed", breaks "dms.DeleteConnection.ResourceNotFoundFault";
        /// DeleteConnection answers InvalidResourceStateFault where it is to answer ResourceNotFoundFault.
        NotFoundAsInvalidState, "not-found-as-invalid-state", breaks "dms.DeleteConnection.ResourceNotFoundFault";
        /// An error's message is an object.
        MessageNotString, "message-not-string", breaks "awsjson.error.shape";
        /// An error's text stands under Message.
        MessageCapitalised, "message-capitalised", breaks "awsjson.error.message-member";
        /// Errors are pages of HTML.
        HtmlError, "html-error", breaks "awsjson.response.content-type";

        // --- life cycles

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
        /// TestConnection gives the connection as being deleted.
        TestStatusNotTesting, "test-status-not-testing", breaks "dms.TestConnection.status-testing";
        /// TestConnection succeeds for what does not exist.
        TestOfAbsentAccepted, "test-of-absent-accepted", breaks "dms.TestConnection.ResourceNotFoundFault";
        /// A second endpoint may have the identifier of the first.
        DuplicateAccepted, "duplicate-accepted", breaks "dms.CreateEndpoint.ResourceAlreadyExistsFault";
        /// DeleteEndpoint says that it deletes, and does nothing.
        EndpointNeverGone, "endpoint-never-gone", breaks "dms.DeleteEndpoint.gone";
        /// DeleteReplicationInstance says that it deletes, and does nothing.
        InstanceNeverGone, "instance-never-gone", breaks "dms.DeleteReplicationInstance.gone";
        /// A created instance never becomes available.
        InstanceNeverAvailable, "instance-never-available", breaks "dms.CreateReplicationInstance.becomes-available";

        // --- listings

        /// DescribeConnections lists everything, whatever the filters.
        FilterIgnored, "filter-ignored", breaks "dms.DescribeConnections.filters";
        /// Only the first filter counts.
        SecondFilterIgnored, "second-filter-ignored", breaks "dms.DescribeConnections.filters-combine";
        /// DescribeConnections lists nothing.
        TestedNotListed, "tested-not-listed", breaks "dms.DescribeConnections.lists-tested";
        /// MaxRecords counts for nothing in DescribeConnections.
        MaxRecordsIgnored, "max-records-ignored", breaks "dms.DescribeConnections.max-records";
        /// A Marker of DescribeConnections leads to the first page again.
        MarkerIgnored, "marker-ignored", breaks "dms.DescribeConnections.paging";
        /// Between two pages of DescribeConnections one record is lost.
        PagingLosesOne, "paging-loses-one", breaks "dms.DescribeConnections.paging";
        /// The last record of a page of DescribeConnections is the first of the next.
        PagingRepeatsOne, "paging-repeats-one", breaks "dms.DescribeConnections.paging";
        /// The last page of DescribeConnections has a Marker.
        MarkerOnLastPage, "marker-on-last-page", breaks "dms.DescribeConnections.last-page";

        // --- requests that are not to be served

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
        /// A member of DeleteConnection of another JSON type is answered 500.
        WrongTypeIsServerError, "wrong-type-is-500", breaks "dms.DeleteConnection.type-checked";
        /// An empty string is no obstacle.
        EmptyStringAccepted, "empty-string-accepted", breaks "dms.DeleteConnection.empty-string";
        /// A value that the service does not allow is refused as a ValidationException.
        ValidationRenamed, "validation-renamed", breaks "dms.input.validation-error";
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
        /// The operation in X-Amz-Target is compared without regard to case.
        TargetCaseInsensitive, "target-case-insensitive", breaks "awsjson.request.target-exact";
        /// An operation that does not exist is answered 200.
        UnknownOperationAccepted, "unknown-operation-accepted", breaks "awsjson.request.target-unknown";
        /// Any method will do.
        AnyMethodAccepted, "any-method-accepted", breaks "awsjson.request.method";
        /// Any path will do.
        AnyPathAccepted, "any-path-accepted", breaks "awsjson.request.path";

        // --- operations that the contract drives

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

        // --- authentication

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

        // --- more of the protocol

        /// The signature is made of the four headers that most clients sign, whichever ones it lists.
        SignedHeadersFixed, "signed-headers-fixed", breaks "awsjson.auth.signed";
        /// The signature is held against a body without the space around it.
        BodyTrimmed, "body-trimmed", breaks "awsjson.auth.tampered-body";
        /// A request refused for its authentication is answered 404.
        RefusalIsNotFound, "auth-refusal-is-404", breaks "awsjson.auth.status";
        /// An input without members is refused.
        EmptyInputRefused, "empty-input-refused", breaks "awsjson.request.empty-input";
        /// A certificate is given as its text.
        BlobAsText, "blob-as-text", breaks "awsjson.output.blob";
        /// A union has all its members, those without a value empty.
        UnionWithAll, "union-with-all", breaks "awsjson.output.union";
        /// A member of the output that the model requires is left out.
        RequiredLeftOut, "required-left-out", breaks "awsjson.output.required";
        /// A number is beyond the range of its shape.
        NumberBeyondRange, "number-beyond-range", breaks "awsjson.output.constraints";
        /// An operation without output answers with a message.
        OutputWhereNone, "output-where-none", breaks "awsjson.response.empty-output";
        /// Error types have the namespace of the service in front.
        ErrorTypeNamespaced, "error-type-namespaced", breaks "awsjson.error.bare-type";
        /// Errors name their type in the header alone.
        ErrorTypeInHeader, "error-type-in-header", breaks "awsjson.error.type-in-body";
        /// Request ids are numbers.
        RequestIdNumbered, "request-id-numbered", breaks "dms.response.request-id-uuid";

        // --- connections

        /// A connection's ReplicationInstanceIdentifier is an object.
        ConnectionMemberAsObject, "connection-member-as-object", breaks "dms.Connection.members";
        /// DeleteConnection wants a Date beside x-amz-date.
        DeleteWantsDate, "delete-wants-date", breaks "dms.DeleteConnection.request";
        /// DeleteConnection's success has no x-amzn-RequestId.
        OmitRequestIdOnDelete, "omit-request-id-on-delete", breaks "dms.DeleteConnection.response-headers";
        /// DeleteConnection gives a LastFailureMessage where nothing failed.
        FailureInvented, "failure-invented", breaks "dms.DeleteConnection.no-failure-message";
        /// Deleting what is gone already succeeds.
        SecondDeleteAccepted, "second-delete-accepted", breaks "dms.DeleteConnection.second-delete";
        /// Deleting a second time is answered 500.
        SecondDeleteIsServerError, "second-delete-is-500", breaks "dms.DeleteConnection.second-delete";
        /// TestConnection's output is the connection itself.
        TestOutputBare, "test-output-bare", breaks "dms.TestConnection.success";
        /// TestConnection does without EndpointArn.
        TestWithoutEndpointAccepted, "test-without-endpoint-accepted", breaks "dms.TestConnection.required-endpoint-arn";
        /// TestConnection does without ReplicationInstanceArn.
        TestWithoutInstanceAccepted, "test-without-instance-accepted", breaks "dms.TestConnection.required-instance-arn";
        /// DescribeConnections calls its list Items.
        ConnectionsRenamed, "connections-renamed", breaks "dms.DescribeConnections.success";
        /// DescribeConnections lists nothing unless a filter asks for it.
        UnfilteredListsNothing, "unfiltered-lists-nothing", breaks "dms.DescribeConnections.lists-tested";
        /// A filter without a Name or without Values counts for nothing.
        FilterPartsUnchecked, "filter-parts-unchecked", breaks "dms.DescribeConnections.filters-required-members";

        // --- endpoints

        /// CreateEndpoint's output is the endpoint itself.
        CreateEndpointBare, "create-endpoint-bare", breaks "dms.CreateEndpoint.success";
        /// CreateEndpoint makes up what it is not given.
        EndpointMembersInvented, "endpoint-members-invented", breaks "dms.CreateEndpoint.required-members";
        /// CreateEndpoint gives the password back.
        PasswordGivenBack, "password-given-back", breaks "dms.CreateEndpoint.no-password";
        /// DescribeEndpoints calls its list Items.
        EndpointsRenamed, "endpoints-renamed", breaks "dms.DescribeEndpoints.success";
        /// DescribeEndpoints heeds no filter but endpoint-arn.
        EndpointFilterIgnored, "endpoint-filter-ignored", breaks "dms.DescribeEndpoints.filters";
        /// DescribeEndpoints knows nothing of the filter engine-name and does not say so.
        EngineFilterIgnored, "engine-filter-ignored", breaks "dms.DescribeEndpoints.filters";
        /// A Marker of DescribeEndpoints leads to the first page again.
        EndpointMarkerIgnored, "endpoint-marker-ignored", breaks "dms.DescribeEndpoints.paging";
        /// DeleteEndpoint gives the endpoint without its ARN.
        DeleteEndpointWithoutArn, "delete-endpoint-without-arn", breaks "dms.DeleteEndpoint.success";
        /// DeleteEndpoint gives the endpoint as active.
        DeleteEndpointActive, "delete-endpoint-active", breaks "dms.DeleteEndpoint.status-deleting";
        /// DeleteEndpoint does without EndpointArn.
        DeleteEndpointWithoutArnAccepted, "delete-no-endpoint-accepted", breaks "dms.DeleteEndpoint.required-arn";
        /// DeleteEndpoint succeeds for what does not exist.
        DeleteAbsentEndpointAccepted, "delete-absent-endpoint-accepted", breaks "dms.DeleteEndpoint.ResourceNotFoundFault";

        /// A created endpoint is of another port than was asked for.
        EndpointPortNotEchoed, "endpoint-port-not-echoed", breaks "dms.CreateEndpoint.echoes-settings";

        // --- replication instances

        /// CreateReplicationInstance's output is the instance itself.
        CreateInstanceBare, "create-instance-bare", breaks "dms.CreateReplicationInstance.success";
        /// A created instance is of another class than was asked for.
        InstanceClassNotEchoed, "instance-class-not-echoed", breaks "dms.CreateReplicationInstance.echoes-input";
        /// CreateReplicationInstance makes up what it is not given.
        InstanceMembersInvented, "instance-members-invented", breaks "dms.CreateReplicationInstance.required-members";
        /// A second instance may have the identifier of the first.
        DuplicateInstanceAccepted, "duplicate-instance-accepted", breaks "dms.CreateReplicationInstance.ResourceAlreadyExistsFault";
        /// DescribeReplicationInstances calls its list Items.
        InstancesRenamed, "instances-renamed", breaks "dms.DescribeReplicationInstances.success";
        /// DescribeReplicationInstances knows nothing of the filter replication-instance-id and does not say so.
        InstanceIdFilterIgnored, "instance-id-filter-ignored", breaks "dms.DescribeReplicationInstances.filters";
        /// DescribeReplicationInstances knows nothing of the filter replication-instance-class and does not say so.
        InstanceClassFilterIgnored, "instance-class-filter-ignored", breaks "dms.DescribeReplicationInstances.filters";
        /// InstanceCreateTime is in milliseconds.
        TimestampInMilliseconds, "timestamp-in-milliseconds", breaks "dms.DescribeReplicationInstances.timestamps";
        /// DeleteReplicationInstance gives the instance without its ARN.
        DeleteInstanceWithoutArn, "delete-instance-without-arn", breaks "dms.DeleteReplicationInstance.success";
        /// DeleteReplicationInstance gives the instance as available.
        DeleteInstanceAvailable, "delete-instance-available", breaks "dms.DeleteReplicationInstance.status-deleting";
        /// DeleteReplicationInstance does without ReplicationInstanceArn.
        DeleteInstanceWithoutArnAccepted, "delete-no-instance-accepted", breaks "dms.DeleteReplicationInstance.required-arn";
        /// DeleteReplicationInstance succeeds for what does not exist.
        DeleteAbsentInstanceAccepted, "delete-absent-instance-accepted", breaks "dms.DeleteReplicationInstance.ResourceNotFoundFault";

        // --- names of errors that are only customary

        /// An unknown operation is called InvalidAction.
        UnknownOperationRenamed, "unknown-operation-renamed", breaks "awsjson.request.target-unknown-error";
        /// What cannot be read is called ParseError.
        SerializationRenamed, "serialization-renamed", breaks "awsjson.input.serialization-error";
        /// A request refused for its authentication is told that it is Forbidden.
        RefusalRenamed, "auth-refusal-renamed", breaks "awsjson.auth.error-name";
        /// A request without a body is refused.
        NoBodyRefused, "no-body-refused", breaks "awsjson.request.no-body";
        /// Filters that no connection passes are refused.
        NoneFoundRefused, "none-found-refused", breaks "dms.DescribeConnections.none-found";
    } };
}
