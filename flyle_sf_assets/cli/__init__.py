"""``flyle-sf``: the commands, their output and exit codes.

What does not belong here: anything that a command decides. A command reads its arguments, calls
a package, and prints what came back.
"""
