"""Whether Salesforce knows an app, checked before a user is sent there; it answers in English."""

from flyle_sf_assets.errors import FlyleError
from flyle_sf_assets.installation.opened import Installation
from flyle_sf_assets.installation.tenant_org import AppEntry, network_of, origin_of
from flyle_sf_assets.salesforce.tokens.access_tokens import TokenTransport
from flyle_sf_assets.salesforce.tokens.web_server import exchange_code

NO_CODE = "none"
"""No valid code: Salesforce reports a wrong key or secret before it checks the code."""

ABOUT_THE_APP = ("app_unknown", "client_refused", "secret_wrong", "org_url_not_allowed")


def check_app(installation: Installation, app: AppEntry, *, redirect_uri: str) -> None:
    """Raises what is wrong with host, key or secret; one request, which is no API call.

    NotConnected ``app_unknown`` (also for ten minutes after the app was made) and
    ``secret_wrong``, UsageError for a host that is not allowed, Postponed when the org cannot be
    reached. Any other refusal concerns only the code, and proves nothing.
    """
    try:
        exchange_code(
            TokenTransport(network_of(installation.environment)),
            origin_of(installation.environment, app.org_url),
            consumer_key=app.consumer_key,
            consumer_secret=app.consumer_secret,
            code=NO_CODE,
            redirect_uri=redirect_uri,
            verifier=NO_CODE * 11,
        )
    except FlyleError as error:
        if error.code in ABOUT_THE_APP or error.retryable:
            raise
