-- Which chats and people a merchant has, among thousands: asked with every change of an incident.
CREATE INDEX chat_level_by_merchant ON chat_level (merchant_id, chat_id);
CREATE INDEX person_by_merchant ON person (merchant_id, user_id);
