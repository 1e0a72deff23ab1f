-- Who may do a piece of work until when. `epoch` grows with every holder: what a former one writes late is refused.
CREATE TABLE lease (
  name TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  until_at BIGINT NOT NULL,
  epoch BIGINT NOT NULL
);

-- When a job, a chat or all of Telegram is due next, whichever replica comes to it.
CREATE TABLE turn (
  name TEXT PRIMARY KEY,
  due_at BIGINT NOT NULL
);
CREATE INDEX turn_due ON turn (due_at);
