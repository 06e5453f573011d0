"""Access tokens of the three OAuth flows, and how an invalid one is replaced.

What does not belong here: keeping tokens (``store/tenants``) and what an error of the token
endpoint means (``salesforce/errors``).
"""
