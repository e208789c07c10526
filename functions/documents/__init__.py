"""The API's document on the deployed stack, with a page to try it. It knows nothing of the programme."""
