"""Every write of the product's commands, by name, with a command that does it.

``test_writes.py`` fails when a command writes what is not listed here. A new write is added to the
list, and the tests kill a process just before it.
"""

from collections.abc import Mapping

_FILE = "lake/*/{}/*.writing"
_PAGE = "lake/*/.incoming/opportunities.*/{}"

WRITES: Mapping[str, str] = {
    # A sync begins, and what it has reached.
    "commit links, syncs": "refresh",
    "commit sync_progress": "refresh",
    "commit links": "first sync",
    "commit consumed, links": "settings",
    "commit links, sync_totals, syncs": "refresh",
    # What the org was asked.
    "commit api_calls, org_usage, syncs": "refresh",
    "commit generations, object_schemas": "refresh",
    # Record files, and the transaction that names them.
    "mkdir lake": "first sync",
    "write lake/.flyle-lake.*": "first sync",
    "remove lake/.flyle-lake.*": "first sync",
    "mkdir lake/*": "first sync",
    "mkdir lake/*/opportunities": "first sync",
    "mkdir lake/*/accounts": "first sync",
    "mkdir lake/*/related": "first sync",
    "mkdir lake/*/related/Account": "first sync",
    "mkdir lake/*/related/Contract_Info__c": "first sync",
    "mkdir lake/*/related/User": "first sync",
    "mkdir lake/*/enriched": "first sync",
    "mkdir lake/*/enriched/Opportunity": "first sync",
    f"write {_FILE.format('opportunities')}": "refresh",
    f"rename {_FILE.format('opportunities')}": "refresh",
    f"write {_FILE.format('accounts')}": "refresh",
    f"rename {_FILE.format('accounts')}": "refresh",
    f"write {_FILE.format('related/Account')}": "first sync",
    f"rename {_FILE.format('related/Account')}": "first sync",
    f"write {_FILE.format('related/Contract_Info__c')}": "refresh",
    f"rename {_FILE.format('related/Contract_Info__c')}": "refresh",
    f"write {_FILE.format('related/User')}": "refresh",
    f"rename {_FILE.format('related/User')}": "refresh",
    f"write {_FILE.format('enriched/Opportunity')}": "refresh",
    f"rename {_FILE.format('enriched/Opportunity')}": "refresh",
    "commit consumed, generations, syncs": "refresh",
    "commit consumed, generations": "refresh",
    # A download by Bulk.
    "mkdir lake/*/.incoming": "full by Bulk",
    "mkdir lake/*/.incoming/opportunities.*": "full by Bulk",
    f"write {_PAGE.format('progress.writing')}": "full by Bulk",
    f"rename {_PAGE.format('progress.writing')}": "full by Bulk",
    f"remove {_PAGE.format('progress.writing')}": "full by Bulk",
    f"write {_PAGE.format('page-*.csv')}": "full by Bulk",
    f"remove {_PAGE.format('page-*.csv')}": "full by Bulk",
    f"write {_PAGE.format('page-*.parquet')}": "full by Bulk",
    f"remove {_PAGE.format('page-*.parquet')}": "full by Bulk",
    "rmdir lake/*/.incoming/opportunities.*": "full by Bulk",
    # Options and companies.
    "commit consumed, custom_field_options, generations": "refresh",
    "commit companies, consumed, custom_fields, links, notifications, syncs, webhook_outbox": (
        "first sync"
    ),
    "commit companies, company_changes, consumed, links, syncs": "refresh",
    "commit companies, company_changes, consumed, custom_fields, links, syncs": "settings",
    # Settings, and the connection.
    "commit settings_changes, settings_files, settings_versions": "settings",
    "write .key-*": "link again",
    "remove .key-*": "link again",
    "commit companies, company_changes, links, notifications, webhook_outbox": "link again",
    "commit connections, consumed, generations, links": "link again",
    "commit companies, company_changes, links, rolled_back, sync_totals, syncs": "rollback",
    # Files that no dataset uses any more.
    f"remove {_FILE.format('opportunities').replace('.writing', '.parquet')}": "cleanup",
}
