"""Requests to Salesforce: tokens, session, describe, SOQL, REST or Bulk 2.0, limits, faults.

What does not belong here: which rows and columns to read and when (``raw``), and what they
mean (``enriched``, ``options``, ``companies``). Only this package imports ``requests`` and
``simple_salesforce``, and only ``errors/classification.py`` matches Salesforce's error strings.
"""
