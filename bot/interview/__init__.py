"""`epay-bot init`: asks for what a configuration needs, tries every answer at once, and writes the file."""
