"""Keeps Flyle's company records in step with each customer's Salesforce org.

The packages, in the order in which the data passes through them (a package may import
what stands above it, never below)::

    errors       what went wrong, in one tree: tried, came back, remedy
    computed     attributes that are computed when they are first read
    garbage      how often Python looks for garbage
    private_files  files that only their owner may look at
    telemetry    structured logs without secrets
    settings     what a tenant asked for
    salesforce   how Salesforce is asked
    raw          what to read, and what Salesforce said
    enriched     parents joined on
    options      picklist options, followed and never deleted
    companies    rows as Flyle shows them
    check        settings held against an org: what fits, what does not
    choosing     what an administrator may choose from
    lake         immutable record files
    store        PostgreSQL
    installation  what every use case stands on: environment, clock, a tenant's org
    tenants      a tenant's life outside a sync
    fleet        how all tenants stand, alerts, and webhooks to the operator
    connection   connect, disconnect, consents
    sync         one refresh: session, state, extract, steps, load
    preview      what settings would do
    explain      why a record is or is not a company, and why its values differ
    scheduling   who is due: polling, pending runs, garbage collection
    defs         Dagster's names for all of this
    definitions  the whole wiring on one page
    console      the administrator's pages
    cli          flyle-sf
    sandbox      a Salesforce org to try and test with
"""

__version__ = "0.1.0"
