"""All rules together.

What does not belong here: anything else.
"""

from flyle_sf_assets_tests.faults.rules_budget import BudgetRules
from flyle_sf_assets_tests.faults.rules_explain import ExplainRules
from flyle_sf_assets_tests.faults.rules_faults import FaultRules
from flyle_sf_assets_tests.faults.rules_guard import GuardRules
from flyle_sf_assets_tests.faults.rules_lifecycle import LifecycleRules
from flyle_sf_assets_tests.faults.rules_options import OptionRules
from flyle_sf_assets_tests.faults.rules_records import RecordRules
from flyle_sf_assets_tests.faults.rules_rollback import RollbackRules
from flyle_sf_assets_tests.faults.rules_schema import SchemaRules
from flyle_sf_assets_tests.faults.rules_settings import SettingsRules


class Model(
    RecordRules,
    LifecycleRules,
    OptionRules,
    FaultRules,
    SettingsRules,
    SchemaRules,
    GuardRules,
    BudgetRules,
    ExplainRules,
    RollbackRules,
):
    """One run of everything."""
