"""What settings would do, without changing anything: figures, examples and costs.

What does not belong here: whether settings fit an org (``check``), and showing a preview
(``cli``, ``console``).
"""
