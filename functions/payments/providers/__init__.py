"""Payment providers: an adapter for each turns its words into ours; nothing else here knows them (Y1)."""
