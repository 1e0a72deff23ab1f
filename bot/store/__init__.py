"""The only home of SQL: plain synchronous functions over a connection, written once for every engine."""
