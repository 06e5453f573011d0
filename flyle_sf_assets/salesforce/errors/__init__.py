"""What an answer of Salesforce means: the one place where its error codes and texts are matched.

What does not belong here: the error classes (``errors.py``), and trying again
(``salesforce/transport.py``).
"""
