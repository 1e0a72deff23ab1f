-- How far each merchant's minutes have been judged for unusual volume: [since_at, fed_at), with what was seen by seen_at.
CREATE TABLE volume_watch (
  merchant_id TEXT PRIMARY KEY,
  since_at INTEGER NOT NULL,
  fed_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT;

-- What the detector of a terminal has learned by fed_at; rebuilt from operations when lost.
CREATE TABLE volume_state (
  merchant_id TEXT NOT NULL,
  terminal_id TEXT NOT NULL,
  fed_at INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (merchant_id, terminal_id)
) STRICT;

-- A person's word on an alarm, until the terminal's detector has heard it.
CREATE TABLE volume_verdict (
  merchant_id TEXT NOT NULL,
  terminal_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  verdict TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, terminal_id, kind, at)
) STRICT;

CREATE INDEX operation_by_sight ON operation (merchant_id, first_seen_at);
CREATE INDEX operation_change_by_time ON operation_change (merchant_id, at);
