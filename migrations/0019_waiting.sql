-- What waits longest, found without a look at all that waits.
CREATE INDEX outbox_in_order ON outbox (id) WHERE state = 'waiting';
