"""The command ``flyle-sf``: what each command does.

Commands import what they need when they run: ``flyle-sf --help`` loads neither Dagster nor polars.
"""

import json
from functools import partial
from typing import Annotated

import typer

from flyle_sf_assets.cli.administration import db, secrets, settings
from flyle_sf_assets.cli.approving import approve
from flyle_sf_assets.cli.explaining import explain
from flyle_sf_assets.cli.rollback.command import rollback
from flyle_sf_assets.cli.servers.commands import console, demo, dev, sandbox, sign_in, worker
from flyle_sf_assets.cli.terminal.options import (
    AsJson,
    Language,
    LogFormat,
    LogLevel,
    Tenant,
    Version,
    configure_output,
)
from flyle_sf_assets.cli.terminal.output import (
    RUN_AGAIN,
    error_only,
    errors_as_exit_codes,
    print_problems,
    problem_document,
    to_stdout,
)
from flyle_sf_assets.companies.status import CompanyStatus

app = typer.Typer(
    name="flyle-sf",
    help="Keeps Flyle's company records in step with each customer's Salesforce org.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(db, name="db")
app.add_typer(secrets, name="secrets")

_NO_TENANTS = partial(error_only, tenants=[])


@app.callback()
def configure(
    *,
    log_level: LogLevel = "WARNING",
    log_format: LogFormat = None,
    lang: Language = None,
    version: Version = False,  # noqa: ARG001 - its callback has printed it
) -> None:
    """Sets up the language and the logs, which go to stderr."""
    configure_output(log_level, log_format, lang)


@app.command()
def check(tenant: Tenant, *, as_json: AsJson = False) -> None:
    """Validate a tenant's settings against its live org; changes nothing."""
    no_check = partial(error_only, ok=False, problems=[])
    with errors_as_exit_codes("check", as_json=as_json, document=no_check) as answer:
        from flyle_sf_assets.cli.checking import problems_of_tenant

        problems = problems_of_tenant(tenant)
        is_ok = all(problem.severity == "warning" for problem in problems)
        answer.exit_code = 0 if is_ok else 2
        if as_json:
            answer.json({"ok": is_ok, "problems": [problem_document(one) for one in problems]})
        else:
            print_problems(problems)
            if is_ok:
                to_stdout().print(f"{tenant}: ok")


@app.command()
def preview(tenant: Tenant, *, as_json: AsJson = False) -> None:
    """Show what the settings would do if they were applied now; changes nothing."""
    from flyle_sf_assets.cli.opening import installation
    from flyle_sf_assets.cli.previewing import (
        changes_of,
        impact_json,
        impact_of,
        no_impact,
        print_impact,
    )

    with (
        errors_as_exit_codes("preview", as_json=as_json, document=no_impact) as answer,
        installation() as opened,
    ):
        impact = impact_of(opened, tenant)
        if as_json:
            answer.json_text(impact_json(impact))
        else:
            print_impact(impact, changes_of(opened, tenant))


@app.command()
def sync(
    tenant: Tenant,
    *,
    full: Annotated[bool, typer.Option("--full", help="Read everything in scope again.")] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Do nothing while another sync is running.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Refresh one tenant now, in the foreground; runs the same Dagster assets."""
    from flyle_sf_assets.cli.syncing.command import sync_tenant
    from flyle_sf_assets.cli.syncing.outcome import never_began

    with errors_as_exit_codes(
        "sync", as_json=as_json, document=lambda error: never_began(tenant, error).document()
    ) as answer:
        outcome = sync_tenant(tenant, full=full, wait=not no_wait, show_progress=not as_json)
        answer.exit_code = outcome.exit_code
        if as_json:
            answer.json(outcome.document())
        else:
            outcome.print()


@app.command()
def census(tenant: Tenant, *, as_json: AsJson = False) -> None:
    """Compare everything that is held with the org now, and heal what differs."""
    from flyle_sf_assets.cli.census import no_census, take_census

    with errors_as_exit_codes(
        "census", as_json=as_json, document=lambda error: no_census(tenant, error).document()
    ) as answer:
        outcome = take_census(tenant, show_progress=not as_json)
        answer.exit_code = outcome.exit_code
        if as_json:
            answer.json(outcome.document())
        else:
            outcome.print()


@app.command()
def history(
    tenant: Tenant,
    external_id: Annotated[str, typer.Argument(help="Id of the record, 15 or 18 characters.")],
    *,
    as_json: AsJson = False,
) -> None:
    """What changed in one company, the newest change first."""
    from flyle_sf_assets.cli.opening import installation

    no_history = partial(error_only, changes=[])
    with (
        errors_as_exit_codes("history", as_json=as_json, document=no_history) as answer,
        installation() as opened,
    ):
        from flyle_sf_assets.cli.history import history_of

        found = history_of(opened, tenant, external_id)
        if as_json:
            answer.json_text(found.json_text())
        else:
            found.print()


@app.command()
def status(
    tenant: Annotated[str | None, typer.Argument(help="Only this tenant.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """State of the link, last sync, next due, companies, rejected values, what is stale."""
    from flyle_sf_assets.cli.opening import installation

    with (
        errors_as_exit_codes("status", as_json=as_json, document=_NO_TENANTS) as answer,
        installation() as opened,
    ):
        from flyle_sf_assets.cli.status import document, print_status, states_of

        states = states_of(opened, tenant)
        if as_json:
            answer.json({"tenants": [document(state) for state in states]})
        elif tenant is not None:
            from flyle_sf_assets.cli.status_page import print_page, tenant_details

            print_page(tenant_details(opened, states[0]))
        else:
            print_status(states)


@app.command()
def companies(
    tenant: Tenant,
    *,
    search: Annotated[str, typer.Option(help="A part of the name, or an id.")] = "",
    state: Annotated[CompanyStatus | None, typer.Option(help="Only companies of it.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="How many; a table has 50.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on stdout: all of them.")] = False,
    as_json: AsJson = False,
) -> None:
    """List a tenant's companies by name, with the ids that other commands take."""
    from flyle_sf_assets.cli.opening import installation

    with (
        errors_as_exit_codes(
            "companies",
            as_json=as_json,
            document=partial(error_only, companies=[]),
        ) as answer,
        installation() as opened,
    ):
        from flyle_sf_assets.cli.companies import company_list

        found = company_list(opened, tenant, search=search, status=state, limit=limit)
        if as_json:
            answer.json_text(found.json_text())
        elif as_csv:
            found.print_csv()
        else:
            found.print()


@app.command()
def budget(
    tenant: Annotated[str | None, typer.Argument(help="Only this tenant.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Each org's API requests of 24 hours: its limit, what was used, what we may use."""
    from flyle_sf_assets.cli.opening import installation

    with (
        errors_as_exit_codes("budget", as_json=as_json, document=_NO_TENANTS) as answer,
        installation() as opened,
    ):
        from flyle_sf_assets.cli.budget import budgets_of, print_budgets

        budgets = budgets_of(opened, tenant)
        if as_json:
            answer.json({"tenants": [one.document() for one in budgets]})
        else:
            print_budgets(budgets)


@app.command()
def apply(*, as_json: AsJson = False) -> None:
    """Read config/tenants, register new settings versions and partitions, print the diff."""
    with errors_as_exit_codes(
        "apply", as_json=as_json, document=_NO_TENANTS, interrupted=RUN_AGAIN
    ) as answer:
        from flyle_sf_assets.cli.applying import apply_files, print_registrations

        registrations = apply_files()
        answer.exit_code = 0 if all(one.is_usable for one in registrations) else 2
        if as_json:
            answer.json({"tenants": [one.document() for one in registrations]})
        else:
            print_registrations(registrations)


@app.command()
def connect(
    tenant: Tenant,
    *,
    replace_org: Annotated[
        bool, typer.Option("--replace-org", help="Change to another org than before.")
    ] = False,
    port: Annotated[
        int, typer.Option(help="Port of the callback URL on loopback, for flow: web_server.")
    ] = 8717,
) -> None:
    """Link a tenant to its org; in a browser, or headless as its settings say."""
    from flyle_sf_assets.cli.connecting import run_connect

    with errors_as_exit_codes("connect", interrupted=RUN_AGAIN):
        run_connect(tenant, replace_org=replace_org, port=port)


@app.command()
def disconnect(tenant: Tenant) -> None:
    """Unlink a tenant: nothing is read any more, tokens are revoked, companies stay."""
    from flyle_sf_assets.cli.connecting import run_disconnect

    with errors_as_exit_codes("disconnect", interrupted=RUN_AGAIN):
        run_disconnect(tenant)


@app.command()
def schema() -> None:
    """Print the settings file's JSON Schema, for editors."""
    with errors_as_exit_codes("schema") as answer:
        from flyle_sf_assets.settings.json_schema import json_schema

        answer.json_text(json.dumps(json_schema(), ensure_ascii=False, indent=2))


for command in (explain, approve, rollback, settings, sandbox, console, sign_in, demo, dev, worker):
    app.command()(command)
