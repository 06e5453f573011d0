"""describe as JSON: what the connected user may see of objects and fields.

A body is made once for each catalog and visibility, so a thousand orgs that share a catalog share
it too. Source: REST API Developer Guide, "sObject Describe", "Describe Global". What does not
belong here: HTTP conditions (``sandbox/api/metadata.py``).
"""

import base64
import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

from flyle_sf_assets.sandbox.metadata import (
    DECIMAL_TYPES,
    PICKLIST_TYPES,
    Catalog,
    Field,
    PicklistEntry,
    SObject,
    Visibility,
)

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "long": "xsd:long",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "base64": "xsd:base64Binary",
    "anyType": "xsd:anyType",
    "address": "urn:address",
    "location": "urn:location",
}
_AGGREGATABLE_NOT = frozenset(
    {
        "boolean",
        "multipicklist",
        "textarea",
        "encryptedstring",
        "base64",
        "anyType",
        "address",
        "location",
        "time",
    }
)


@lru_cache(maxsize=512)
def describe_body(
    catalog: Catalog, visibility: Visibility, sobject: SObject, version: str
) -> bytes:
    """The describe of one object."""
    fields = [_field(sobject, field) for field in sobject.fields if visibility.sees(sobject, field)]
    return _encoded(
        {
            **_summary(sobject, version),
            "actionOverrides": [],
            "childRelationships": _children(catalog, visibility, sobject),
            "compactLayoutable": True,
            "defaultImplementation": None,
            "extendedBy": None,
            "extendsInterfaces": None,
            "fields": fields,
            "implementedBy": None,
            "implementsInterfaces": None,
            "listviewable": None,
            "lookupLayoutable": None,
            "namedLayoutInfos": [],
            "networkScopeFieldName": None,
            "recordTypeInfos": [
                {
                    "active": True,
                    "available": True,
                    "defaultRecordTypeMapping": True,
                    "developerName": "Master",
                    "master": True,
                    "name": "マスタ",
                    "recordTypeId": "012000000000000AAA",
                    "urls": {},
                }
            ],
            "sobjectDescribeOption": "FULL",
            "supportedScopes": [{"label": "すべての" + sobject.label_plural, "name": "everything"}],
        }
    )


@lru_cache(maxsize=64)
def describe_global_body(catalog: Catalog, visibility: Visibility, version: str) -> bytes:
    """The list of all objects that the connected user sees."""
    seen = [s for s in catalog.objects.values() if visibility.sees(s)]
    return _encoded(
        {
            "encoding": "UTF-8",
            "maxBatchSize": 200,
            "sobjects": [_summary(s, version) for s in sorted(seen, key=lambda s: s.name)],
        }
    )


def summary_body(sobject: SObject, version: str) -> bytes:
    """Basic information on one object."""
    return _encoded({"objectDescribe": _summary(sobject, version), "recentItems": []})


def _encoded(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _summary(sobject: SObject, version: str) -> dict[str, Any]:
    base = f"/services/data/v{version}/sobjects/{sobject.name}"
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": True,
        "custom": sobject.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": sobject.undeletable,
        "deprecatedAndHidden": False,
        "feedEnabled": sobject.name in ("Account", "Opportunity", "Contact"),
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": sobject.key_prefix,
        "label": sobject.label,
        "labelPlural": sobject.label_plural,
        "layoutable": True,
        "mergeable": sobject.mergeable,
        "mruEnabled": True,
        "name": sobject.name,
        "queryable": sobject.queryable,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": sobject.undeletable,
        "updateable": True,
        "urls": {
            "describe": f"{base}/describe",
            "rowTemplate": base + "/{ID}",
            "sobject": base,
        },
    }


def _children(catalog: Catalog, visibility: Visibility, sobject: SObject) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": field.cascade_delete,
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": field.child_relationship_name,
            "restrictedDelete": False,
        }
        for child, field in catalog.children[sobject.name.lower()]
        if visibility.sees(child, field)
    ]


def _field(sobject: SObject, field: Field) -> dict[str, Any]:
    integer = field.type in ("int", "long")
    text = field.length * 3 if field.type not in ("id", "reference") else field.length
    polymorphic = len(field.reference_to) > 1
    return {
        "aggregatable": field.type not in _AGGREGATABLE_NOT,
        "aiPredictionField": False,
        "autoNumber": field.auto_number is not None,
        "byteLength": text,
        "calculated": field.calculated,
        "calculatedFormula": field.formula_text,
        "cascadeDelete": field.cascade_delete,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": _compound_name(sobject, field),
        "controllerName": field.controller,
        "createable": field.createable and not field.calculated,
        "custom": field.custom,
        "defaultValue": field.default == "true" if field.type == "boolean" else None,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.type == "boolean" or field.name == "OwnerId",
        "dependentPicklist": field.controller is not None,
        "deprecatedAndHidden": False,
        "digits": field.precision if integer else 0,
        "displayLocationInDecimal": field.type == "location",
        "encrypted": False,
        "externalId": field.external_id,
        "extraTypeInfo": _extra_type(field),
        "filterable": field.filterable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": field.groupable,
        "highScaleNumber": False,
        "htmlFormatted": field.html,
        "idLookup": field.id_lookup,
        "inlineHelpText": field.help_text,
        "label": field.label,
        "length": field.length,
        "mask": "*" if field.type == "encryptedstring" else None,
        "maskType": "all" if field.type == "encryptedstring" else None,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": polymorphic,
        "nillable": field.nillable,
        "permissionable": not field.system and field.nillable,
        "picklistValues": [_option(field, entry, sobject) for entry in field.picklist],
        "polymorphicForeignKey": polymorphic,
        "precision": field.precision if field.type in DECIMAL_TYPES else 0,
        "queryByDistance": field.type == "location",
        "referenceTargetField": None,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship_name,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "searchPrefilterable": field.type == "reference",
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.sortable,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable and not field.calculated,
        "writeRequiresMasterRead": False,
    }


def _compound_name(sobject: SObject, field: Field) -> str | None:
    for other in sobject.fields:
        if any(name == field.name for _, name in other.components):
            return other.name
    return None


def _extra_type(field: Field) -> str | None:
    if field.type != "textarea":
        return field.extra_type
    return "richtextarea" if field.html else "plaintextarea"


def _option(field: Field, entry: PicklistEntry, sobject: SObject) -> dict[str, Any]:
    valid_for = None
    if field.controller is not None and field.type in PICKLIST_TYPES:
        controller = sobject.by_name.get(field.controller.lower())
        valid_for = bitset(entry.valid_for, len(controller.picklist) if controller else 0)
    return {
        "active": entry.active,
        "defaultValue": entry.default,
        "label": entry.label,
        "validFor": valid_for,
        "value": entry.value,
    }


@lru_cache(maxsize=512)
def without_inactive_options(sobject: SObject) -> SObject:
    """The object as most orgs describe it: an inactive option is absent.

    The bits of ``validFor`` count the controlling field's options as they are described.
    """
    return sobject.with_fields(
        replace(field, picklist=_active_options(sobject, field)) if field.picklist else field
        for field in sobject.fields
    )


def _active_options(sobject: SObject, field: Field) -> tuple[PicklistEntry, ...]:
    controller = sobject.by_name.get((field.controller or "").lower())
    places = [i for i, one in enumerate(controller.picklist if controller else ()) if one.active]
    now = {place: position for position, place in enumerate(places)}
    return tuple(
        replace(one, valid_for=tuple(now[place] for place in one.valid_for if place in now))
        for one in field.picklist
        if one.active
    )


def bitset(positions: tuple[int, ...], size: int) -> str:
    """validFor: base64 of a bitset, its most significant bit the controller's first value."""
    raw = bytearray(max(1, (size + 7) // 8))
    for position in positions:
        raw[position // 8] |= 0x80 >> (position % 8)
    return base64.b64encode(bytes(raw)).decode()
