"""A Salesforce org for trials and tests: an in-process model and an HTTPS front.

What does not belong here: anything that the product itself needs to run. The sandbox imports
no other package, so that what it says about Salesforce is said independently of the product.
``README.md`` beside this file lists the entry points and the sample orgs.
"""
