"""alembic's entry: runs the revisions on the connection that ``upgrade_to_head`` opened."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="flyle",
    transactional_ddl=True,
)
context.run_migrations()
