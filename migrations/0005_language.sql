-- Until people choose, a private chat is spoken to in the language of that person's Telegram.
ALTER TABLE destination ADD COLUMN language_chosen INTEGER NOT NULL DEFAULT 0;
