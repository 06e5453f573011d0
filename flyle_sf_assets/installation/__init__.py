"""What every use case needs: environment variables, clock, opened installation, a tenant's org.

What does not belong here: what is kept in an installation (``store``, ``lake``) and what is done
with a tenant's org (``sync``, ``preview``).
"""
