-- Where `epay-bot copy` fills this database from, and whether all of it is here. Gone once a bot has begun to work on it.
CREATE TABLE copied (
  source TEXT PRIMARY KEY,
  complete INTEGER NOT NULL
) STRICT;
