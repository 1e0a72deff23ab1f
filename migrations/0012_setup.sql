-- Names people gave to terminals that the configuration does not name.
CREATE TABLE terminal_name (
  merchant_id TEXT NOT NULL,
  terminal_id TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (merchant_id, terminal_id)
) STRICT;

-- How far an owner has come through the set-up.
CREATE TABLE setup_walk (
  user_id INTEGER PRIMARY KEY,
  step TEXT NOT NULL
) STRICT;

-- How many false alarms of unusual volume a merchant puts up with, where that was chosen in a chat.
CREATE TABLE volume_preset (
  merchant_id TEXT PRIMARY KEY,
  preset TEXT NOT NULL
) STRICT;
