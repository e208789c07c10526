"""The routes of the page that shows the API's document; they stand not in the document."""

PUBLIC_ROUTES = {"DocumentsApi": ("GET /docs", "GET /docs/{file}")}
"""By the function that serves them; they ask for no token."""
