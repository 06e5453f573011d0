"""The Salesforce pages that the conformance cases rely on, and where each was read.

A case cites a page as ``Guide, "Title"``; this list gives the address. What does not belong
here: what a page says (the case says it).
"""

from dataclasses import dataclass

REST = "REST API Developer Guide"
SOQL = "SOQL and SOSL Reference"
BULK = "Bulk API 2.0 and Bulk API Developer Guide"
OBJECTS = "Object Reference"
SOAP = "SOAP API Developer Guide"
HELP = "Salesforce Help"
FIELDS = "Salesforce Field Reference Guide"

_DEV = "https://developer.salesforce.com/docs"
_REST = f"{_DEV}/platform/api-rest/guide"
_OLD_REST = f"{_DEV}/atlas.en-us.%s.api_rest.meta"
_SOQL = f"{_DEV}/platform/salesforce-soql-sosl/guide"
_OLD_SOQL = f"{_DEV}/atlas.en-us.%ssoql_sosl.meta/soql_sosl"
_BULK = f"{_DEV}/platform/api-asynch/guide"
_OLD_BULK = f"{_DEV}/atlas.en-us.244.0.api_asynch.meta/api_asynch"
_SOAP = f"{_DEV}/atlas.en-us.api.meta"
_OBJECTS = f"{_DEV}/atlas.en-us.object_reference.meta/object_reference"
_HELP = "https://help.salesforce.com/apex/HTViewHelpDoc?id="


@dataclass(frozen=True, slots=True)
class Page:
    """One official page: ``guide`` and ``title`` as Salesforce prints them."""

    guide: str
    title: str
    address: str

    @property
    def citation(self) -> str:
        """The words by which a case cites this page."""
        return f'{self.guide}, "{self.title}"'


PAGES = (
    Page(
        HELP,
        "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration",
        f"{_HELP}xcloud.remoteaccess_oauth_client_credentials_flow.htm",
    ),
    Page(
        HELP,
        "OAuth 2.0 Authorization Errors",
        f"{_HELP}xcloud.remoteaccess_oauth_flow_errors.htm",
    ),
    Page(
        HELP,
        "Sample Request and Response for Access Token",
        f"{_HELP}service.conversation_transcript_api_sample1.htm",
    ),
    Page(
        HELP,
        "OAuth 2.0 Web Server Flow for Web App Integration",
        f"{_HELP}xcloud.remoteaccess_oauth_web_server_flow_ca.htm",
    ),
    Page(
        HELP,
        "OAuth 2.0 Refresh Token Flow for Renewed Sessions",
        f"{_HELP}xcloud.remoteaccess_oauth_refresh_token_flow_ca.htm",
    ),
    Page(
        HELP,
        "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration",
        f"{_HELP}xcloud.remoteaccess_oauth_jwt_flow.htm",
    ),
    Page(
        HELP,
        "Revoke OAuth Tokens Programmatically",
        f"{_HELP}xcloud.remoteaccess_revoke_token.htm",
    ),
    Page(
        REST,
        "How Are Apps Authenticated with the Web Server OAuth Authentication Flow?",
        f"{_OLD_REST % '222.0'}/api/intro_understanding_web_server_oauth_flow.htm",
    ),
    Page(
        FIELDS,
        "UserPermissionAccess",
        f"{_DEV}/atlas.en-us.250.0.sfFieldRef.meta/sfFieldRef"
        "/salesforce_field_reference_UserPermissionAccess.htm",
    ),
    Page(REST, "Versions", f"{_REST}/resources-versions.md"),
    Page(REST, "List Available REST API Versions", f"{_REST}/dome-versions.md"),
    Page(REST, "Limits", f"{_OLD_REST % '244.0'}/api/resources_limits.htm"),
    Page(
        REST,
        "Limit Info Header",
        f"{_DEV}/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm",
    ),
    Page(REST, "Status Codes and Error Responses", f"{_REST}/errorcodes.md"),
    Page(REST, "sObject Describe", f"{_REST}/resources-sobject-describe.md"),
    Page(
        REST,
        "Get Object Metadata Changes",
        f"{_REST}/sobject-describe-with-ifmodified-header.html",
    ),
    Page(REST, "Query", f"{_REST}/resources-query.md"),
    Page(REST, "Execute a SOQL Query", f"{_REST}/dome-query.html"),
    Page(REST, "QueryAll", f"{_OLD_REST % '250.0'}/api_rest/resources_queryall.htm"),
    Page(REST, "Query Options Header", f"{_REST}/headers-queryoptions.html"),
    Page(
        REST,
        "Send Multiple Requests Using Composite",
        f"{_REST}/resources-composite-composite-post.html",
    ),
    Page(REST, "Composite Response Body", f"{_OLD_REST % '230.0'}/api/responses_composite.htm"),
    Page(
        SOQL,
        "Comparison Operators",
        f"{_SOQL}/sforce-api-calls-soql-select-comparisonoperators.html",
    ),
    Page(SOQL, "Logical Operators", f"{_SOQL}/sforce-api-calls-soql-select-logicaloperators.html"),
    Page(SOQL, "Use null in WHERE", f"{_OLD_SOQL % ''}/sforce_api_calls_soql_null.htm"),
    Page(
        SOQL,
        "Quoted String Escape Sequences",
        f"{_SOQL}/sforce-api-calls-soql-select-quotedstringescapes.html",
    ),
    Page(
        SOQL,
        "Query Multi-Select Picklists",
        f"{_SOQL}/sforce-api-calls-soql-querying-multiselect-picklists.md",
    ),
    Page(
        SOQL,
        "Date Formats and Date Literals in WHERE",
        f"{_SOQL}/sforce-api-calls-soql-select-dateformats.md",
    ),
    Page(
        SOQL,
        "fieldExpression Syntax",
        f"{_OLD_SOQL % '238.0.'}/sforce_api_calls_soql_select_fieldexpression.htm",
    ),
    Page(
        SOQL,
        "Using Relationship Queries",
        f"{_SOQL}/sforce-api-calls-soql-relationships-query-using.md",
    ),
    Page(
        SOQL,
        "Understanding Relationship Query Limitations",
        f"{_SOQL}/sforce-api-calls-soql-relationships-query-limits.md",
    ),
    Page(
        SOQL,
        "COUNT() and COUNT(fieldName)",
        f"{_OLD_SOQL % '250.0.'}/sforce_api_calls_soql_select_count.htm",
    ),
    Page(SOQL, "ORDER BY", f"{_OLD_SOQL % '258.0.'}/sforce_api_calls_soql_select_orderby.htm"),
    Page(BULK, "Bulk API 2.0 Query", f"{_BULK}/query-bulk-api-2-0.html"),
    Page(BULK, "Understanding Bulk API 2.0 Query", f"{_BULK}/queries.html"),
    Page(BULK, "Step 6: Query Jobs", f"{_OLD_BULK}/query_walkthrough.htm"),
    Page(BULK, "Get Results for a Query Job", f"{_BULK}/query-get-job-results.html"),
    Page(BULK, "Delete a Query Job", f"{_BULK}/query-delete-job.html"),
    Page(OBJECTS, "Name", f"{_OBJECTS}/sforce_api_objects_name.htm"),
    Page(OBJECTS, "Primitive Data Types", f"{_OBJECTS}/primitive_data_types.htm"),
    Page(SOAP, "System Fields", f"{_SOAP}/api/system_fields.htm"),
    Page(
        SOAP,
        "DescribeSObjectResult",
        f"{_SOAP}/api/sforce_api_calls_describesobjects_describesobjectresult.htm",
    ),
    Page(SOAP, "queryAll()", f"{_SOAP}/object_ref/sforce_api_calls_queryall.htm"),
    Page(
        SOAP,
        "undelete()",
        f"{_DEV}/atlas.en-us.252.0.api.meta/api/sforce_api_calls_undelete.htm",
    ),
)


def page_cited(citation: str) -> Page:
    """The page that a docstring cites; KeyError when nobody noted its address."""
    return {page.citation: page for page in PAGES}[citation]
