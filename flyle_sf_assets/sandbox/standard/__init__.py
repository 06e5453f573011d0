"""The objects of the sample orgs: standard ones as Salesforce describes them, and custom ones."""
