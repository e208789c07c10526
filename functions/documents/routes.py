"""The routes of the page that shows the API's document; they stand not in the document."""

PUBLIC_ROUTES = ("GET /docs", "GET /docs/{file}")
"""They ask for no token."""
