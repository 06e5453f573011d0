"""Which tests `make test` leaves to `make thorough`, so that it takes minutes: a plugin.

A change is tested on every kind of thing at least once; a night tests every combination. Both lists
below are whole: what is not named here runs with every change. ``--thorough=without`` is what
`make test` runs, ``--thorough=only`` the rest, and without the option all tests run.

What does not belong here: long runs that are not tests (`make soak`, `make fuzz`, `make crashes`,
`make mutants`).
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import cast

import pytest

ROOM = "flyle_sf_assets_tests/"

EACH_VALUE_ONCE = (
    "console/test_connecting.py::test_no_other_host_is_ever_asked",
    "console/test_connecting.py::test_what_salesforce_brings_back_in_any_language_says_what_to_do",
    "console/test_lists.py::test_a_state_and_an_order_choose_what_is_listed",
    "store/companies/test_lists.py::test_every_company_is_on_exactly_one_page",
)
"""Products of several arguments: of these, cases until every value of every argument was there."""

ONE_OF = {
    "browser/test_console.py::test_an_administrator_links_watches_changes_and_disconnects": 2,
    "browser/test_console_safety.py"
    "::test_an_administrator_approves_undoes_asks_why_and_maps_a_currency": 2,
    "cli/test_broken_machine.py::test_a_disk_that_takes_nothing_is_said_by_its_code": 4,
    "cli/test_broken_machine.py"
    "::test_a_postgresql_that_goes_away_in_the_middle_is_said_by_its_code": 2,
    "cli/test_ctrl_c.py"
    "::test_a_demo_that_is_stopped_in_the_middle_of_a_sync_leaves_nothing_behind": 2,
    "cli/test_denied_places.py::test_a_place_of_another_account_is_said_with_its_variable": 10,
    "cli/test_private_files.py::test_a_sync_and_a_dagster_run_leave_nothing_open": 2,
    "cli/test_processes.py::test_a_process_says_what_a_run_inside_the_test_says": 6,
    "cli/test_record_values.py::test_a_hostile_org_s_values_are_written_nowhere": 2,
    "cli/test_settings_versions.py::test_a_file_that_cannot_be_written_stays_as_it_is": 2,
    "connection/test_disconnect.py::test_a_first_sync_that_was_cancelled_begins_anew": 2,
    "connection/test_disconnect.py::test_a_running_refresh_stops_writing_at_its_next_step": 4,
    "connection/test_disconnect.py::test_a_step_under_way_commits_nothing_after_a_disconnect": 2,
    "connection/test_disconnect.py::test_connecting_again_takes_up_the_same_rows": 2,
    "console/test_connections.py::test_a_client_that_sends_a_byte_now_and_then_is_let_go": 4,
    "console/test_drafts_of_several.py"
    "::test_rows_of_earlier_settings_do_not_replace_a_newer_version": 3,
    "console/test_hostile_requests.py::test_no_field_of_any_page_breaks_it": 20,
    "console/test_hostile_requests.py::test_no_odd_session_and_no_odd_form_token_break_a_page": 4,
    "console/test_hostile_requests.py::test_one_odd_field_among_sound_ones_breaks_nothing": 2,
    "console/test_languages.py::test_the_setup_is_in_one_language_whatever_is_typed": 2,
    "console/test_rights.py::test_no_role_reaches_another_tenant": 3,
    "crashes/test_disks.py::test_a_disk_that_takes_nothing_loses_nothing": 4,
    "crashes/test_postgres_killed.py"
    "::test_a_server_that_is_killed_before_a_commit_loses_nothing": 5,
    "crashes/test_writes.py::test_a_process_that_dies_just_before_a_write_loses_nothing": 11,
    "crashes/test_writes.py::test_every_write_of_a_command_is_listed": 9,
    "defs/test_census_check.py::test_a_runs_tag_says_what_kind_of_refresh_it_is": 2,
    "defs/test_column_lineage.py::test_a_companys_column_leads_back_to_the_field_that_it_shows": 2,
    "defs/test_dagster_storage.py::test_events_are_stored_and_read_by_every_form": 2,
    "defs/test_gates.py::test_run_by_hand_a_gate_looks_at_every_company": 2,
    "defs/test_outage.py"
    "::test_an_org_that_is_down_for_two_intervals_makes_the_link_failing_and_ends_by_itself": 2,
    "defs/test_unfit_settings.py::test_settings_take_over_by_themselves_once_the_org_fits_them": 2,
    "defs/test_unforeseen.py::test_link_sync_and_dagster_say_one_code_and_no_value": 4,
    "faults/test_regressions.py"
    "::test_a_field_that_was_deleted_and_made_anew_unseen_is_found_by_the_census": 2,
    "faults/test_regressions.py"
    "::test_a_record_merged_while_the_other_object_was_the_base_is_no_unsound_row": 2,
    "faults/test_regressions.py"
    "::test_a_second_change_within_a_second_that_becomes_visible_late_is_not_idle": 4,
    "faults/test_regressions.py"
    "::test_options_that_describe_lists_no_more_keep_their_labels_in_the_model": 2,
    "faults/test_regressions_of_rollbacks.py"
    "::test_a_company_that_a_rollback_linked_is_unlinked_with_its_base_object": 2,
    "faults/test_regressions_of_rollbacks.py"
    "::test_a_rollback_before_the_first_refresh_of_another_base_object": 2,
    "faults/test_regressions_of_rollbacks.py"
    "::test_no_resume_links_a_company_of_another_base_object": 3,
    "flows/test_alone.py::test_an_asset_materialized_alone_takes_nothing_from_the_next_sync": 7,
    "flows/test_cost.py::test_a_change_is_never_taken_for_idle": 2,
    "flows/test_crashed_jobs.py::test_a_refresh_whose_jobs_all_break_follows_the_org": 2,
    "flows/test_damaged_lake.py::test_a_damaged_record_file_heals": 16,
    "flows/test_damaged_lake.py"
    "::test_a_record_that_only_the_enriched_rows_still_have_makes_no_company": 2,
    "flows/test_earlier_lookups.py::test_a_schema_that_cannot_be_true_costs_only_its_origins": 3,
    "flows/test_earlier_lookups.py::test_impossible_lookups_of_an_earlier_version_heal": 6,
    "flows/test_earlier_lookups.py::test_no_impossible_lookup_becomes_a_link": 3,
    "flows/test_earlier_state.py::test_impossible_rows_of_an_earlier_version_heal": 12,
    "flows/test_former_options.py::test_what_was_known_outlives_a_time_of_being_hidden": 2,
    "flows/test_guard.py::test_more_companies_leave_than_the_limit": 2,
    "flows/test_guard.py::test_the_limits_are_those_of_the_settings": 2,
    "flows/test_guard_whole.py::test_an_approval_during_a_refresh_applies_it_too": 2,
    "flows/test_guard_whole.py::test_an_approval_is_applied_by_a_sync_of_its_kind": 2,
    "flows/test_guard_whole.py::test_other_records_do_not_release_it": 4,
    "flows/test_guard_whole.py::test_put_right_in_the_org_the_next_refresh_releases_it": 2,
    "flows/test_guard_whole.py::test_what_else_would_be_lost_is_counted_with_it": 2,
    "flows/test_incremental.py::test_a_change_around_accounts_arrives": 5,
    "flows/test_incremental.py::test_a_change_around_deals_arrives": 5,
    "flows/test_killed.py::test_a_first_sync_that_is_killed_loses_nothing": 2,
    "flows/test_killed.py"
    "::test_a_refresh_killed_between_file_and_commit_of_an_asset_loses_nothing": 7,
    "flows/test_logins_at_once.py"
    "::test_twenty_logins_of_which_five_are_told_to_wait_all_reach_the_org": 3,
    "flows/test_lookups.py"
    "::test_a_change_of_such_an_owner_reaches_the_companies_with_the_next_refresh": 3,
    "flows/test_lookups.py::test_a_preview_foretells_what_such_lookups_bring": 2,
    "flows/test_lookups.py::test_parents_without_a_stamp_to_filter_by_are_read_again": 3,
    "flows/test_metadata.py::test_a_condition_that_was_repaired_works_with_the_next_sync": 2,
    "flows/test_metadata.py::test_a_field_that_is_shown_again_is_read_by_the_next_sync": 2,
    "flows/test_metadata.py::test_a_run_without_the_schemas_asks_for_them_too": 3,
    "flows/test_preview.py::test_a_change_of_settings_does_what_was_foretold": 8,
    "flows/test_preview.py::test_a_first_sync_creates_what_matches": 2,
    "flows/test_rollback.py::test_a_deletion_is_taken_back_until_the_record_changes": 2,
    "flows/test_rollback_and_settings.py::test_a_noted_value_ends_with_its_mapping": 2,
    "flows/test_rollback_and_settings.py::test_another_mapping_since_is_left_alone": 2,
    "flows/test_rollback_and_settings.py"
    "::test_no_company_of_another_base_object_is_linked_when_its_rollback_ends": 2,
    "flows/test_s3.py::test_a_large_read_goes_on_where_it_broke_off_on_the_same_machine": 2,
    "flows/test_s3.py::test_a_refresh_with_nothing_new_asks_the_bucket_for_nothing": 2,
    "flows/test_s3_faults.py::test_a_damaged_object_heals": 6,
    "flows/test_s3_faults.py::test_an_outage_is_the_loss_of_no_file": 2,
    "hostile/test_mutations.py::test_a_mutated_answer_is_contained_and_heals": 8,
    "lake/test_s3_faults.py::test_a_refusal_is_no_loss_and_has_its_own_remedy": 2,
    "lake/test_s3_faults.py::test_what_passes_is_tried_again": 2,
    "preview/test_org_browser.py::test_samples_are_what_a_sync_brings": 2,
    "salesforce/test_bulk_memory.py::test_pages_at_the_bound_stay_within_a_gigabyte": 2,
    "salesforce/tokens/test_logins_at_once.py"
    "::test_twenty_logins_at_once_of_which_five_are_told_to_wait": 2,
    "store/companies/test_buffers.py::test_every_statement_over_all_rows_is_linear": 4,
    "store/companies/test_buffers.py::test_what_is_asked_about_one_company_does_not_grow": 4,
}
"""Every n-th case, from the first on: the others differ in what one list says."""

ALONE = {
    "browser/test_console_by_keyboard.py"
    "::test_companies_and_setup_need_a_keyboard_and_a_narrow_screen_only": (
        "browser/test_console.py: the same pages by mouse"
    ),
    "browser/test_dagster_in_step.py"
    "::test_every_check_is_evaluated_by_the_first_syncs_and_can_be_executed_from_its_page": (
        "defs/test_fleet_checks.py: the same checks without a browser"
    ),
    "browser/test_dagster_in_step.py"
    "::test_a_mapping_change_is_seen_and_refreshes_exactly_what_it_affects": (
        "defs/test_staleness.py: the same staleness without a browser"
    ),
    "cli/test_ctrl_c.py::test_a_server_in_the_background_stops_and_leaves_nothing_behind": (
        "cli/test_newcomer.py: a server that Ctrl-C stops"
    ),
    "cli/test_dagster_port.py"
    "::test_a_ui_of_another_installation_at_the_same_port_is_not_shown_as_ours": (
        "cli/test_newcomer.py: the address of one's own UI"
    ),
    "cli/test_logs.py::test_text_has_plain_lines_of_the_retries_and_no_json": (
        "cli/test_logs.py: the same events as JSON"
    ),
    "cli/test_newcomer.py::test_every_command_of_the_section_works": (
        "installation/test_wheel.py: the same commands, from a wheel"
    ),
    "cli/test_terminal.py::test_the_page_says_why_the_last_sync_was_postponed": (
        "cli/test_status.py: the same page of a failing tenant"
    ),
    "crashes/test_disks.py::test_a_full_disk_under_postgresql_loses_nothing": (
        "cli/test_broken_machine.py: a disk that takes nothing is said by its code"
    ),
    "crashes/test_writes.py::test_a_process_that_dies_at_any_moment_loses_nothing": (
        "crashes/test_writes.py: it dies just before a write"
    ),
    "defs/test_a_day.py"
    "::test_healthy_tenants_are_in_step_at_every_due_time_and_broken_ones_say_why": (
        "defs/test_schedules.py: the same ticks, some of them"
    ),
    "flows/test_preview.py::test_a_preview_changes_nothing": (
        "flows/test_preview.py: previews of other changes, by the same tables"
    ),
    "flows/test_statements.py::test_both_hold_for_two_hundred_thousand_companies": (
        "flows/test_statements.py: the same of some thousand companies"
    ),
    "hostile/test_fuzz.py::test_combined_mutations_are_contained_and_heal": (
        "hostile/test_mutations.py: one at a time"
    ),
    "workers/test_fleet.py::test_twenty_tenants_follow_their_orgs_though_workers_are_killed": (
        "workers/test_fleet.py: a few tenants, and one worker that is killed"
    ),
    "workers/test_demo.py::test_a_demo_on_workers_syncs_both_tenants_and_leaves_nothing_behind": (
        "workers/test_fleet.py: the same processes, with four tenants"
    ),
}
"""Whole tests, each with the file of `make test` that shows the same kind of thing, and how."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--thorough``."""
    parser.addoption(
        "--thorough",
        choices=("with", "without", "only"),
        default="with",
        help="with, without or only the tests that `make thorough` runs (see thorough.py)",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects, and pytest says how many."""
    chosen = config.getoption("--thorough")
    if chosen == "with":
        return
    left = left_to_thorough(items)
    kept = [item for item in items if (item.nodeid in left) == (chosen == "only")]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def left_to_thorough(items: Iterable[pytest.Item]) -> set[str]:
    """The ids of the tests that only `make thorough` runs."""
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[item.nodeid.partition("[")[0].removeprefix(ROOM)].append(item)
    left: set[str] = set()
    for name, found in cases.items():
        if name in ALONE:
            left.update(item.nodeid for item in found)
        elif name in ONE_OF:
            left.update(item.nodeid for at, item in enumerate(found) if at % ONE_OF[name])
        elif name in EACH_VALUE_ONCE:
            left.update(_of_known_values(found))
    return left


def _of_known_values(cases: Iterable[pytest.Item]) -> Iterable[str]:
    """Those all of whose arguments' values were in cases before them."""
    seen: set[tuple[str, object]] = set()
    for item in cases:
        values = set(_values(item))
        if values <= seen:
            yield item.nodeid
        seen |= values


def _values(item: pytest.Item) -> Iterable[tuple[str, object]]:
    arguments = cast("pytest.Function", item).callspec.params
    return ((name, repr(value)) for name, value in arguments.items())
