"""Recorded facts of describe, options, limits, paging and Bulk; a part of ``recorded.py``'s table.

Each row names the test that shows what the product makes of the fact. What does not belong here:
errors and tokens (``recorded.py``).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FactRow:
    """Something else than an error: ``made`` is what the product does, ``test`` shows it.

    ``test`` is ``path::function`` below ``flyle_sf_assets_tests``.
    """

    answer: str
    source: tuple[str, ...]
    made: str
    test: str


METADATA_FACTS: tuple[FactRow, ...] = (
    FactRow(
        "describe's Last-Modified has unpadded days (`Wed, 6 May 2026`), also inside composite",
        ("NangoHQ/integration-templates",),
        "read as the moment, kept, and sent back as If-Modified-Since",
        "salesforce/errors/test_answers_as_recorded.py::test_last_modified_is_read_alone_and_inside_composite",
    ),
    FactRow(
        "describe has an ETag, also inside composite",
        ("NangoHQ/integration-templates",),
        "not used: Last-Modified tells the moment of an edit as well",
        "conformance/test_as_recorded.py::test_describe_has_an_etag_also_inside_composite",
    ),
    FactRow(
        "every answer sets cookies",
        (
            "NangoHQ/integration-templates",
            "SFDO-Tooling/CumulusCI",
        ),
        "none is kept or sent back",
        "salesforce/errors/test_answers_as_recorded.py::test_cookies_of_an_answer_are_not_kept",
    ),
    FactRow(
        "the answer to a query job's creation has no jobType",
        ("amp-labs/connectors",),
        "only its id is needed",
        "conformance/test_as_recorded.py::test_the_answer_to_the_creation_of_a_job_has_no_job_type",
    ),
    FactRow(
        "locators are `0r8…-2000` now and were `01g…-2000` before",
        (
            "NangoHQ/integration-templates",
            "amp-labs/connectors",
        ),
        "nextRecordsUrl is followed as it came",
        "salesforce/errors/test_answers_as_recorded.py::test_a_locator_of_either_kind_is_followed",
    ),
    FactRow(
        "Sforce-Limit-Info tells the same number on calls 12 s apart",
        ("NangoHQ/integration-templates",),
        "own calls are counted, the header tells only what the org used",
        "flows/test_as_recorded.py::test_the_calls_of_a_sync_are_counted_though_the_header_lags",
    ),
    FactRow(
        "/limits has 50 members and more (71 in May 2026)",
        ("NangoHQ/integration-templates",),
        "none is read: the usage header is enough",
        "conformance/test_as_recorded.py::test_limits_have_fifty_members_and_more",
    ),
    FactRow(
        "of 5,636 options none is inactive: an inactive value is absent",
        (
            "NangoHQ/integration-templates",
            "SFDO-Tooling/CumulusCI",
        ),
        "one that was known stays in the catalog, inactive, and its label is its holders' text",
        "flows/test_former_options.py::test_the_text_of_a_deactivated_option_stays",
    ),
    FactRow(
        "state codes are listed several times, each valid for another country",
        ("NangoHQ/integration-templates",),
        "the label follows the record's country; the catalog keeps one option with all labels",
        "companies/test_convert_dependent.py::test_the_label_follows_the_controlling_value",
    ),
    FactRow(
        "ExpectedRevenue is not calculated; IsClosed and IsWon are not updateable",
        ("SFDO-Tooling/CumulusCI",),
        "they follow the record's stamp; a census compares them",
        "raw/test_sweep.py::test_a_census_compares_everything_that_is_believed_to_follow_the_stamp",
    ),
    FactRow(
        "HasOpenActivity and HasOverdueTask are not calculated and not filterable",
        ("SFDO-Tooling/CumulusCI",),
        "activities move them without a stamp: the sweep reads them",
        "sync/test_census.py::test_what_moves_with_activities_is_swept",
    ),
    FactRow(
        "Opportunity.ContactId is a reference without relationshipName",
        ("SFDO-Tooling/CumulusCI",),
        "can be mapped as text, and not followed",
        "salesforce/errors/test_answers_as_recorded.py::test_what_has_no_relationship_name_is_read_and_not_followed",
    ),
    FactRow(
        "59 of 137 child relationships have no relationshipName",
        ("NangoHQ/integration-templates", "SFDO-Tooling/CumulusCI"),
        "they are not offered as a way down",
        "conformance/test_as_recorded.py::test_child_relationships_may_have_no_name",
    ),
    FactRow(
        "idLookup is true of Id and a few keys",
        ("SFDO-Tooling/CumulusCI",),
        "not used: nothing is written",
        "conformance/test_as_recorded.py::test_id_lookup_tells_what_upserts_may_match_by",
    ),
)
